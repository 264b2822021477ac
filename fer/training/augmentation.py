"""Data augmentation of a batch at once, on its device: the data loader is never the bottleneck."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from fer.training.degradation import Degradation

NO_DEGRADATION = Degradation(0.0)

ERASED_SIDE = (0.1, 0.35)
"""Smallest and largest side of the erased box, as shares of the picture's: 5 to 17 of 48 pixels.
Zhong et al. go up to 0.4 of the area, a side of 0.63, which would leave little of a face that fills
its picture."""


@dataclass(frozen=True)
class Augmentation:
    """Draws one random view of each face: flip, rotation, scale, shift, and an erased box.

    Before the view is drawn, some faces are degraded.

    Args:
        size: Side of a view in pixels; at scale 1 a view is a crop of that size.
        rotation: Largest rotation in either direction in degrees.
        scale: Largest relative change of size; 0.15 gives 0.85 to 1.15.
        shift: Largest shift along each axis, as a share of the picture's side.
        erase: Probability of erasing a box (Zhong et al. 2017, https://arxiv.org/abs/1708.04896).
        degradation: Applied before the view is drawn.
    """

    size: int
    rotation: float
    scale: float
    shift: float
    erase: float
    degradation: Degradation = NO_DEGRADATION

    def __call__(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return one view of each face.

        Args:
            pixel_values: (n, c, h, w) float, mean 0: views are padded with 0, the mean.

        Returns:
            (n, c, size, size).
        """
        pixel_values = self.degradation(pixel_values)  # (n, c, h, w)
        shape = [*pixel_values.shape[:2], self.size, self.size]
        # A single bilinear resampling for flip, rotation, scale and shift: (n, size, size, 2).
        grid = functional.affine_grid(self._affine(pixel_values), shape, align_corners=False)
        views = functional.grid_sample(
            pixel_values, grid, align_corners=False
        )  # (n, c, size, size)
        return views.masked_fill(self._erased(views), 0.0)

    def _affine(self, like: torch.Tensor) -> torch.Tensor:
        """Draw (n, 2, 3) matrices that map a view's coordinates (-1 to 1) into the picture's."""
        angle = uniform(like, self.rotation) * torch.pi / 180  # (n,), as all below
        zoom = self.size / like.shape[3] / (1 + uniform(like, self.scale))
        flip = torch.where(torch.rand_like(angle) < 0.5, -1.0, 1.0)
        cosine, sine = torch.cos(angle) * zoom, torch.sin(angle) * zoom
        # Twice, as the coordinates from -1 to 1 span 2.
        shift_x, shift_y = uniform(like, 2 * self.shift), uniform(like, 2 * self.shift)
        first = torch.stack([cosine * flip, -sine, shift_x], dim=1)  # (n, 3)
        second = torch.stack([sine * flip, cosine, shift_y], dim=1)
        return torch.stack([first, second], dim=1)

    def _erased(self, like: torch.Tensor) -> torch.Tensor:
        """Draw (n, 1, h, w) masks that are true inside the box to erase."""
        rows = self._interval(like, like.shape[2])  # (n, h)
        columns = self._interval(like, like.shape[3])  # (n, w)
        chosen = torch.rand(len(like), 1, 1, device=like.device) < self.erase  # (n, 1, 1)
        return (rows[:, :, None] & columns[:, None, :] & chosen).unsqueeze(1)

    def _interval(self, like: torch.Tensor, length: int) -> torch.Tensor:
        """Draw (n, length) masks that are true in one random interval."""
        low, high = ERASED_SIDE
        side = low + (high - low) * torch.rand(len(like), 1, device=like.device)  # (n, 1)
        start = torch.rand(len(like), 1, device=like.device) * (1 - side)  # (n, 1)
        center = (
            torch.arange(length, device=like.device) + 0.5
        ) / length  # (length,), of each pixel
        return (center >= start) & (center < start + side)


def uniform(like: torch.Tensor, largest: float) -> torch.Tensor:
    """Draw (n,) values uniformly from -largest to largest, on the device of `like`, (n, ...)."""
    return (torch.rand(len(like), device=like.device) * 2 - 1) * largest
