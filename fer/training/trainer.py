"""The Trainer of this project: two label sets, random views on tensors, averaged weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from transformers import Trainer, TrainerCallback

from fer.model.heads import own_logits
from fer.training.augmentation import Augmentation
from fer.training.sharpness import uphill
from fer.training.teachers import ViewTeachers

AVERAGED_WEIGHTS = "averaged.safetensors"


class AveragedWeights(TrainerCallback):
    """An exponential moving average of the weights and of batch norm's statistics.

    The average forgets with `decay` a step, and faster in the first steps, so that it is of use
    at once.
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

    def mix_in(self, others: Mapping[str, torch.Tensor], share: float) -> None:
        """Take a share of all values from other weights of the same network.

        Between a network and what further training made of it lie better ones than both: Wortsman
        et al. (2022), https://arxiv.org/abs/2109.01903.
        """
        for name, value in self.values.items():
            if value.is_floating_point():
                value.lerp_(others[name].to(value.device), share)

    @contextmanager
    def in_place_of(self, model: nn.Module) -> Iterator[None]:
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
        save_file({k: v.contiguous() for k, v in self.values.items()}, folder / AVERAGED_WEIGHTS)

    def load(self, folder: Path) -> None:
        """Read the average from a checkpoint's folder."""
        self.values = load_file(folder / AVERAGED_WEIGHTS)


def mixed(strength: float, *batches: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Mix each row with another one, in all batches alike: mixup.

    Zhang et al. (2018), https://arxiv.org/abs/1710.09412. Each pair's share is drawn anew.

    Args:
        strength: Both parameters of the Beta distribution of the shares; 0 mixes nothing.
        batches: Float tensors (n, ...): pictures and what is said about them.

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
    """Trains both heads on random views; evaluates and saves the averaged weights as well.

    A checkpoint's model.safetensors holds the weights to go on from, its averaged.safetensors the
    ones that were evaluated.
    """

    def __init__(
        self,
        *args,
        augmentation: Augmentation,
        averaged: AveragedWeights,
        ferplus_weight: float,
        label_smoothing: float,
        mixup: float = 0.0,
        sharpness: float = 0.0,
        sharpness_from: float = 0.0,
        teachers: ViewTeachers | None = None,
        **kwargs,
    ) -> None:
        """Add to a Trainer what this recipe needs; see `fer.training.arguments` for the numbers."""
        super().__init__(*args, callbacks=[averaged], **kwargs)
        self.augmentation = augmentation
        self.averaged = averaged
        self.ferplus_weight = ferplus_weight
        self.label_smoothing = label_smoothing
        self.mixup = mixup
        self.sharpness = sharpness
        self.sharpness_from = sharpness_from
        self.teachers = teachers

    def training_step(self, model, inputs, num_items_in_batch=None) -> torch.Tensor:
        """Differentiate the loss, with `sharpness` once more where it is worst nearby."""
        inputs = self.viewed(self._prepare_inputs(inputs))
        if not self.looks_uphill():
            return super().training_step(model, inputs, num_items_in_batch)
        with torch.random.fork_rng():  # both times the same dropout
            loss = super().training_step(model, dict(inputs), num_items_in_batch)
        with uphill(model, self.sharpness):
            super().training_step(model, inputs, num_items_in_batch)
        return loss

    def looks_uphill(self) -> bool:
        """Return whether the next step is one of those that `sharpness` is for."""
        begun = self.state.global_step >= self.sharpness_from * self.state.max_steps
        return bool(self.sharpness) and begun

    def viewed(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return a batch with a random view of each face, and what is to be learned of it."""
        views, targets, ferplus = mixed(
            self.mixup,
            self.augmentation(inputs["pixel_values"]),
            inputs["targets"],
            inputs["ferplus"],
        )
        if self.teachers:
            targets, ferplus = self.teachers(views, targets, ferplus)
        return {"pixel_values": views, "labels": targets, "ferplus": ferplus}

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Return the loss over the heads."""
        pixels = inputs["pixel_values"].contiguous(memory_format=torch.channels_last)
        first, second = own_logits(model(pixels))
        loss = functional.cross_entropy(
            first, inputs["labels"], label_smoothing=self.label_smoothing
        )
        answers = {"logits": first}
        if second is not None:
            answers["ferplus_logits"] = second
            votes = functional.cross_entropy(second, inputs["ferplus"])
            loss = loss + self.ferplus_weight * votes
        return (loss, answers) if return_outputs else loss

    def evaluation_loop(self, *args, **kwargs):
        """Evaluate the averaged weights."""
        with self.averaged.in_place_of(self.model):
            return super().evaluation_loop(*args, **kwargs)

    def get_decay_parameter_names(self, model) -> list[str]:
        """Return the names of the matrices and kernels; norms and biases don't decay."""
        return [name for name, value in model.named_parameters() if value.ndim > 1]

    def _save_checkpoint(self, model, trial) -> None:
        if self.args.should_save:  # first, so that trainer_state.json is what completes the folder
            self.averaged.save(Path(self.args.output_dir, f"checkpoint-{self.state.global_step}"))
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.averaged.load(Path(resume_from_checkpoint))
