"""Static quantization to int8: the faces that ranges are measured on, and the resulting logits."""

from pathlib import Path
from tempfile import TemporaryDirectory

from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array, UInt8Array
from fer.data.arrays import FerArrays, stratified_rows
from fer.evaluation.evaluate import predict_logits
from fer.evaluation.ferplus_metrics import Logits
from fer.model.classifier import ExpressionClassifier
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import identity_of, write_onnx
from fer.model.onnx_network import load_int8
from fer.model.torch_network import pixel_values

CALIBRATION_FACES = 448
"""Training pictures that the ranges of activations are measured on, as many of each expression;
a few hundred are enough, and more only lengthen a training's end."""


def calibration_inputs(train: FerArrays, processor: BaseImageProcessor) -> Float32Array:
    """Return typical faces to measure ranges on, float32 (n, channels, h, w).

    Args:
        train: The training split.
        processor: The network's image processor.
    """
    rows = stratified_rows(train.labels, CALIBRATION_FACES)
    inputs: Float32Array = pixel_values(processor, list(train.images[rows])).numpy()
    return inputs


def int8_logits(
    model: FerForImageClassification,
    processor: BaseImageProcessor,
    inputs: Float32Array,
    images: UInt8Array,
) -> Logits:
    """Return the logits of both heads of the int8 network, (n, 7) and (n, 8).

    Temperatures and threshold are fitted on them, so that they hold for the quantized network.

    Args:
        model: The trained network, on the CPU.
        processor: Its image processor.
        inputs: Typical faces, from `calibration_inputs`.
        images: Faces to classify, uint8 (n, h, w).
    """
    with TemporaryDirectory() as folder:
        write_onnx(model, Path(folder), inputs)
        network = load_int8(Path(folder), identity_of(model))
    return predict_logits(ExpressionClassifier(model, processor, network=network), images)
