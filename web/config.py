"""Write what the pipeline in `web/pipeline/` takes from Python: `python -m web.config`.

Every threshold, size and time has one source, the package `fer`; this command writes them to
`web/pipeline/config.json`, which is committed so that `npm run build` needs no Python. A test
checks that the file is current.
"""

import inspect
import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from fer.labels import EXPRESSIONS
from fer.model.classifier import BATCH_SIZE, ExpressionClassifier
from fer.model.face_pixels import MIN_DEVIATION
from fer.pipeline import StreamState
from fer.ui.photo.handlers import MIN_FACE_RANGE
from fer.vision.detector import FaceDetector
from fer.vision.expression_smoother import ExpressionSmoother
from fer.vision.prediction_cache import PredictionCache

FILE = Path(__file__).with_name("pipeline") / "config.json"

VISION_MODULES = tuple(
    name
    for name in sorted(path.stem for path in FILE.parent.glob("*.js"))
    if find_spec(f"fer.vision.{name}")
)
"""Of `fer.vision`, those that have a twin of the same name in `web/pipeline`."""

MIRRORED = (
    *(f"fer.vision.{name}" for name in VISION_MODULES),
    "fer.drawing.label_placement",
    "fer.model.classifier.ExpressionClassifier.classify",
    "fer.model.face_pixels.FacePixels",
    "fer.model.face_pixels.standardise",
    "fer.pipeline.Pipeline.process_frame",
    "fer.pipeline.StreamState",
)
"""All of those, and what else has a twin; `web.golden` keeps a hash of each one's code."""

STATED_DEFAULTS = {
    "detector": FaceDetector,
    "stream": StreamState,
    "expression_smoother": ExpressionSmoother,
    "prediction_cache": PredictionCache,
}
"""By their names in the file, the classes whose default arguments it has."""


def config() -> dict[str, Any]:
    """Return the content of `FILE`: constants by module, defaults and the network's own."""
    constants = {name: _constants(import_module(f"fer.vision.{name}")) for name in VISION_MODULES}
    defaults: dict[str, Any] = {name: _defaults(call) for name, call in STATED_DEFAULTS.items()}
    defaults["photo"] = {"min_face": MIN_FACE_RANGE[1]}
    given = {name: values for name, values in constants.items() if values}
    return {"classifier": _classifier(), "defaults": defaults, **given}


def _constants(module: ModuleType) -> dict[str, Any]:
    """Return a module's public constants that JSON has; dictionaries as pairs, in their order."""
    values = {name: value for name, value in vars(module).items() if name.isupper()}
    public = {name: value for name, value in values.items() if not name.startswith("_")}
    return {name: _plain(value) for name, value in public.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(item) for item in value.items())
    if isinstance(value, tuple):
        return all(_is_plain(item) for item in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


def _defaults(call: Callable[..., object]) -> dict[str, Any]:
    """Return the numbers among the default arguments of a class."""
    parameters = inspect.signature(call).parameters.values()
    return {each.name: each.default for each in parameters if _is_plain(each.default)}


def _classifier() -> dict[str, Any]:
    classifier = ExpressionClassifier.load()
    return {
        "expressions": EXPRESSIONS,
        "columns": classifier.columns,
        "uncertain_below": classifier.uncertain_below,
        "framing": classifier.framing,
        "size": classifier.processor.size,
        "crop_size": classifier.processor.crop_size,
        "BATCH_SIZE": BATCH_SIZE,
        "MIN_DEVIATION": MIN_DEVIATION,
    }


def text() -> str:
    """Return the configuration as `FILE` holds it."""
    return json.dumps(config(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
