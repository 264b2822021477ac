"""The model card's tables; each is "" where metrics.json lacks its values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fer.labels import EXPRESSIONS
from fer.model.evaluation_results import CorruptionAccuracy, Evaluation
from fer.model.markdown import duration, number, share, table
from fer.model.model_metrics import ModelMetrics, TrainingRun
from fer.terminal import count_of


@dataclass(frozen=True)
class Score:
    """Accuracy and macro F1 on a split by one label set.

    Attributes:
        split: Split of FER2013.
        labels: Short name of the label set.
        label_set: The label set, its filter, and how the faces were read.
        pictures: Number of pictures.
        accuracy: 0 to 1; None where it wasn't measured.
        macro_f1: 0 to 1; None where it wasn't measured.
    """

    split: str
    labels: str
    label_set: str
    pictures: int | None
    accuracy: float | None
    macro_f1: float | None = None


def scores_table(scores: Iterable[Score]) -> str:
    """Return accuracy and macro F1 on each split and label set as a table, "" where none is."""
    rows = [
        (
            score.split,
            score.label_set,
            number(score.pictures),
            share(score.accuracy),
            share(score.macro_f1),
        )
        for score in scores
    ]
    return table(
        ("split", "labels, and what was left out", "pictures", "accuracy", "macro F1"), rows
    )


def per_class_table(evaluated: Evaluation, split: str) -> str:
    """Return precision, recall and F1 of each expression as a table, "" where there are none."""
    rows = [
        (name, share(row.precision), share(row.recall), share(row.f1), number(row.support))
        for name, row in evaluated.per_class.items()
    ]
    headings = (f"{split} split", "precision", "recall", "F1", "pictures")
    return table(headings, rows)


def confusion_table(evaluated: Evaluation, split: str) -> str:
    """Return the confusion matrix as a table, "" where there is none."""
    matrix = evaluated.confusion_matrix
    rows = [(f"**{name}**", *row) for name, row in zip(EXPRESSIONS, matrix, strict=False)]
    shown = table((f"{split}: label / predicted as", *EXPRESSIONS), rows)
    return f"How the expressions are confused, in pictures:\n\n{shown}" if shown else ""


def training_facts(training: TrainingRun) -> str:
    """Return time, machine and amounts of the training as a table."""
    used, stages = training.torch_threads, training.stages
    by_stage = ", ".join(f"{stage.name} {number(stage.epochs)}" for stage in stages)
    where = (training.device, training.machine, count_of(used, "thread") if used else None)
    facts = {
        _time_heading(len(stages)): duration(training.hours),
        "Machine": ", ".join(filter(None, where)),
        "Processes": training.processes,
        "Training pictures": number(training.training_pictures, none=""),
        "Epochs": by_stage if len(stages) > 1 else training.settings.get("epochs"),
        "bf16": training.bf16,
        "Python": training.python,
        "Libraries": ", ".join(f"{name} {version}" for name, version in training.versions.items()),
    }
    rows = [(name, value) for name, value in facts.items() if value not in (None, "")]
    return table(("", "value"), rows) or "Time and machine of the training were not recorded."


def _time_heading(stages: int) -> str:
    """Return what a training's time is of; earlier versions recorded it without the stages."""
    if not stages:
        return "Time, of the last stage if there were several"
    return "Time" if stages == 1 else f"Time of all {stages} stages"


def recipe_table(settings: Mapping[str, Any]) -> str:
    """Return the settings of the training as a table."""
    names = (
        "dataset", "seed", "arch", "depths", "widths", "view_size", "dropout", "optimizer",
        "batch_size", "learning_rate", "warmup", "weight_decay", "ema_decay", "label_smoothing",
        "mixup", "ferplus_weight", "ferplus_share", "augmentation", "teachers", "teacher_weight",
        "soup", "max_train_samples",
    )  # fmt: skip
    unused = () if settings.get("teachers") else ("teachers", "teacher_weight")
    rows = [
        (f"`{name}`", _setting(settings[name]))
        for name in names
        if name not in unused and settings.get(name) is not None
    ]
    return table(("setting", "value"), rows)


def _setting(value: object) -> object:
    """Return a setting as it is read in a table's cell."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_setting(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        tables = any(isinstance(entry, dict) for entry in value)
        return ("; " if tables else ", ").join(str(_setting(entry)) for entry in value)
    return value


def calibration_table(metrics: ModelMetrics) -> str:
    """Return temperature, threshold and calibration errors as a table, "" where there are none."""
    rows = [
        (name.replace("_", " "), value if isinstance(value, str) else f"{value:.4g}")
        for name, value in metrics.calibration.items()
        if isinstance(value, str | int | float)
    ]
    for split, evaluated in metrics.splits.items():
        if evaluated.calibration_error is not None:
            error = f"{evaluated.calibration_error:.4g}"
            rows.append((f"calibration error, {split} split", error))
    return table(("", "measured"), rows)


def robustness_table(measured: Sequence[CorruptionAccuracy]) -> str:
    """Return the accuracy on corrupted pictures as a table, "" where it wasn't measured."""
    rows = [(row.corruption, row.severity, share(row.accuracy)) for row in measured]
    splits = sorted({row.split for row in measured if row.split})
    accuracy = f"accuracy, {' and '.join(splits)} split" if splits else "accuracy"
    return table(("corruption", "severity", accuracy), rows)
