"""The model card and the results on the Hub, made from metrics.json and from nothing else.

A figure that metrics.json doesn't hold is not in the card either; the section says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    ModelCard,
    ModelCardData,
    eval_result_entries_to_yaml,
)
from huggingface_hub.constants import EVAL_RESULTS_FOLDER
from huggingface_hub.utils import yaml_dump

from fer.labels import EXPRESSIONS
from fer.model.figures import of_shown
from fer.model.markdown import duration, number, share, table, threads

DATASET = "AutumnQiu/fer2013"
"""FER2013 on the Hub."""

SPLITS = ("validation", "test")

TEMPLATE = Path(__file__).with_name("card_template.md")

SECOND_HEAD = ", with a second head for FER+'s\nvotes"

NO_COMMAND = "# {}: its command is not recorded"
"""Instead of a command of a training."""

NOT_MEASURED = "Not measured for these weights."

Metrics = Mapping[str, Any]


def write_card(metrics: Metrics, repo_id: str, folder: Path, plots: Sequence[str] = ()) -> None:
    """Write README.md, and the results as the Hub's leaderboards read them, into `folder`.

    Args:
        metrics: What metrics.json holds; `fer.training.report` writes it.
        repo_id: Where the card will stand.
        folder: Where to write.
        plots: File names of pictures beside the card.
    """
    model_card(metrics, repo_id, plots).save(folder / "README.md")
    results = folder / EVAL_RESULTS_FOLDER
    results.mkdir(exist_ok=True)
    for name, entry in result_entries(metrics, repo_id).items():
        text = yaml_dump(eval_result_entries_to_yaml([entry]))
        (results / f"{name}.yaml").write_text(text, encoding="utf-8")


def model_card(metrics: Metrics, repo_id: str, plots: Sequence[str] = ()) -> ModelCard:
    """Return the card; see `write_card`."""
    body = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=repo_id.split("/")[-1],
        repo_id=repo_id,
        expressions=", ".join(EXPRESSIONS[:-1]) + f" or {EXPRESSIONS[-1]}",
        parameters=number(metrics.get("parameters")),
        second_head=SECOND_HEAD if knows_ferplus(metrics) else "",
        scores=scores_table(metrics) or NOT_MEASURED,
        per_class="\n\n".join(_per_split(metrics, per_class_table)),
        confusion="\n\n".join(_per_split(metrics, confusion_table)),
        plots="\n\n".join(f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in plots),
        calibration=calibration_table(metrics) or NOT_MEASURED,
        robustness=robustness_table(metrics) or NOT_MEASURED,
        training=training_facts(metrics),
        command=commands(metrics),
        recipe=recipe_table(metrics.get("training", {})),
    )
    return ModelCard(f"---\n{metadata(metrics, repo_id).to_yaml()}\n---\n\n{body}")


def knows_ferplus(metrics: Metrics) -> bool:
    """Return whether the second head was measured, as it is where it learned votes."""
    return any((metrics.get(split) or {}).get("ferplus_accuracy") is not None for split in SPLITS)


def metadata(metrics: Metrics, repo_id: str) -> ModelCardData:
    """Return the card's front matter, model-index included."""
    results = model_index(metrics)
    return ModelCardData(
        license="mit",
        library_name="transformers",
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", "fer2013", "ferplus", "custom_code"],
        datasets=[DATASET],
        metrics=["accuracy", "f1"],
        model_name=repo_id.split("/")[-1] if results else None,
        eval_results=results or None,
    )


def measurements(metrics: Metrics) -> Iterator[dict[str, Any]]:
    """Yield one row a split and label set: its names, filter, pictures, accuracy and macro F1."""
    for split in SPLITS:
        figures = metrics.get(split) or {}
        own = figures.get("label_set", "FER2013's own labels")
        ferplus = figures.get("ferplus") or {
            "accuracy": figures.get("ferplus_accuracy"),
            "label_set": figures.get("ferplus_label_set", "FER+ majority"),
        }
        sets = {
            "fer2013": figures | {"label_set": own},
            "fer2013_without_copies": (figures.get("without_copies") or {})
            | {"label_set": f"{own}, without copies of training pictures"},
            "ferplus": ferplus,
        }
        if agreement := of_shown(figures):
            for labels, row in {"shown": figures["shown"], "shown_ferplus": agreement}.items():
                label_set = f"{row.get('label_set', own)}, both heads' mean"
                row = {"pictures": figures.get("pictures")} | row
                sets[labels] = row | {"label_set": label_set}
        how = ", ten views a picture" if figures.get("views") == "ten" else ""
        how += ", in int8" if figures.get("precision") == "int8" else ""
        for labels, row in sets.items():
            if row.get("accuracy") is not None:
                yield {
                    "split": split,
                    "labels": labels,
                    "label_set": row["label_set"] + how,
                    "pictures": row.get("pictures"),
                    "accuracy": row["accuracy"],
                    "macro_f1": row.get("macro_f1"),
                }


def model_index(metrics: Metrics) -> list[EvalResult]:
    """Return the results in the card's own form, every one with its label set and filter."""
    names = {"accuracy": ("accuracy", "Accuracy"), "macro_f1": ("f1", "Macro F1")}
    return [
        EvalResult(
            task_type="image-classification",
            dataset_type=DATASET,
            dataset_name=f"FER2013: {row['label_set']}",
            dataset_config=row["labels"],
            dataset_split=row["split"],
            metric_type=kind,
            metric_name=name,
            metric_value=row[key],
        )
        for row in measurements(metrics)
        for key, (kind, name) in names.items()
        if row[key] is not None
    ]


def result_entries(metrics: Metrics, repo_id: str) -> dict[str, EvalResultEntry]:
    """Return the results as `.eval_results/*.yaml` wants them, by file name.

    The form: https://huggingface.co/docs/hub/eval-results. One file a figure, because variants of
    one benchmark may not share a file.
    """
    return {
        f"{row['labels']}_{row['split']}": EvalResultEntry(
            dataset_id=DATASET,
            task_id=row["labels"],
            value=row["accuracy"],
            source_url=f"https://huggingface.co/{repo_id}",
            source_name="Model card",
            notes=f"accuracy, {row['split']} split; {row['label_set']}",
        )
        for row in measurements(metrics)
    }


def scores_table(metrics: Metrics) -> str:
    """Return accuracy and macro F1 on each split and label set as a table, "" where none is."""
    rows = [
        (
            row["split"],
            row["label_set"],
            number(row["pictures"]),
            share(row["accuracy"]),
            share(row["macro_f1"]),
        )
        for row in measurements(metrics)
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
        "Best epoch": training.get("best_epoch"),
        "bf16": training.get("bf16"),
        "Python": training.get("python"),
        "Libraries": ", ".join(f"{name} {version}" for name, version in versions),
    }
    rows = [(name, value) for name, value in facts.items() if value not in (None, "")]
    return table(("", "value"), rows) or "Time and machine of the training were not recorded."


def commands(metrics: Metrics) -> str:
    """Return what makes the network: its command, after those of the trainings that it needs."""
    base, lineage = metrics.get("base_model"), metrics.get("lineage")
    before = lineage if lineage is not None else filter(None, [base])
    known = [earlier.get("command") or NO_COMMAND.format(earlier["name"]) for earlier in before]
    return "\n".join([*known, metrics.get("command", NO_COMMAND.format("this network"))])


def recipe_table(training: Metrics) -> str:
    """Return the settings of the training as a table."""
    names = (
        "seed", "optimizer", "batch_size", "learning_rate", "warmup", "weight_decay",
        "label_smoothing", "ferplus_weight", "averaging", "dropout", "rotation", "scale", "shift",
        "erase", "degrade", "mixup", "sharpness", "depths", "view_size", "teachers",
        "teacher_share", "teach_views", "votes_share", "base_share", "average_with",
        "ferplus_share", "drop_conflicting_copies", "max_train_samples",
    )  # fmt: skip
    unused = () if training.get("teachers") else ("teacher_share", "teach_views")
    said = {name: training.get(name) for name in names if name not in unused}
    rows = [
        (f"`{name}`", ", ".join(map(str, value)) if isinstance(value, list) else value)
        for name, value in said.items()
        if value is not None
    ]
    return table(("setting", "value"), rows)


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


def _per_split(metrics: Metrics, draw: Any) -> list[str]:
    """Return what `draw` makes of each split that has something to draw."""
    drawn = (draw(metrics.get(split) or {}, split) for split in SPLITS)
    return [text for text in drawn if text]
