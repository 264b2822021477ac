"""Writes the table of recipes/README.md from metrics.json files.

python -m docs.recipes                       writes the table from recipes/results/
python -m docs.recipes quick runs/quick      keeps a training's metrics.json there first
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

from docs.tables import with_section
from fer.model.markdown import duration, number, table
from fer.model.model_metrics import ModelMetrics
from fer.paths import without_folders

RECIPES = Path(__file__).parents[1] / "recipes"
README = RECIPES / "README.md"
WEIGHTS = RECIPES.parent / "fer" / "model" / "weights" / "metrics.json"

HEADINGS = (
    "recipe", "seeds", "validation", "test", "FER+, majority of eight", "parameters", "time",
    "metrics",
)  # fmt: skip
NOT_RUN = ("not run yet", *["-"] * 6)


def results_table(recipes: Path = RECIPES, weights: Path = WEIGHTS) -> str:
    """Return a row for each recipe, and one for the weights that come with the package."""
    rows = [
        (f"[{recipe.name}]({recipe.name})", *result_cells(results_of(recipe)))
        for recipe in sorted(recipes.glob("*.yaml"))
    ]
    if read_metrics(weights).made_by:
        cells = result_cells([weights])[:-2]
        link = "[metrics.json](../fer/model/weights/metrics.json)"
        rows.append(("the present weights, by an earlier version of the code", *cells, "-", link))
    return table(HEADINGS, rows) + "\n"


def results_of(recipe: Path) -> list[Path]:
    """Return the kept metrics.json files of a recipe, one for each time that it was run."""
    folder = recipe.parent / "results"
    return sorted([*folder.glob(f"{recipe.stem}.json"), *folder.glob(f"{recipe.stem}-*.json")])


def result_cells(files: Sequence[Path]) -> tuple[str, ...]:
    """Return the cells of a row: means, with the standard deviation where there are several."""
    if not files:
        return NOT_RUN
    all_metrics = [read_metrics(file) for file in files]
    runs = [metrics.training for metrics in all_metrics]
    devices = ", ".join(sorted({run.device for run in runs}))
    return (
        ", ".join(_seed(metrics) for metrics in all_metrics),
        spread([metrics.validation.accuracy for metrics in all_metrics]),
        spread([metrics.test.accuracy for metrics in all_metrics]),
        spread([metrics.validation.ferplus_accuracy for metrics in all_metrics]),
        number(all_metrics[0].parameters),
        f"{duration(mean(run.hours for run in runs))} ({devices})",
        ", ".join(f"[{file.name}](results/{file.name})" for file in files),
    )


def _seed(metrics: ModelMetrics) -> str:
    """Return a training's seed; of the present weights four were averaged, and none is kept."""
    return "four, averaged" if metrics.made_by else str(metrics.training.settings["seed"])


def read_metrics(file: Path) -> ModelMetrics:
    """Return the content of a metrics.json."""
    return ModelMetrics.from_json(json.loads(file.read_text(encoding="utf-8")))[0]


def spread(values: Sequence[float | None]) -> str:
    """Return the mean of what was measured, with its standard deviation where it has one."""
    measured = [value for value in values if value is not None]
    if not measured:
        return "not measured"
    deviation = f" ± {stdev(measured):.4f}" if len(measured) > 1 else ""
    return f"{mean(measured):.4f}{deviation}"


def keep(name: str, output: Path, recipes: Path = RECIPES) -> Path:
    """Keep the metrics.json of a training as a result of a recipe, without folders of this machine.

    Args:
        name: Such as "quick", or "quick-1" beside another seed.
        output: What `train.py` wrote.
        recipes: The folder of the recipes.

    Raises:
        ValueError: There is no such recipe.
    """
    if not (recipes / f"{name.split('-')[0]}.yaml").is_file():
        raise ValueError(f"There is no recipe {name.split('-')[0]} in {recipes}.")
    kept = recipes / "results" / f"{name}.json"
    kept.parent.mkdir(exist_ok=True)
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    kept.write_text(json.dumps(without_folders(metrics), indent=2) + "\n", encoding="utf-8")
    return kept


def main() -> None:
    """Keep a result if one is named, and write the table."""
    if len(sys.argv) == 3:
        keep(sys.argv[1], Path(sys.argv[2]))
    page = with_section(README.read_text(encoding="utf-8"), "results", results_table())
    README.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
