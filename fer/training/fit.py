"""Training of a single stage: build the network and its Trainer, fit, keep the last epoch's EMA."""

import logging
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import EvalPrediction, PreTrainedModel, TrainingArguments, set_seed
from transformers.image_processing_utils import BaseImageProcessor
from transformers.training_args import OptimizerNames

from fer.data.holdout import TrainingSplits
from fer.evaluation.ferplus_metrics import ferplus_head_metrics
from fer.evaluation.metrics import score_predictions
from fer.model.half_precision import round_to_half
from fer.model.model_metrics import BaseNetwork, TrainingRun
from fer.model.torch_network import is_third_party
from fer.training.architectures import InitialModel
from fer.training.augmentation import Augmentation
from fer.training.checkpoints import check_processes, newest_complete
from fer.training.degradation import Degradation
from fer.training.distillation import Teacher, Teachers
from fer.training.hardware import can_compile, device_name, is_out_of_memory, precision
from fer.training.initial_model import build_initial_model, load_uncalibrated
from fer.training.options import TrainingOptions
from fer.training.progress_bar import EpochProgress
from fer.training.stages import Stage
from fer.training.trainer import FerTrainer, WeightEma, epoch_history
from fer.training.training_data import FaceDataset, identity_collator

logger = logging.getLogger(__name__)

AUGMENTATION = {"rotation": 12.0, "scale": 0.12, "shift": 0.08, "erase": 0.25, "degrade": 0.0}
"""Defaults of what a recipe doesn't set; the recipes of this project set all, with the reasons."""

LIBRARIES = ("torch", "transformers", "datasets", "evaluate", "numpy", "pillow")


class OneDeviceArguments(TrainingArguments):
    """Settings of a process that trains on one device; on several GPUs there are several processes.

    A single one would use them all by `nn.DataParallel`, with a batch of the given size on each,
    without bf16 and uncompiled.
    """

    @property
    def n_gpu(self) -> int:
        """How many GPUs this process uses."""
        return min(1, int(super().n_gpu))


@dataclass(frozen=True)
class FittedStage:
    """A network after its training.

    Attributes:
        model: The network, in float32 on the CPU.
        processor: Its image processor.
        base: The network that was fine-tuned; None where there is none.
        history: One entry per epoch.
        run: Hardware, versions and duration, and the settings that the optimizer chose.
    """

    model: PreTrainedModel
    processor: BaseImageProcessor
    base: BaseNetwork | None
    history: list[dict[str, Any]]
    run: TrainingRun


def fit(stage: Stage, data: TrainingSplits) -> tuple[FittedStage, Callable[[], None]]:
    """Train a stage's network, from its newest whole checkpoint where there is one.

    Returns:
        The network with the EMA of the last epoch, and a function that waits for all processes.

    Raises:
        ValueError: A network can't be loaded, the memory is too small, or a checkpoint can't be
            written or read.
    """
    checkpoint = newest_complete(stage.checkpoints)
    if checkpoint:
        check_processes(checkpoint)
        logger.warning("Stage %s continues from %s.", stage.name, checkpoint.name)
    set_seed(stage.options.seed)
    start = build_initial_model(stage.options)
    if stage.start:
        start.model.load_state_dict(load_uncalibrated(stage.start)[0].state_dict())
    with memory_errors(stage.options):
        trainer = build_trainer(stage, start, data)
        run_trainer(trainer, checkpoint)
    if stage.options.report_to in ("trackio", "wandb"):
        import_module(stage.options.report_to).finish()  # the next stage is a run of its own
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    model.load_state_dict(round_to_half(trainer.averaged.values))
    history = epoch_history(trainer.state.log_history)
    trained = FittedStage(
        model.cpu(),
        start.processor,
        start.base,
        history,
        describe_run(trainer, history, len(data.train)),
    )
    return trained, trainer.accelerator.wait_for_everyone


def run_trainer(trainer: FerTrainer, checkpoint: Path | None) -> None:
    """Train to the last epoch, from a checkpoint where there is one.

    Raises:
        ValueError: A checkpoint can't be written.
    """
    args = trainer.args
    if args.process_index:
        torch.manual_seed(args.seed + args.process_index)  # each draws views of its own
    if args.tf32 is False:
        torch.backends.cuda.matmul.allow_tf32 = False  # accelerate turns it on when it compiles
    if args.torch_compile:
        torch.compiler.reset()  # torch keeps eight versions of a function, of all stages together
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


@contextmanager
def memory_errors(options: TrainingOptions) -> Iterator[None]:
    """Explain that the memory is too small for what the block does.

    Raises:
        ValueError: The memory is too small.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise ValueError(
            f"The memory is too small for batches of {options.batch_size}; take a smaller "
            "--batch-size, and another --output."
        ) from error


def build_trainer(stage: Stage, start: InitialModel, data: TrainingSplits) -> FerTrainer:
    """Return the Trainer of a stage; its data and teachers are on its device."""
    options = stage.options
    args = training_arguments(stage, start)
    train_set = FaceDataset(data.train, start.processor, training=True)
    validation_set = FaceDataset(data.validation, start.processor)
    teachers = load_teachers(stage)
    crop_size = validation_set[0]["pixel_values"].shape[-1]  # of (c, side, side)
    drawn = max(crop_size, teachers.crop_size) if teachers else crop_size
    trainer = FerTrainer(
        model=start.model,
        args=args,
        train_dataset=train_set.to(args.device),
        eval_dataset=validation_set.to(args.device),
        processing_class=start.processor,
        data_collator=identity_collator,
        compute_metrics=compute_epoch_metrics,
        augmentation=build_augmentation(options, drawn, is_third_party(start.processor)),
        averaged=WeightEma(start.model, options.ema_decay),
        ferplus_weight=options.ferplus_weight,
        label_smoothing=options.label_smoothing,
        mixup=options.mixup,
        crop_size=crop_size if drawn > crop_size else None,
        teachers=teachers,
    )
    EpochProgress.replace_in(trainer)
    return trainer


def check_preprocessing(stage: Stage, start: InitialModel) -> None:
    """Refuse to distil from or into a network with another preprocessing than this project's.

    Raises:
        ValueError: A teacher or its student has another one.
    """
    if (stage.is_teacher or stage.teachers) and is_third_party(start.processor):
        raise ValueError(
            f"Teachers get the same views as their student, but the base model of {stage.name} has "
            "another preprocessing; leave it, or teachers, out of the recipe."
        )


def load_teachers(stage: Stage) -> Teachers | None:
    """Return the teachers of a stage; None where it has none."""
    if not stage.teachers:
        return None
    teachers = [Teacher.load(folder) for folder in stage.teachers]
    return Teachers(teachers, stage.options.teacher_weight, precision(stage.options))


def build_augmentation(options: TrainingOptions, size: int, third_party: bool) -> Augmentation:
    """Return the augmentation with views of `size` pixels.

    Args:
        options: Settings of the stage.
        size: Side of a view.
        third_party: Whether the preprocessing isn't this project's, and doesn't standardise faces.
    """
    values = AUGMENTATION | options.augmentation
    degradation = Degradation(values.pop("degrade"), standardized=not third_party)
    return Augmentation(size, **values, degradation=degradation)


def training_arguments(stage: Stage, start: InitialModel) -> TrainingArguments:
    """Translate a stage's settings into transformers' own.

    Raises:
        ValueError: The tracker isn't installed.
    """
    options, optimizer = stage.options, start.optimizer
    rate, decay = options.learning_rate, options.weight_decay
    if options.report_to != "none" and not find_spec(options.report_to):
        raise ValueError(
            f"--report-to {options.report_to} needs its package: pip install {options.report_to}."
        )
    return OneDeviceArguments(
        output_dir=str(stage.checkpoints),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=min(256, 4 * options.batch_size),  # it keeps no gradients
        optim=optimizer.name,
        optim_args=optimizer.arguments,
        learning_rate=optimizer.learning_rate if rate is None else rate,
        weight_decay=optimizer.weight_decay if decay is None else decay,
        max_grad_norm=0.0,  # no clipping, and no pass over all gradients for their norm
        logging_nan_inf_filter=False,  # the filter waits for the GPU at each step
        lr_scheduler_type="cosine",
        warmup_steps=options.warmup,
        bf16=precision(options) == torch.bfloat16,
        tf32=False if options.precision == "fp32" else None,  # compiling would turn it on
        torch_compile=not is_third_party(start.processor) and can_compile(),
        use_cpu=not torch.accelerator.is_available(),
        seed=options.seed,
        data_seed=options.seed,  # all processes draw one order of the pictures
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        label_names=["labels", "ferplus"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,  # the data are on the device
        report_to=options.report_to,
        project="fer",
        run_name=str(stage.folder),
    )


def compute_epoch_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Return the scalar metrics of one evaluation, for the log; metrics.json has all.

    Those of expressions or votes that the split doesn't have are left out.
    """
    logits: Any = prediction.predictions  # of both heads a tuple of two, annotated as of one
    label_sets: Any = prediction.label_ids  # as here
    fer2013_logits, ferplus_logits = logits if isinstance(logits, tuple) else (logits, None)
    labels, votes = label_sets
    metrics = score_predictions(fer2013_logits.argmax(axis=1), labels)
    by_votes = ferplus_head_metrics(ferplus_logits, votes)
    return {
        "accuracy": metrics.accuracy,
        "macro_f1": metrics.macro_f1,
        **{
            f"recall_{name}": row.recall
            for name, row in metrics.per_class.items()
            if row.recall is not None
        },
        **({"ferplus_accuracy": by_votes.accuracy} if by_votes else {}),
    }


def describe_run(
    trainer: FerTrainer, history: list[dict[str, float]], pictures: int
) -> TrainingRun:
    """Return what metrics.json reports of a training besides its options."""
    args = trainer.args
    return TrainingRun(
        training_pictures=pictures,
        hours=sum(epoch["seconds"] for epoch in history) / 3600,
        bf16=args.bf16,
        processes=args.world_size,
        device=device_name(args.device),
        machine=platform.machine(),
        python=platform.python_version(),
        versions={name: version(name) for name in LIBRARIES},
        torch_threads=torch.get_num_threads(),
        settings={
            "optimizer": OptimizerNames(args.optim).value,
            "learning_rate": args.learning_rate,
            "weight_decay": args.weight_decay,
        },
    )
