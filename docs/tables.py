"""Writes the tables of README.md and of pages here from measurements in JSON.

python -m docs.tables            writes the pages
python -m docs.tables --check    fails if a page shows other values
"""

import json
import sys
from pathlib import Path

import numpy as np

from docs.robustness import read_robustness
from docs.scale import read_scale
from docs.speed import read_speed
from docs.web import read_web
from fer.labels import FERPLUS_INDICES
from fer.model.evaluation_results import Evaluation
from fer.model.model_metrics import ModelMetrics

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "fer" / "model" / "weights"
DATA = ROOT / "docs" / "data" / "data.json"
PAGES = {
    "README.md": "results",
    "docs/model.md": "metrics",
    "docs/batch.md": "scale",
    "docs/robustness.md": "robustness",
    "docs/speed.md": "speed",
    "docs/web.md": "web",
}
"""The page of each section, which is between `<!-- name -->` and `<!-- /name -->`."""


def results(metrics: ModelMetrics, evaluation: Evaluation, live: dict) -> str:
    """Return the README's table; see `metrics_section`.

    Args:
        metrics: What `train.py` wrote.
        evaluation: What `fer evaluate` wrote.
        live: What `benchmarks.live` wrote.
    """
    combined, majority, scenes = evaluation.combined, evaluation.combined_agreement, live["scenes"]
    faster = [scene["times_as_fast_as"]["peer"] for scene in scenes.values()]
    pictures, own = evaluation.pictures, evaluation.accuracy
    one, crowd = (scenes[name]["ours"]["frames_per_second"] for name in ("one face", "24 faces"))
    return f"""\
| | |
|---|---|
| FER2013 head alone, by FER2013's labels (validation, {pictures:,} faces) | {own:.1%} |
| both heads combined, by FER2013's labels | {combined.accuracy:.1%} |
| both heads combined, by FER+'s majority ({majority.pictures:,} faces) | {majority.accuracy:.1%} |
| frames per second with one face, with 24 faces (1 thread) | {one:.0f}, {crowd:.0f} |
| times as fast as {live["peer"]}, by scene | {min(faster):.0f} to {max(faster):.0f} |
| parameters | {metrics.parameters / 1e6:.1f} million |
"""


def metrics_section(metrics: ModelMetrics, evaluation: Evaluation, data: dict) -> str:
    """Return the section of docs/model.md as Markdown.

    Args:
        metrics: What `train.py` wrote.
        evaluation: What `fer evaluate --corruptions` wrote.
        data: What `docs.data` wrote.
    """
    table = "\n".join(f"| {name} | {value} |" for name, value in _rows(metrics, evaluation))
    return f"""\
{_introduction(metrics, evaluation)}

| validation | |
|---|---|
{table}

A label of FER2013 is one person's opinion, a vote of FER+ one of ten people's, and the two sets
agree on {_agreement(data["validation"]):.0%} of these pictures ([data](data.md)); so the
network has a head for each, and combines them. So that frequent classes aren't favoured,
{metrics.calibration["prior_correction"]:g} of the logarithm of each class's share of the training
pictures is subtracted from its logits ([logit adjustment](https://arxiv.org/abs/2007.07314)). This
costs accuracy on this split, whose classes have the same shares, and gains it on rare classes and
on CK+48 ([trainings](what-we-learned.md)). FER+'s head has the weight in bold:

| weight of FER+'s head | accuracy | by FER+'s majority of seven | mean of both label sets |
|---|---|---|---|
{_shares(evaluation)}

Each expression, by the FER2013 head:

| expression | precision | recall | pictures |
|---|---|---|---|
{_classes(evaluation)}

![Accuracy on corrupted faces](../fer/model/weights/robustness.png)

{_made_by(metrics)}
`python -m fer evaluate --dataset {evaluation.dataset} --corruptions --output fer/model/weights`
wrote [evaluation.json](../fer/model/weights/evaluation.json) and the plots in its folder;
`python -m docs.tables` wrote this section.
"""


def _introduction(metrics: ModelMetrics, evaluation: Evaluation) -> str:
    """Return what was measured, and how the calibration was fitted."""
    calibration = metrics.calibration
    return f"""\
The embedded weights in {evaluation.precision}, as they are used, on FER2013's validation split
(PublicTest, {evaluation.pictures:,} pictures, single view), by FER2013's own labels unless another
set is named. In float32, as they were trained, their accuracy is
{metrics.validation.accuracy:.4f} and their macro F1 {metrics.validation.macro_f1:.4f}.
The epoch was chosen on the same split, and so were the heads' temperatures
({calibration["temperature"]} and {calibration["ferplus_temperature"]}; combined
{calibration["combined_temperature"]}) and the threshold {calibration["uncertain_below"]}: above it
the accuracy, averaged over both label sets, is {calibration["selective_accuracy"]:.2f}. So these
figures are optimistic. FER2013's test split (PrivateTest) was used for no choice, and has not been
measured here."""


def _agreement(split: dict) -> float:
    """Return how often FER+'s majority, where it is one of the seven, is FER2013's label.

    Args:
        split: With the pictures of each label and majority as `["ferplus"]["matrix"]` (7, 10).
    """
    matrix = np.array(split["ferplus"]["matrix"])[:, list(FERPLUS_INDICES)]
    return float(np.trace(matrix) / matrix.sum())


def _made_by(metrics: ModelMetrics) -> str:
    """Return how the weights were made, as far as that can be made again."""
    if metrics.made_by:
        return f"The present weights were made by {metrics.made_by}."
    return f"`{metrics.command}` made them, by the [recipes](../recipes)."


def _rows(metrics: ModelMetrics, evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return the rows of the whole network's table: what was measured, and the figure."""
    low, high = evaluation.intervals.accuracy
    rest, named = evaluation.without_duplicates, evaluation.at_threshold
    both = evaluation.combined.both_label_sets
    return [
        (
            "accuracy (FER2013's head)",
            f"{evaluation.accuracy:.4f} (95 % interval {low:.3f} to {high:.3f})",
        ),
        (
            f"accuracy (FER2013's head) without the {evaluation.pictures - rest.pictures} pictures "
            "that have a duplicate in the training split",
            f"{rest.accuracy:.4f}",
        ),
        ("macro F1 (FER2013's head)", f"{evaluation.macro_f1:.4f}"),
        (
            "calibration error (FER2013's head, 15 bins)",
            f"{evaluation.calibration_error:.4f}",
        ),
        (
            "accuracy (FER+'s head), by FER+'s majority of eight",
            f"{evaluation.ferplus.accuracy:.4f}",
        ),
        ("accuracy (both heads combined, as in the app)", f"{evaluation.combined.accuracy:.4f}"),
        (
            "accuracy (combined), by FER+'s majority where it is one of the seven",
            f"{evaluation.combined_agreement.accuracy:.4f}",
        ),
        ("macro F1 (combined), mean of both label sets", f"{both.macro_f1:.4f}"),
        ("calibration error (combined), against both label sets", f"{both.calibration_error:.4f}"),
        ("share of faces whose expression is named, not *uncertain*", f"{named.coverage:.0%}"),
        ("accuracy (combined) on the named faces", f"{named.accuracy:.4f}"),
        (
            "accuracy (combined) on the named faces, by FER+'s majority of seven",
            f"{named.ferplus_agreement.accuracy:.4f}",
        ),
        ("parameters", f"{metrics.parameters:,}"),
    ]


def _shares(evaluation: Evaluation) -> str:
    """Return one row for each weight of FER+'s head, the one in use in bold."""
    rows = []
    for row in evaluation.by_share:
        scores = (row, row.ferplus_agreement, row.both_label_sets)
        cells = [f"{row.ferplus_share:g}", *(f"{each.accuracy:.4f}" for each in scores)]
        used = row.ferplus_share == evaluation.combined.ferplus_share
        rows.append(f"| {' | '.join(f'**{cell}**' if used else cell for cell in cells)} |")
    return "\n".join(rows)


def _classes(evaluation: Evaluation) -> str:
    """Return one row per class, with 95 % intervals."""
    rows = []
    for label, metrics in evaluation.per_class.items():
        intervals = evaluation.intervals.per_class[label]
        cells = [
            f"{value:.2f} ({low:.2f} to {high:.2f})"
            for value, (low, high) in (
                (metrics.precision, intervals.precision),
                (metrics.recall, intervals.recall),
            )
        ]
        rows.append(f"| {label} | {' | '.join(cells)} | {metrics.support} |")
    return "\n".join(rows)


def read_json(name: str) -> dict:
    """Return a JSON file of the embedded weights."""
    return json.loads((WEIGHTS / name).read_text())


def sections() -> dict[str, str]:
    """Return each section's text, from the committed measurements."""
    metrics, _ = ModelMetrics.from_json(read_json("metrics.json"))
    evaluation, _ = Evaluation.from_json(read_json("evaluation.json"))
    live = json.loads((ROOT / "benchmarks" / "live.json").read_text())
    return {
        "results": results(metrics, evaluation, live),
        "metrics": metrics_section(metrics, evaluation, json.loads(DATA.read_text())),
        "scale": read_scale(),
        "robustness": read_robustness(),
        "speed": read_speed(),
        "web": read_web(),
    }


def with_section(page: str, name: str, text: str) -> str:
    """Return a page with one of its sections written anew."""
    before, rest = page.split(f"<!-- {name} -->\n")
    _, after = rest.split(f"<!-- /{name} -->")
    return f"{before}<!-- {name} -->\n{text}<!-- /{name} -->{after}"


def pages() -> dict[str, tuple[str, str]]:
    """Return each page as it is and as it should be."""
    texts = sections()
    written = {name: (ROOT / name).read_text() for name in PAGES}
    return {
        name: (page, with_section(page, PAGES[name], texts[PAGES[name]]))
        for name, page in written.items()
    }


def main() -> None:
    """Write or check the pages."""
    for name, (page, expected) in pages().items():
        if "--check" not in sys.argv:
            (ROOT / name).write_text(expected)
        elif page != expected:
            sys.exit(f"{name} shows other values than the JSON files; run python -m docs.tables.")


if __name__ == "__main__":
    main()
