"""The whole training, from options to a folder that `from_pretrained` loads."""

import json
import logging
import os
import shlex
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch
from transformers import EvalPrediction

from fer.data.ferplus import vote_shares
from fer.evaluation.calibration import PRIOR_CORRECTION, Calibration, calibrate, with_priors
from fer.evaluation.evaluate import predict_logits
from fer.evaluation.ferplus_metrics import Logits, combined_metrics, ferplus_share
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import heads_of
from fer.model.hub import EVALUATION_FILE, EVALUATION_PLOTS, METRICS_FILE, ModelError, pull
from fer.model.loading import load_network
from fer.model.modeling_fer import FerForImageClassification
from fer.model.push import PushError, prepare_push, push
from fer.model.weight_storage import compress_weights, round_to_half
from fer.training.checkpoints import WRITE_ERRORS, CheckpointError, find_damage, write_manifest
from fer.training.fit import FittedStage, TrainingData, check_teachers, fit, load_data
from fer.training.initial_model import build_initial_model, store_calibration
from fer.training.int8_calibration import int8_logits, store_activation_peaks
from fer.training.options import TrainingOptions
from fer.training.stages import Stage, averaged_stages, check_output, stages, write_recipe
from fer.training.training_report import CURVES, write_report

logger = logging.getLogger(__name__)

OUTPUT_FILES = (
    "model.safetensors",
    "config.json",
    "preprocessor_config.json",
    METRICS_FILE,
    CURVES,
)
"""Files of a finished stage and of the result."""

CHOSEN = {"learning_rate", "weight_decay"}
"""Settings that the network's kind decides where a recipe leaves them open."""


def train(options: TrainingOptions) -> Path:
    """Run the stages of a recipe that aren't finished, write the result, perhaps push it.

    Returns:
        The output folder, with the network, its preprocessor, metrics.json and curves.png.

    Raises:
        ValueError: The data set can't be read, there is nothing to resume, the disk is full, or
            the Hub refuses the network.
    """
    output, all_stages = Path(options.output), stages(options)
    first = is_first_process()
    if first:
        check_output(options)
    for stage in all_stages:
        check_stage(stage)
    if first and options.push_to_hub:
        prepare_push(options.hub_model_id, options.hub_private, options.hub_tag)
    data = load_data(options)
    if first:
        write_recipe(options)
    for stage in all_stages:
        if not stage.is_finished():
            run_stage(stage, data)
    if first:
        if find_damage(output) is not None:
            whole = average_students(averaged_stages(all_stages), all_stages)
            write_output(options, whole, data, output)
        if options.push_to_hub:
            push_trained(options, output)
    return output


def check_stage(stage: Stage) -> None:
    """Refuse a stage that can't begin, before the stages ahead of it take hours.

    Raises:
        ValueError: Its network can't be had or can't be trained with its settings.
    """
    if stage.start is None:
        check_teachers(stage, build_initial_model(stage.options))


def is_first_process() -> bool:
    """Return whether this is the process that writes files; torchrun numbers them."""
    return os.environ.get("RANK", "0") == "0"


def run_stage(stage: Stage, data: TrainingData) -> None:
    """Train a stage's network and write its folder.

    Raises:
        ValueError: See `fit`; or the folder can't be written.
    """
    trained, wait = fit(stage, data)
    if is_first_process():
        write_output(stage.options, trained, data, stage.folder)
    wait()


def average_students(students: Sequence[Stage], all_stages: Sequence[Stage]) -> FittedStage:
    """Return the network whose weights are the mean of the students', which began at the same one.

    Wortsman et al. (2022), https://arxiv.org/abs/2203.05482.

    Args:
        students: One or more.
        all_stages: Those that were needed for them, whose hours are added.
    """
    loaded = [load_network(pull(stage.folder)) for stage in students]
    model, processor = loaded[0]
    weights = [one.state_dict() for one, _ in loaded]
    mean = {
        name: torch.stack([each[name] for each in weights]).mean(dim=0)
        if value.is_floating_point()
        else value  # batch norm's counter
        for name, value in weights[0].items()
    }
    model.load_state_dict(round_to_half(mean))
    reports = {stage.name: read_report(stage) for stage in all_stages}
    first = reports["student/1"]
    settings = {entry.name for entry in fields(TrainingOptions)} - CHOSEN
    facts = {name: value for name, value in first["training"].items() if name not in settings}
    facts |= {
        "hours": sum(report["training"]["hours"] for report in reports.values()),
        "stages": [summary(name, report) for name, report in reports.items()],
    }
    return FittedStage(model, processor, first["base_model"], first["history"], facts)


def read_report(stage: Stage) -> dict:
    """Return metrics.json of a finished stage."""
    return json.loads((stage.folder / METRICS_FILE).read_text(encoding="utf-8"))


def summary(name: str, report: dict) -> dict[str, object]:
    """Return what the whole's metrics.json keeps of a stage."""
    training, validation = report["training"], report["validation"]
    return {
        "name": name,
        "parameters": report["parameters"],
        "accuracy": validation["accuracy"],
        "ferplus_accuracy": validation["ferplus_accuracy"],
        **{key: training[key] for key in ("epochs", "seed", "hours", "device")},
    }


def write_output(
    options: TrainingOptions, trained: FittedStage, data: TrainingData, output: Path
) -> None:
    """Calibrate a finished network as it will serve, and write its folder.

    Args:
        options: Settings of the training.
        trained: The network.
        data: The splits.
        output: The folder.

    Raises:
        CheckpointError: The folder can't be written; nothing has to be trained again.
    """
    model, processor, validation = trained.model.eval(), trained.processor, data.validation
    logits = predict_logits(ExpressionClassifier(model, processor, int8=False), validation.images)
    votes = vote_shares(validation.votes)
    prediction = EvalPrediction(
        logits if logits[1] is not None else logits[0], (validation.labels, votes)
    )
    if isinstance(model, FerForImageClassification):
        store_activation_peaks(model, processor, data.train.images)
        logits = int8_logits(model, processor, validation.images)
    calibration = fit_calibration(options, trained, data, logits)
    shown = combined_metrics(calibration.heads, logits, validation.labels, votes)
    try:
        output.mkdir(parents=True, exist_ok=True)
        remove_evaluations(output)
        model.save_pretrained(output, state_dict=compress_weights(model.state_dict()))
        processor.save_pretrained(output)
        write_report(options, trained, prediction, calibration, shown, output)
        write_manifest(output, list(OUTPUT_FILES))
    except WRITE_ERRORS as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"The network can't be written to {output} ({reason}); its checkpoints are whole: make "
            "room and run the same command with --resume."
        ) from error


def fit_calibration(
    options: TrainingOptions, trained: FittedStage, data: TrainingData, logits: Logits
) -> Calibration:
    """Fit on validation how the logits become probabilities, and keep it in the configuration.

    Args:
        options: Settings of the training.
        trained: The network; its configuration is changed.
        data: The splits.
        logits: Of both heads on validation, as the network will serve.
    """
    known = heads_of(trained.model.config)
    if isinstance(trained.model, FerForImageClassification):  # others have no place to keep it
        known = replace(known, prior_correction=PRIOR_CORRECTION)
    learned = vote_shares(data.train.votes)
    share = ferplus_share(options.ferplus_share, logits[1], learned)
    labels, votes = data.validation.labels, vote_shares(data.validation.votes)
    heads = with_priors(replace(known, ferplus_share=share), data.train.labels, learned)
    calibration = calibrate(logits, labels, votes, heads)
    store_calibration(trained.model, calibration)
    return calibration


def remove_evaluations(output: Path) -> None:
    """Remove what `fer evaluate` wrote about the weights that were in a folder before."""
    for file in output.rglob(EVALUATION_FILE):
        if file.parent == output or _evaluated(file) == output.resolve():
            for name in (EVALUATION_FILE, *EVALUATION_PLOTS):
                (file.parent / name).unlink(missing_ok=True)


def _evaluated(file: Path) -> Path | None:
    """Return the folder that an evaluation is about; None where the file is something else's."""
    try:
        return Path(json.loads(file.read_text())["model"]).resolve()
    except (ValueError, KeyError, TypeError):
        return None


def push_trained(options: TrainingOptions, output: Path) -> None:
    """Push the finished folder.

    Raises:
        PushError: It didn't work; the message has the command that pushes without training.
    """
    try:
        push(output, options.hub_model_id, options.hub_private, options.hub_tag)
    except (PushError, ModelError) as error:
        private, tag = options.hub_private, options.hub_tag
        words = ["python", "-m", "fer", "push", str(output), options.hub_model_id]
        again = shlex.join(
            [*words, *(["--private"] if private else []), *(["--tag", tag] if tag else [])]
        )
        raise PushError(f"{error} The network is in {output}; to push it: {again}") from error
