"""The share of a batch that is done, worked by hand."""

import pytest

from fer.batch.work_estimate import WorkEstimate


def test_videos_count_by_their_length_once_that_is_known():
    work = WorkEstimate(100, 2, typical=60.0)
    assert work.share == 0
    work.finish(photos=50)
    assert work.share == 50 / (100 + 4 * 2 * 60)
    work.plan_video(600)
    assert work.share == 50 / (100 + 4 * 2 * 600)  # the other one is taken to be as long
    work.finish(seconds=600)
    assert work.share == (50 + 4 * 600) / (100 + 4 * 2 * 600)
    work.plan_video(0)  # it can't be read
    assert work.share == (50 + 4 * 600) / (100 + 4 * 600)
    work.finish(photos=50)
    assert work.share == 1


@pytest.mark.parametrize("videos", [0, 3])
def test_a_batch_of_which_nothing_can_be_read_comes_to_its_end(videos):
    work = WorkEstimate(0, videos, typical=60.0)
    for _ in range(videos):
        assert work.share == 0
        work.plan_video(0)
    assert work.share == 1
