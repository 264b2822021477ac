"""Intervals hold the truth as often as they promise, on series whose truth is known."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import t

from fer.timeline.block_bootstrap import MIN_SECONDS, _block_error, block_length, mean_error


def autoregressive(rng, runs, count, correlation, spread=1.0):
    """Series of mean 0, (runs, count), that begin in their stationary state."""
    noise = rng.normal(size=(runs, count)) * spread
    noise[:, 0] /= np.sqrt(1 - correlation**2)
    return lfilter([1], [1, -correlation], noise, axis=1)


def coverage(rows):
    """Share of the series whose 95 % interval holds their true mean, 0."""
    held = []
    for row in rows:
        known = mean_error(row)
        held.append(abs(row.mean()) < t.ppf(0.975, known.degrees_of_freedom) * known.error)
    return np.mean(held)


@pytest.mark.parametrize("count", [60, 300, 1200])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8, 0.95])
def test_intervals_of_correlated_seconds_contain_the_true_mean(count, correlation):
    rows = autoregressive(np.random.default_rng(1), 200, count, correlation)
    assert 0.9 <= coverage(rows) <= 0.995


def test_correlation_beyond_neighbours_is_covered():
    rng = np.random.default_rng(2)
    slow = autoregressive(rng, 200, 600, 0.97) * 0.3  # a mood beneath the noise of faces
    assert 0.9 <= coverage(slow + rng.normal(size=slow.shape)) <= 0.995


def test_the_naive_error_would_be_wrong():
    rows = autoregressive(np.random.default_rng(3), 200, 300, 0.9)
    naive = rows.std(axis=1) / np.sqrt(rows.shape[1])
    assert np.mean(np.abs(rows.mean(axis=1)) < 1.96 * naive) < 0.5


def test_the_closed_form_is_what_many_draws_give():
    row = autoregressive(np.random.default_rng(4), 1, 120, 0.7)[0]
    rng = np.random.default_rng(5)
    starts = rng.integers(0, 120, (20_000, 20))
    draws = row[(starts[..., None] + np.arange(6)) % 120].mean(axis=(1, 2))
    assert _block_error(row, 6) == pytest.approx(draws.std(), rel=0.02)


def test_blocks_are_longer_where_seconds_are_correlated():
    rng = np.random.default_rng(6)
    lengths = [
        np.mean([block_length(row) for row in autoregressive(rng, 20, 600, correlation)])
        for correlation in (0.0, 0.5, 0.9)
    ]
    assert lengths[0] < 3 < lengths[1] < 15 < lengths[2]


def test_short_and_constant_series():
    assert np.isnan(mean_error(np.arange(MIN_SECONDS - 1.0)).error)
    assert mean_error(np.full(50, 0.3)).error == pytest.approx(0, abs=1e-12)
    assert np.isnan(mean_error(np.array([0.5, np.nan] * 20)).error)


def test_only_consecutive_seconds_count_for_the_correlation():
    row = autoregressive(np.random.default_rng(7), 1, 400, 0.9)[0]
    shuffled = np.random.default_rng(8).permutation(row)
    none_adjacent = np.zeros(len(row) - 1, bool)
    assert mean_error(shuffled, none_adjacent).error == pytest.approx(
        mean_error(shuffled).error, rel=0.3
    )
