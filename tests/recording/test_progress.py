import pytest

from fer.recording.progress import AnalysisCancelled, ProgressReporter


def reports(steps, duration=100.0):
    """Tell a reporter (clock, seconds read) and return what it says."""
    reports, now = [], [0.0]
    reporter = ProgressReporter(reports.append, None, duration, clock=lambda: now[0])
    for clock, seconds in steps:
        now[0] = clock
        reporter.report(seconds)
    return [
        (round(each.fraction, 3), each.seconds_left and round(each.seconds_left, 1))
        for each in reports
    ]


@pytest.mark.parametrize(
    ("steps", "duration", "expected"),
    [
        ([(10, 0), (10.5, 10)], 100.0, [(0.0, None), (0.097, None)]),  # too early to say
        ([(0, 0), (10, 50)], 100.0, [(0.0, None), (0.485, 10.6)]),
        ([(60, 0), (70, 50)], 100.0, [(0.0, None), (0.485, 10.6)]),  # after a slow start
        ([(60, 20), (70, 70)], 100.0, [(0.194, None), (0.679, 6.6)]),
        ([(1, 1), (1.1, 2), (1.3, 3)], 100.0, [(0.01, None), (0.029, None)]),  # not too often
        ([(0, 0), (10, 150)], 100.0, [(0.0, None), (0.97, 0.3)]),  # longer than it said
        ([(0, 0), (10, 50)], None, [(0.0, None), (0.0, None)]),
    ],
)
def test_progress_is_reported_with_the_time_left(steps, duration, expected):
    assert reports(steps, duration) == expected


def test_it_ends_at_one():
    reports = []
    ProgressReporter(reports.append, None, 10.0).finish()
    assert (reports[0].fraction, reports[0].seconds_left) == (1.0, 0.0)


def test_a_cancelled_analysis_raises():
    reporter = ProgressReporter(None, lambda: True, 10.0)
    with pytest.raises(AnalysisCancelled, match="cancelled"):
        reporter.report(1.0)
