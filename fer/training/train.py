"""The training pipeline: run the stages of a recipe, average, calibrate, write and push."""

import json
import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from fer.array_types import Float32Array, UInt8Array
from fer.data.ferplus import vote_shares
from fer.data.holdout import TrainingSplits
from fer.evaluation.calibration import PRIOR_CORRECTION, Calibration, calibrate, with_priors
from fer.evaluation.evaluate import predict_logits
from fer.evaluation.ferplus_metrics import Logits, combined_metrics, ferplus_share
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import heads_of
from fer.model.hub import (
    EVALUATION_FILE,
    EVALUATION_PLOTS,
    METRICS_FILE,
    ONNX_FILES,
    ModelError,
)
from fer.model.modeling_fer import FerForImageClassification
from fer.model.network_files import save_network
from fer.model.onnx_export import write_onnx
from fer.model.push import PushError, prepare_push, push
from fer.model.torch_network import is_third_party
from fer.output_files import output_folder
from fer.training.checkpoints import WRITE_ERRORS, CheckpointError, find_damage, write_manifest
from fer.training.fit import FittedStage, check_preprocessing, fit
from fer.training.initial_model import build_initial_model, store_calibration
from fer.training.int8_calibration import calibration_faces, int8_logits
from fer.training.model_soup import average_students
from fer.training.options import TrainingOptions
from fer.training.stages import Stage, averaged_stages, check_output, stages, write_recipe
from fer.training.training_data import load_data
from fer.training.training_report import CURVES, validation_metrics, write_report

logger = logging.getLogger(__name__)

OUTPUT_FILES = (
    "model.safetensors",
    "config.json",
    "preprocessor_config.json",
    METRICS_FILE,
    CURVES,
)
"""Files of a finished stage and of the result."""


def train(options: TrainingOptions) -> Path:
    """Run the unfinished stages of a recipe, write the result, and push it with `push_to_hub`.

    Returns:
        The output folder, with the network, its preprocessor, metrics.json and curves.png.

    Raises:
        ValueError: The data set can't be read, there is nothing to resume, the disk is full, or
            the Hub refuses the network.
    """
    output, first = Path(options.output), is_first_process()
    if first:
        check_output(options)
    if find_damage(output) is not None:  # a whole result needs no folder of a stage
        run_recipe(options, output, first)
    if first and options.push_to_hub:
        push_trained(options, output)
    return output


def run_recipe(options: TrainingOptions, output: Path, first: bool) -> None:
    """Run the unfinished stages of a recipe, and write the result.

    Args:
        options: Settings of the training.
        output: The folder of the result.
        first: Whether this is the process that writes files.

    Raises:
        ValueError: As `train`, but for the push.
    """
    all_stages = stages(options)
    students = [stage for stage in all_stages if stage.start is not None]  # differ in their seed
    for stage in all_stages:
        if stage not in students[1:]:
            check_stage(stage)
    if first and options.hub_model_id:  # given if and only if `push_to_hub` is
        prepare_push(options.hub_model_id, options.hub_private, options.hub_tag)
    with output_folder(output) if first else nullcontext():
        data = load_data(options)
        if first:
            write_recipe(options)
        for stage in all_stages:
            if not stage.is_finished():
                run_stage(stage, data)
        if first:
            whole = average_students(averaged_stages(all_stages), all_stages)
            write_output(options, whole, data, output, onnx=True)


def check_stage(stage: Stage) -> None:
    """Refuse a stage that can't begin, before the earlier stages take hours.

    Raises:
        ValueError: Its network can't be loaded, or can't be trained with its settings.
    """
    check_preprocessing(stage, build_initial_model(stage.options))


def is_first_process() -> bool:
    """Return whether this is the process that writes files; torchrun numbers them."""
    return os.environ.get("RANK", "0") == "0"


def run_stage(stage: Stage, data: TrainingSplits) -> None:
    """Train a stage's network and write its folder.

    Raises:
        ValueError: See `fit`; or the folder can't be written.
    """
    trained, wait = fit(stage, data)
    if is_first_process():
        write_output(stage.options, trained, data, stage.folder)
    wait()


def write_output(
    options: TrainingOptions,
    trained: FittedStage,
    data: TrainingSplits,
    output: Path,
    onnx: bool = False,
) -> None:
    """Calibrate a trained network, and write its folder.

    Args:
        options: Settings of the training.
        trained: The network.
        data: The splits.
        output: The folder.
        onnx: Quantize it, too, if it is a network of this project; its calibration is then fitted
            on int8 logits, in which it will be used.

    Raises:
        CheckpointError: The folder can't be written; nothing has to be trained again.
    """
    model, processor, validation = trained.model, trained.processor, data.validation
    logits = validation_logits(trained, validation.images)
    report = validation_metrics(logits, data, options.dataset)
    faces: Float32Array | None = None
    if onnx and isinstance(model, FerForImageClassification):
        faces = calibration_faces(data.train, processor)
        logits = int8_logits(model, processor, faces, validation.images)
    calibration = fit_calibration(options, trained, data, logits)
    votes = vote_shares(validation.votes)
    combined = combined_metrics(calibration.heads, logits, validation.labels, votes)
    with write_errors(output):
        remove_evaluations(output)
        write_network(trained, output, faces)
        write_report(options, trained, replace(report, combined=combined), calibration, output)
        written = [*OUTPUT_FILES, *(ONNX_FILES if faces is not None else ())]
        write_manifest(output, written)


def validation_logits(trained: FittedStage, images: UInt8Array) -> Logits:
    """Return both heads' logits in float32, (n, 7) and (n, 8), of faces (n, h, w).

    This project's small networks compute on the CPU, as they do in use; others take minutes there,
    and a GPU where there is one.
    """
    model, processor = trained.model, trained.processor
    model.train(False)  # its eval() has no types
    gpu = torch.accelerator.current_accelerator(check_available=True)
    if gpu and is_third_party(processor):
        model.to(gpu)  # type: ignore[arg-type]  # its own type leaves devices out
    logits = predict_logits(ExpressionClassifier(model, processor), images)
    model.cpu()
    return logits


@contextmanager
def write_errors(output: Path) -> Iterator[None]:
    """Create the folder that is written inside the block; explain why it can't be written.

    Raises:
        CheckpointError: See above.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        yield
    except WRITE_ERRORS as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"The network can't be written to {output} ({reason}); its checkpoints are whole: make "
            "room and run the same command with --resume."
        ) from error


def write_network(trained: FittedStage, output: Path, faces: Float32Array | None) -> None:
    """Write a calibrated network and its image processor, for transformers and for ONNX Runtime.

    Args:
        trained: The network.
        output: Its folder.
        faces: Typical faces, from `calibration_faces`; None writes no ONNX files.
    """
    save_network(trained.model, trained.processor, output)
    if faces is not None:
        write_onnx(cast(FerForImageClassification, trained.model), output, faces)


def fit_calibration(
    options: TrainingOptions, trained: FittedStage, data: TrainingSplits, logits: Logits
) -> Calibration:
    """Fit the calibration on validation, and store it in the configuration.

    Args:
        options: Settings of the training.
        trained: The network; its configuration is changed.
        data: The splits.
        logits: Of both heads on validation, in the precision of use.
    """
    initial = heads_of(trained.model.config)
    if isinstance(trained.model, FerForImageClassification):  # others have no place to store it
        initial = replace(initial, prior_correction=PRIOR_CORRECTION)
    training_votes = vote_shares(data.train.votes)  # (n, 8)
    share = ferplus_share(options.ferplus_share, logits[1], training_votes)
    labels, votes = data.validation.labels, vote_shares(data.validation.votes)
    heads = with_priors(replace(initial, ferplus_share=share), data.train.labels, training_votes)
    calibration = calibrate(logits, labels, votes, heads)
    store_calibration(trained.model, calibration)
    return calibration


def remove_evaluations(output: Path) -> None:
    """Remove the results of `fer evaluate` on earlier weights of a folder."""
    for file in output.rglob(EVALUATION_FILE):
        if file.parent == output or _evaluated(file) == output.resolve():
            for name in (EVALUATION_FILE, *EVALUATION_PLOTS):
                (file.parent / name).unlink(missing_ok=True)


def _evaluated(file: Path) -> Path | None:
    """Return the folder of the network that an evaluation is of; None if it isn't an evaluation."""
    try:
        return Path(json.loads(file.read_text())["model"]).resolve()
    except (ValueError, KeyError, TypeError):
        return None


def push_trained(options: TrainingOptions, output: Path) -> None:
    """Push the finished folder.

    Raises:
        PushError: It failed; the message has the command that pushes without training.
    """
    repo_id = options.hub_model_id or ""  # options that push have one
    try:
        push(output, repo_id, options.hub_private, options.hub_tag)
    except (PushError, ModelError) as error:
        private, tag = options.hub_private, options.hub_tag
        words = ["python", "-m", "fer", "push", str(output), repo_id]
        again = shlex.join(
            [*words, *(["--private"] if private else []), *(["--tag", tag] if tag else [])]
        )
        raise PushError(f"{error} The network is in {output}; to push it: {again}") from error
