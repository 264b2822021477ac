"""Post-training static quantization of an ONNX file to int8, by ONNX Runtime.

Convolution weights are quantized to int8 per output channel and activations to uint8, with ranges
measured on training pictures: Jacob et al. 2017, https://arxiv.org/abs/1712.05877. The first
convolution and the heads with their combination stay in float32: they take little time, rounding
the standardised input would cost more accuracy than everything else, and logits in 256 steps would
move probabilities by a point or more.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from fer.array_types import Float32Array

BATCH_SIZE = 32
"""Faces at a time while ranges are measured."""

QUANTIZED_OPERATORS = ("Conv", "Relu", "Add", "ReduceMean")
"""All operators of the trunk."""

TRUNK = "/trunk/"
"""Part of the names of the trunk's nodes, which the exporter names after modules."""


class CalibrationBatches(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Faces in batches, as the quantizer asks for them.

    Args:
        name: Name of the network's input.
        pixel_values: The faces, float32 (n, num_channels, h, w).
    """

    def __init__(self, name: str, pixel_values: Float32Array) -> None:
        self._name = name
        self._batches = iter(
            pixel_values[start : start + BATCH_SIZE]
            for start in range(0, len(pixel_values), BATCH_SIZE)
        )

    def get_next(self) -> dict[str, Float32Array] | None:
        """Return the next batch by the name of the input, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


def quantize(source: Path, target: Path, pixel_values: Float32Array) -> None:
    """Quantize a float32 ONNX file to int8.

    Args:
        source: Written by `fer.model.onnx_export.export_float32`.
        target: Where to write.
        pixel_values: Typical faces, float32 (n, num_channels, h, w).
    """
    with TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        first = next(node.name for node in graph.node if node.op_type == "Conv")
        heads = [node.name for node in graph.node if TRUNK not in node.name]
        quantize_static(
            prepared,
            target,
            CalibrationBatches(graph.input[0].name, pixel_values),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED_OPERATORS),
            nodes_to_exclude=[first, *heads],
            per_channel=True,
            # Convolution weights in 7 bits: without VNNI, x86 adds products in 16 bits, which
            # 8 bits overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    properties = {entry.key: entry.value for entry in onnx.load(source).metadata_props}
    document = onnx.load(target)
    onnx.helper.set_model_props(document, properties)
    onnx.save(document, target)
