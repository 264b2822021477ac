"""Writes the README's table of figures from the metrics.json beside the embedded weights.

python -m docs.figures            writes README.md
python -m docs.figures --check    fails if README.md shows other figures
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
METRICS = ROOT / "fer" / "model" / "weights" / "metrics.json"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"


def figures(metrics: dict) -> str:
    """Return the README's section as Markdown, from the content of a metrics.json."""
    validation, training = metrics["validation"], metrics["training"]
    calibration = metrics["calibration"]
    rows = [
        ("accuracy", f"{validation['accuracy']:.4f}"),
        ("macro F1", f"{validation['macro_f1']:.4f}"),
        ("FER+ majority of eight, accuracy", f"{validation['ferplus_accuracy']:.4f}"),
        ("calibration error (15 bins)", f"{calibration['calibration_error']:.4f}"),
        ("named, not *uncertain*", f"{calibration['answered']:.0%}"),
        ("accuracy on those", f"{calibration['answered_accuracy']:.4f}"),
        ("parameters", f"{metrics['parameters']:,}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    classes = "\n".join(
        f"| {label} | {row['precision']:.2f} | {row['recall']:.2f} | {row['support']} |"
        for label, row in validation["per_class"].items()
    )
    return f"""\
The embedded weights on FER2013's validation split (PublicTest, {validation["pictures"]:,}
pictures), single view. The best of {training["epochs"]} epochs was chosen, and temperature and
threshold were fitted, on the same split. Written by `python -m docs.figures` from
[metrics.json](fer/model/weights/metrics.json), which `{metrics["command"]}` wrote after
{training["hours"]:.1f} hours on {training["torch_threads"]} CPU threads.

| validation | {validation["label_set"]} |
|---|---|
{table}

| expression | precision | recall | pictures |
|---|---|---|---|
{classes}
"""


def with_figures(readme: str, metrics: dict) -> str:
    """Return the README with its section written anew."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + figures(metrics) + END + after


def main() -> None:
    """Write or check the README."""
    readme = README.read_text()
    expected = with_figures(readme, json.loads(METRICS.read_text()))
    if "--check" not in sys.argv:
        README.write_text(expected)
    elif readme != expected:
        sys.exit("README.md shows other figures than metrics.json; run python -m docs.figures.")


if __name__ == "__main__":
    main()
