"""What a training leaves behind besides the weights: metrics.json and the curves."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch
from matplotlib.figure import Figure
from transformers import EvalPrediction

from fer.training.arguments import TrainingOptions, command_line
from fer.training.calibration import Calibration
from fer.training.metrics import expression_figures, ferplus_accuracy
from fer.training.networks import Start
from fer.training.splits import is_official, label_set
from fer.training.trainer import FerTrainer

LIBRARIES = ("torch", "transformers", "datasets", "evaluate", "numpy", "pillow")


def write_report(
    options: TrainingOptions,
    start: Start,
    trainer: FerTrainer,
    prediction: EvalPrediction,
    calibration: Calibration,
    shown: Mapping[str, object],
    folder: Path,
) -> None:
    """Write metrics.json and curves.png of a finished training into `folder`.

    Args:
        options: Its settings.
        start: What it started from.
        trainer: The Trainer when it is done.
        prediction: Its answers on the validation split.
        calibration: What was fitted on them.
        shown: Figures of what visitors are shown.
        folder: The output folder.
    """
    history = epoch_history(trainer.state.log_history)
    best = max(history, key=lambda epoch: epoch["accuracy"])
    metrics = {
        "command": command_line(options),
        "architecture": trainer.model.config.model_type,
        "base_model": start.base,
        "lineage": start.lineage,
        "parameters": trainer.model.num_parameters(),
        "validation": {**validation_figures(prediction, options.dataset), "shown": shown},
        "calibration": {"fitted_on": "validation", **asdict(calibration)},
        "training": {
            **asdict(options),
            "optimizer": trainer.args.optim.value,
            "learning_rate": trainer.args.learning_rate,
            "weight_decay": trainer.args.weight_decay,
            "training_pictures": len(trainer.train_dataset),
            "best_epoch": best["epoch"],
            "hours": sum(epoch["seconds"] for epoch in history) / 3600,
            "bf16": trainer.args.bf16,
            "processes": trainer.args.world_size,
            "device": str(trainer.args.device),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in LIBRARIES},
            "torch_threads": torch.get_num_threads(),
        },
        "history": history,
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    mixed = options.base_share or options.average_with
    draw_curves(history, "\nbefore mixing" if mixed else "").savefig(folder / "curves.png", dpi=120)


def validation_figures(prediction: EvalPrediction, dataset: str) -> dict:
    """Return every figure of one pass over `dataset`'s validation split, with its label set."""
    labels = prediction.label_ids[0]
    return {
        "label_set": f"{label_set('validation', labels, dataset)}, all pictures of the split",
        "official": is_official("validation", labels),
        "views": "single",
        "pictures": len(labels),
        **expression_figures(prediction),
        "ferplus_label_set": "FER+ majority of eight, without pictures voted unknown or not a face",
        "ferplus_accuracy": ferplus_accuracy(prediction),
    }


def epoch_history(log: list[dict]) -> list[dict]:
    """Join the Trainer's log to one entry an epoch.

    The log has two entries an epoch, one of training ("loss") and one of evaluation ("eval_loss").
    """
    trained = {round(entry["epoch"]): entry for entry in log if "loss" in entry}
    evaluated = {round(entry["epoch"]): entry for entry in log if "eval_loss" in entry}
    return [
        {
            "epoch": epoch,
            "train_loss": trained[epoch]["loss"],
            "validation_loss": entry["eval_loss"],
            "accuracy": entry["eval_accuracy"],
            "macro_f1": entry["eval_macro_f1"],
            "seconds": trained[epoch]["seconds"],
            "pictures_per_second": trained[epoch]["pictures_per_second"],
        }
        for epoch, entry in sorted(evaluated.items())
    ]


def draw_curves(history: list[dict], when: str = "") -> Figure:
    """Plot both losses, and accuracy and macro F1 on validation, over the epochs.

    Args:
        history: As `epoch_history` returns it.
        when: Said after the best epoch.
    """
    epochs = [entry["epoch"] for entry in history]
    best = max(history, key=lambda entry: entry["accuracy"])
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    curves = {losses: ("train_loss", "validation_loss"), scores: ("accuracy", "macro_f1")}
    for axes, names in curves.items():
        for name, colour in zip(names, ("#0072b2", "#d55e00"), strict=True):
            values = [entry[name] for entry in history]
            axes.plot(epochs, values, color=colour, marker=".", label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    scores.axvline(best["epoch"], color="grey", linewidth=1, linestyle="--")
    losses.set_title("Loss")
    scores.set_title(f"Validation; best {best['accuracy']:.4f} at epoch {best['epoch']}{when}")
    return figure
