"""The model card's tables: each is made of metrics.json and "" where that has nothing of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from fer.labels import EXPRESSIONS
from fer.model.markdown import duration, number, share, table, threads

SPLITS = ("validation", "test")

Metrics = Mapping[str, Any]


def scores_table(measured: Iterable[Metrics]) -> str:
    """Return accuracy and macro F1 on each split and label set as a table, "" where none is."""
    rows = [
        (
            row["split"],
            row["label_set"],
            number(row["pictures"]),
            share(row["accuracy"]),
            share(row["macro_f1"]),
        )
        for row in measured
    ]
    return table(
        ("split", "labels, and what was left out", "pictures", "accuracy", "macro F1"), rows
    )


def per_class_table(figures: Metrics, split: str) -> str:
    """Return precision, recall and F1 of each expression as a table, "" where there are none."""
    per_class = figures.get("per_class") or {}
    rows = [
        (
            name,
            *(share(row.get(key)) for key in ("precision", "recall", "f1")),
            number(row.get("support")),
        )
        for name, row in per_class.items()
    ]
    headings = (f"{split} split", "precision", "recall", "F1", "pictures")
    return table(headings, rows)


def confusion_table(figures: Metrics, split: str) -> str:
    """Return the confusion matrix as a table, "" where there is none."""
    matrix = figures.get("confusion_matrix") or []
    rows = [(f"**{name}**", *row) for name, row in zip(EXPRESSIONS, matrix, strict=False)]
    shown = table((f"{split}: label / read as", *EXPRESSIONS), rows)
    return f"How the expressions are confused, in pictures:\n\n{shown}" if shown else ""


def training_facts(metrics: Metrics) -> str:
    """Return time, machine and amounts of the training as a table."""
    training = metrics.get("training") or {}
    versions = training.get("versions", {}).items()
    used = training.get("torch_threads")
    where = (training.get("device"), training.get("machine"), used and threads(used))
    facts = {
        "Time": duration(training.get("hours")),
        "Machine": ", ".join(filter(None, where)),
        "Processes": training.get("processes"),
        "Training pictures": number(training.get("training_pictures"), none=""),
        "Epochs": training.get("epochs"),
        "bf16": training.get("bf16"),
        "Python": training.get("python"),
        "Libraries": ", ".join(f"{name} {version}" for name, version in versions),
    }
    rows = [(name, value) for name, value in facts.items() if value not in (None, "")]
    return table(("", "value"), rows) or "Time and machine of the training were not recorded."


def recipe_table(training: Metrics) -> str:
    """Return the settings of the training as a table."""
    names = (
        "dataset", "seed", "arch", "depths", "widths", "view_size", "dropout", "optimizer",
        "batch_size", "learning_rate", "warmup", "weight_decay", "ema_decay", "label_smoothing",
        "mixup", "ferplus_weight", "ferplus_share", "augmentation", "teachers", "teacher_weight",
        "soup", "max_train_samples",
    )  # fmt: skip
    unused = () if training.get("teachers") else ("teachers", "teacher_weight")
    rows = [
        (f"`{name}`", _setting(training[name]))
        for name in names
        if name not in unused and training.get(name) is not None
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


def calibration_table(metrics: Metrics) -> str:
    """Return temperature, threshold and calibration errors as a table, "" where there are none."""
    rows = [
        (name.replace("_", " "), value if isinstance(value, str) else f"{value:.4g}")
        for name, value in (metrics.get("calibration") or {}).items()
        if isinstance(value, str | int | float)
    ]
    for split in SPLITS:
        error = (metrics.get(split) or {}).get("calibration_error")
        if error is not None:
            rows.append((f"calibration error, {split} split", f"{error:.4g}"))
    return table(("", "measured"), rows)


def robustness_table(metrics: Metrics) -> str:
    """Return the accuracy on damaged pictures as a table, "" where it wasn't measured."""
    measured = metrics.get("robustness") or ()
    rows = [(row["damage"], row["amount"], share(row["accuracy"])) for row in measured]
    splits = sorted({row["split"] for row in measured if row.get("split")})
    accuracy = f"accuracy, {' and '.join(splits)} split" if splits else "accuracy"
    return table(("damage", "amount", accuracy), rows)
