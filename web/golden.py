"""Write what Python and JavaScript both must compute: `python -m web.golden`.

The files in `web/tests/golden/` hold a picture's pixels and, in JSON, what each step of `fer` makes
of them. The tests of both languages read them, so that neither pipeline changes without the other.
The picture is a part of the page's example, the photograph of the astronaut Eileen Collins (NASA,
public domain).
"""

import ast
import gzip
import hashlib
import inspect
import json
import textwrap
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np

from fer.array_types import UInt8Array
from fer.images import read_image
from fer.ui.photo.tab import EXAMPLES
from web.config import MIRRORED
from web.golden_states import states
from web.golden_steps import detection, label_placement, pixels
from web.golden_streams import streams

FOLDER = Path(__file__).parent / "tests" / "golden"
PICTURE = FOLDER / "picture.rgb.gz"
SIDE, CORNER = 256, (96, 0)
"""Side of the picture in pixels, and its left and top in the example."""

DIGITS = 5


def write_picture() -> None:
    """Write the picture's pixels, red, green and blue, row by row, as decoders differ."""
    left, top = CORNER
    image = read_image(EXAMPLES[0])[top : top + SIDE, left : left + SIDE]
    PICTURE.write_bytes(gzip.compress(image.tobytes(), mtime=0))


def read_picture() -> UInt8Array:
    """Return the picture, RGB uint8 (256, 256, 3)."""
    content = gzip.decompress(PICTURE.read_bytes())
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE, 3)


def documents() -> dict[str, Any]:
    """Return what Python computes, by file name."""
    image = read_picture()
    return {
        "pixels.json": rounded(pixels(image)),
        "detection.json": rounded(detection(image)),
        "states.json": rounded(states(image)),
        "streams.json": rounded(streams(image)),
        "label_placement.json": rounded(label_placement()),
        "sources.json": {name: source_hash(name) for name in MIRRORED},
    }


def rounded(value: Any) -> Any:
    """Return a value as JSON has it, with few digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return rounded(value.tolist())
    return round(value, DIGITS) if isinstance(value, float) else value


class _Code(ast.NodeTransformer):
    """Leaves out what doesn't change what is computed: docstrings and messages."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Expr(ast.Constant(...)) if text else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("")


def source_hash(name: str) -> str:
    """Return a hash of a module's or function's code without comments, docstrings and messages."""
    tree = _Code().visit(ast.parse(textwrap.dedent(inspect.getsource(resolve_name(name)))))
    code = ast.unparse(ast.fix_missing_locations(tree))
    return hashlib.sha256(code.encode()).hexdigest()[:16]


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_picture()
    for file, document in documents().items():
        (FOLDER / file).write_text(json.dumps(document) + "\n", encoding="utf-8")
