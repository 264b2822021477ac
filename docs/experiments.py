"""Writes docs/experiments.md, a row for each training, from the JSON files in docs/experiments.

python -m docs.experiments                            writes docs/experiments.md
python -m docs.experiments runs/second/metrics.json   takes that training in first
python -m docs.experiments --note second "why"        says a word about one
python -m docs.experiments --check                    fails if docs/experiments.md shows others

A training goes by the name of its folder. What `fer evaluate` wrote into that folder, or into one
inside it, is taken in too.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

from docs.seeds import settings_of, spread_rows
from fer.model.markdown import threads

RECORDS = Path(__file__).parent / "experiments"
PAGE = Path(__file__).parent / "experiments.md"
SPEED = Path(__file__).parents[1] / "benchmarks" / "speed.json"

SAID_ELSEWHERE = ("--dataset", "--output", "--base-model", "--epochs", "--seed")
"""Options that aren't shown as a change: they have a column of their own, or change nothing."""

WEAK_FACES = {("size", "16 px"): "16 px", ("blur", "sigma 2 px"): "blur 2 px"}
"""Damages shown beside the accuracy."""

HEAD = """\
# Experiments

The trainings on record, best accuracy first, whether they helped or not; a remark says where one
was cut short. FER2013's validation split, its own labels, the best epoch chosen on that same
split. `python -m docs.experiments` makes this page from the files in [experiments](experiments),
which are extracts of the trainings' own metrics.json and of what `fer evaluate` said about them.
"""


def record(metrics: Mapping, evaluations: Sequence[Mapping] = ()) -> dict[str, object]:
    """Return what is kept of a training.

    Args:
        metrics: Its metrics.json.
        evaluations: Every evaluation.json of FER2013's validation split about it.
    """
    training, history, base = metrics["training"], metrics["history"], metrics.get("base_model")
    kept = {
        "command": metrics["command"],
        "base": base and base["name"],
        "architecture": metrics.get("architecture", "fer"),
        "parameters": metrics["parameters"],
        "epochs": training["epochs"],
        "best_epoch": training["best_epoch"],
        "seed": training["seed"],
        "pictures_per_second": median(epoch["pictures_per_second"] for epoch in history),
        "minutes": training["hours"] * 60,
        "device": f"{training['device']}, {threads(training['torch_threads'])}",
        "accuracy": metrics["validation"]["accuracy"],
        "macro_f1": metrics["validation"]["macro_f1"],
        "ferplus_accuracy": metrics["validation"].get("ferplus_accuracy"),
        "calibration_error": metrics["calibration"]["calibration_error"],
    }
    for figures in evaluations:
        kept |= evaluated(figures)
    return kept


def evaluated(figures: Mapping) -> dict[str, object]:
    """Return what is kept of one evaluation.json."""
    if figures["views"] == "ten":
        return {"views": {name: figures[name] for name in ("accuracy", "macro_f1")}}
    answers = figures.get("ferplus_answers") or {}
    kept = {"weights": figures["weights"], "ferplus_answers": answers.get("accuracy")}
    if "robustness" in figures:
        kept["damaged"] = {
            WEAK_FACES[key]: row["accuracy"]
            for row in figures["robustness"]
            if (key := (row["damage"], row["amount"])) in WEAK_FACES
        }
    return kept


def take_in(metrics_file: Path) -> Path:
    """Keep a training's figures in `RECORDS`, with the note it may have there.

    Raises:
        ValueError: There is no such training, or its evaluations are of different weights.
    """
    if not metrics_file.is_file():
        raise ValueError(f"There is no {metrics_file}; give the metrics.json that train.py wrote.")
    folder = metrics_file.parent
    evaluations = [json.loads(path.read_text()) for path in sorted(folder.rglob("evaluation.json"))]
    of_validation = [figures for figures in evaluations if figures.get("split") == "validation"]
    if any(figures.get("answers") == "shown" for figures in of_validation):
        raise ValueError(f"{folder} holds an evaluation with --answers shown; evaluate it without.")
    if len({figures["weights"] for figures in of_validation}) > 1:
        raise ValueError(f"{folder} holds evaluations of different weights; evaluate them anew.")
    kept = record(json.loads(metrics_file.read_text()), of_validation)
    target = RECORDS / f"{folder.resolve().name}.json"
    if target.is_file() and "note" in (before := json.loads(target.read_text())):
        kept["note"] = before["note"]
    RECORDS.mkdir(exist_ok=True)
    target.write_text(json.dumps(kept, indent=2) + "\n")
    return target


def add_note(name: str, note: str) -> None:
    """Say a word about a training.

    Raises:
        ValueError: It hasn't been taken in.
    """
    file = RECORDS / f"{name}.json"
    if not file.is_file():
        raise ValueError(f"There is no training {name} in {RECORDS}; take it in first.")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"note": note}, indent=2) + "\n")


def page(records: Mapping[str, Mapping], speed: Mapping | None = None) -> str:
    """Return docs/experiments.md.

    Args:
        records: What was kept of each training, by name.
        speed: What `benchmarks.speed` measured, shown with the training whose weights it timed.
    """
    ordered = sorted(records.items(), key=lambda item: -item[1]["accuracy"])
    results = [result_row(name, kept, speed) for name, kept in ordered]
    settings = [setting_row(name, kept) for name, kept in ordered]
    notes = [f"- **{name}**: {kept['note']}" for name, kept in ordered if "note" in kept]
    parts = [HEAD, "## What came of them\n", *markdown(results), "", SPEED_NOTE, ""]
    if spreads := spread_rows(records):
        parts += ["## How much is chance\n", *markdown(spreads), "", SPREAD_NOTE, ""]
    parts += ["## What they were\n", *markdown(settings), ""]
    parts += ["## How to make them again\n", COMMANDS_NOTE, "```bash"]
    parts += [*(records[name]["command"] for name in in_order(records)), "```", ""]
    parts += ["## Remarks\n", *notes, ""] if notes else []
    return "\n".join(parts)


SPEED_NOTE = """\
*Views* averages ten views of each face, which lie four pixels off the middle, but two in trainings
of 44 pixels from before `fitter`; *16 px* and *blur 2 px* are accuracies on damaged faces
(`fer evaluate --damaged`). *FER+* is the second head's accuracy by FER+'s majority of eight,
*answers by FER+* that of the first head by FER+'s majority of seven. *ECE* is the calibration error
after the temperature was fitted on the same pictures. *One face* is the time from a crop to its
probabilities, as a share of ResNet-18's on 224 pixels
([benchmarks/speed.py](../benchmarks/speed.py)). Accuracy, macro F1 and FER+ are those of the
network in single precision, but of `flat`, `longer`, `flatter`, `flatter2`, `flattest`, `voted`,
`fellow` to `fellow4` and `urged` to `urged3` in bf16, which moves a few pictures. A dash: not
measured."""


SPREAD_NOTE = "Mean and standard deviation of trainings that differ in nothing but the seed."

COMMANDS_NOTE = "In this order, for some go on from others or learn from them:\n"


def in_order(records: Mapping[str, Mapping]) -> list[str]:
    """Return the names of the trainings, each after those whose folders its command names."""
    needed = {}
    for name, kept in sorted(records.items()):
        folders = set(shlex.split(kept["command"]))
        needed[name] = [other for other in records if f"runs/{other}" in folders - {f"runs/{name}"}]
    return list(TopologicalSorter(needed).static_order())


def result_row(name: str, kept: Mapping, speed: Mapping | None) -> dict[str, str]:
    """Return the cells of a training in the first table."""
    views, damaged = kept.get("views", {}), kept.get("damaged", {})
    timed = speed and "weights" in kept and speed["weights"] == kept["weights"]
    return {
        "training": name,
        "accuracy": figure(kept["accuracy"]),
        "macro F1": figure(kept["macro_f1"]),
        "views": figure(views.get("accuracy")),
        "views' F1": figure(views.get("macro_f1")),
        **{column: figure(damaged.get(column)) for column in WEAK_FACES.values()},
        "FER+": figure(kept["ferplus_accuracy"]),
        "answers by FER+": figure(kept.get("ferplus_answers")),
        "ECE": figure(kept["calibration_error"]),
        "parameters": f"{kept['parameters']:,}",
        "one face": f"{speed['any instructions']['one face']['ratio']:.2f}x" if timed else "-",
    }


def setting_row(name: str, kept: Mapping) -> dict[str, str]:
    """Return the cells of a training in the second table."""
    return {
        "training": name,
        "went on from": kept["base"] or "-",
        "beside the defaults": f"`{changes}`"
        if (changes := settings_of(kept["command"], SAID_ELSEWHERE))
        else "-",
        "epochs": f"{kept['epochs']}, best {kept['best_epoch']}",
        "seed": str(kept["seed"]),
        "pictures/s": f"{kept['pictures_per_second']:.0f}",
        "minutes": f"{kept['minutes']:.0f}",
        "on": kept["device"],
    }


def figure(value: float | None) -> str:
    """Return a share with four digits; a dash for None."""
    return "-" if value is None else f"{value:.4f}"


def markdown(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the lines of a table; no rows make no table."""
    if not rows:
        return ["None yet."]
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *[list(row.values()) for row in rows]]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def main(arguments: Sequence[str] | None = None) -> None:
    """Take in, say a word, write or check."""
    parser = argparse.ArgumentParser(prog="docs.experiments", description=__doc__.split("\n")[0])
    parser.add_argument("metrics", nargs="*", type=Path, help="metrics.json of trainings")
    parser.add_argument("--note", nargs=2, metavar=("TRAINING", "TEXT"))
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    if options.check and (options.metrics or options.note):
        parser.error("--check writes nothing, so it takes neither metrics.json nor --note")
    for metrics_file in options.metrics:
        take_in(metrics_file)
    if options.note:
        add_note(*options.note)
    records = {path.stem: json.loads(path.read_text()) for path in sorted(RECORDS.glob("*.json"))}
    text = page(records, json.loads(SPEED.read_text()) if SPEED.is_file() else None)
    if not options.check:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit("docs/experiments.md shows other figures; run python -m docs.experiments.")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"docs.experiments: {error}")
