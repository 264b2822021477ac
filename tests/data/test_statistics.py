"""Statistics of a data set: counted by hand on a few faces, and of FER2013 itself."""

from pathlib import Path

import numpy as np
import pytest

from fer.data.arrays import FerArrays
from fer.data.duplicates import DUPLICATE_CORRELATION, duplicate_groups, has_duplicate_in
from fer.data.fer2013 import load_arrays, load_fer2013
from fer.data.statistics import dataset_statistics, split_statistics, vote_statistics
from fer.labels import EXPRESSIONS

FER2013 = Path(__file__).parents[3] / "shared" / "data" / "fer2013"


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 200, (count, 48, 48)).astype(np.uint8)


def arrays(images, labels, votes=None):
    votes = np.zeros((len(labels), 10)) if votes is None else votes
    return FerArrays(np.asarray(images, np.uint8), np.array(labels), np.array(votes, np.float32))


@pytest.mark.parametrize("batch", [2, 512])
def test_duplicates_are_found_in_groups(monkeypatch, batch):
    monkeypatch.setattr("fer.data.duplicates.BATCH_SIZE", batch)
    one, two, three, four = noise(4)
    images = np.stack([one, two, one + 9, three, two // 2, one // 2 + 30, four])
    assert [group.tolist() for group in duplicate_groups(images)] == [[0, 2, 5], [1, 4]]
    assert duplicate_groups(images[:0]) == []


def test_pictures_that_are_all_alike_are_one_group():
    alike = np.clip(noise(1) + np.arange(40).reshape(-1, 1, 1), 0, 255).astype(np.uint8)
    assert [len(group) for group in duplicate_groups(alike)] == [40]
    assert has_duplicate_in(alike[:3], alike[5:]).all()


@pytest.mark.parametrize("side", [(48, 48), (47, 50), (3, 5)])
def test_the_bound_loses_no_duplicate(side):
    """Pairs on both sides of the limit, in detail as well as in brightness."""
    generator = np.random.default_rng(4)
    originals = generator.integers(0, 256, (30, *side)).astype(float)
    shares = np.linspace(0, 0.3, 30).reshape(-1, 1, 1)
    changed = originals * (1 - shares) + shares * generator.integers(0, 256, (30, *side))
    images = np.concatenate([originals, changed]).astype(np.uint8)
    rows = np.corrcoef(images.reshape(len(images), -1)) > DUPLICATE_CORRELATION
    expected = {(i, j) for i, j in np.argwhere(rows).tolist() if i < j}
    groups = [tuple(group.tolist()) for group in duplicate_groups(images)]
    assert set(groups) == expected and 5 < len(expected) < 30


def test_a_duplicate_of_a_duplicate_is_in_the_group():
    one, other = noise(2).astype(float)
    halfway = [one + share * other / 11 for share in (0, 1, 2)]
    assert len(duplicate_groups(np.stack(halfway[::2]).astype(np.uint8))) == 0
    chain = np.stack([halfway[0], halfway[2], halfway[1]]).astype(np.uint8)
    assert [group.tolist() for group in duplicate_groups(chain)] == [[0, 1, 2]]


def test_figures_of_a_split():
    one, two = noise(2)
    blank = np.full((48, 48), 7)
    figures = split_statistics(arrays([one, two, one, blank, two, one], [0, 3, 0, 6, 3, 5]), None)
    assert figures["pictures"] == 6 and figures["blank"] == 1
    assert figures["counts"]["happy"] == 2 and figures["counts"]["disgust"] == 0
    assert figures["duplicates"] == {
        "groups": 2,
        "redundant": 3,
        "conflicting": 1,
        "rows": [[0, 5]],
    }
    assert figures["in_train"] is None and figures["ferplus"] is None


def test_other_splits_are_searched_for_duplicates_of_training_pictures():
    one, two, three = noise(3)
    splits = {"train": arrays([one, two], [0, 1]), "validation": arrays([three, two], [0, 1])}
    figures = dataset_statistics(splits)
    assert (figures["train"]["in_train"], figures["validation"]["in_train"]) == (None, 1)
    alone = dataset_statistics({"validation": splits["validation"]})
    assert alone["validation"]["in_train"] is None


def test_votes_by_hand():
    votes = [
        [0, 8, 0, 0, 2, 0, 0, 0, 0, 0],  # labelled happy: agreed with
        [6, 0, 0, 3, 0, 0, 0, 1, 0, 0],  # labelled sad: neutral has more
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 9],  # labelled angry, by all others no face
        [0] * 10,  # nobody voted
    ]
    figures = vote_statistics(arrays(noise(4), [3, 4, 0, 5], votes))
    assert figures["pictures"] == 3
    assert figures["agreement"] == pytest.approx(1 / 3)
    assert figures["voter_agreement"] == pytest.approx((0.8 + 0.3 + 0) / 3)
    assert figures["unanimity"] == [0, 0, 0, 0, 0, 1, 0, 1, 0, 1]
    matrix = np.array(figures["matrix"])
    assert matrix.shape == (len(EXPRESSIONS), 10) and matrix.sum() == 3
    assert matrix[3, 1] == matrix[4, 0] == matrix[0, 9] == 1


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(not FER2013.is_dir(), reason="FER2013 is not here")
def test_fer2013_has_the_duplicates_that_were_counted_elsewhere():
    splits = {name: load_arrays(split) for name, split in load_fer2013(FER2013).items()}
    figures = dataset_statistics(splits)
    duplicates = figures["train"]["duplicates"]
    assert (duplicates["redundant"], duplicates["groups"], duplicates["conflicting"]) == (
        1292,
        1070,
        49,
    )
    assert figures["validation"]["in_train"] == 292
    assert figures["train"]["blank"] + figures["validation"]["blank"] == 12
