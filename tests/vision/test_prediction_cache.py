"""Faces that did not change are not read again."""

import numpy as np
import pytest

from fer.vision.prediction_cache import PredictionCache

rng = np.random.default_rng(0)
FACES = [rng.integers(0, 256, (48, 48, 3)).astype(np.uint8) for _ in range(4)]


class Counting:
    """Returns 0, 1, 2, ... and keeps how many crops it was given."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.predicted = 0

    def __call__(self, crops) -> np.ndarray:
        self.batches.append(len(crops))
        rows = np.full(
            (len(crops), 7), np.arange(self.predicted, self.predicted + len(crops))[:, None]
        )
        self.predicted += len(crops)
        return rows.astype(np.float32)


def classified(cache: PredictionCache, *frames, step: float) -> list[int]:
    """How many faces were classified in each frame."""
    classify = Counting()
    for index, (numbers, crops) in enumerate(frames):
        cache.predict(numbers, crops, index * step, classify)
    return classify.batches


def test_a_still_face_is_classified_once_per_max_age():
    counts = classified(PredictionCache(0.2), *[([1], FACES[:1])] * 21, step=0.0499)
    assert sum(counts) == 1 + 4  # one second


def test_classifying_several_still_faces_spreads_over_the_frames():
    counts = classified(PredictionCache(0.2), *[([1, 2, 3, 4], FACES)] * 9, step=0.0501)
    assert counts == [4, *[1] * 8]


def test_a_changed_face_is_classified_again():
    cache, classify = PredictionCache(1.0, min_age=0.05), Counting()
    cache.predict([1, 2], FACES[:2], 0.0, classify)
    rows = cache.predict([1, 2], [FACES[0], FACES[2]], 0.06, classify)
    assert classify.batches == [2, 1]
    assert rows[:, 0].tolist() == [0, 2]


def test_a_face_that_always_changes_is_classified_once_per_min_age():
    frames = [([1], FACES[index % 2 : index % 2 + 1]) for index in range(9)]
    assert classified(PredictionCache(1.0, min_age=0.05), *frames, step=0.02) == [1, 0, 0] * 3


def test_predictions_stay_with_their_tracks():
    cache, classify = PredictionCache(1.0), Counting()
    cache.predict([1, 2, 3], FACES[:3], 0.0, classify)
    rows = cache.predict([3, 1], [FACES[2], FACES[0]], 0.0, classify)
    assert rows[:, 0].tolist() == [2, 0]


def test_no_prediction_is_older_than_max_age():
    cache, classify = PredictionCache(0.2), Counting()
    cache.predict([1, 2], FACES[:2], 0.0, classify)
    cache.predict([1, 2], FACES[:2], 0.3, classify)
    assert classify.batches == [2, 2]


def test_a_face_that_was_away_is_classified_again():
    frames = [([1], FACES[:1]), ([], []), ([1], FACES[:1])]
    assert classified(PredictionCache(1.0), *frames, step=0.01) == [1, 0, 1]


def test_no_face_is_an_empty_value():
    assert PredictionCache().predict([], [], 0.0, Counting()).shape == (0, 7)


def test_zero_classifies_each_face_in_each_frame():
    assert classified(PredictionCache(0), *[([1, 2], FACES[:2])] * 3, step=0.01) == [2, 2, 2]


@pytest.mark.parametrize("name", ["max_age", "min_age"])
def test_a_negative_time_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} is 0 seconds or more, not -1"):
        PredictionCache(**{name: -1})
