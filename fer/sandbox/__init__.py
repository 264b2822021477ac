"""A process of its own for untrusted media: bounded, cut off from the network, killed in time."""

from fer.sandbox.channel import Channel, Message
from fer.sandbox.limits import Limits, bound_cpu
from fer.sandbox.worker import Worker, WorkerError, end_workers, start_fork_server

__all__ = [
    "Channel",
    "Limits",
    "Message",
    "Worker",
    "WorkerError",
    "bound_cpu",
    "end_workers",
    "start_fork_server",
]
