"""The floor plan: a module imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Longest prefix wins.
FLOORS = {
    "app": 5,
    "train": 5,
    "fer.__main__": 5,
    "fer.cli": 4,
    "fer.ui": 4,
    "fer.recording": 3,
    "fer.pipeline": 2,
    "fer.training": 2,
    "fer.timeline": 2,
    "fer.show": 2,
    "fer.model": 1,
    "fer.vision": 1,
    "fer.array_types": 0,
    "fer.sandbox": 1,
    "fer.images": 0,
    "fer.videos": 0,
    "fer.labels": 0,
    "fer.names": 0,
    "fer.clock": 0,
    "fer": 5,  # re-exports what a program needs
}

ONLY_IMPORTERS = {
    "gradio": "fer.ui",
    "facenet_pytorch": "fer.vision.detector",
    "datasets": "fer.training",
}


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def room(module: str) -> str | None:
    """Return the room of the floor plan that a module is in; None for other packages."""
    prefixes = [name for name in FLOORS if module == name or module.startswith(name + ".")]
    return max(prefixes, key=len, default=None)


def imported(source: str, module: str) -> list[str]:
    """Return the modules that a source imports, at the top or late, relative ones made absolute."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] + "." if node.level else ""
            base = package + (node.module or "")
            names += [f"{base}.{alias.name}" for alias in node.names]
    return names


def forbidden(source: str, module: str) -> list[str]:
    """Return what a module imports from its own floor's other rooms, or from above."""
    home = room(module)
    return [
        name
        for name in imported(source, module)
        if (other := room(name)) and other != home and FLOORS[other] >= FLOORS[home]
    ]


MODULES = [ROOT / "app.py", ROOT / "train.py", *sorted((ROOT / "fer").rglob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_come_from_below(path):
    assert forbidden(path.read_text(), module_name(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_some_libraries_have_one_importer(path):
    module = module_name(path)
    for name in imported(path.read_text(), module):
        owner = ONLY_IMPORTERS.get(name.split(".")[0])
        assert owner is None or module == "app" or module.startswith(owner), name


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("fer.labels", "from fer.pipeline import Pipeline", ["fer.pipeline.Pipeline"]),
        ("fer.model.auto", "import fer.vision.crops", ["fer.vision.crops"]),  # the same floor
        ("fer.pipeline", "def late():\n    from fer import ui", ["fer.ui"]),
        ("fer.pipeline", "from fer.vision.crops import Framing", []),
        ("fer.model.auto", "from .classifier import load", []),  # the same room
    ],
)
def test_the_rule_itself(module, source, expected):
    assert forbidden(source, module) == expected


def test_importing_the_package_imports_nothing_heavy():
    program = "import fer, sys; print({'torch', 'gradio', 'numpy', 'cv2'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr
