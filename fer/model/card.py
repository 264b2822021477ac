"""The model card, made from metrics.json and from nothing else.

A metric that metrics.json doesn't hold is not in the card either; its section states that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from string import Template

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from fer.labels import EXPRESSIONS, FER2013_DATASET_ID
from fer.model.card_tables import (
    Score,
    calibration_table,
    confusion_table,
    per_class_table,
    recipe_table,
    robustness_table,
    scores_table,
    training_facts,
)
from fer.model.evaluation_results import Evaluation
from fer.model.markdown import code, image, number
from fer.model.model_metrics import ModelMetrics

TEMPLATE, ABOUT_FER2013, CITATION = (
    Path(__file__).with_name(f"card_{name}.md") for name in ("template", "fer2013", "citation")
)

OTHER_DATA = (
    "The pictures are those of $dataset, whose validation split isn't FER2013's own; whoever chose "
    "them can state here where they come from, what their labels mean, and for whom they don't "
    "stand."
)
"""Instead of what is known of FER2013; editions without its validation split have its pictures."""

SECOND_HEAD_NOTE = ", with a second head for FER+'s\nvotes"

TWO_HEADS_NOTE = "each head's\nown are in `fer2013_logits` and `ferplus_logits`"
ONE_HEAD_NOTE = "the\nuncalibrated ones are in `fer2013_logits`, and `ferplus_logits` mean nothing"
"""Outputs of a network whose second head learned FER+'s votes, and of one without any."""

NO_COMMAND = "its command is not recorded"
"""Instead of the command of a training."""

NOT_MEASURED = "Not measured for these weights."


def model_card(metrics: ModelMetrics, repo_id: str, plots: Sequence[str] = ()) -> ModelCard:
    """Return the card.

    Args:
        metrics: What metrics.json holds; `fer.training.training_report` writes it.
        repo_id: The repo of the card.
        plots: File names of pictures beside the card.
    """
    trained_on_fer2013, named = is_fer2013_model(metrics), dataset_name(metrics)
    about = ABOUT_FER2013.read_text(encoding="utf-8") if trained_on_fer2013 else OTHER_DATA
    body = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        origin=training_origin(metrics),
        dataset=f"{named}, 48x48 grey pictures of faces" if trained_on_fer2013 else named,
        data=Template(about).substitute(dataset=named).strip(),
        citation=CITATION.read_text(encoding="utf-8") if trained_on_fer2013 else "",
        name=repo_id.split("/")[-1],
        repo_id=repo_id,
        expressions=", ".join(EXPRESSIONS[:-1]) + f" or {EXPRESSIONS[-1]}",
        parameters=number(metrics.parameters),
        second_head=SECOND_HEAD_NOTE if has_ferplus_head(metrics) else "",
        own_logits=TWO_HEADS_NOTE if has_ferplus_head(metrics) else ONE_HEAD_NOTE,
        scores=scores_table(scores(metrics)) or NOT_MEASURED,
        per_class="\n\n".join(_per_split(metrics, per_class_table)),
        confusion="\n\n".join(_per_split(metrics, confusion_table)),
        plots="\n\n".join(map(image, plots)),
        calibration=calibration_table(metrics) or NOT_MEASURED,
        robustness=robustness_table(metrics.robustness) or NOT_MEASURED,
        training=training_facts(metrics.training),
        command=training_command(metrics),
        recipe=recipe_table(metrics.training.settings),
    )
    return ModelCard(f"---\n{metadata(metrics, repo_id, plots).to_yaml()}\n---\n\n{body}")


def is_fer2013_model(metrics: ModelMetrics) -> bool:
    """Return whether a network was trained and measured on FER2013 and not on other pictures."""
    return metrics.validation.is_official


def dataset_name(metrics: ModelMetrics) -> str:
    """Return the name of the training data for use in a sentence."""
    if is_fer2013_model(metrics):
        return "FER2013"
    return code(str(metrics.training.settings.get("dataset", "a data set without a name")))


def training_origin(metrics: ModelMetrics) -> str:
    """Return how it was trained: from scratch, or as what network's fine-tuning."""
    base = metrics.base_model
    return f"fine-tuned from {code(base.name)}" if base else "trained from scratch"


def has_ferplus_head(metrics: ModelMetrics) -> bool:
    """Return whether the second head was measured, as it is where it learned votes."""
    return any(split.ferplus_accuracy is not None for split in metrics.splits.values())


def metadata(metrics: ModelMetrics, repo_id: str, plots: Sequence[str] = ()) -> ModelCardData:
    """Return the card's front matter, model-index and the first plot as thumbnail included."""
    results = model_index(metrics)
    known = ["fer2013"] if is_fer2013_model(metrics) else []
    votes = ["ferplus"] if known and has_ferplus_head(metrics) else []
    base = metrics.base_model
    return ModelCardData(
        license="mit",
        library_name="transformers",
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", *known, *votes, "custom_code"],
        base_model=base.name if base and base.revision else None,  # a folder isn't on the Hub
        datasets=[FER2013_DATASET_ID] if known else None,
        metrics=["accuracy", "f1"],
        model_name=repo_id.split("/")[-1] if results else None,
        eval_results=results or None,
        thumbnail=f"https://huggingface.co/{repo_id}/resolve/main/{plots[0]}" if plots else None,
    )


def scores(metrics: ModelMetrics) -> Iterator[Score]:
    """Yield the scores on each split by each label set, as far as they were measured."""
    for split, evaluated in metrics.splits.items():
        how = ", ten views a picture" if evaluated.views == "ten" else ""
        how += ", in int8" if evaluated.precision == "int8" else ""
        for score in _scores_of(evaluated, split):
            if score.accuracy is not None:
                yield replace(score, label_set=score.label_set + how)


def _scores_of(evaluated: Evaluation, split: str) -> Iterator[Score]:
    """Yield the scores on a split, measured or not."""
    own, pictures = evaluated.label_set or "FER2013's own labels", evaluated.pictures
    yield Score(split, "fer2013", own, pictures, evaluated.accuracy, evaluated.macro_f1)
    if rest := evaluated.without_duplicates:
        label_set = f"{own}, without duplicates of training pictures"
        name = "fer2013_without_duplicates"
        yield Score(split, name, label_set, rest.pictures, rest.accuracy, rest.macro_f1)
    label_set = evaluated.ferplus_label_set or "FER+ majority"
    if ferplus := evaluated.ferplus:
        label_set = ferplus.label_set or "FER+ majority"
        yield Score(split, "ferplus", label_set, ferplus.pictures, ferplus.accuracy)
    else:
        yield Score(split, "ferplus", label_set, None, evaluated.ferplus_accuracy)
    if evaluated.combined and (agreement := evaluated.combined_agreement):
        combined, heads = evaluated.combined, "both heads combined"
        yield Score(
            split, "combined", f"{own}, {heads}", pictures, combined.accuracy, combined.macro_f1
        )
        label_set = f"{agreement.label_set or own}, {heads}"
        counted = agreement.pictures if agreement.pictures is not None else pictures
        yield Score(split, "combined_ferplus", label_set, counted, agreement.accuracy)


def official_scores(metrics: ModelMetrics) -> Iterator[Score]:
    """Yield the scores on FER2013's official splits, which are comparable with other networks'."""
    return (one for one in scores(metrics) if metrics.splits[one.split].is_official)


def model_index(metrics: ModelMetrics) -> list[EvalResult]:
    """Return the results in the card's own form, every one with its label set and filter."""
    return [
        EvalResult(
            task_type="image-classification",
            dataset_type=FER2013_DATASET_ID,
            dataset_name=f"FER2013: {score.label_set}",
            dataset_config=score.labels,
            dataset_split=score.split,
            metric_type=kind,
            metric_name=name,
            metric_value=value,
        )
        for score in official_scores(metrics)
        for kind, name, value in (
            ("accuracy", "Accuracy", score.accuracy),
            ("f1", "Macro F1", score.macro_f1),
        )
        if value is not None
    ]


def training_command(metrics: ModelMetrics) -> str:
    """Return the command that trains the network again, as far as that is recorded."""
    made = metrics.command or f"# {metrics.made_by or NO_COMMAND}"
    return " ".join(made.split()).lstrip("`")  # one line, which can't end the block of code


def _per_split(metrics: ModelMetrics, render: Callable[[Evaluation, str], str]) -> list[str]:
    """Return what `render` makes of each split that has something to draw."""
    drawn = (render(evaluated, split) for split, evaluated in metrics.splits.items())
    return [text for text in drawn if text]
