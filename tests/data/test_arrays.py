"""Pictures are decoded, turned grey and resized once, in the order of their rows."""

import datasets
import numpy as np
import pytest
from PIL import Image

from fer.data.arrays import FerArrays
from fer.data.fer2013 import FEATURES, DatasetError, load_arrays
from fer.labels import EXPRESSIONS
from tests.training.tiny_trainings import picture, shade


def stored(images, label=0):
    """A uniform split holding these encoded pictures."""
    count = len(images)
    columns = {"image": images, "label": [label] * count, "ferplus_votes": [None] * count}
    return datasets.Dataset.from_dict(columns, features=FEATURES)


def test_arrays_resize_and_turn_grey(tmp_path):
    file = tmp_path / "face.png"
    file.write_bytes(picture("sad", "PNG", side=96, mode="RGB"))
    arrays = load_arrays(stored([picture("happy", "PNG"), str(file)], label=3))
    assert (arrays.images.shape, arrays.images.dtype) == ((2, 48, 48), np.uint8)
    assert (arrays.labels.dtype, arrays.votes.dtype) == (np.int64, np.float32)
    np.testing.assert_array_equal(np.unique(arrays.images[0]), shade("happy"))
    np.testing.assert_allclose(arrays.images[1], shade("sad"), atol=1)
    np.testing.assert_array_equal(arrays.votes, np.zeros((2, 10)))
    assert len(arrays) == 2


def test_arrays_are_filled_batch_by_batch(monkeypatch):
    monkeypatch.setattr("fer.data.fer2013._BATCH_SIZE", 3)
    means = load_arrays(stored([*map(picture, EXPRESSIONS)])).images.mean((1, 2))
    np.testing.assert_allclose(means, [*map(shade, EXPRESSIONS)], atol=2)


def test_arrays_follow_a_selection():
    split = stored([*map(picture, EXPRESSIONS)]).select([5, 1])
    means = load_arrays(split).images.mean((1, 2))
    np.testing.assert_allclose(means, [shade("surprise"), shade("disgust")], atol=2)


def test_arrays_of_nothing():
    assert load_arrays(stored([picture("sad")]).select([])).images.shape == (0, 48, 48)


@pytest.mark.parametrize("spoilt", [b"no picture", picture("sad")[:150], None])
def test_a_broken_picture_is_named(spoilt):
    with pytest.raises(DatasetError, match="ow 2 "):
        load_arrays(stored([picture("sad"), spoilt]))


def test_a_picture_is_read_as_a_visitors_is(tmp_path):
    deep = np.tile(np.linspace(0, 65535, 48).astype(np.uint16), (48, 1))
    clear = np.zeros((48, 48, 4), np.uint8)
    files = [tmp_path / name for name in ("deep.png", "clear.png")]
    Image.fromarray(deep).save(files[0])
    Image.fromarray(clear).save(files[1])
    images = load_arrays(stored([str(file) for file in files])).images
    np.testing.assert_allclose(images[0], deep // 257, atol=1)
    assert (images[1] == 255).all()


def test_a_broken_picture_of_a_folder_is_named_by_its_file(tmp_path):
    (tmp_path / "11.png").write_bytes(picture("sad", "PNG")[:40])
    with pytest.raises(DatasetError, match=r"Row 1 \(.*11\.png\) can't be decoded"):
        load_arrays(stored([str(tmp_path / "11.png")]))


def test_arrays_check_their_shapes():
    images, labels = np.zeros((2, 48, 48), np.uint8), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match=r"votes must be \(2, 10\), not \(2, 8\)"):
        FerArrays(images, labels, np.zeros((2, 8), np.float32))
