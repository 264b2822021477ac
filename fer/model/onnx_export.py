"""Export of a network to ONNX: in float32, and in int8 by ONNX Runtime's static quantization.

Kernels are quantized to int8 per output channel and activations to uint8, with ranges measured on
training pictures: Jacob et al. 2017, https://arxiv.org/abs/1712.05877. The first convolution and
the heads stay in float32: they take little time, and rounding the standardised input would cost
more accuracy than everything else.
"""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from fer.array_types import Float32Array
from fer.model.hub import FLOAT_ONNX, INT8_ONNX
from fer.model.modeling_fer import FerForImageClassification
from fer.model.weight_storage import identity_of

OPSET = 17
"""ONNX operator set: the newest that all of ONNX Runtime's back ends, the web's included, have."""

BATCH_SIZE = 32
"""Faces at a time while ranges are measured."""

QUANTIZED_OPERATORS = ("Conv", "Relu", "Add", "ReduceMean")
"""Everything but the heads, which are matrix products."""

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


class CalibrationBatches(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Faces in batches, as the quantizer asks for them."""

    def __init__(self, pixel_values: Float32Array) -> None:
        self._batches = iter(
            pixel_values[start : start + BATCH_SIZE]
            for start in range(0, len(pixel_values), BATCH_SIZE)
        )

    def get_next(self) -> dict[str, Float32Array] | None:
        """Return the next batch by the name of the input, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


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


def quantize(source: Path, target: Path, pixel_values: Float32Array) -> None:
    """Write a float32 ONNX file in int8.

    Args:
        source: Written by `export_float32`.
        target: Where to write.
        pixel_values: Typical faces, float32 (n, num_channels, h, w).
    """
    with TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        quantize_static(
            prepared,
            target,
            CalibrationBatches(pixel_values),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED_OPERATORS),
            nodes_to_exclude=[next(node.name for node in nodes if node.op_type == "Conv")],
            per_channel=True,
            # Kernels in 7 bits: without VNNI, x86 adds products in 16 bits, which 8 bits overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    properties = {entry.key: entry.value for entry in onnx.load(source).metadata_props}
    document = onnx.load(target)
    onnx.helper.set_model_props(document, properties)
    onnx.save(document, target)


def output_names(model: FerForImageClassification) -> list[str]:
    """Return the names of the outputs: without a FER+ head it has no logits."""
    return [name for name in OUTPUTS if name != OUTPUTS[-1] or model.ferplus is not None]
