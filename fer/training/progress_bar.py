"""Progress of a training: one bar, and one line per epoch."""

import math
import time
from typing import Any

from transformers import (
    ProgressCallback,
    Trainer,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)


class EpochProgress(ProgressCallback):
    """Transformers' bar, with a readable line per epoch; adds the epoch's speed to the history."""

    @classmethod
    def replace_in(cls, trainer: Trainer) -> None:
        """Replace the callback that prints whole dictionaries."""
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(cls())

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the epoch's clock."""
        self.started = time.perf_counter()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        train_dataloader: Any = None,
        **kwargs: Any,
    ) -> None:
        """Time the epoch that just ended, and write a line once it has been evaluated."""
        newest = state.log_history[-1] if state.log_history else {}
        if "loss" in newest:
            check_loss_is_finite(newest["loss"], round(newest["epoch"]), args.learning_rate)
            newest["seconds"] = time.perf_counter() - self.started
            steps = len(train_dataloader)
            pictures = steps * train_dataloader.total_batch_size
            newest["pictures_per_second"] = pictures / newest["seconds"]
        elif "eval_accuracy" in newest and self.training_bar is not None:
            self.training_bar.write(epoch_line(state.log_history))


def check_loss_is_finite(loss: float, epoch: int, rate: float) -> None:
    """Stop a training that has diverged.

    Raises:
        ValueError: The loss is infinite or no number.
    """
    if not math.isfinite(loss):
        raise ValueError(
            f"The loss is {loss} after epoch {epoch}; use a lower --learning-rate than {rate:g}."
        )


def epoch_line(history: list[dict[str, float]]) -> str:
    """Return the last epoch in one line, from its training entry and its evaluation entry."""
    trained = next(entry for entry in reversed(history) if "loss" in entry)
    evaluated = history[-1]
    return (
        f"epoch {evaluated['epoch']:.0f}"
        f"  loss {trained['loss']:.3f}"
        f"  validation: loss {evaluated['eval_loss']:.3f}"
        f"  accuracy {evaluated['eval_accuracy']:.4f}"
        f"  macro F1 {evaluated['eval_macro_f1']:.4f}"
        f"  {trained['pictures_per_second']:.0f} pictures/s"
    )
