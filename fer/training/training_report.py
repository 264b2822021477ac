"""Report of a training: metrics.json and the learning curves."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer.data.ferplus import vote_shares
from fer.data.holdout import TrainingSplits
from fer.data.splits import is_official, label_set
from fer.evaluation.calibration import Calibration
from fer.evaluation.ferplus_metrics import MAJORITY_OF_EIGHT, Logits, ferplus_head_metrics
from fer.evaluation.metrics import score_predictions
from fer.model.evaluation_results import Evaluation
from fer.model.hub import METRICS_FILE
from fer.model.json_records import to_json
from fer.model.model_metrics import ModelMetrics
from fer.output_files import new_file, write_file
from fer.plotting import ACCENT, SECONDARY, simplify_axes
from fer.training.options import TrainingOptions

if TYPE_CHECKING:
    from fer.training.fit import FittedStage

CURVES = "curves.png"

COMMAND = "python train.py --config recipe.yaml"
"""Trains a network again; recipe.yaml is in the output folder."""


def write_report(
    options: TrainingOptions,
    trained: "FittedStage",
    validation: Evaluation,
    calibration: Calibration,
    folder: Path,
) -> None:
    """Write metrics.json and curves.png of a finished training into `folder`.

    Args:
        options: Its settings.
        trained: The network.
        validation: Its metrics on the validation split.
        calibration: Fitted on that split.
        folder: The folder.
    """
    metrics = ModelMetrics(
        command=COMMAND,
        architecture=trained.model.config.model_type,
        base_model=trained.base,
        parameters=trained.model.num_parameters(),
        validation=validation,
        calibration={"fitted_on": "validation", **to_json(calibration)},
        training=replace(trained.run, settings=asdict(options) | trained.run.settings),
        history=trained.history,
    )
    write_file(folder / METRICS_FILE, json.dumps(metrics.to_json(), indent=2) + "\n")
    with new_file(folder / CURVES) as unfinished:
        draw_curves(trained.history).savefig(unfinished, format="png", dpi=120)


def validation_metrics(logits: Logits, data: TrainingSplits, dataset: str) -> Evaluation:
    """Return the metrics of each head on the validation split, with their label sets.

    Args:
        logits: Logits of both heads.
        data: The splits.
        dataset: Where they come from.
    """
    labels = data.validation.labels
    scores = score_predictions(logits[0].argmax(axis=1), labels)
    by_votes = ferplus_head_metrics(logits[1], vote_shares(data.validation.votes))
    return Evaluation(
        label_set=f"{label_set('validation', labels, dataset)}, {data.origin}",
        official=is_official("validation", labels),
        views="single",
        pictures=len(labels),
        **vars(scores),
        ferplus_label_set=MAJORITY_OF_EIGHT,
        ferplus_accuracy=by_votes.accuracy if by_votes else None,
    )


def draw_curves(history: list[dict[str, float]]) -> Figure:
    """Plot both losses, and accuracy and macro F1 on validation, over the epochs.

    Args:
        history: History as `fer.training.trainer.epoch_history` returns it.
    """
    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    curves = {losses: ("train_loss", "validation_loss"), scores: ("accuracy", "macro_f1")}
    for axes, names in curves.items():
        for name, colour in zip(names, (ACCENT, SECONDARY), strict=True):
            values = [entry[name] for entry in history]
            label = name.replace("_", " ").replace("f1", "F1")
            axes.plot(epochs, values, color=colour, marker=".", label=label)
        axes.set_xlabel("epoch")
        # One tick is enough for a trial of one epoch; for two there would be fractions.
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend(frameon=False)
        simplify_axes(axes)
    losses.set_title("Loss")
    scores.set_title(f"Validation; accuracy {history[-1]['accuracy']:.4f} at the last epoch")
    return figure
