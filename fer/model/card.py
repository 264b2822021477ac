"""The model card, made from metrics.json and from nothing else.

A metric that metrics.json doesn't hold is not in the card either; its section states that.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from fer.labels import EXPRESSIONS, FER2013_DATASET_ID
from fer.model.card_tables import (
    SPLITS,
    Metrics,
    calibration_table,
    confusion_table,
    per_class_table,
    recipe_table,
    robustness_table,
    scores_table,
    training_facts,
)
from fer.model.headline_metrics import combined_agreement
from fer.model.markdown import code, image, number

TEMPLATE, ABOUT_FER2013, CITATION = (
    Path(__file__).with_name(f"card_{name}.md") for name in ("template", "fer2013", "citation")
)

OTHER_DATA = (
    "The pictures are those of $dataset, which are not FER2013's; whoever chose them can state "
    "here where they come from, what their labels mean, and for whom they don't stand."
)
"""Instead of what is known of FER2013."""

SECOND_HEAD = ", with a second head for FER+'s\nvotes"

NO_COMMAND = "its command is not recorded"
"""Instead of the command of a training."""

NOT_MEASURED = "Not measured for these weights."


def write_card(metrics: Metrics, repo_id: str, folder: Path, plots: Sequence[str] = ()) -> None:
    """Write README.md into `folder`.

    Args:
        metrics: What metrics.json holds; `fer.training.training_report` writes it.
        repo_id: The repo of the card.
        folder: Where to write.
        plots: File names of pictures beside the card.
    """
    model_card(metrics, repo_id, plots).save(folder / "README.md")


def model_card(metrics: Metrics, repo_id: str, plots: Sequence[str] = ()) -> ModelCard:
    """Return the card; see `write_card`."""
    trained_on_fer2013, named = on_fer2013(metrics), dataset_name(metrics)
    about = ABOUT_FER2013.read_text(encoding="utf-8") if trained_on_fer2013 else OTHER_DATA
    body = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        origin=training_origin(metrics),
        dataset=f"{named}, 48x48 grey pictures of faces" if trained_on_fer2013 else named,
        data=Template(about).substitute(dataset=named).strip(),
        citation=CITATION.read_text(encoding="utf-8") if trained_on_fer2013 else "",
        name=repo_id.split("/")[-1],
        repo_id=repo_id,
        expressions=", ".join(EXPRESSIONS[:-1]) + f" or {EXPRESSIONS[-1]}",
        parameters=number(metrics.get("parameters")),
        second_head=SECOND_HEAD if has_ferplus_head(metrics) else "",
        scores=scores_table(measurements(metrics)) or NOT_MEASURED,
        per_class="\n\n".join(_per_split(metrics, per_class_table)),
        confusion="\n\n".join(_per_split(metrics, confusion_table)),
        plots="\n\n".join(map(image, plots)),
        calibration=calibration_table(metrics) or NOT_MEASURED,
        robustness=robustness_table(metrics) or NOT_MEASURED,
        training=training_facts(metrics),
        command=command(metrics),
        recipe=recipe_table(metrics.get("training", {})),
    )
    return ModelCard(f"---\n{metadata(metrics, repo_id, plots).to_yaml()}\n---\n\n{body}")


def is_official(metrics: Metrics, split: str) -> bool:
    """Return whether a split's figures are of FER2013's official one, as far as is recorded."""
    return bool((metrics.get(split) or {}).get("official", True))


def on_fer2013(metrics: Metrics) -> bool:
    """Return whether a network was trained and measured on FER2013 and not on other pictures."""
    return is_official(metrics, "validation")


def dataset_name(metrics: Metrics) -> str:
    """Return the name of the training data for use in a sentence."""
    if on_fer2013(metrics):
        return "FER2013"
    return code(str((metrics.get("training") or {}).get("dataset", "a data set without a name")))


def training_origin(metrics: Metrics) -> str:
    """Return what the training began with: "from scratch", or the network that was fine-tuned."""
    base = metrics.get("base_model")
    return f"on from {code(base['name'])}" if base else "from scratch"


def has_ferplus_head(metrics: Metrics) -> bool:
    """Return whether the second head was measured, as it is where it learned votes."""
    return any((metrics.get(split) or {}).get("ferplus_accuracy") is not None for split in SPLITS)


def metadata(metrics: Metrics, repo_id: str, plots: Sequence[str] = ()) -> ModelCardData:
    """Return the card's front matter, model-index and the first plot as thumbnail included."""
    results = model_index(metrics)
    known = ["fer2013", "ferplus"] if on_fer2013(metrics) else []
    return ModelCardData(
        license="mit",
        library_name="transformers",
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", *known, "custom_code"],
        datasets=[FER2013_DATASET_ID] if known else None,
        metrics=["accuracy", "f1"],
        model_name=repo_id.split("/")[-1] if results else None,
        eval_results=results or None,
        thumbnail=f"https://huggingface.co/{repo_id}/resolve/main/{plots[0]}" if plots else None,
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
        if agreement := combined_agreement(figures):
            for labels, row in {"shown": figures["shown"], "shown_ferplus": agreement}.items():
                label_set = f"{row.get('label_set', own)}, both heads combined"
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


def published(metrics: Metrics) -> Iterator[dict[str, Any]]:
    """Yield the rows that may stand beside other networks' on FER2013's official splits."""
    return (row for row in measurements(metrics) if is_official(metrics, row["split"]))


def model_index(metrics: Metrics) -> list[EvalResult]:
    """Return the results in the card's own form, every one with its label set and filter."""
    names = {"accuracy": ("accuracy", "Accuracy"), "macro_f1": ("f1", "Macro F1")}
    return [
        EvalResult(
            task_type="image-classification",
            dataset_type=FER2013_DATASET_ID,
            dataset_name=f"FER2013: {row['label_set']}",
            dataset_config=row["labels"],
            dataset_split=row["split"],
            metric_type=kind,
            metric_name=name,
            metric_value=row[key],
        )
        for row in published(metrics)
        for key, (kind, name) in names.items()
        if row[key] is not None
    ]


def command(metrics: Metrics) -> str:
    """Return what makes the network again, as far as that is recorded."""
    made = metrics.get("command") or f"# {metrics.get('made_by', NO_COMMAND)}"
    return " ".join(str(made).split()).lstrip("`")  # one line, which can't end the block of code


def _per_split(metrics: Metrics, render: Any) -> list[str]:
    """Return what `render` makes of each split that has something to draw."""
    drawn = (render(metrics.get(split) or {}, split) for split in SPLITS)
    return [text for text in drawn if text]
