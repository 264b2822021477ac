"""Post-training quantization of a finished network: activation ranges, and its int8 logits."""

from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array, UInt8Array
from fer.evaluation.evaluate import predict_logits
from fer.model.classifier import ExpressionClassifier
from fer.model.modeling_fer import FerForImageClassification
from fer.model.preprocessing import pixel_values
from fer.model.quantization import calibrate_activations

CALIBRATION_IMAGES = 512
"""Training pictures on which the ranges of activations are measured; a few hundred are enough for
peaks, and more only lengthen a training's end."""


def store_activation_peaks(
    model: FerForImageClassification, processor: BaseImageProcessor, images: UInt8Array
) -> None:
    """Store the activation peaks, which set the scales of int8, in a configuration.

    Args:
        model: The network, finished; its configuration is changed.
        processor: Its image processor.
        images: Training pictures, uint8 (n, h, w).
    """
    faces = pixel_values(processor, list(images[:CALIBRATION_IMAGES]))  # (n, 1, side, side)
    model.train(False)  # its eval() has no types
    model.config.activation_peaks = calibrate_activations(model, faces)


def int8_logits(
    model: FerForImageClassification, processor: BaseImageProcessor, images: UInt8Array
) -> tuple[Float32Array, Float32Array | None]:
    """Return the logits of both heads in the precision of use, (n, 7) and (n, 8).

    Temperatures and threshold are fitted on them, so that they hold for the quantized network.

    Args:
        model: The network, finished, on the CPU.
        processor: Its image processor.
        images: Faces, uint8 (n, h, w).
    """
    return predict_logits(ExpressionClassifier(model, processor), images)
