"""Sums by bin and track: exact whatever the order, and small."""

import time
import tracemalloc

import numpy as np
import pytest

from fer.labels import EXPRESSIONS
from fer.timeline.expression_statistics import compute_statistics, weight_bins_equally
from fer.timeline.face_counts import COUNT_COLUMNS
from fer.timeline.summary import summarise
from fer.timeline.timeline import Timeline
from fer.timeline.track_counts import QUALITY_SUMS, TRACK_SUMS, TrackCounts, mean_quality


def random_rows(count, seed=0):
    rows = np.random.default_rng(seed).integers(0, 1_000_000, (count, len(TRACK_SUMS)))
    rows[:, 0] = 1
    rows[:, COUNT_COLUMNS.index("squares")] *= 1_000_000
    return rows.astype(np.int64)


def test_counts_add_up_in_any_order():
    rows, generator = random_rows(300), np.random.default_rng(1)
    keys = [(int(b), int(t)) for b, t in generator.integers(0, 7, (300, 2))]
    expected = {}
    counts = TrackCounts()
    for (number, track), row in zip(keys, rows, strict=True):
        counts.add(number, [track], [row])
        expected[number, track] = expected.get((number, track), 0) + row
    bins, tracks, found = counts.arrays()
    assert list(zip(bins.tolist(), tracks.tolist(), strict=True)) == sorted(expected)
    np.testing.assert_array_equal(found, [expected[key] for key in sorted(expected)])


def test_counts_beyond_32_bits_are_kept():
    counts = TrackCounts()
    row = np.full(len(TRACK_SUMS), 2**40, np.int64)
    counts.add(0, [3], [row])
    counts.add(1, [3], [row])  # packs the first
    np.testing.assert_array_equal(counts.arrays()[2], [row, row])


def test_sums_of_quality_may_be_negative():
    counts, row = TrackCounts(), random_rows(1)[0]
    row[-4:] = [1, -30, 70_000, -(2**40)]
    counts.add(0, [3], [row])
    counts.add(1, [3], [row])  # packs the first
    counts.add(0, [3], [row])  # and opens it again
    np.testing.assert_array_equal(counts.arrays()[2], [2 * row, row])


def test_means_of_quality_are_rounded_once():
    sums = np.array([[5, 274, -27, 263, 1121, 295, 7]])  # of five frames
    means = {name: float(value[0]) for name, value in mean_quality(sums).items()}
    size, roll, yaw, sharpness = 54.8, -5.4, 52.6, 224.2
    assert list(means.values()) == [size, roll, yaw, sharpness, 0.59, 0.014]


def test_nothing_is_three_empty_arrays():
    assert [array.shape for array in TrackCounts().arrays()] == [(0,), (0,), (0, 22)]


def crowd(bins, faces, tracks):
    """A timeline with `faces` of `tracks` different people in each bin."""
    timeline, rows = Timeline("person"), random_rows(faces)
    generator = np.random.default_rng(2)
    for number in range(bins):
        timeline.restore({number: rows.sum(axis=0)[: len(COUNT_COLUMNS)]}, {})
        chosen = np.sort(generator.choice(tracks, faces, replace=False))
        timeline._tracks.add(number, chosen.tolist(), list(rows))
    return timeline


def test_memory_is_under_90_bytes_a_face_and_second():
    limits = [10**6 if name in (*EXPRESSIONS, "squares") else 100 for name in COUNT_COLUMNS]
    rows = random_rows(50) % [*limits, *[5000] * len(QUALITY_SUMS)]
    tracemalloc.start()
    counts = TrackCounts()
    for number in range(400):
        counts.add(number, list(range(50)), list(rows))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 90 * 50 * 400
    assert used == pytest.approx(counts.nbytes, rel=0.15)


def test_thousands_of_tracks_are_summed_up_at_once_and_equal_to_one_by_one():
    timeline = crowd(500, 20, 3000)
    start = time.thread_time()
    summary = summarise(timeline)
    assert time.thread_time() - start < 1
    numbers, tracks, rows = timeline.track_counts()
    bins, tallied = timeline.counts()
    frames = compute_statistics(tallied)["frames"][np.searchsorted(bins, numbers)]
    weighted = weight_bins_equally(rows, frames)
    for entry in summary.tracks[::300]:
        own = compute_statistics(weighted[tracks == entry.track].sum(axis=0)[None])
        assert entry.mean["sad"] == pytest.approx(own["sad"].item())
        assert entry.index == pytest.approx(own["index"].item())
        assert entry.seconds == pytest.approx(weighted[tracks == entry.track, 0].sum())
    assert [entry.track for entry in summary.tracks] == np.unique(tracks).tolist()
