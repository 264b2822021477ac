"""Export of MTCNN's three networks to ONNX, for the browser and for machines without PyTorch.

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
from fer.vision.pyramid import PNET_WINDOW

MTCNN_FOLDER = Path(__file__).with_name("mtcnn_onnx")
"""The package's own `pnet.onnx`, `rnet.onnx` and `onet.onnx`."""

OPSET = 17
"""ONNX operator set: the newest that all of ONNX Runtime's back ends, the web's included, have."""

INPUT = "pixels"
"""RGB (n, 3, h, w), (value - 127.5) / 128."""

OUTPUTS = {
    "pnet": ("corrections", "scores"),
    "rnet": ("corrections", "scores"),
    "onet": ("corrections", "landmarks", "scores"),
}
"""Names in the files, in the order in which the networks return them."""


def write_mtcnn(folder: Path = MTCNN_FOLDER) -> list[Path]:
    """Write P-, R- and O-Net in float32 into a folder, and return the files.

    Any number of pictures may be passed at a time, to P-Net of any size from its window on.
    """
    networks = ((PNet(), PNET_WINDOW), (RNet(), REFINEMENT_SIDE), (ONet(), OUTPUT_SIDE))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.onnx" for name in OUTPUTS]
    for file, (network, side) in zip(files, networks, strict=True):
        _write_network(network, side, file)
    return files


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
            network.eval(),
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
