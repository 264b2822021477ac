import json

import numpy as np
import pytest

from fer.recording.thumbnails import (
    THUMBNAIL_SIDE,
    Thumbnail,
    contact_sheet,
    make_thumbnails,
    pack_thumbnails,
    unpack_thumbnails,
)
from fer.timeline.moments import Moment
from fer.video import VideoWriter
from tests.sample_videos import grey


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Twenty seconds in which each second has its own grey."""
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    with VideoWriter(path, 640, 80) as writer:
        for second in range(20):
            writer.write(grey(second, (640, 80)), second, 1.0)
    return path


def test_the_middle_of_each_moment(video):
    moments = [Moment(3, 8, "happy", 0.1, 0.5, 1, 1), Moment(15, 16, "sad", 0.1, 0.5, 1, 1)]
    pictures = make_thumbnails(video, moments, 20.0)
    assert [(p.time, p.caption) for p in pictures] == [(5.5, "0:03 happy"), (15.5, "0:15 sad")]
    for picture, second in zip(pictures, (5, 15), strict=True):
        assert picture.image.shape == (THUMBNAIL_SIDE * 80 // 640, THUMBNAIL_SIDE, 3)
        assert abs(float(picture.image.mean()) - grey(second, (1, 1)).mean()) < 4


def test_without_moments_an_overview(video):
    pictures = make_thumbnails(video, [], 20.0)
    assert [p.time for p in pictures] == [2.5, 7.5, 12.5, 17.5]
    assert [p.caption for p in pictures] == ["0:02", "0:07", "0:12", "0:17"]
    assert [p.caption for p in make_thumbnails(video, [], 2.0)] == [
        *("0:00.2", "0:00.7", "0:01.2", "0:01.7")
    ]


@pytest.mark.parametrize(("count", "shape"), [(1, (84, 72)), (4, (84, 264)), (8, (160, 264))])
def test_thumbnails_are_in_rows_of_four(count, shape):
    image = np.full((40, 56, 3), (200, 0, 0), np.uint8)
    sheet = contact_sheet([Thumbnail(0.0, "0:00", image)] * count)
    assert sheet.shape == (*shape, 3)
    assert (sheet == (200, 0, 0)).all(axis=2).sum() == count * 40 * 56


def test_packed_thumbnails_come_out_as_they_were():
    images = [np.random.default_rng(0).integers(0, 256, (h, 9, 3), np.uint8) for h in (4, 7)]
    pictures = [Thumbnail(i + 0.5, f"0:0{i}", image) for i, image in enumerate(images)]
    described, data = pack_thumbnails(pictures)
    found = list(unpack_thumbnails(json.loads(json.dumps(described)), memoryview(data)))
    assert [(p.time, p.caption) for p in found] == [(p.time, p.caption) for p in pictures]
    for picture, image in zip(found, images, strict=True):
        np.testing.assert_array_equal(picture.image, image)
