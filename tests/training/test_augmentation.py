"""Random views of faces."""

import pytest
import torch

from fer.training.augmentation import Augmentation


def still(**changes):
    """Return an augmentation that changes nothing but what is asked for."""
    settings = {"size": 48, "rotation": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0} | changes
    return Augmentation(**settings)


@pytest.fixture
def faces():
    return torch.randn(16, 1, 48, 48, generator=torch.Generator().manual_seed(0))


def test_a_still_view_is_the_face_or_its_mirror_image(faces):
    torch.manual_seed(0)
    flipped = 0
    for view, face in zip(still()(faces), faces, strict=True):
        same, mirrored = (torch.allclose(view, x, atol=1e-4) for x in (face, face.flip(-1)))
        assert same or mirrored
        flipped += mirrored
    assert 0 < flipped < 16


def test_a_smaller_view_is_the_middle(faces):
    symmetric = faces + faces.flip(-1)  # so that a flip doesn't matter
    view = still(size=40)(symmetric)
    torch.testing.assert_close(view, symmetric[:, :, 4:44, 4:44], rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    "change", [{"rotation": 20.0}, {"scale": 0.2}, {"shift": 0.2}, {"erase": 1.0}]
)
def test_each_setting_changes_the_view(faces, change):
    symmetric = faces + faces.flip(-1)
    torch.manual_seed(0)
    view = still(**change)(symmetric)
    assert view.shape == faces.shape
    assert torch.isfinite(view).all()
    assert not torch.allclose(view, symmetric, atol=0.1)


def test_shift_stays_within_its_bound():
    point = torch.zeros(200, 1, 48, 48)
    point[:, :, 23:25, 23:25] = 1.0
    torch.manual_seed(0)
    view = still(shift=0.25)(point)
    rows = torch.arange(48.0)
    centres = (view.sum(dim=(1, 3)) * rows).sum(dim=1) / view.sum(dim=(1, 2, 3))
    offsets = centres - 23.5
    assert offsets.abs().max() <= 0.25 * 48 + 0.1
    assert offsets.abs().max() > 0.2 * 48


def test_erased_box_has_the_sides_asked_for():
    torch.manual_seed(0)
    view = still(erase=1.0)(torch.ones(100, 1, 48, 48))
    heights = (view == 0).any(dim=3).sum(dim=2)
    assert heights.min() >= 0.1 * 48 - 1
    assert heights.max() <= 0.35 * 48 + 1
    assert (view.isclose(torch.zeros(())) | view.isclose(torch.ones(()), atol=1e-3)).all()


def test_the_argument_is_left_alone(faces):
    before = faces.clone()
    Augmentation(40, 15.0, 0.15, 0.1, 1.0)(faces)
    assert torch.equal(faces, before)


def test_a_turn_is_a_turn_of_as_many_degrees():
    torch.manual_seed(0)
    turns = still(rotation=20.0)._affine(torch.zeros(500, 1, 48, 48))[:, :, :2]
    torch.testing.assert_close(turns @ turns.mT, torch.eye(2).expand(500, 2, 2))
    degrees = torch.atan2(-turns[:, 0, 1], turns[:, 1, 1]).rad2deg().abs()
    assert 18 < degrees.max() <= 20
