"""Facial-expression recognition: find faces, name their expressions, follow them over time.

>>> import fer
>>> faces = fer.Pipeline.load()("photo.jpg")  # doctest: +SKIP
>>> fer.to_dataframe(faces)  # doctest: +SKIP
"""

import os
from typing import TYPE_CHECKING

from fer.version import __version__

if TYPE_CHECKING:
    from fer.drawing.face_export import to_dataframe
    from fer.pipeline import Pipeline

__all__ = ["Pipeline", "__version__", "to_dataframe"]

# ONNX Runtime would report each network that it loads to its makers, and keep a database for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_LATE = {"Pipeline": "fer.pipeline", "to_dataframe": "fer.drawing.face_export"}
"""Where a name is defined that is imported at its first use: `import fer` takes milliseconds."""


def __getattr__(name: str) -> object:
    """Import a public name at its first use (PEP 562)."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    """List the public names, also those that aren't imported yet."""
    return sorted({*globals(), *__all__})
