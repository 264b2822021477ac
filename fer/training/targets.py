"""What a network is to answer to its training pictures.

A label is one person's opinion. Teachers and FER+'s votes say how likely the other expressions are,
and so leave less noise to be learned.
"""

import numpy as np
import torch
from torch.nn import functional

from fer.labels import EXPRESSIONS
from fer.training.arguments import TrainingOptions
from fer.training.arrays import FerArrays
from fer.training.teachers import taught
from fer.training.votes import told_by_votes


def build_targets(options: TrainingOptions, trained: FerArrays) -> torch.Tensor:
    """Return what is learned of each picture, as shares of the expressions, float32 (n, 7).

    Raises:
        ModelError: A teacher can't be had.
    """
    targets = shares(trained.labels)
    if options.teachers and not options.teach_views:
        answers = taught(options.teachers, trained.images)
        targets = torch.lerp(targets, answers, options.teacher_share)
    if options.votes_share:
        answers = told_by_votes(trained.votes, trained.labels)
        targets = torch.lerp(targets, answers, options.votes_share)
    return targets


def shares(labels: np.ndarray) -> torch.Tensor:
    """Return labels, int64 (n,), as float32 (n, 7): 1 for the label and 0 for the others."""
    return functional.one_hot(torch.from_numpy(labels), len(EXPRESSIONS)).float()
