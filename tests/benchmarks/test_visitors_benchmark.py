"""The sums of the benchmark of many visitors."""

import pytest

from benchmarks.visitors import figures


def test_rates_are_of_the_time_measured_and_ages_of_all_results():
    eager = [(9.5, 9.0), (10.0, 0.1), (11.0, 0.2), (19.0, 0.3), (20.5, 0.9)]
    slow = [(15.0, 5.0)]
    assert figures([eager, slow], begin=10, seconds=10) == {
        "least_rate": 0.1,
        "mean_rate": 0.2,
        "age_median": 0.3,
        "age_p99": pytest.approx(4.836),
        "age_longest": 5.0,
    }


def test_a_visitor_who_waits_for_ever_is_an_error():
    with pytest.raises(ValueError, match="no result in time"):
        figures([[(11.0, 0.1)], [(9.0, 0.1)]], begin=10, seconds=10)
