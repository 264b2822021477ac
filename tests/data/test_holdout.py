"""The part of a training split that is held out as validation."""

import numpy as np
import pytest
from PIL import Image

from fer.data.arrays import FerArrays
from fer.data.duplicates import has_duplicate_in
from fer.data.fer2013 import load_fer2013
from fer.data.holdout import evaluation_split, hold_out, training_splits
from fer.data.splits import DatasetError
from fer.labels import EXPRESSIONS


def faces(counts, seed=0):
    """Noise, `counts` pictures of each expression in turn."""
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 48, 48), np.uint8)
    return FerArrays(images, labels.astype(np.int64), np.zeros((len(labels), 10), np.float32))


def test_a_tenth_of_each_expression_is_held_out_always_the_same():
    counts = (40, 10, 3, 2, 1, 0, 100)
    train = faces(counts)
    parts = hold_out(train, "here")
    assert np.bincount(parts.validation.labels, minlength=7).tolist() == [4, 1, 1, 1, 0, 0, 10]
    assert len(parts.train) + len(parts.validation) == len(train)
    assert not has_duplicate_in(parts.validation.images, parts.train.images).any()
    again = hold_out(train, "here")
    np.testing.assert_array_equal(parts.validation.images, again.validation.images)


def test_no_picture_with_a_duplicate_is_held_out():
    train = faces((20,) * 7)
    train.images[1::2] = train.images[::2]
    train.images[:2] = 128  # blank, which has no correlation
    train.images[2] = 255 - train.images[4]
    parts = hold_out(train, "here")
    assert not has_duplicate_in(parts.validation.images, parts.train.images).any()
    assert np.ptp(parts.validation.images, axis=(1, 2)).min() > 0


def test_too_few_pictures_are_refused():
    with pytest.raises(DatasetError, match="here has no validation split, and too few pictures"):
        hold_out(faces((1,) * 7), "here")


@pytest.fixture
def edition(tmp_path):
    """Write Kaggle's train/test edition, three pictures an expression in train, one in test."""
    for split, count in (("train", 3), ("test", 1)):
        for index, name in enumerate(EXPRESSIONS):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            images = faces((count,), seed=100 * count + index).images
            for number, image in enumerate(images):
                Image.fromarray(image).save(folder / f"im{number}.png")
    return tmp_path


def test_train_and_test_alone_can_be_trained_on(edition, caplog):
    splits = load_fer2013(edition)
    held = training_splits(splits, "here")
    assert (len(held.train), len(held.validation)) == (14, 7)
    assert held.origin == "a tenth of train, held out"
    assert "7 of its 21 training pictures, a tenth of each expression" in caplog.text
    tested = training_splits(splits, "here", "test")
    assert (len(tested.train), len(tested.validation)) == (21, 7)
    assert "its test split, 7 pictures, is validation" in caplog.text
    with pytest.raises(DatasetError, match="--validation test is for data sets with the splits"):
        training_splits({"train": splits["train"]}, "here", "test")
    with pytest.raises(DatasetError, match="needs the split train, but here has only test"):
        training_splits({"test": splits["test"]}, "here")


def test_the_split_to_evaluate_on(edition):
    splits = load_fer2013(edition)
    tested = evaluation_split(splits, "here")
    assert (tested.name, len(tested.faces), len(tested.train), tested.origin) == ("test", 7, 21, "")
    held = evaluation_split(splits, "here", "validation")
    assert (len(held.faces), len(held.train)) == (7, 14)
    learned = training_splits(splits, "here").train
    assert not has_duplicate_in(held.faces.images, learned.images).any()
    assert evaluation_split(splits, "here", "train").train is None
    with pytest.raises(DatasetError, match="here has no split validation; it has test"):
        evaluation_split({"test": splits["test"]}, "here", "validation")
