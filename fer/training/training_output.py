"""The output of a training: its network, calibrated, quantized and written with its report."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fer.array_types import Float32Array, UInt8Array
from fer.data.ferplus import vote_shares
from fer.data.holdout import TrainingSplits
from fer.evaluation.calibration import PRIOR_CORRECTION, Calibration, calibrate, with_priors
from fer.evaluation.evaluate import predict_logits
from fer.evaluation.ferplus_metrics import Logits, combined_metrics, ferplus_share
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import heads_of
from fer.model.hub import EVALUATION_FILE, EVALUATION_PLOTS, METRICS_FILE, ONNX_FILES
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import write_onnx
from fer.model.pretrained import save_network
from fer.model.torch_network import is_third_party
from fer.onnx_session import LOADING_ERRORS
from fer.training.checkpoints import WRITE_ERRORS, CheckpointError, write_manifest
from fer.training.fit import FittedStage
from fer.training.initial_model import store_calibration
from fer.training.int8_calibration import calibration_inputs, int8_logits
from fer.training.options import TrainingOptions
from fer.training.training_report import CURVES, validation_metrics, write_report

OUTPUT_FILES = (
    "model.safetensors",
    "config.json",
    "preprocessor_config.json",
    METRICS_FILE,
    CURVES,
)
"""Files of a finished stage and of the result."""


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
    logits = own = validation_logits(trained, validation.images)
    inputs: Float32Array | None = None
    quantized = model if onnx and isinstance(model, FerForImageClassification) else None
    if quantized:
        inputs = calibration_inputs(data.train, processor)
        with write_errors(output):  # it is written to a temporary folder first
            logits = int8_logits(quantized, processor, inputs, validation.images)
    calibration = fit_calibration(options, trained, data, logits)
    if not calibration.heads.ferplus_trained:
        own = own[0], None
    report = validation_metrics(own, data, options.dataset)
    votes = vote_shares(validation.votes)
    combined = combined_metrics(calibration.heads, logits, validation.labels, votes)
    with write_errors(output):
        remove_evaluations(output)
        save_network(model, processor, output)
        if quantized:
            write_onnx(quantized, output, inputs)
        write_report(options, trained, replace(report, combined=combined), calibration, output)
        write_manifest(output, [*OUTPUT_FILES, *(ONNX_FILES if quantized else ())])


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
        CheckpointError: The folder can't be written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        yield
    except (*WRITE_ERRORS, *LOADING_ERRORS, MemoryError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise CheckpointError(
            f"The network can't be written to {output} ({reason}); its checkpoints are whole: free "
            "the disk or the memory that it needs, and run the same command with --resume."
        ) from error


def fit_calibration(
    options: TrainingOptions, trained: FittedStage, data: TrainingSplits, logits: Logits
) -> Calibration:
    """Fit the calibration on validation, and store it in the configuration.

    Args:
        options: Settings of the training.
        trained: The network; its configuration is changed.
        data: The splits.
        logits: Logits of both heads on validation, of the int8 network where there is one.
    """
    initial = heads_of(trained.model.config)
    if isinstance(trained.model, FerForImageClassification):  # others have no place to store it
        initial = replace(initial, prior_correction=PRIOR_CORRECTION)
    training_votes = vote_shares(data.train.votes)  # (n, 8)
    if not options.ferplus_weight:
        training_votes = np.zeros_like(training_votes)  # none was learned
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
