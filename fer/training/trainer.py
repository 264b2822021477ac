"""The Trainer of this project: two label sets, views drawn on the device, an EMA of the weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import Trainer, TrainerCallback

from fer.model.heads import own_logits
from fer.model.image_processing_fer import center_crop
from fer.training.augmentation import Augmentation
from fer.training.checkpoints import UNFINISHED, complete_checkpoint
from fer.training.distillation import Teachers

EMA_FILE = "ema.safetensors"


class WeightEma(TrainerCallback):
    """An exponential moving average (EMA) of the weights and of batch norm's statistics.

    It forgets with `decay` a step, and faster in the first steps, so that it is of use at once.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the weights that `model` has now."""
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def on_step_end(self, args, state, control, model: nn.Module, **kwargs) -> None:
        """Move the average towards the model."""
        step = state.global_step
        self.update(model, min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        """Keep the share `decay` of the average and take the rest from `model`."""
        averages, news = [], []
        for name, value in model.state_dict().items():
            average = self.values[name] = self.values[name].to(value.device)
            if average.is_floating_point():
                averages.append(average)
                news.append(value)
            else:  # batch norm's counter
                average.copy_(value)
        torch._foreach_lerp_(averages, news, 1 - decay)

    @contextmanager
    def swapped_into(self, model: nn.Module) -> Iterator[None]:
        """Let `model` have the averaged weights inside the block, and its own again after it."""
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
    """Mix each row with another one, in all batches alike: mixup.

    Zhang et al. (2018), https://arxiv.org/abs/1710.09412. Each pair's share is drawn anew.

    Args:
        strength: Both parameters of the Beta distribution of the shares; 0 mixes nothing.
        batches: Float tensors (n, ...): pictures and their targets.

    Returns:
        As many tensors of the same shapes.
    """
    if not strength:
        return batches
    count, device = len(batches[0]), batches[0].device
    shares = torch.distributions.Beta(strength, strength).sample((count,)).to(device)
    others = torch.randperm(count, device=device)
    return tuple(
        torch.lerp(batch[others], batch, shares.view(-1, *[1] * (batch.ndim - 1)))
        for batch in batches
    )


class FerTrainer(Trainer):
    """Trains both heads on random views; evaluates and saves the EMA as well.

    A checkpoint's model.safetensors holds the weights to resume from, its ema.safetensors those
    that were evaluated.
    """

    def __init__(
        self,
        *args,
        augmentation: Augmentation,
        averaged: WeightEma,
        ferplus_weight: float,
        label_smoothing: float,
        mixup: float = 0.0,
        side: int | None = None,
        teachers: Teachers | None = None,
        **kwargs,
    ) -> None:
        """Add to a Trainer what this recipe needs.

        Args:
            args: Of the Trainer.
            augmentation: Draws the views, as large as the largest network sees.
            averaged: The EMA.
            ferplus_weight: Weight of the FER+ head's loss.
            label_smoothing: Share of each label that is spread over all classes.
            mixup: Strength of mixup.
            side: Side of the middle of a view that the network sees; None is the whole.
            teachers: Whom it learns from.
            kwargs: Of the Trainer.
        """
        super().__init__(*args, callbacks=[averaged], **kwargs)
        self.augmentation = augmentation
        self.averaged = averaged
        self.ferplus_weight = ferplus_weight
        self.label_smoothing = label_smoothing
        self.mixup = mixup
        self.side = side
        self.teachers = teachers and teachers.to(self.args.device)
        self.writing_to: Path | None = None

    def training_step(self, model, inputs, num_items_in_batch=None) -> torch.Tensor:
        """Draw the views of a batch and differentiate the loss."""
        inputs = self.augment(self._prepare_inputs(inputs))
        return super().training_step(model, inputs, num_items_in_batch)

    def augment(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return a batch with a random view of each face, (n, c, side, side), and its targets."""
        views, targets, ferplus = mixup_batches(
            self.mixup,
            self.augmentation(inputs["pixel_values"]),
            inputs["targets"],
            inputs["ferplus"],
        )
        if self.teachers:
            targets, ferplus = self.teachers(views, targets, ferplus)
        if self.side:
            views = center_crop(views, self.side)
        return {"pixel_values": views, "labels": targets, "ferplus": ferplus}

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Return the loss over the heads."""
        pixels = inputs["pixel_values"].contiguous(memory_format=torch.channels_last)
        first, second = own_logits(model(pixels))
        loss = functional.cross_entropy(
            first, inputs["labels"], label_smoothing=self.label_smoothing
        )
        outputs = {"logits": first}
        if second is not None:
            outputs["ferplus_logits"] = second
            votes = functional.cross_entropy(second, inputs["ferplus"])
            loss = loss + self.ferplus_weight * votes
        return (loss, outputs) if return_outputs else loss

    def evaluation_loop(self, *args, **kwargs):
        """Evaluate the EMA."""
        with self.averaged.swapped_into(self.model):
            return super().evaluation_loop(*args, **kwargs)

    def get_decay_parameter_names(self, model) -> list[str]:
        """Return the names of the matrices and kernels; norms and biases don't decay."""
        return [name for name, value in model.named_parameters() if value.ndim > 1]

    def _get_output_dir(self, trial) -> str:
        return str(self.writing_to) if self.writing_to else super()._get_output_dir(trial)

    def _save_checkpoint(self, model, trial) -> None:
        """Write a checkpoint, whole or not at all."""
        step = self.state.global_step
        if not self.is_world_process_zero():
            self.accelerator.wait_for_everyone()  # until there is a folder
            return self._write_checkpoint(model, trial)
        with complete_checkpoint(Path(self.args.output_dir), step) as self.writing_to:
            self.averaged.save(self.writing_to / f"checkpoint-{step}")
            self.accelerator.wait_for_everyone()
            self._write_checkpoint(model, trial)

    def _write_checkpoint(self, model, trial) -> None:
        """Write this process's part of a checkpoint."""
        self.writing_to = self.writing_to or Path(self.args.output_dir, UNFINISHED)
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()  # before it is renamed
        finally:
            self.writing_to = None

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.averaged.load(Path(resume_from_checkpoint))


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
