import numpy as np
import pytest
from supervision import Detections

from fer.recording.box_interpolation import MAX_BUFFERED_BYTES, BoxInterpolator, interpolate_boxes
from fer.video import Frame


def faces(**boxes: float) -> Detections:
    """Faces by number: `faces(_1=10)` is number 1 with its left edge at 10, ten pixels wide."""
    lefts = list(boxes.values())
    return Detections(
        xyxy=np.array([[left, 0, left + 10, 10] for left in lefts], np.float32).reshape(-1, 4),
        tracker_id=np.array([int(name[1:]) for name in boxes], int),
        data={"probabilities": np.full((len(lefts), 7), 1 / 7, np.float32)},
    )


def shown(detections: Detections) -> dict[int, float]:
    return dict(zip(detections.tracker_id.tolist(), detections.xyxy[:, 0].tolist(), strict=True))


@pytest.mark.parametrize(
    ("before", "after", "share", "expected"),
    [
        (faces(_1=0), faces(_1=100), 0.25, {1: 25}),
        (faces(_1=0), faces(_1=100), 0.75, {1: 75}),
        (faces(_1=0, _2=50), faces(_2=60, _1=100), 0.5, {1: 50, 2: 55}),  # another order
        (faces(_1=0, _2=50), faces(_1=10), 0.4, {1: 4, 2: 50}),  # 2 leaves
        (faces(_1=0, _2=50), faces(_1=10), 0.6, {1: 6}),
        (faces(_1=0), faces(_1=10, _3=70), 0.4, {1: 4}),  # 3 comes
        (faces(_1=0), faces(_1=10, _3=70), 0.6, {1: 6, 3: 70}),
        (faces(), faces(_1=10), 0.4, {}),
        (faces(), faces(_1=10), 0.6, {1: 10}),
        (faces(_1=10), faces(), 0.4, {1: 10}),
        (faces(), faces(), 0.6, {}),
    ],
)
def test_boxes_between_two_frames(before, after, share, expected):
    kept = shown(before), shown(after)
    assert shown(interpolate_boxes(before, after, share)) == pytest.approx(expected)
    assert (shown(before), shown(after)) == kept


def glide(
    analysed: dict[int, Detections], count: int, most: int = MAX_BUFFERED_BYTES
) -> list[tuple]:
    """Send frames 0, 1, 2, ... through; returns their times and faces."""
    gliding, given = BoxInterpolator(most), []
    image = np.zeros((1, 1, 3), np.uint8)
    for index in range(count):
        given += gliding.add(Frame(image, float(index), 1.0), analysed.get(index))
    given += gliding.flush()
    return [(frame.time, shown(faces)) for frame, faces in given]


def test_every_frame_comes_out_once_in_order_with_its_boxes():
    given = glide({0: faces(_1=0), 4: faces(_1=40)}, 7)
    assert given == [(time, {1: min(10 * time, 40)}) for time in range(7)]


def test_only_so_many_frames_wait():
    given = glide({0: faces(_1=0), 6: faces(_1=60)}, 7, most=2 * 3)  # frames are of three bytes
    assert [time for time, _ in given] == list(range(7))
    assert [boxes[1] for _, boxes in given] == [0, 0, 0, 0, 40, 50, 60]


@pytest.mark.parametrize(("rate", "looks"), [(240, 5), (60, 1)])
def test_slow_motion_is_interpolated_at_full_size(rate, looks):
    assert (rate // looks - 1) * 1920 * 1080 * 3 <= MAX_BUFFERED_BYTES


def test_a_face_that_is_detected_again_has_its_box_from_the_first_time_on():
    held, given = BoxInterpolator(), []
    image = np.zeros((1, 1, 3), np.uint8)
    looks = {0: faces(**{"_-1": 0, "_-2": 70}), 2: faces(_5=20, **{"_-3": 90}), 4: faces(_5=40)}
    for index in range(5):
        frame = Frame(image, float(index), 1.0)
        given += held.add(frame, looks.get(index), {-1: 5} if index >= 2 else {})
    given += held.flush()
    assert [shown(found) for _, found in given] == [{5: 10.0 * time} for time in range(5)]


def test_no_box_is_interpolated_across_a_cut():
    held, given = BoxInterpolator(), []
    looks = {0: faces(_1=0), 4: faces(_2=40)}
    for index in range(5):
        frame = Frame(np.zeros((1, 1, 3), np.uint8), float(index), 1.0)
        given += held.add(frame, looks.get(index), {}, 1.0 if index else -np.inf)
    given += held.flush()
    assert [list(shown(found)) for _, found in given] == [[1], [2], [2], [2], [2]]
