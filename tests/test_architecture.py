"""The layers of docs/architecture.md: what may import what, checked over all modules at once."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]

LAYERS = {
    "app": 7,
    "train": 7,
    "fer.__main__": 7,
    "fer.cli": 6,
    "fer.ui": 6,
    "fer.batch": 5,
    "fer.recording": 4,
    "fer": 4,  # it only names what it imports at the first use
    "fer.pipeline": 3,
    "fer.training": 3,
    "fer.drawing": 2,
    "fer.evaluation": 2,
    "fer.timeline": 2,
    "fer.data": 1,
    "fer.model": 1,
    "fer.vision": 1,
    "fer.array_types": 0,
    "fer.clock": 0,
    "fer.colors": 0,
    "fer.hub_access": 0,
    "fer.i18n": 0,
    "fer.images": 0,
    "fer.labels": 0,
    "fer.onnx_session": 0,
    "fer.output_files": 0,
    "fer.paths": 0,
    "fer.plotting": 0,
    "fer.sandbox": 0,
    "fer.temp_folder": 0,
    "fer.templates": 0,
    "fer.terminal": 0,
    "fer.threads": 0,
    "fer.torch_device": 0,
    "fer.version": 0,
    "fer.video": 0,
}
"""Layer of each package or module; the longest prefix counts."""

ONLY_IMPORTERS = {
    "datasets": ("fer.data", "fer.evaluation.metrics"),
    "facenet_pytorch": ("fer.vision.mtcnn_torch", "fer.vision.mtcnn_export"),
    "gradio": ("fer.ui", "app"),
    "ray": ("fer.batch.ray",),
}
"""Libraries that are imported in one place, so that they can be replaced there."""

PER_TAB = {"__init__", "tab", "events", "handlers", "views", "session"}
"""Module names that each tab of the page has."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {
    module_name(path): path.read_text()
    for path in (ROOT / "app.py", ROOT / "train.py", *sorted((ROOT / "fer").rglob("*.py")))
}


def imports(module: str) -> Iterator[str]:
    """Yield the full names that a module imports, at its top or late."""
    for node in ast.walk(ast.parse(SOURCES[module])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] + "." if node.level else ""
            base = (package + (node.module or "")).removesuffix(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def area(name: str) -> str | None:
    """Return the entry of `LAYERS` that a name belongs to; None for other libraries."""
    prefixes = [entry for entry in LAYERS if name == entry or name.startswith(entry + ".")]
    return max(prefixes, key=len, default=None)


def is_allowed(module: str, name: str) -> bool:
    """Return whether a module may import a name: of its own area, layer 0, or a lower layer."""
    own, other = area(module), area(name)
    if other is None or own == other:
        return True
    return LAYERS[other] < LAYERS[own] or LAYERS[other] == LAYERS[own] == 0


def test_imports_come_from_lower_layers_and_without_cycles():
    assert not is_allowed("fer.labels", "fer.pipeline.Pipeline")  # upwards
    assert not is_allowed("fer.model.classifier", "fer.vision.crops")  # the same layer
    assert is_allowed("fer.pipeline", "fer.vision.crops.CropFraming")
    forbidden = [
        f"{module} imports {name}"
        for module in SOURCES
        for name in imports(module)
        if not is_allowed(module, name)
    ]
    assert forbidden == []
    graph = {
        module: {
            name if name in SOURCES else name.rpartition(".")[0]
            for name in imports(module)
            if module != "fer"
        }
        for module in SOURCES
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_every_module_has_a_layer_and_the_document_the_same():
    assert [module for module in SOURCES if area(module) == "fer"] == ["fer"]
    document = (ROOT / "docs" / "architecture.md").read_text()
    documented = {
        name.removesuffix(".py").removeprefix("fer/"): int(layer)
        for layer, cell in re.findall(r"^\| (\d) \| (.+?) \|", document, re.MULTILINE)
        for name in re.findall(r"`([\w/.]+)`", cell)
    }
    packages = {name.removeprefix("fer."): layer for name, layer in LAYERS.items()}
    assert documented | {"fer": 4, "__main__": 7} == packages


def test_some_libraries_have_one_importer():
    elsewhere = [
        f"{module} imports {name}"
        for module in SOURCES
        for name in imports(module)
        if (owners := ONLY_IMPORTERS.get(name.split(".")[0])) and not module.startswith(owners)
    ]
    assert elsewhere == []


def test_no_name_of_a_module_or_public_class_occurs_twice():
    modules = [module.rpartition(".")[2] for module in SOURCES if module.startswith("fer.")]
    packages = {path.parent.name for path in (ROOT / "fer").rglob("__init__.py")}
    classes = [
        node.name
        for source in SOURCES.values()
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    single = [name for name in modules if name not in PER_TAB | packages]
    twice = [name for name, count in Counter(single + classes).items() if count > 1]
    assert twice == []


def test_importing_the_package_imports_nothing_heavy():
    program = "import fer, sys; print({'torch', 'gradio', 'numpy', 'cv2'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr
