"""MTCNN's three networks by PyTorch, for other devices than the processor."""

import torch
from facenet_pytorch import ONet, PNet, RNet
from torch import nn

from fer.array_types import Float32Array
from fer.threads import limit_torch_threads


class TorchStage:
    """One of facenet-pytorch's networks on a device; read only, so threads may share it."""

    def __init__(self, network: nn.Module, device: str) -> None:
        """Take a network over; `device` is where it runs, as PyTorch names it."""
        self._device = torch.device(device)
        network = network.eval().requires_grad_(False).to(self._device)
        self._network = network.to(memory_format=torch.channels_last)

    def __call__(self, pixels: Float32Array) -> list[Float32Array]:
        """Return the outputs for pixels (n, 3, h, w)."""
        # inference_mode and autocast belong to a thread, so they are set for each call; half
        # precision would not be faster on these small networks.
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
            inputs = torch.from_numpy(pixels).to(self._device, memory_format=torch.channels_last)
            return [output.cpu().numpy() for output in self._network(inputs)]


def load_torch_stages(device: str) -> tuple[TorchStage, TorchStage, TorchStage]:
    """Load P-, R- and O-Net onto a device."""
    limit_torch_threads()
    return TorchStage(PNet(), device), TorchStage(RNet(), device), TorchStage(ONet(), device)
