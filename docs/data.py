"""Writes docs/data.md and its plots from what `fer data` found; no picture of the data is among it.

python -m docs.data runs/data/data.json   takes these figures, then writes page and plots
python -m docs.data --check               fails if docs/data.md shows others
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fer.data.dataset_plots import counts_plot, unanimity_plot, votes_plot
from fer.data.dataset_report import FOOTER, HEADINGS, describe_dataset

FOLDER = Path(__file__).parent / "data"
FIGURES = FOLDER / "data.json"
PAGE = Path(__file__).parent / "data.md"

PLOTS = {
    "counts": {"counts.png": "Faces of each expression"},
    "votes": {
        "votes.png": "FER+ majority for each label of train, in percent",
        "unanimity.png": "How many of ten voters agree on the faces of train",
    },
}
"""For each section its plots, with what they show."""

HEAD = """\
# What FER2013 is like

What a network can learn depends on its data. `python -m fer data` examines an edition of
FER2013 and writes an HTML report, with mean faces, examples and duplicates that are labelled
differently. Its pictures aren't published; the rest is here, written by
`python -m docs.data runs/data/data.json`.

[The notebook](../notebooks/fer2013.ipynb) explores the data for learners, with a short
training and an evaluation; `python -m docs.notebook --dataset SOURCE` runs it and keeps its
outputs.
"""


def page(figures: Mapping[str, Mapping]) -> str:
    """Return docs/data.md.

    Args:
        figures: What `fer data` wrote into data.json.
    """
    texts = describe_dataset(figures)
    parts = [HEAD]
    for name in ("counts", "duplicates", "votes"):
        plots = [f"![{alt}](data/{file})\n" for file, alt in PLOTS.get(name, {}).items()]
        parts += [f"## {HEADINGS[name]}\n", *(f"{line}\n" for line in texts[name]), *plots]
    return "\n".join([*parts, FOOTER, ""])


def draw(figures: Mapping[str, Mapping]) -> None:
    """Write the plots."""
    votes = figures["train"]["ferplus"]
    drawn = {
        "counts.png": counts_plot(figures),
        "votes.png": votes_plot(votes["matrix"], "train"),
        "unanimity.png": unanimity_plot(votes["unanimity"], "train"),
    }
    for name, figure in drawn.items():
        figure.savefig(FOLDER / name, dpi=110, metadata={"Software": None})


def main(arguments: Sequence[str]) -> int:
    """Write or check the page; return the exit status."""
    if list(arguments) == ["--check"]:
        return int(PAGE.read_text() != page(json.loads(FIGURES.read_text())))
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("python -m docs.data takes the data.json of `fer data`, or --check.\n")
        return 2
    figures = json.loads(Path(arguments[0]).read_text())
    for split in figures.values():
        split["duplicates"].pop("rows", None)
    if not figures.get("train", {}).get("ferplus"):
        sys.stderr.write(f"{arguments[0]} has no votes of FER+ on train; nothing was changed.\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    draw(figures)
    PAGE.write_text(page(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
