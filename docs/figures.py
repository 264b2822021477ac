"""Writes the README's figures from the JSON files beside the weights and the benchmarks.

python -m docs.figures            writes README.md
python -m docs.figures --check    fails if README.md shows other figures
"""

import json
import sys
from pathlib import Path

from docs.speed import read_speed
from fer.model.markdown import threads

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
WEIGHTS = ROOT / "fer" / "model" / "weights"
SECTIONS = ("figures", "speed")
"""What stands between `<!-- name -->` and `<!-- /name -->`."""


def figures(metrics: dict, evaluation: dict) -> str:
    """Return the README's section as Markdown.

    Args:
        metrics: What `train.py` wrote.
        evaluation: What `fer evaluate --damaged` wrote.
    """
    training, calibration = metrics["training"], metrics["calibration"]
    table = "\n".join(f"| {name} | {value} |" for name, value in _rows(metrics, evaluation))
    return f"""\
The embedded weights on FER2013's validation split (PublicTest, {evaluation["pictures"]:,}
pictures, FER2013's own labels unless another set is named, single view),
answering in {evaluation["precision"]}. (On a CPU that is made for it they answer in int8; as they
were trained, in float32, their accuracy is {metrics["validation"]["accuracy"]:.4f} and their macro
F1 {metrics["validation"]["macro_f1"]:.4f}.)
The best of {training["epochs"]} epochs was chosen, and the heads' temperatures
({calibration["temperature"]} and {calibration["ferplus_temperature"]}) and the threshold
{calibration["uncertain_below"]} were fitted, on the same split; above it the answers are right
{calibration["answered_accuracy"]:.2f} of the time, by both label sets together.

| validation | |
|---|---|
{table}

A label of FER2013 is one person's opinion, a vote of FER+ one of ten people's, and the two sets
agree on two pictures in three; so the network has a head for each. The page shows the plain mean of
both, which by the two sets together is as accurate as the best share of FER+'s head, within chance:

| share of FER+'s head | accuracy | by FER+'s majority of seven | mean of the two |
|---|---|---|---|
{_shares(evaluation)}

Each expression, as the first head reads it:

| expression | precision | recall | pictures |
|---|---|---|---|
{_classes(evaluation)}

![Accuracy on damaged faces](fer/model/weights/robustness.png)

```bash
{metrics["command"]}
```

trained it, in {training["hours"]:.1f} hours on the CPU ({threads(training["torch_threads"])}),
after the trainings whose folders it names (their commands: [experiments](docs/experiments.md)), and
wrote
[metrics.json](fer/model/weights/metrics.json); `python -m fer evaluate --dataset
{evaluation["dataset"]} --damaged --output fer/model/weights` wrote
[evaluation.json](fer/model/weights/evaluation.json) and the plots beside it; `python -m
docs.figures` wrote this section.
"""


def _rows(metrics: dict, evaluation: dict) -> list[tuple[str, str]]:
    """Return the rows of the whole network's table: what was measured, and the figure."""
    low, high = evaluation["intervals"]["accuracy"]
    rest, named = evaluation["without_copies"], evaluation["uncertain"]
    return [
        (
            "accuracy (FER2013's head)",
            f"{evaluation['accuracy']:.4f} (95 % interval {low:.3f} to {high:.3f})",
        ),
        (
            f"without the {evaluation['pictures'] - rest['pictures']} pictures that have a copy in "
            "the training split",
            f"{rest['accuracy']:.4f}",
        ),
        ("macro F1", f"{evaluation['macro_f1']:.4f}"),
        ("calibration error (15 bins)", f"{evaluation['calibration_error']:.4f}"),
        ("FER+'s head, by FER+'s majority of eight", f"{evaluation['ferplus']['accuracy']:.4f}"),
        (
            "what is shown (both heads' mean), by FER+'s majority where it is one of the seven",
            f"{evaluation['shown']['ferplus_answers']['accuracy']:.4f}",
        ),
        ("faces named, not *uncertain*", f"{named['answered']:.0%}"),
        ("accuracy of what is shown on those", f"{named['accuracy']:.4f}"),
        ("the same by FER+'s majority of seven", f"{named['ferplus_answers']['accuracy']:.4f}"),
        ("parameters", f"{metrics['parameters']:,}"),
    ]


def _shares(evaluation: dict) -> str:
    """Return one row a share of FER+'s head, that of what is shown in bold."""
    rows = []
    for row in evaluation["by_share"]:
        by_labels, by_votes = row["accuracy"], row["ferplus_answers"]["accuracy"]
        figures = [f"{value:.4f}" for value in (by_labels, by_votes, (by_labels + by_votes) / 2)]
        cells = [f"{row['ferplus_share']:g}", *figures]
        shown = row["ferplus_share"] == evaluation["shown"]["ferplus_share"]
        rows.append(f"| {' | '.join(f'**{cell}**' if shown else cell for cell in cells)} |")
    return "\n".join(rows)


def _classes(evaluation: dict) -> str:
    """Return one row a class, with 95 % intervals."""
    rows = []
    for label, figures in evaluation["per_class"].items():
        intervals = evaluation["intervals"]["per_class"][label]
        cells = [
            f"{figures[name]:.2f} ({intervals[name][0]:.2f} to {intervals[name][1]:.2f})"
            for name in ("precision", "recall")
        ]
        rows.append(f"| {label} | {' | '.join(cells)} | {figures['support']} |")
    return "\n".join(rows)


def read_json(name: str) -> dict:
    """Return a JSON file beside the embedded weights."""
    return json.loads((WEIGHTS / name).read_text())


def with_figures(readme: str) -> str:
    """Return the README with its sections written anew."""
    written = {
        "figures": figures(read_json("metrics.json"), read_json("evaluation.json")),
        "speed": read_speed(),
    }
    for name in SECTIONS:
        before, rest = readme.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        readme = f"{before}<!-- {name} -->\n{written[name]}<!-- /{name} -->{after}"
    return readme


def main() -> None:
    """Write or check the README."""
    readme = README.read_text()
    expected = with_figures(readme)
    if "--check" not in sys.argv:
        README.write_text(expected)
    elif readme != expected:
        sys.exit("README.md shows other figures than the JSON files; run python -m docs.figures.")


if __name__ == "__main__":
    main()
