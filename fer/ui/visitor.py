"""What is kept of one visitor of the Live tab while the page is open, and nowhere else."""

from dataclasses import dataclass, field

from fer.clock import FrameClock
from fer.pipeline import Following
from fer.ui.recorder import Recorder


@dataclass
class Visitor:
    """What is kept of one visitor while the page is open, and nowhere else."""

    clock: FrameClock = field(default_factory=FrameClock)
    following: Following = field(default_factory=Following)
    recorder: Recorder | None = None
