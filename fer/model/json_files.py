"""The JSON files of a network's folder: config.json, metrics.json, preprocessor_config.json."""

import json
import logging
import math
from collections.abc import Mapping
from typing import Any

from fer.model.hub import METRICS_FILE, LocalModel, ModelError
from fer.model.model_metrics import ModelMetrics

FRAMING_KEYS = {"scale", "shift_x", "shift_y"}
"""Keys of a processor's framing."""

MAX_LAYERS, MAX_UNITS = 1000, 1_000_000
"""Limits on config.json: layers or stages, and any other integer."""

MAX_NAMED = 5
"""Entries of another form that a warning names."""

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
        places = ", ".join(place or "all of it" for place in left_out[:MAX_NAMED])
        more = f" and {len(left_out) - MAX_NAMED} more" if len(left_out) > MAX_NAMED else ""
        logger.warning(
            "%s of %s has another form; left out: %s%s.", METRICS_FILE, pulled.name, places, more
        )
    return metrics


def read_config(pulled: LocalModel) -> Any:
    """Return the content of config.json, refusing one that asks for layers without an end.

    Raises:
        ModelError: It isn't JSON, or asks for more than a network here could have.
    """
    try:
        config = json.loads((pulled.folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"config.json of {pulled.name} can't be read as JSON.") from error
    for name, value in config.items() if isinstance(config, dict) else ():
        counts = [n for n in (value if isinstance(value, list) else [value]) if isinstance(n, int)]
        most = MAX_LAYERS if "layer" in name or "depth" in name else MAX_UNITS
        if (counts and max(counts) > most) or len(counts) > MAX_LAYERS:
            raise ModelError(
                f"config.json of {pulled.name} asks for a network that is too large ({name}); at "
                f"most {most:,} are taken."
            )
    return config


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
