"""Loading of a network, its image processor and its metrics from a folder."""

import json
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoImageProcessor, AutoModelForImageClassification, PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor
from transformers.utils import logging as progress

from fer.model import auto  # noqa: F401  (registers our classes)
from fer.model.hub import METRICS_FILE, LocalModel, ModelError
from fer.model.model_metrics import ModelMetrics
from fer.threads import limit_torch_threads

FRAMING_KEYS = {"scale", "shift_x", "shift_y"}
"""Keys of a processor's framing."""

MOST_LAYERS, MOST_UNITS = 1000, 1_000_000
"""Limits on config.json: layers or stages, and any other integer."""

MOST_NAMED = 5
"""Entries of another form that a warning names."""

_LOADING_ERRORS = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, ImportError),
    *(ArithmeticError, AssertionError, MemoryError, SafetensorError, StrictDataclassError),
)
"""What transformers raises for folders from which it can't load a network."""

logger = logging.getLogger(__name__)


def read_metrics(pulled: LocalModel) -> ModelMetrics:
    """Return metrics.json without what is not of its form, empty where there is none.

    A network serves without its metrics, so what can't be read is left out with a warning.
    """
    file = pulled.folder / METRICS_FILE
    try:
        if not file.is_file():
            return ModelMetrics()
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        logger.warning(
            "%s of %s can't be read and is left out: %s", METRICS_FILE, pulled.name, error
        )
        return ModelMetrics()
    metrics, left_out = ModelMetrics.from_json(document)
    if left_out:
        places = ", ".join(place or "all of it" for place in left_out[:MOST_NAMED])
        more = f" and {len(left_out) - MOST_NAMED} more" if len(left_out) > MOST_NAMED else ""
        logger.warning(
            "%s of %s has another form; left out: %s%s.", METRICS_FILE, pulled.name, places, more
        )
    return metrics


def load_network(pulled: LocalModel) -> tuple[PreTrainedModel, BaseImageProcessor]:
    """Load network and processor.

    Raises:
        ModelError: transformers can't make a network of the folder, or only with random weights.
    """
    model, processor, report = load_from_folder(pulled)
    if report["missing_keys"]:
        raise ModelError(
            f"{pulled.name} lacks weights that its config.json asks for: "
            f"{', '.join(sorted(report['missing_keys'])[:3])}, ..."
        )
    return model, processor


def load_from_folder(
    pulled: LocalModel, **settings: Any
) -> tuple[PreTrainedModel, BaseImageProcessor, dict[str, Any]]:
    """Load network and processor from safetensors, never running code that came with them.

    The network computes in single precision, whatever it was stored in.

    Args:
        pulled: The folder.
        settings: Further arguments of the network's `from_pretrained`.

    Returns:
        Both, and transformers' report on missing and mismatched weights.

    Raises:
        ModelError: transformers can't make an image classifier of the folder.
    """
    limit_torch_threads()
    _require_size(pulled)
    trusted = {"trust_remote_code": False, "local_files_only": True}
    settings |= {"use_safetensors": True, "output_loading_info": True, "dtype": torch.float32}
    try:
        with _no_progress_bar():
            model, report = AutoModelForImageClassification.from_pretrained(
                pulled.folder, **trusted, **settings
            )
        processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]  # transformers' own
            pulled.folder, **trusted
        )
    except _LOADING_ERRORS as error:
        raise ModelError(f"{pulled.name} holds no network that can be loaded here.") from error
    return model, processor, report


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Hide transformers' progress bar inside the block: such a network loads in no time."""
    enabled = progress.is_progress_bar_enabled()
    progress.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers' own
    try:
        yield
    finally:
        if enabled:
            progress.enable_progress_bar()  # type: ignore[no-untyped-call]


def _require_size(pulled: LocalModel) -> None:
    """Refuse a config.json of which transformers would build layers without an end.

    Raises:
        ModelError: It isn't JSON, or asks for more than a network here could have.
    """
    try:
        config = json.loads((pulled.folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"{pulled.name} has no config.json; expected a folder that train.py has written."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"config.json of {pulled.name} can't be read as JSON.") from error
    for name, value in config.items() if isinstance(config, dict) else ():
        counts = [n for n in (value if isinstance(value, list) else [value]) if isinstance(n, int)]
        most = MOST_LAYERS if "layer" in name or "depth" in name else MOST_UNITS
        if (counts and max(counts) > most) or len(counts) > MOST_LAYERS:
            raise ModelError(
                f"config.json of {pulled.name} asks for a network that is too large ({name}); at "
                f"most {most:,} are taken."
            )


def validate_framing(framing: Mapping[str, float]) -> dict[str, float]:
    """Return a processor's framing as keywords of `fer.vision.crops.CropFraming`.

    Raises:
        ModelError: It has other entries, or values that cut nothing.
    """
    mapping = isinstance(framing, Mapping) and set(framing) <= FRAMING_KEYS
    numbers = mapping and all(
        isinstance(value, int | float) and math.isfinite(value) for value in framing.values()
    )
    if not numbers or not framing.get("scale", 1) > 0:
        raise ModelError(
            f"The framing in preprocessor_config.json must give {', '.join(sorted(FRAMING_KEYS))} "
            "as "
            f"numbers, the scale above 0, but is {framing}."
        )
    return dict(framing)
