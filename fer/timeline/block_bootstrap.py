"""Standard error of a mean over seconds that resemble each other: the circular block bootstrap.

Blocks whose length follows from the autocorrelation are drawn with replacement. What infinitely
many draws would give has a closed form, which is used: nothing is random, and nothing to seed.

In short series the autocorrelation is underestimated, so that the bootstrap alone gives too narrow
intervals: with a minute of strongly correlated seconds its 95 % intervals contain the true mean in
about 70 % of cases. So the error is at least that of a first-order autoregressive series, whose
known bias is corrected, fitted to seconds, to means of two, of four, and so on: a slow variation
beneath fast noise appears only in the longer ones. `tests/timeline/test_block_bootstrap.py`
measures the coverage.
"""

from dataclasses import dataclass

import numpy as np

from fer.array_types import BoolArray, Float64Array

MIN_SECONDS = 10
"""Fewest values with an error; of fewer nothing can be known about the correlation."""

MAX_CORRELATION = 0.99
"""Highest correlation of neighbours that is assumed; with 1 a series has no mean."""

MIN_MEANS = 10
"""Fewest means of two, four, ... seconds from which their correlation is taken."""


@dataclass(frozen=True)
class MeanError:
    """How well a mean is known.

    Attributes:
        error: Its standard error; NaN below `MIN_SECONDS` values, or where one isn't known.
        degrees_of_freedom: Those of the error: the number of independent pieces less one, at
            least 1.
        block: Length of a block.
    """

    error: float
    degrees_of_freedom: float
    block: int


def mean_error(values: Float64Array, adjacent: BoolArray | None = None) -> MeanError:
    """Return the standard error of the mean of a series.

    Args:
        values: One value per second, (n,), by time.
        adjacent: Whether each value but the first directly follows the one before, (n - 1,); None
            if all do.
    """
    count = len(values)
    if count < MIN_SECONDS or not np.isfinite(values).all():  # as of a damaged file
        return MeanError(np.nan, 1.0, 1)
    block = block_length(values)
    # A block's mean varies about the series' own mean, which takes a degree of freedom.
    error = _block_error(values, block) * np.sqrt(count / (count - block))
    least, pieces = _largest_autoregressive_error(values, adjacent)
    degrees_of_freedom = max(min(count / block, pieces) - 1, 1.0)
    return MeanError(max(error, least), degrees_of_freedom, block)


def block_length(values: Float64Array) -> int:
    """Return the length of a block, from the autocorrelation (Politis & White 2004, Patton 2009).

    Args:
        values: One value per second, (n,), n at least `MIN_SECONDS`.
    """
    count = len(values)
    deviations = values - values.mean()
    quiet = max(5, int(np.ceil(np.sqrt(np.log10(count)))))
    most = min(int(np.ceil(np.sqrt(count))) + quiet, count - 1)
    covariances = np.array(
        [deviations[: count - lag] @ deviations[lag:] / count for lag in range(most + 1)]
    )
    if covariances[0] <= 1e-15 * max(1.0, float(np.abs(values).max()) ** 2):  # a constant
        return 1
    large = np.abs(covariances[1:]) >= 2 * np.sqrt(np.log10(count) / count) * covariances[0]
    first_quiet = (lag for lag in range(most - quiet + 1) if not large[lag : lag + quiet].any())
    memory = next(first_quiet, int(np.flatnonzero(large).max(initial=0)) + 1)
    lags = np.arange(1, min(max(2 * memory, 1), most) + 1)
    weights = np.where(lags / len(lags) <= 0.5, 1.0, 2 * (1 - lags / len(lags)))
    spectrum = covariances[0] + 2 * (weights * covariances[lags]).sum()
    slope = 2 * (weights * lags * covariances[lags]).sum()
    if spectrum <= 0:
        return 1
    length = (1.5 * slope**2 / spectrum**2 * count) ** (1 / 3)
    return int(np.ceil(np.clip(length, 1, min(3 * np.sqrt(count), count / 3))))


def _block_error(values: Float64Array, block: int) -> float:
    """Return the standard error that the circular block bootstrap gives the mean."""
    count = len(values)
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
    means = (sums[block : block + count] - sums[:count]) / block
    return float(means.std() / np.sqrt(count / block))


def _largest_autoregressive_error(
    values: Float64Array, adjacent: BoolArray | None
) -> tuple[float, float]:
    """Return the largest standard error of the mean, and its independent pieces, over all scales.

    The series is taken as autoregressive of first order, as it is and in means of two, four, ...
    """
    errors = [_autoregressive_error(values, adjacent)]
    width = 2
    while len(values) // width >= MIN_MEANS:
        whole = values[: len(values) // width * width].reshape(-1, width)
        errors.append(_autoregressive_error(whole.mean(axis=1), None))
        width *= 2
    return max(errors)


def _autoregressive_error(values: Float64Array, adjacent: BoolArray | None) -> tuple[float, float]:
    """Return the standard error of the mean of such a series, and its independent pieces."""
    count = len(values)
    deviations = values - values.mean()
    variance = float(deviations @ deviations) / (count - 1)
    if variance <= 0:
        return 0.0, float(count)
    products = deviations[1:] * deviations[:-1]
    pairs = products if adjacent is None else products[adjacent]
    correlation = float(pairs.mean()) / variance if len(pairs) >= MIN_SECONDS - 1 else 0.0
    correlation += (1 + 4 * correlation) / count  # its bias, of the first order
    correlation = min(max(correlation, 0.0), MAX_CORRELATION)
    memory = (1 + correlation) / (1 - correlation)
    return float(np.sqrt(variance / count * memory)), count / memory
