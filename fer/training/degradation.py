"""Degradation as augmentation: low resolution, Gaussian blur and horizontal blur, a batch at once.

Reducing, blurring and enlarging are linear along each axis, so each is one matrix, and a batch in
which every face has its own amount is two products of matrices.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional

from fer.model.face_pixels import MIN_DEVIATION

SIDE_RANGE = (10 / 48, 32 / 48)
"""Fewest and most pixels of a small face, as shares of the side it is enlarged to: the range of the
robustness metrics (12 to 32 of 48 pixels), with a margin below."""

SIGMA_RANGE = (0.5 / 48, 3 / 48)
"""Least and most blur: the Gaussian's standard deviation, as a share of the side. The most is
that of the robustness metrics, 3 of 48 pixels."""

STEPS = 23
"""Amounts of each kind: with 48 pixels, every side from 10 to 32."""

HORIZONTAL_SHARE = 0.2
"""Share of the degraded faces that lose detail horizontally only, as by motion."""


@dataclass(frozen=True)
class Degradation:
    """Draws for each face whether it is degraded, how, and how much.

    Args:
        probability: Probability of degrading a face; the others are unchanged.
        standardized: Whether the preprocessing standardises each picture to mean 0 and deviation 1.
            Degraded pictures are then standardised again, as they would be when it is in use.
    """

    probability: float
    standardized: bool = True

    def __call__(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return faces of which some are degraded.

        Args:
            pixel_values: (n, c, side, side) float.
        """
        if not self.probability:
            return pixel_values
        count, device = len(pixel_values), pixel_values.device
        matrices = degrading_matrices(pixel_values.shape[-1], device)  # (kinds, side, side)
        amount = torch.randint(1, len(matrices), (count,), device=device)
        # (n,) indices of matrices; 0 is the identity.
        amount = torch.where(torch.rand(count, device=device) < self.probability, amount, 0)
        down = torch.where(torch.rand(count, device=device) < HORIZONTAL_SHARE, 0, amount)
        rows, columns = matrices[down].unsqueeze(1), matrices[amount].unsqueeze(1)
        # (n, 1, side, side) @ (n, c, side, side) @ (n, 1, side, side)
        degraded = rows @ pixel_values @ columns.mT
        if not self.standardized:
            return degraded
        dims = (1, 2, 3)  # of each picture: (n, 1, 1, 1)
        deviation, mean = torch.std_mean(degraded, dim=dims, correction=0, keepdim=True)
        return (degraded - mean) / deviation.clamp(min=MIN_DEVIATION)


@lru_cache(maxsize=4)
def degrading_matrices(side: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return (1 + 2 * STEPS, side, side): the identity, then reductions, then blurs."""
    sides = torch.linspace(SIDE_RANGE[0] * side, SIDE_RANGE[1] * side, STEPS).round().int().tolist()
    sigmas = torch.linspace(SIGMA_RANGE[0] * side, SIGMA_RANGE[1] * side, STEPS).tolist()
    shrinking = [shrinking_matrix(side, fewer) for fewer in sides]
    blurring = [blurring_matrix(side, sigma) for sigma in sigmas]
    return torch.stack([torch.eye(side), *shrinking, *blurring]).to(device)


def shrinking_matrix(side: int, fewer: int) -> torch.Tensor:
    """Return (side, side): an axis reduced to `fewer` pixels by area, then enlarged linearly."""
    each_pixel = torch.eye(side).unsqueeze(1)  # (side, 1, side): unit impulses
    small = functional.interpolate(each_pixel, fewer, mode="area")
    return functional.interpolate(small, side, mode="linear", align_corners=False)[:, 0].T


def blurring_matrix(side: int, sigma: float) -> torch.Tensor:
    """Return (side, side): an axis blurred by a Gaussian, normalised at the border, too."""
    position = torch.arange(side, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((position[:, None] - position) / sigma) ** 2)
    return weights / weights.sum(dim=1, keepdim=True)
