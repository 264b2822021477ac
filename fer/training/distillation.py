"""Teachers: trained networks whose probabilities a student learns beside the labels.

Consistent and patient distillation (Beyer et al. 2021, https://arxiv.org/abs/2106.05237): teacher
and student see the same view, mixed pictures included, and the training is long. So the student
learns the teachers' function, and not only what they have memorised about the training pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from fer.model.fusion import fuse_batch_norms
from fer.model.heads import own_logits
from fer.model.hub import pull
from fer.model.image_processing_fer import center_crop
from fer.model.loading import load_network


class Teacher(nn.Module):
    """A trained network and the middle of a face that it sees."""

    def __init__(self, network: nn.Module, side: int, temperatures: tuple[float, float]) -> None:
        """Take a network, the side that it sees, and the temperatures of its two heads."""
        super().__init__()
        self.network, self.side, self.temperatures = network.eval(), side, temperatures

    @classmethod
    def load(cls, folder: Path) -> "Teacher":
        """Return the network that a stage has written.

        Raises:
            ModelError: It can't be loaded.
        """
        model, processor = load_network(pull(folder))
        config = model.config
        temperatures = (
            getattr(config, "temperature", 1.0),
            getattr(config, "ferplus_temperature", 1.0),
        )
        return cls(fuse_batch_norms(model.eval()), processor.crop_size, temperatures)

    def forward(self, views: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return calibrated probabilities, float32 (n, 7) and (n, 8), None without a FER+ head.

        Args:
            views: (n, 1, h, w), of which the middle is seen.
        """
        first, second = own_logits(self.network(pixel_values=center_crop(views, self.side)))
        if second is not None:
            second = torch.softmax(second.float() / self.temperatures[1], dim=1)
        return torch.softmax(first.float() / self.temperatures[0], dim=1), second


class Teachers:
    """Several teachers, of which one is drawn for each batch.

    The cross-entropy is linear in its targets, so in the mean over batches each step has the
    gradient of the teachers' mean probabilities, at the price of one of them.
    """

    def __init__(
        self, teachers: Sequence[Teacher], weight: float, dtype: torch.dtype = torch.float32
    ) -> None:
        """Take the teachers.

        Args:
            teachers: One or more.
            weight: Of their probabilities beside labels and votes, 0 to 1.
            dtype: In which they compute.
        """
        self.teachers, self.weight, self.dtype = list(teachers), weight, dtype

    @property
    def side(self) -> int:
        """Largest side that one of them sees."""
        return max(teacher.side for teacher in self.teachers)

    def to(self, device: torch.device) -> "Teachers":
        """Move them to a device."""
        for teacher in self.teachers:
            teacher.to(device, self.dtype, memory_format=torch.channels_last)
        return self

    @torch.no_grad()
    def __call__(
        self, views: torch.Tensor, labels: torch.Tensor, votes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return labels, (n, 7), and shares of votes, (n, 8), mixed with a teacher's probabilities.

        Faces without votes, whose row is 0, get the teacher's alone.

        Args:
            views: The views, (n, 1, side, side).
            labels: Probability of each expression, (n, 7).
            votes: Shares of FER+'s votes, (n, 8).
        """
        drawn = int(torch.randint(len(self.teachers), ()))
        seen = views.to(self.dtype, memory_format=torch.channels_last)
        first, second = self.teachers[drawn](seen)
        labels = torch.lerp(labels, first, self.weight)
        if second is None:
            return labels, votes
        voted = votes.any(dim=1, keepdim=True)
        return labels, torch.where(voted, torch.lerp(votes, second, self.weight), second)
