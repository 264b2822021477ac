"""Export of MTCNN's three networks to ONNX, as ONNX Runtime and the browser run them.

The files are beside this module in `mtcnn_onnx`, with facenet-pytorch's licence, because their
weights are facenet-pytorch's; `python -m fer.vision.mtcnn_export` writes them again.
"""

import sys
import warnings
from pathlib import Path

import torch
from facenet_pytorch import ONet, PNet, RNet
from torch import nn

from fer.vision.mtcnn import OUTPUT_SIDE, REFINEMENT_SIDE
from fer.vision.mtcnn_networks import INPUT, MTCNN_FOLDER, OUTPUTS
from fer.vision.pyramid import PNET_WINDOW

OPSET = 17
"""ONNX operator set: the newest that all of ONNX Runtime's back ends, the web's included, have."""


ONET_BITS = 12
"""Bits of the mantissas of O-Net's weights, of 24. With so few, what the browser loads of it
compresses to little more than half. Boxes in photos moved by a few ten-thousandths of a face's side
in the median of pictures, and by 3 % in a tiny face."""


class SplitPReLU(nn.Module):
    """A PReLU as two convolutions of each channel by itself: x + (1 - slope) relu(-x).

    ONNX Runtime has no fast PReLU, which would take half of the networks' time; these it runs in
    the layout and together with the convolution before.
    """

    def __init__(self, slopes: torch.Tensor) -> None:
        super().__init__()
        channels = len(slopes)
        self.negate = nn.Conv2d(channels, channels, 1, groups=channels, bias=False)
        self.scale = nn.Conv2d(channels, channels, 1, groups=channels, bias=False)
        nn.init.constant_(self.negate.weight, -1)
        self.scale.weight.data = (1 - slopes.detach())[:, None, None, None]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, h, w) to the same shape."""
        correction: torch.Tensor = self.scale(self.negate(hidden).relu())
        return hidden + correction


class TwoClassSoftmax(nn.Module):
    """The softmax of two classes as a sigmoid, which P-Net's many windows get faster."""

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Map (n, 2, ...) to the same shape."""
        second = (logits[:, 1:] - logits[:, :1]).sigmoid()
        return torch.cat([1 - second, second], dim=1)


def write_mtcnn(folder: Path = MTCNN_FOLDER) -> list[Path]:
    """Write P-, R- and O-Net in float32 into a folder, and return the files.

    O-Net's weights are rounded, see `ONET_BITS`.

    Any number of pictures may be passed at a time, to P-Net of any size from its window on.
    """
    onet = round_weights(ONet(), ONET_BITS)
    networks = ((PNet(), PNET_WINDOW), (RNet(), REFINEMENT_SIDE), (onet, OUTPUT_SIDE))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.onnx" for name in OUTPUTS]
    for file, (network, side) in zip(files, networks, strict=True):
        _write_network(network, side, file)
    return files


def round_weights(network: nn.Module, bits: int) -> nn.Module:
    """Round a network's weights to so many bits of their mantissas, and return it."""
    for weights in network.parameters():
        mantissas, exponents = torch.frexp(weights.detach())
        weights.data = torch.ldexp((mantissas * 2**bits).round() / 2**bits, exponents)
    return network


def _rewrite(network: nn.Module) -> nn.Module:
    """Return a network for use, whose slow operations are replaced by equal ones."""
    for name, module in list(network.named_children()):
        if isinstance(module, nn.PReLU) and not _follows_matrix(network, name):
            setattr(network, name, SplitPReLU(module.weight))
        elif isinstance(module, nn.Softmax) and isinstance(network, PNet):
            setattr(network, name, TwoClassSoftmax())
    return network.eval()


def _follows_matrix(network: nn.Module, name: str) -> bool:
    """Return whether a PReLU has rows (n, channels) as its input, of which there are few."""
    return hasattr(network, name.replace("prelu", "dense"))


def _write_network(network: nn.Module, side: int, file: Path) -> None:
    """Write a network that takes squares, or larger pictures if it slides over them."""
    outputs = OUTPUTS[file.stem]
    slides = isinstance(network, PNet)
    size = {2: "height", 3: "width"} if slides else {}
    places = {2: "rows", 3: "columns"} if slides else {}
    axes = {name: {0: "batch", **places} for name in outputs}
    with warnings.catch_warnings():
        # The exporter that traces needs no further package; it warns that there is a newer one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _rewrite(network),
            (torch.zeros(1, 3, side, side),),
            file,
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_axes={INPUT: {0: "batch", **size}, **axes},
            opset_version=OPSET,
            dynamo=False,
        )


if __name__ == "__main__":
    sys.stdout.writelines(f"{file}\n" for file in write_mtcnn())
