"""The plots of a data set: what is drawn."""

import numpy as np
import pytest

from fer.colors import COLORS
from fer.data.dataset_plots import (
    EXAMPLES_PER_CLASS,
    counts_plot,
    duplicates_plot,
    entropy_plot,
    faces_plot,
    mean_faces_plot,
    pictures_plot,
    unanimity_plot,
    votes_plot,
)
from fer.labels import EXPRESSIONS


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_panel_of_counts_a_split():
    counts = {name: 1000 * index for index, name in enumerate(EXPRESSIONS)}
    split = {"pictures": sum(counts.values()), "counts": counts}
    first, second = counts_plot({"train": split, "test": split}).axes
    assert first.get_title() == "train: 21,000" and second.get_title() == "test: 21,000"
    assert texts(first) == ["0", "1,000", "2,000", "3,000", "4,000", "5,000", "6,000"]
    assert first.patches[3].get_facecolor() == pytest.approx(
        [int(COLORS["happy"][i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1]
    )


def test_faces_are_in_the_row_of_their_expression():
    labels = np.array([0] * 20 + [3] * 2)
    images = np.stack([np.full((48, 48), 10 * (index + 1), np.uint8) for index in range(22)])
    grid = np.reshape(faces_plot(images, labels).axes, (len(EXPRESSIONS), 1 + EXAMPLES_PER_CLASS))
    shown = [[axes.images[0].get_array()[0, 0] for axes in row if axes.images] for row in grid]
    assert [len(row) for row in shown] == [1 + EXAMPLES_PER_CLASS, 0, 0, 3, 0, 0, 0]
    assert (
        set(shown[0][1:]) <= set(range(10, 201, 10))
        and len(set(shown[0][1:])) == EXAMPLES_PER_CLASS
    )
    assert sorted(shown[3][1:]) == [210, 220]
    assert grid[3, 0].get_ylabel() == "happy"


def test_duplicates_are_one_above_the_other():
    one, other = np.zeros((48, 48)), np.ones((48, 48))
    axes = duplicates_plot([(one, "sad", other, "fear"), (other, "happy", one, "angry")]).axes
    assert [part.get_title() for part in axes] == ["sad", "happy", "fear", "angry"]


def test_votes_are_percent_of_each_label():
    matrix = np.zeros((7, 10), int)
    matrix[3, 1], matrix[3, 9] = 3, 1
    axes = votes_plot(matrix, "train").axes[0]
    assert texts(axes) == ["0", "75", *["0"] * 7, "25"]  # the other labels have no faces
    assert [tick.get_text() for tick in axes.get_xticklabels()][-1] == "not a face"


def test_unanimity_is_shown_as_a_share_of_the_faces():
    axes = unanimity_plot([0] * 8 + [1, 3], "train").axes[0]
    assert [bar.get_height() for bar in axes.patches][-2:] == [25, 75]


def test_mean_faces_are_in_one_row():
    images = np.stack([np.full((48, 48), value, np.uint8) for value in (10, 30, 90)])
    images[:, 0] = 255
    row = mean_faces_plot(images, np.array([0, 0, 6])).axes
    assert [axes.get_title() for axes in row] == [*EXPRESSIONS]
    assert [len(axes.images) for axes in row] == [1, 0, 0, 0, 0, 0, 1]
    assert row[0].images[0].get_array()[[0, 47], 5].tolist() == [255, 0]


def test_pictures_fill_rows_with_their_titles():
    pictures = [np.full((48, 48), value, np.uint8) for value in range(5)]
    grid = pictures_plot(pictures, [f"{i}\nx" for i in range(5)], columns=3).axes
    assert [axes.get_title() for axes in grid] == [*(f"{i}\nx" for i in range(5)), ""]
    assert [axes.images[0].get_array()[0, 0] for axes in grid[:5]] == [0, 1, 2, 3, 4]


def test_entropy_has_a_box_an_expression():
    entropy = np.array([0, 1, 2, np.nan], np.float32)
    (axes,) = entropy_plot(entropy, np.array([0, 0, 3, 3]), "train").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [*EXPRESSIONS]
    assert len(axes.patches) == 7 and axes.lines[0].get_xdata().max() <= 1
