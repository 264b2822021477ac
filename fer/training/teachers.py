"""What networks that were trained before say of the training pictures.

Hinton et al. (2015), https://arxiv.org/abs/1503.02531, and, for teachers of the same kind as the
network, Furlanello et al. (2018), https://arxiv.org/abs/1805.04770.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from fer.model.classifier import ExpressionClassifier
from fer.training.evaluation import run_network


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
    alone = replace(teacher.heads, ferplus_share=0.0)
    sides = images, images[:, :, ::-1]
    return np.mean([alone.probabilities(*run_network(teacher, side)) for side in sides], axis=0)
