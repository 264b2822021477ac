"""A step that looks for a flat place: the gradient is taken where the loss is worst nearby.

Sharpness-aware minimisation: Foret et al. (2021), https://arxiv.org/abs/2010.01412. What is learned
by heart, wrong labels above all, lies in narrow valleys of the loss; a flat one is shared by more
pictures. Each step costs two.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def uphill(model: nn.Module, radius: float) -> Iterator[None]:
    """Let a network stand as far up its gradient as `radius`, without gradients, inside the block.

    Batch norm's statistics stay those of the place it comes back to.

    Args:
        model: A network whose loss has been differentiated.
        radius: Length of the step over all weights together; 0 moves nothing.
    """
    moved = [value for value in model.parameters() if value.grad is not None]
    here = [value.detach().clone() for value in moved]
    norms = [
        module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    momenta = [norm.momentum for norm in norms]
    climb(moved, radius)
    model.zero_grad()
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        with torch.no_grad():
            for value, before in zip(moved, here, strict=True):
                value.copy_(before)


@torch.no_grad()
def climb(weights: list[nn.Parameter], radius: float) -> None:
    """Move weights along their gradients, all together by `radius`."""
    gradients = [weight.grad for weight in weights]
    length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    steps = torch._foreach_mul(gradients, radius / length.clamp(min=1e-12))
    torch._foreach_add_(weights, steps)
