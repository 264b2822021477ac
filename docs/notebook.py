"""Runs notebooks/fer2013.ipynb from top to bottom and keeps its outputs, but no picture of FER2013.

python -m docs.notebook --dataset SOURCE

Cells with the tag "pictures" draw single faces of the data set, whose terms don't allow to pass
them on: their outputs are left out of the file. The cell with the tag "parameters" keeps its text.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "fer2013.ipynb"

MAX_BYTES = 1_000_000
"""Of the notebook with its outputs."""

PARAMETERS, PICTURES = "parameters", "pictures"
"""Tags of cells."""

LEFT_OUT = "Run this cell to see pictures of the data set; they are not passed on with this file.\n"


def execute(
    notebook: nbformat.NotebookNode, folder: Path, parameters: Mapping[str, object], timeout: int
) -> nbformat.NotebookNode:
    """Return a notebook with its outputs.

    Args:
        notebook: Without or with older outputs; it isn't changed.
        folder: Where its cells run.
        parameters: Values in place of those of the cell with the tag "parameters".
        timeout: Most seconds of a cell.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell fails.
    """
    run = nbformat.from_dict(notebook)
    settings = [cell for cell in run.cells if PARAMETERS in tags(cell)]
    for cell in settings:
        cell.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(run, timeout=timeout, resources=place).execute()
    originals = (cell.source for cell in notebook.cells if PARAMETERS in tags(cell))
    for cell, source in zip(settings, originals, strict=True):
        cell.source = source
    return run


def tags(cell: nbformat.NotebookNode) -> Sequence[str]:
    """Return a cell's tags."""
    return list(cell.metadata.get("tags", ()))


def publishable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook without pictures of the data set, and without what differs by run."""
    kept = nbformat.from_dict(notebook)
    for cell in kept.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.output_type != "stream"]
            if PICTURES in tags(cell):
                cell.outputs = [nbformat.v4.new_output("stream", text=LEFT_OUT)]
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the notebook and write it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs.notebook", description=__doc__)
    parser.add_argument("--dataset", required=True, help="FER2013, best with FER+'s votes")
    options = parser.parse_args(arguments)
    source = nbformat.read(NOTEBOOK, as_version=4)
    dataset = {"DATASET": str(Path(options.dataset).resolve())}
    run = publishable(execute(source, NOTEBOOK.parent, dataset, timeout=3600))
    text = nbformat.writes(run)
    size = len(text.encode())
    if size > MAX_BYTES:
        sys.stderr.write(f"The notebook would have {size:,} bytes; nothing was written.\n")
        return 1
    NOTEBOOK.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
