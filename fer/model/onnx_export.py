"""Export of a network to ONNX in float32 and, by `fer.model.quantization`, in int8."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from fer.array_types import Float32Array
from fer.model.hub import FLOAT_ONNX, INT8_ONNX
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_network import network_identity
from fer.model.quantization import quantize
from fer.model.torch_network import fingerprint

OPSET = 17
"""ONNX operator set: the newest that all of ONNX Runtime's back ends, the web's included, have."""

INPUT = "pixel_values"
OUTPUTS = ("logits", "fer2013_logits", "ferplus_logits")
"""Names in the file, as in PyTorch."""


class TupleOutput(nn.Module):
    """A network whose output is a tuple, which the exporter needs."""

    def __init__(self, network: FerForImageClassification) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits, each (n, classes), in the order of `output_names`."""
        output = self.network(pixel_values=pixel_values)
        return tuple(output[name] for name in output_names(self.network))


def write_onnx(
    model: FerForImageClassification, folder: Path, pixel_values: Float32Array | None = None
) -> list[Path]:
    """Write a network's ONNX files into its folder, and return them.

    Args:
        model: The network, calibrated, on the CPU.
        folder: Where its other files are.
        pixel_values: Typical faces to measure ranges on, float32 (n, num_channels, h, w); a few
            hundred are enough. Without them there is no int8 file.
    """
    full, int8 = folder / FLOAT_ONNX, folder / INT8_ONNX
    full.parent.mkdir(parents=True, exist_ok=True)
    export_float32(model, full)
    if pixel_values is None:
        return [full]
    quantize(full, int8, pixel_values)
    return [full, int8]


def export_float32(model: FerForImageClassification, file: Path) -> None:
    """Write a network as ONNX in float32, with any number of faces at a time.

    Args:
        model: The network, on the CPU.
        file: Where to write.
    """
    config = model.config
    face = torch.zeros(1, config.num_channels, config.image_size, config.image_size)
    outputs = output_names(model)
    with warnings.catch_warnings():
        # The exporter that traces needs no further package and takes a tenth of a second; it warns
        # that there is a newer one, and of the check of the input's shape.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            TupleOutput(model).train(False),
            (face,),
            file,
            input_names=[INPUT],
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (INPUT, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    document = onnx.load(file)
    onnx.helper.set_model_props(document, identity_of(model))
    onnx.save(document, file)


def output_names(model: FerForImageClassification) -> list[str]:
    """Return the names of the outputs: without a FER+ head it has no logits."""
    return [name for name in OUTPUTS if name != OUTPUTS[-1] or model.ferplus is not None]


def identity_of(model: FerForImageClassification) -> dict[str, str]:
    """Return what identifies a network in its ONNX files."""
    return network_identity(fingerprint(model), model.config.heads)
