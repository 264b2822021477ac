"""A finished network as it will serve: in int8 where the CPU is made for it."""

import numpy as np
from transformers.image_processing_utils import BaseImageProcessor

from fer.evaluation.evaluate import predict_logits
from fer.model.classifier import ExpressionClassifier
from fer.model.modeling_fer import FerForImageClassification
from fer.model.preprocessing import pixel_values
from fer.model.quantization import calibrate_activations

CALIBRATION_IMAGES = 512
"""Training pictures by which the size of the numbers inside a network is measured."""


def store_activation_peaks(
    model: FerForImageClassification, processor: BaseImageProcessor, images: np.ndarray
) -> None:
    """Let a network know what int8 needs.

    Args:
        model: The network, finished; its configuration is changed.
        processor: Its image processor.
        images: Training pictures, uint8 (n, h, w).
    """
    faces = pixel_values(processor, images[:CALIBRATION_IMAGES])
    model.config.activation_peaks = calibrate_activations(model.eval(), faces)


def int8_logits(
    model: FerForImageClassification, processor: BaseImageProcessor, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the logits of both heads as they will serve, (n, 7) and (n, 8).

    Temperatures and threshold are fitted on it, so that they keep their word there.

    Args:
        model: The network, finished, on the CPU.
        processor: Its image processor.
        images: Faces, uint8 (n, h, w).
    """
    return predict_logits(ExpressionClassifier(model, processor), images)
