"""Knowledge distillation: a student learns the probabilities of trained networks and the labels.

Consistent and patient distillation (Beyer et al. 2021, https://arxiv.org/abs/2106.05237): teacher
and student see the same view, mixed pictures included, and the training is long. So the student
learns the teachers' function, and not only what they have memorised about the training pictures.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard, cast

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fer.model.heads import heads_of, own_logits
from fer.model.hub import ModelError, pull
from fer.model.image_processing_fer import FerImageProcessor, center_crop
from fer.model.modeling_fer import FerForImageClassification
from fer.model.pretrained import load_network


class Teacher(nn.Module):
    """A trained network, the side of its centre crop, and the temperatures of its heads."""

    def __init__(
        self, network: nn.Module, crop_size: int, temperatures: tuple[float, float]
    ) -> None:
        super().__init__()
        self.network, self.crop_size, self.temperatures = network.eval(), crop_size, temperatures

    @classmethod
    def load(cls, folder: Path) -> "Teacher":
        """Return the network in a stage's folder.

        Raises:
            ModelError: It can't be loaded, or its preprocessing isn't the student's.
        """
        model, processor = load_network(pull(folder))
        if not isinstance(processor, FerImageProcessor):
            raise ModelError(f"The teacher in {folder} has another preprocessing than its student.")
        heads = heads_of(model.config)
        if isinstance(model, FerForImageClassification) and not heads.ferplus_trained:
            model.ferplus = None  # it has nothing to teach
        model.train(False)  # its eval() has no types
        temperatures = (heads.temperature, heads.ferplus_temperature)
        return cls(fuse_batch_norms(model), processor.crop_size, temperatures)

    def forward(self, views: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return calibrated probabilities, float32 (n, 7) and (n, 8), None without a FER+ head.

        Calibrated, as an overconfident teacher's targets are close to one-hot labels again.

        Args:
            views: (n, 1, h, w); the network gets their centre crop, (n, 1, crop_size, crop_size).
        """
        output = self.network(pixel_values=center_crop(views, self.crop_size))
        fer2013_logits, ferplus_logits = own_logits(output)
        fer2013 = torch.softmax(fer2013_logits.float() / self.temperatures[0], dim=1)
        if ferplus_logits is None:
            return fer2013, None
        return fer2013, torch.softmax(ferplus_logits.float() / self.temperatures[1], dim=1)


class Teachers:
    """Several teachers, of which one is drawn at random for each batch.

    The cross-entropy is linear in its targets, so in the mean over batches each step has the
    gradient of the teachers' mean probabilities, at the price of one of them.
    """

    def __init__(
        self, teachers: Sequence[Teacher], weight: float, dtype: torch.dtype = torch.float32
    ) -> None:
        """Take the teachers.

        Args:
            teachers: One or more.
            weight: Weight of their probabilities in the targets, 0 to 1; the labels have the rest.
            dtype: Type of their weights and inputs.
        """
        self.teachers, self.weight, self.dtype = list(teachers), weight, dtype

    @property
    def crop_size(self) -> int:
        """Largest side of their centre crops, in pixels."""
        return max(teacher.crop_size for teacher in self.teachers)

    def to(self, device: torch.device) -> "Teachers":
        """Move them to a device."""
        for teacher in self.teachers:
            teacher.to(device, self.dtype).to(memory_format=torch.channels_last)
        return self

    @torch.no_grad()
    def __call__(
        self, views: torch.Tensor, targets: torch.Tensor, ferplus_targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both heads' targets, (n, 7) and (n, 8), mixed with a teacher's probabilities.

        Faces without votes, whose FER+ row is 0, get the teacher's probabilities alone.

        Args:
            views: The views, (n, 1, h, w).
            targets: Probability of each expression, (n, 7).
            ferplus_targets: Shares of FER+'s votes, (n, 8).
        """
        drawn = int(torch.randint(len(self.teachers), ()))
        inputs = views.to(self.dtype, memory_format=torch.channels_last)  # (n, 1, h, w)
        fer2013, ferplus = self.teachers[drawn](inputs)
        targets = torch.lerp(targets, fer2013, self.weight)  # (n, 7)
        if ferplus is None:
            return targets, ferplus_targets
        voted = ferplus_targets.any(dim=1, keepdim=True)  # (n, 1)
        mixed = torch.lerp(ferplus_targets, ferplus, self.weight)  # (n, 8)
        return targets, torch.where(voted, mixed, ferplus)


def fuse_batch_norms(model: nn.Module) -> nn.Module:
    """Return a network for inference in which batch norms are fused into their convolutions.

    A batch norm that no longer learns is a scale and an offset, which the convolution before it
    can take over. The output is the same but for rounding; a CPU needs about half the time.

    Args:
        model: A network in eval mode; it is not changed. Pairs of a convolution and a batch norm
            are found where they make up an `nn.Sequential`; without any, it is returned itself.
    """
    if not any(map(is_conv_norm, model.modules())):
        return model
    copied = copy.deepcopy(model).to(memory_format=torch.channels_last)
    for pair in [module for module in copied.modules() if is_conv_norm(module)]:
        conv, norm = cast(tuple[nn.Conv2d, nn.BatchNorm2d], tuple(pair))  # by `is_conv_norm`
        pair[0], pair[1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return copied


def is_conv_norm(module: nn.Module) -> TypeGuard[nn.Sequential]:
    """Return whether it is a sequence of one convolution and one batch norm."""
    kinds = [type(layer) for layer in module] if isinstance(module, nn.Sequential) else []
    return kinds == [nn.Conv2d, nn.BatchNorm2d]
