"""The Trainer: mixup, distillation and augmentation on the device, two heads, and an EMA."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import EvalLoopOutput

from fer.model.heads import own_logits
from fer.model.image_processing_fer import center_crop
from fer.model.pretrained import no_progress_bar
from fer.training.augmentation import Augmentation
from fer.training.checkpoints import UNFINISHED, complete_checkpoint
from fer.training.distillation import Teachers

EMA_FILE = "ema.safetensors"


class WeightEma(TrainerCallback):
    """An exponential moving average (EMA) of the weights and of batch norm's statistics.

    Its decay a step is `decay`, but in the first steps, where that would keep the initial weights,
    (1 + step) / (10 + step), as in TensorFlow's `ExponentialMovingAverage`.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the current weights of `model`."""
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Move the average towards the model."""
        step = state.global_step
        self.update(kwargs["model"], min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        """Keep the share `decay` of the average and take the rest from `model`."""
        averages, news = [], []
        for name, value in model.state_dict().items():
            average = self.values[name] = self.values[name].to(value.device)
            if average.is_floating_point():
                averages.append(average)
                news.append(value)
            else:  # batch norm's counter of batches
                average.copy_(value)
        torch._foreach_lerp_(averages, news, 1 - decay)  # one kernel for all weights

    @contextmanager
    def swapped_into(self, model: nn.Module) -> Iterator[None]:
        """Give `model` the averaged weights inside the block, and restore its own after it."""
        own = {name: value.detach().clone() for name, value in model.state_dict().items()}
        model.load_state_dict(self.values)
        try:
            yield
        finally:
            model.load_state_dict(own)

    def save(self, folder: Path) -> None:
        """Write the average into a checkpoint's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in self.values.items()}, folder / EMA_FILE)

    def load(self, folder: Path) -> None:
        """Read the average from a checkpoint's folder."""
        self.values = load_file(folder / EMA_FILE)


def mixup_batches(strength: float, *batches: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Mixup: interpolate each row with another one, in all batches alike.

    Zhang et al. (2018), https://arxiv.org/abs/1710.09412. Each pair has a weight of its own.

    Args:
        strength: Both parameters of the Beta distribution of the weights; 0 is no mixup.
        batches: Float tensors (n, ...): pictures and their targets.

    Returns:
        As many tensors of the same shapes.
    """
    if not strength:
        return batches
    count, device = len(batches[0]), batches[0].device
    weights = torch.distributions.Beta(strength, strength).sample((count,)).to(device)  # (n,)
    others = torch.randperm(count, device=device)  # (n,)
    return tuple(
        torch.lerp(batch[others], batch, weights.view(-1, *[1] * (batch.ndim - 1)))  # (n, 1, ...)
        for batch in batches
    )


class FerTrainer(Trainer):
    """Trains both heads on random views, evaluates the EMA and saves both.

    A checkpoint's model.safetensors holds the weights to resume from, its ema.safetensors those
    that were evaluated.
    """

    def __init__(
        self,
        *,
        augmentation: Augmentation,
        averaged: WeightEma,
        ferplus_weight: float,
        label_smoothing: float,
        mixup: float = 0.0,
        crop_size: int | None = None,
        teachers: Teachers | None = None,
        **kwargs: Any,
    ) -> None:
        """Extend a Trainer.

        Args:
            augmentation: Draws the views, of the largest crop size that student or teachers take.
            averaged: The EMA.
            ferplus_weight: Weight of the FER+ head's loss.
            label_smoothing: Share of each label's probability that is spread over all classes.
            mixup: Strength of mixup, 0 for none.
            crop_size: Side of the centre crop of a view that the network takes; None for the whole
                view.
            teachers: The teachers of distillation.
            kwargs: Arguments of the Trainer.
        """
        super().__init__(callbacks=[averaged], **kwargs)
        self.augmentation = augmentation
        self.averaged = averaged
        self.ferplus_weight = ferplus_weight
        self.label_smoothing = label_smoothing
        self.mixup = mixup
        self.crop_size = crop_size
        self.teachers = teachers and teachers.to(self.args.device)
        self.checkpoints = Path(self.args.output_dir or ".")  # the arguments have a default
        self.writing_to: Path | None = None

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Draw the views of a batch and backpropagate its loss."""
        inputs = self.augment(self._prepare_inputs(inputs))
        return super().training_step(model, inputs, num_items_in_batch)

    def augment(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return a batch with a random view of each face, (n, c, side, side), and its targets."""
        # (n, c, size, size), (n, 7), (n, 8); the teachers get the mixed views (Beyer et al. 2021).
        views, targets, ferplus = mixup_batches(
            self.mixup,
            self.augmentation(inputs["pixel_values"]),
            inputs["targets"],
            inputs["ferplus"],
        )
        if self.teachers:
            targets, ferplus = self.teachers(views, targets, ferplus)
        if self.crop_size:
            views = center_crop(views, self.crop_size)  # (n, c, side, side)
        return {"pixel_values": views, "labels": targets, "ferplus": ferplus}

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor | tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the weighted sum of both heads' cross-entropies."""
        pixels = inputs["pixel_values"].contiguous(memory_format=torch.channels_last)
        fer2013_logits, ferplus_logits = own_logits(model(pixels))  # (n, 7), (n, 8) or None
        loss = functional.cross_entropy(
            fer2013_logits, inputs["labels"], label_smoothing=self.label_smoothing
        )
        outputs = {"logits": fer2013_logits}
        if ferplus_logits is not None:
            outputs["ferplus_logits"] = ferplus_logits
            # A row of zeros, a face without votes, has a loss of 0.
            votes = functional.cross_entropy(ferplus_logits, inputs["ferplus"])
            loss = loss + self.ferplus_weight * votes
        return (loss, outputs) if return_outputs else loss

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """Evaluate the EMA."""
        model: nn.Module = self.model  # type: ignore[assignment]  # None only in sweeps
        with self.averaged.swapped_into(model):
            return super().evaluation_loop(*args, **kwargs)

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Return the names of matrices and kernels; norms and biases have no weight decay."""
        return [name for name, value in model.named_parameters() if value.ndim > 1]

    def _get_output_dir(self, trial: Any) -> str:
        return str(self.writing_to) if self.writing_to else super()._get_output_dir(trial)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write a checkpoint atomically."""
        step = self.state.global_step
        if not self.is_world_process_zero():
            self.accelerator.wait_for_everyone()  # until the first process has made the folder
            return self._write_checkpoint(model, trial)
        with complete_checkpoint(self.checkpoints, step) as folder:
            self.writing_to = folder
            self.averaged.save(folder / f"checkpoint-{step}")
            self.accelerator.wait_for_everyone()
            self._write_checkpoint(model, trial)

    def _write_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write this process's files of a checkpoint."""
        self.writing_to = self.writing_to or self.checkpoints / UNFINISHED
        try:
            with no_progress_bar():
                super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()  # before it is renamed
        finally:
            self.writing_to = None

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.averaged.load(Path(resume_from_checkpoint))


def epoch_history(log: list[dict[str, float]]) -> list[dict[str, float]]:
    """Merge the Trainer's log to one entry per epoch.

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
