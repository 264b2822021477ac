"""The whole training, from options to a folder that `from_pretrained` loads."""

import json
import logging
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import EvalPrediction, PreTrainedModel, TrainingArguments, set_seed
from transformers.image_processing_utils import BaseImageProcessor

from fer.model.heads import heads_of
from fer.model.hub import EVALUATION, EVALUATION_PLOTS, ModelError
from fer.model.modeling_fer import FerForImageClassification
from fer.model.preprocessing import is_foreign
from fer.model.push import PushError, prepare_push, push
from fer.model.storing import as_stored, rounded
from fer.training.arguments import TrainingOptions
from fer.training.arrays import FerArrays
from fer.training.augmentation import Augmentation
from fer.training.calibration import PRIOR_CORRECTION, calibrate, with_priors
from fer.training.checkpoints import CHECKPOINTS, keep_settings, where_to_start
from fer.training.copies import conflicting
from fer.training.degradation import Degradation
from fer.training.faces import FaceDataset, as_batch
from fer.training.fer2013 import load_arrays, load_fer2013
from fer.training.ferplus import shown_figures, shown_share
from fer.training.metrics import both_heads, expression_figures, ferplus_accuracy
from fer.training.mixing import mean_of, weights_like
from fer.training.networks import Optimizer, Start, build_start, keep_calibration
from fer.training.precision import precision
from fer.training.progress import EpochReport
from fer.training.report import write_report
from fer.training.serving import keep_peaks, served_logits
from fer.training.targets import build_targets
from fer.training.teachers import view_teachers
from fer.training.trainer import AveragedWeights, FerTrainer

logger = logging.getLogger(__name__)


def train(options: TrainingOptions) -> Path:
    """Train, keep the best epoch by validation accuracy, write the output folder, perhaps push it.

    Returns:
        The folder, with the network, its preprocessor, metrics.json and curves.png.

    Raises:
        ValueError: The data set can't be read, there is nothing to resume, or the Hub doesn't let
            the network in.
    """
    output = Path(options.output)
    checkpoint = where_to_start(output / CHECKPOINTS, options)
    set_seed(options.seed)
    start = build_start(options)
    if options.push_to_hub:
        prepare_push(options.hub_model_id, options.hub_private, options.hub_tag)
    base = {name: value.clone() for name, value in start.model.state_dict().items()}
    others = weights_like(start.model, options.average_with or ())
    train_set, validation_set = load_datasets(options, start.processor)
    trainer = build_trainer(options, start, train_set, validation_set)
    if checkpoint is None and trainer.is_world_process_zero():
        keep_settings(output / CHECKPOINTS, options)
    trainer.train(resume_from_checkpoint=checkpoint and str(checkpoint))
    best = f"checkpoint-{trainer.state.best_global_step}"
    trainer.averaged.load(output / CHECKPOINTS / best)  # also where the folder was moved
    trainer.averaged.mix_in(base, options.base_share)
    trainer.averaged.values = rounded(mean_of([trainer.averaged.values, *others]))
    trainer.model = in_full_precision(trainer)
    prediction = trainer.predict(validation_set)  # on every process: they share the pictures
    if trainer.is_world_process_zero():
        write_trained(options, start, trainer, prediction, output)
        if options.push_to_hub:
            push_trained(options, output)
    return output


def in_full_precision(trainer: FerTrainer) -> PreTrainedModel:
    """Return the network without what let it compute in half precision."""
    return trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)


def write_trained(
    options: TrainingOptions,
    start: Start,
    trainer: FerTrainer,
    prediction: EvalPrediction,
    output: Path,
) -> None:
    """Calibrate the finished network as it will serve, and write the output folder.

    Args:
        options: Settings of the training.
        start: What it started from.
        trainer: The Trainer when it is done; its averaged weights are kept.
        prediction: Their answers on the validation split.
        output: The folder.
    """
    model, processor = start.model, start.processor
    model.load_state_dict(trainer.averaged.values)
    logits, known = both_heads(prediction), heads_of(model.config)
    if isinstance(model, FerForImageClassification):
        keep_peaks(model.cpu(), processor, trainer.train_dataset.images)
        logits = served_logits(model, processor, trainer.eval_dataset.images)
        known = replace(known, prior_correction=PRIOR_CORRECTION)
    share = shown_share(options.ferplus_share, logits[1], trainer.train_dataset.ferplus)
    labels, votes = prediction.label_ids
    learned = trainer.train_dataset
    heads = with_priors(
        replace(known, ferplus_share=share), learned.labels.numpy(), learned.ferplus.numpy()
    )
    calibration = calibrate(logits, labels, votes, heads)
    keep_calibration(model, calibration)
    model.save_pretrained(output, state_dict=as_stored(model.state_dict()))
    processor.save_pretrained(output)
    shown = shown_figures(calibration.heads, logits, labels, votes)
    write_report(options, start, trainer, prediction, calibration, shown, output)
    remove_evaluations(output)


def remove_evaluations(output: Path) -> None:
    """Remove what `fer evaluate` wrote about the weights that were in a folder before."""
    for file in output.rglob(EVALUATION):
        if file.parent == output or _evaluated(file) == output.resolve():
            for name in (EVALUATION, *EVALUATION_PLOTS):
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
        PushError: It didn't work; the message says how to do it again without training.
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


def load_datasets(
    options: TrainingOptions, processor: BaseImageProcessor
) -> tuple[FaceDataset, FaceDataset]:
    """Return the training and the validation faces.

    Raises:
        ValueError: One of the two splits is missing.
        ModelError: A teacher can't be had.
    """
    splits = load_fer2013(options.dataset, options.ferplus)
    missing = {"train", "validation"} - set(splits)
    if missing:
        raise ValueError(
            f"Training needs the splits train and validation, but {options.dataset} lacks "
            f"{' and '.join(sorted(missing))}."
        )
    trained = load_arrays(splits["train"])
    if options.drop_conflicting_copies:
        trained = trained.subset(~conflicting(trained.images, trained.labels))
    trained = draw(trained, options.max_train_samples, options.seed)
    check_votes(trained.votes, options)
    validation = load_arrays(splits["validation"])
    targets = build_targets(options, trained)
    return FaceDataset(trained, processor, targets), FaceDataset(validation, processor)


def check_votes(votes: np.ndarray, options: TrainingOptions) -> None:
    """Say that there are no votes for the second head to learn, (n, 10).

    Raises:
        ValueError: It is to have a say nevertheless, and doesn't know them from before either.
    """
    if votes.any():
        return
    if options.votes_share:
        raise ValueError(
            f"{options.dataset} has no votes of FER+ that say something of its labels; leave "
            "--votes-share out, or add them (--ferplus)."
        )
    if options.ferplus_share and not options.base_model:
        raise ValueError(
            f"{options.dataset} has no votes of FER+ for a second head to learn; leave "
            "--ferplus-share out, or add them (--ferplus)."
        )
    logger.warning("%s has no votes of FER+; only FER2013's labels are learned.", options.dataset)


def draw(arrays: FerArrays, most: int | None, seed: int) -> FerArrays:
    """Return `most` pictures drawn by chance, as some editions are sorted by label; None is all."""
    if most is None or most >= len(arrays):
        return arrays
    return arrays.subset(np.random.default_rng(seed).permutation(len(arrays))[:most])


def build_trainer(
    options: TrainingOptions,
    start: Start,
    train_set: FaceDataset,
    validation_set: FaceDataset,
) -> FerTrainer:
    """Return the Trainer of `options`."""
    trainer = FerTrainer(
        model=start.model,
        args=training_arguments(options, start.optimizer),
        train_dataset=train_set,
        eval_dataset=validation_set,
        processing_class=start.processor,
        data_collator=as_batch,
        compute_metrics=score,
        augmentation=build_augmentation(options, validation_set),
        averaged=AveragedWeights(start.model, options.averaging),
        ferplus_weight=options.ferplus_weight,
        label_smoothing=options.label_smoothing,
        mixup=options.mixup,
        sharpness=options.sharpness,
        sharpness_from=options.sharpness_from,
        teachers=view_teachers(options, start.processor, precision(options)),
    )
    EpochReport.replace_bars_of(trainer)
    return trainer


def build_augmentation(options: TrainingOptions, validation_set: FaceDataset) -> Augmentation:
    """Return the views to train on, of the size of those that are evaluated."""
    return Augmentation(
        validation_set[0]["pixel_values"].shape[-1],
        options.rotation,
        options.scale,
        options.shift,
        options.erase,
        degradation=Degradation(options.degrade, not is_foreign(validation_set.processor)),
    )


def training_arguments(options: TrainingOptions, optimizer: Optimizer) -> TrainingArguments:
    """Translate the options into transformers' own."""
    rate, decay = options.learning_rate, options.weight_decay
    return TrainingArguments(
        output_dir=str(Path(options.output, CHECKPOINTS)),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=256,
        optim=optimizer.name,
        optim_args=optimizer.arguments,
        learning_rate=optimizer.learning_rate if rate is None else rate,
        weight_decay=optimizer.weight_decay if decay is None else decay,
        max_grad_norm=0.0,
        logging_nan_inf_filter=False,  # the filter waits for the GPU at each step
        lr_scheduler_type="cosine",
        warmup_steps=options.warmup,
        bf16=precision(options) == torch.bfloat16,
        use_cpu=not torch.accelerator.is_available(),
        seed=options.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        metric_for_best_model="accuracy",
        label_names=["labels", "ferplus"],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
    )


def score(prediction: EvalPrediction) -> dict[str, float]:
    """Return the figures of one evaluation that a log can hold; metrics.json has all."""
    figures = expression_figures(prediction)
    recalls = {f"recall_{name}": row["recall"] for name, row in figures["per_class"].items()}
    scalars = {name: figures[name] for name in ("accuracy", "macro_f1")}
    return scalars | recalls | {"ferplus_accuracy": ferplus_accuracy(prediction)}
