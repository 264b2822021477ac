"""A network and its image processor out of a folder, and what metrics.json says of them."""

import json
import logging
import math
from collections.abc import Mapping

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoImageProcessor, AutoModelForImageClassification, PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.model import auto  # noqa: F401  (registers our classes)
from fer.model.hub import METRICS, ModelError, Pulled

FRAMING = {"scale", "shift_x", "shift_y"}
"""What a processor may say about framing."""

_NOT_LOADED = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError),
    *(SafetensorError, StrictDataclassError),
)
"""What transformers raises for folders that it can't make a network of."""

logger = logging.getLogger(__name__)


def read_metrics(pulled: Pulled) -> dict:
    """Return metrics.json, {} where there is none or it is somebody else's.

    Raises:
        ModelError: It isn't a JSON object.
    """
    file = pulled.folder / METRICS
    try:
        metrics = json.loads(file.read_text()) if file.is_file() else {}
    except ValueError as error:
        raise ModelError(f"{METRICS} of {pulled.name} is no JSON.") from error
    if not isinstance(metrics, dict):
        raise ModelError(f"{METRICS} of {pulled.name} is no JSON object.")
    if not all(map(_are_figures, (metrics.get(split) for split in ("validation", "test")))):
        logger.warning("%s of %s has another form; its figures aren't shown.", METRICS, pulled.name)
        return {}
    return metrics


def _are_figures(figures: object) -> bool:
    """Return whether a split's figures are of the form in which `train.py` writes them."""
    if figures is None:
        return True
    numbers = ("accuracy", "macro_f1", "pictures")
    return isinstance(figures, Mapping) and all(
        isinstance(figures[name], int | float) for name in numbers if name in figures
    )


def load_network(pulled: Pulled) -> tuple[PreTrainedModel, BaseImageProcessor]:
    """Load network and processor.

    Raises:
        ModelError: transformers can't make a network of the folder, or only with random weights.
    """
    model, processor, report = from_folder(pulled)
    if report["missing_keys"]:
        raise ModelError(
            f"{pulled.name} lacks weights that its config.json asks for: "
            f"{', '.join(sorted(report['missing_keys'])[:3])}, ..."
        )
    return model, processor


def from_folder(pulled: Pulled, **settings) -> tuple[PreTrainedModel, BaseImageProcessor, dict]:
    """Load network and processor from safetensors, never running code that came with them.

    The network computes in single precision, whatever it was stored in.

    Args:
        pulled: Where they lie.
        settings: What transformers' `from_pretrained` of the network is told besides.

    Returns:
        Both, and transformers' report on missing and mismatched weights.

    Raises:
        ModelError: transformers can't make an image classifier of the folder.
    """
    trusted = {"trust_remote_code": False, "local_files_only": True}
    settings |= {"use_safetensors": True, "output_loading_info": True, "dtype": torch.float32}
    try:
        model, report = AutoModelForImageClassification.from_pretrained(
            pulled.folder, **trusted, **settings
        )
        processor = AutoImageProcessor.from_pretrained(pulled.folder, **trusted)
    except _NOT_LOADED as error:
        raise ModelError(f"{pulled.name} holds no network that can be loaded here.") from error
    return model, processor, report


def checked_framing(framing: Mapping[str, float]) -> dict[str, float]:
    """Return a processor's framing as keywords of `fer.vision.crops.Framing`.

    Raises:
        ModelError: It has other entries, or values that cut nothing.
    """
    mapping = isinstance(framing, Mapping) and set(framing) <= FRAMING
    numbers = mapping and all(
        isinstance(value, int | float) and math.isfinite(value) for value in framing.values()
    )
    if not numbers or not framing.get("scale", 1) > 0:
        raise ModelError(
            f"The framing in preprocessor_config.json must give {', '.join(sorted(FRAMING))} as "
            f"numbers, the scale above 0, but is {framing}."
        )
    return dict(framing)
