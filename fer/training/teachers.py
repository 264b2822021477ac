"""What networks that were trained before say of the training pictures.

Hinton et al. (2015), https://arxiv.org/abs/1503.02531, and, for teachers of the same kind as the
network, Furlanello et al. (2018), https://arxiv.org/abs/1805.04770.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from transformers.image_processing_utils import BaseImageProcessor

from fer.model.classifier import ExpressionClassifier
from fer.model.heads import probabilities
from fer.model.modeling_fer import FerForImageClassification, FerOutput
from fer.training.arguments import TrainingOptions
from fer.training.evaluation import FIRST_HEAD, answering, run_network


def taught(teachers: Sequence[str], images: np.ndarray) -> torch.Tensor:
    """Return the mean probabilities that trained networks' first heads give, float32 (n, 7).

    Each looks at a face and its mirror image.

    Args:
        teachers: Folders or Hub ids.
        images: Faces, uint8 (n, h, w).

    Raises:
        ModelError: A teacher can't be had.
    """
    answers = [_answer(ExpressionClassifier.load(name), images) for name in teachers]
    return torch.from_numpy(np.mean(answers, axis=0, dtype=np.float32))


def _answer(teacher: ExpressionClassifier, images: np.ndarray) -> np.ndarray:
    """Return one teacher's probabilities, (n, 7)."""
    alone = answering(teacher, FIRST_HEAD)
    sides = images, images[:, :, ::-1]
    return np.mean([probabilities(alone, *run_network(teacher, side)) for side in sides], axis=0)


class ViewTeachers:
    """Networks that are asked about each view as it is learned.

    So their function is learned and not only what they say of the pictures, some of which they
    know by heart: Beyer et al. (2022), https://arxiv.org/abs/2106.05237. Both heads teach, by the
    mean of their calibrated logits.
    """

    def __init__(
        self,
        teachers: Sequence[tuple[ExpressionClassifier, float]],
        share: float,
        asked: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Take this project's own networks.

        Args:
            teachers: Each with how often it counts in their mean.
            share: What the mean counts beside labels and votes, 0 to 1.
            asked: How often one is drawn to be asked about a batch; None asks all.
            dtype: In which they compute.
        """
        self.teachers, self.share, self.asked, self.dtype = teachers, share, asked, dtype

    @torch.no_grad()
    def __call__(
        self, views: torch.Tensor, labels: torch.Tensor, votes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return labels, (n, 7), and shares of votes, (n, 8), with the teachers' answers in them.

        Faces without votes, whose row is 0, get the teachers' alone.

        Args:
            views: What the network sees, (n, 1, side, side).
            labels: How likely each expression is, (n, 7).
            votes: Shares of FER+'s votes, (n, 8).
        """
        first, second = 0, 0
        for teacher, weight in self._drawn():
            output = self._ask(teacher, views)
            first += weight * output.fer2013_logits.float() / teacher.heads.temperature
            second += weight * output.ferplus_logits.float() / teacher.heads.ferplus_temperature
        told = torch.softmax(second, dim=1)
        voted = votes.any(dim=1, keepdim=True)
        return (
            torch.lerp(labels, torch.softmax(first, dim=1), self.share),
            torch.where(voted, torch.lerp(votes, told, self.share), told),
        )

    def _drawn(self) -> list[tuple[ExpressionClassifier, float]]:
        """Draw those who are asked, each with its weight in their mean; the weights' sum is 1."""
        teachers, times = zip(*self.teachers, strict=True)
        weights = torch.tensor(times, dtype=torch.float32)
        if self.asked:  # in the mean over batches each counts as if all were asked
            drawn = torch.multinomial(weights, self.asked, replacement=True)
            weights = torch.bincount(drawn, minlength=len(teachers)).float()
        weights = (weights / weights.sum()).tolist()
        return [pair for pair in zip(teachers, weights, strict=True) if pair[1]]

    def _ask(self, teacher: ExpressionClassifier, views: torch.Tensor) -> FerOutput:
        """Return a teacher's output."""
        network = teacher.network
        here = next(network.parameters())
        if (here.device, here.dtype) != (views.device, self.dtype):  # the first time
            network.to(views.device, self.dtype)
        seen = views.to(self.dtype, memory_format=torch.channels_last)
        return network(pixel_values=seen)


def view_teachers(
    options: TrainingOptions, processor: BaseImageProcessor, dtype: torch.dtype = torch.float32
) -> ViewTeachers | None:
    """Return the teachers of views that the options name; None where they name none.

    Args:
        options: Settings of the training.
        processor: The preprocessing of the network that learns.
        dtype: In which the teachers compute.

    Raises:
        ModelError: A teacher can't be had.
        ValueError: It is of another kind, or sees another part of a face.
    """
    if not options.teach_views:
        return None
    teachers = []
    for name, times in Counter(options.teachers).items():
        teacher = ExpressionClassifier.load(name, int8=False)
        if not isinstance(teacher.model, FerForImageClassification) or not teacher.model.ferplus:
            raise ValueError(f"{name} has no two heads; leave it or --teach-views out.")
        if teacher.processor.crop_size != processor.crop_size:
            raise ValueError(
                f"{name} sees the middle {teacher.processor.crop_size} pixels of a face, the "
                f"network that learns {processor.crop_size}; leave it or --teach-views out."
            )
        teachers.append((teacher, times))
    return ViewTeachers(teachers, options.teacher_share, options.teachers_asked, dtype)
