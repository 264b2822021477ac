"""Faces of few pixels, out of focus, or moved."""

import numpy as np
import pytest
import torch

from fer.evaluation.robustness import blur, shrink
from fer.model.face_pixels import standardise
from fer.training.degradation import (
    STEPS,
    Degradation,
    blurring_matrix,
    degrading_matrices,
    shrinking_matrix,
)


@pytest.fixture
def face():
    """A smooth random picture, float32 (48, 48)."""
    noise = np.random.default_rng(0).uniform(0, 255, (48, 48)).astype(np.float32)
    return blur(noise, 1.0)


@pytest.fixture
def faces():
    generator = torch.Generator().manual_seed(0)
    grey = torch.randint(0, 256, (200, 48, 48), generator=generator, dtype=torch.uint8)
    return torch.from_numpy(standardise(grey.numpy()))


@pytest.mark.parametrize("side", [10, 16, 24, 31])
def test_shrinking_is_what_opencv_makes_of_it(face, side):
    matrix = shrinking_matrix(48, side)
    shrunk = matrix @ torch.from_numpy(face) @ matrix.T
    if 48 % side == 0:  # else OpenCV weighs the pixels on a rim by their parts, torch does not
        np.testing.assert_allclose(shrunk, shrink(face, side), atol=1e-2)
    assert np.corrcoef(shrunk.ravel(), shrink(face, side).ravel())[0, 1] > 0.95


@pytest.mark.parametrize("sigma", [0.5, 2.0, 3.0])
def test_blur_is_what_opencv_makes_of_it(face, sigma):
    matrix = blurring_matrix(48, sigma)
    blurred = (matrix @ torch.from_numpy(face) @ matrix.T).numpy()
    middle = slice(12, 36)  # the rims differ
    np.testing.assert_allclose(blurred[middle, middle], blur(face, sigma)[middle, middle], atol=2)


def test_brightness_stays():
    matrices = degrading_matrices(48)
    assert matrices.shape == (1 + 2 * STEPS, 48, 48)
    assert torch.equal(matrices[0], torch.eye(48))
    torch.testing.assert_close(matrices.sum(dim=2), torch.ones(1 + 2 * STEPS, 48))


def test_as_many_faces_as_asked_for_lose_detail(faces):
    torch.manual_seed(0)
    degraded = Degradation(0.3)(faces)
    same = (degraded - faces).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert 0.6 < same.float().mean() < 0.8
    detail = degraded.diff(dim=3).abs().mean(dim=(1, 2, 3))
    assert (detail[~same] < detail[same].min()).all()


def test_some_lose_it_sideways_only(faces):
    torch.manual_seed(0)
    degraded = Degradation(1.0)(faces)
    across, down = (degraded.diff(dim=d).abs().mean(dim=(1, 2, 3)) for d in (3, 2))
    assert 0.1 < (across < 0.8 * down).float().mean() < 0.3


def test_degraded_pictures_are_standardised_again(faces):
    torch.manual_seed(0)
    degraded = Degradation(1.0)(faces)
    torch.testing.assert_close(degraded.mean(dim=(1, 2, 3)), torch.zeros(200), atol=1e-5, rtol=0)
    torch.testing.assert_close(degraded.std(dim=(1, 2, 3), correction=0), torch.ones(200))
    assert Degradation(1.0, standardized=False)(faces).std() < 0.7


def test_a_blank_picture_stays_finite():
    assert torch.equal(Degradation(1.0)(torch.zeros(4, 1, 48, 48)), torch.zeros(4, 1, 48, 48))


def test_switched_off_it_draws_nothing(faces):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    assert Degradation(0.0)(faces) is faces
    assert torch.equal(torch.random.get_rng_state(), before)


def test_colour_pictures_of_another_size():
    assert Degradation(1.0)(torch.randn(3, 3, 64, 64)).shape == (3, 3, 64, 64)
