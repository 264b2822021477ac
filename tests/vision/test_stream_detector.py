"""Faces of a stream, with the real detector on moving pictures of one real face."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut
from supervision import Detections, box_iou_batch

from fer.vision.detector import ANNOTATED_SIZE_SHARE, FaceDetector
from fer.vision.pose import roll, roll_difference
from fer.vision.pyramid import Tile
from fer.vision.stream_detector import StreamDetector
from tests.fakes import FakeDetector

ASTRONAUT = cv2.resize(astronaut()[:300, 80:380], (200, 200), interpolation=cv2.INTER_AREA)
WALL = np.full((240, 480, 3), (70, 90, 120), np.uint8)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def scene(*lefts: int) -> np.ndarray:
    """A wall with one face at each of these columns."""
    picture = WALL.copy()
    for left in lefts:
        picture[20:220, left : left + 200] = ASTRONAUT
    return picture


def followed(detector, frames, step=0.04) -> list[Detections]:
    """What comes of each frame; the first is sent once more before, so that its faces count."""
    follower = StreamDetector()
    follower.update(detector, frames[0], 5 - step)
    return [follower.update(detector, frame, 5 + i * step) for i, frame in enumerate(frames)]


def numbers(faces: Detections) -> list[int]:
    return sorted(faces.tracker_id[faces.tracker_id > 0].tolist())


def test_a_moving_face_is_where_a_full_detection_has_it_and_keeps_its_number(detector):
    frames = [scene(10 + 8 * index) for index in range(25)]
    for frame, faces in zip(frames, followed(detector, frames), strict=True):
        assert numbers(faces) == [1]
        assert box_iou_batch(faces.xyxy, detector.detect(frame).xyxy)[0, 0] > 0.7
        assert faces.data["landmarks"].shape == (1, 5, 2)


@pytest.mark.parametrize("step", [1 / 60, 0.1])
def test_a_new_face_is_boxed_within_half_a_second(detector, step):
    before, after = [scene(10)] * round(0.4 / step), [scene(10, 260)] * round(0.5 / step)
    assert numbers(followed(detector, before + after, step)[-1]) == [1, 2]


@pytest.mark.parametrize("time", [4.9, float("nan"), float("inf")])
def test_a_time_that_goes_back_or_is_no_number_is_refused(time):
    follower, detector = StreamDetector(), FakeDetector()
    follower.update(detector, WALL, 5.0)
    with pytest.raises(ValueError, match=r"doesn't go back, but .* follows 5.0; begin anew"):
        follower.update(detector, WALL, time)
    with pytest.raises(ValueError, match="in seconds"):
        StreamDetector().update(detector, WALL, -float("inf"))


def test_another_scene_is_searched_at_once(detector):
    bright = scene(240)
    bright[:, :200] = 255
    faces = followed(detector, [WALL, WALL, bright])[-1]
    assert len(faces) == 1


def test_a_covered_face_is_gone_and_comes_back_with_its_number(detector):
    frames = [scene(10, 260)] * 3 + [scene(10)] * 15 + [scene(10, 260)] * 2
    answers = followed(detector, frames)
    left = answers[2].tracker_id[answers[2].xyxy[:, 0].argmin()]
    assert [numbers(faces) for faces in answers[2:4]] == [[1, 2], [left]]
    assert numbers(answers[-1]) == [1, 2]


@pytest.mark.parametrize("rate", [5, 15])
def test_a_face_that_nods_and_is_hidden_comes_back_with_its_number(detector, rate):
    def picture(time):
        place = 100 + 150 * min(max(time - 0.6, 0), 0.2)  # 30 pixels aside in a fifth of a second
        return WALL if 0.8 < time < 1.55 else scene(round(place) if time < 1 else 100)

    frames = [picture(i / rate) for i in range(round(2.2 * rate))]
    answers = followed(detector, frames, 1 / rate)
    assert [] in map(numbers, answers)
    assert numbers(answers[-1]) == [1]


@pytest.mark.parametrize("step", [0.1, 0.43, 0.47])
def test_a_known_face_that_is_half_covered_stays_however_slow_the_stream(detector, step):
    covered = scene(100)
    covered[94:111, 163:228] = 40  # something dark before nose and cheeks
    assert len(detector.detect(covered)) == 0
    answers = followed(detector, [scene(100)] + [covered] * 4, step)
    assert [numbers(faces) for faces in answers] == [[1]] * 5


def test_a_known_face_may_be_a_little_smaller_than_the_least_size(detector):
    size = (detector.detect(scene(100)).xyxy[0, 2:] - detector.detect(scene(100)).xyxy[0, :2]).max()
    least = detector.with_min_face(int(size / ANNOTATED_SIZE_SHARE))
    shrunk = np.float32([[0.86, 0, 28], [0, 0.86, 14]])
    farther = cv2.warpAffine(scene(100), shrunk, (480, 240), borderMode=cv2.BORDER_REPLICATE)
    assert len(least.detect(farther)) == 0
    answers = followed(least, [scene(100)] + [farther] * 12)
    assert [numbers(faces) for faces in answers] == [[1]] * 13


def test_a_face_counts_from_the_second_frame_in_which_it_is_detected(detector):
    follower = StreamDetector()
    frames = [scene(100), scene(100), scene(100), scene(100, 280)]
    found = [follower.update(detector, frame, 0.5 * i) for i, frame in enumerate(frames)]
    assert [sorted(faces.tracker_id.tolist()) for faces in found] == [[-1], [1], [1], [-2, 1]]


def test_false_detections_in_single_frames_never_count(detector):
    frames = [WALL] * 3 + [scene(100), WALL, WALL, WALL] * 4
    assert [numbers(faces) for faces in followed(detector, frames, 0.2)] == [[]] * 19


def test_a_face_in_its_first_frame_may_jump_by_half_its_size(detector):
    follower = StreamDetector()
    follower.update(detector, scene(100), 0.0)
    assert numbers(follower.update(detector, scene(130), 0.04)) == [1]


def test_a_jump_of_half_a_face_is_followed_at_once(detector):
    first, second = followed(detector, [scene(100), scene(130)])
    assert numbers(first) == numbers(second) == [1]


def test_no_face_is_an_empty_value(detector):
    for faces in followed(detector, [WALL] * 3):
        assert faces.tracker_id.shape == (0,)


class Searching:
    """A detector that keeps where it was asked to look."""

    def __init__(self) -> None:
        self.looked: list[list[Tile]] = []

    def tiles(self, image) -> list[int]:
        return list(range(7))

    def detect_any_rotation(self, image) -> Detections:
        return Detections.empty()

    def redetect(self, image, xyxy, confidence, rolls=None) -> Detections:
        return self.detect(image)

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        self.looked.append(tiles)
        return Detections(xyxy=np.empty((0, 4), np.float32))


@pytest.mark.parametrize("cycle", [0.3, 0.6])
@pytest.mark.parametrize("rate", [5, 10, 30, 100])
def test_the_whole_picture_is_searched_once_per_period(rate, cycle):
    detector, follower = Searching(), StreamDetector(search_period=cycle)
    follower.update(detector, WALL, 0.0)
    for index in range(1, rate + 1):
        follower.update(detector, WALL, index / rate)
    visits = [part for parts in detector.looked[1:] for part in parts or []]
    assert len(visits) == pytest.approx(7 / cycle, abs=1)
    assert [visits.count(part) for part in range(7)] == pytest.approx([1 / cycle] * 7, abs=1)


def test_after_a_pause_the_whole_picture_is_searched():
    detector, follower = Searching(), StreamDetector()
    follower.update(detector, WALL, 0.0)
    follower.update(detector, WALL, follower.search_period)
    follower.update(detector, WALL, 60.0)
    assert detector.looked[0] is None
    searches = [parts for parts in detector.looked[1:] if parts]
    assert [sorted(parts) for parts in searches] == [list(range(7))] * 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_age": -1}, "max_age is 0 seconds or more, not -1"),
        ({"search_period": 0}, "search_period is above 0 seconds, not 0"),
    ],
)
def test_options_out_of_range(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        StreamDetector(**options)


def turning_head(degrees) -> list[np.ndarray]:
    """A face on a wall, tilted by so much in each frame."""
    frames = []
    for angle in degrees:
        turn = cv2.getRotationMatrix2D((100, 100), -float(angle), 0.8)
        turn[:, 2] += [100, 20]
        size = WALL.shape[1::-1]
        border = cv2.BORDER_TRANSPARENT
        frames.append(cv2.warpAffine(ASTRONAUT, turn, size, dst=WALL.copy(), borderMode=border))
    return frames


@pytest.mark.parametrize(
    ("degrees", "step"),
    [
        (np.arange(0, 360, 12), 0.1),
        (40 * np.sin(np.arange(12)), 0.2),  # shakes, as a video is looked at
        ([0, 0, 65, 65, 65], 0.04),  # tilts between two frames
    ],
)
def test_a_head_that_tilts_keeps_its_number(detector, degrees, step):
    frames = followed(detector, turning_head(degrees), step)
    assert all(numbers(faces) == [1] for faces in frames)
    last = roll(frames[-1].data["landmarks"])
    assert abs(roll_difference(last, float(degrees[-1]))[0]) < 8
    assert frames[-1].data["roll"].shape == (1,)


class OneFace(Searching):
    """A detector that finds one face, as tilted as it is given, and keeps how it was asked."""

    def __init__(self, degrees: float) -> None:
        super().__init__()
        self.degrees, self.asked = degrees, []

    def redetect(self, image, xyxy, confidence, rolls=None) -> Detections:
        self.asked.append(rolls.tolist())
        return self.detect(image)

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        rolls = np.array([self.degrees], np.float32)
        box = np.array([[20, 20, 80, 90]], np.float32)
        return Detections(xyxy=box, confidence=np.ones(1), data={"roll": rolls})


@pytest.mark.parametrize(
    ("degrees", "asked"), [(0, [0]), (45, [45]), (170, [170, 350]), (-80, [-80, 100])]
)
def test_a_face_on_its_side_is_scored_the_other_way_up_too(degrees, asked):
    detector, follower = OneFace(degrees), StreamDetector()
    for index in range(3):
        follower.update(detector, WALL, 0.04 * index)
    assert detector.asked[-1] == pytest.approx(asked)
