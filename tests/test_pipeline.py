import io
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from supervision import Detections

from fer.images import ImageError
from fer.pipeline import Pipeline, StreamState
from fer.video import VideoReader
from fer.vision.detections import expression_labels
from tests.fakes import FakeClassifier, FakeDetector, fake_pipeline
from tests.sample_videos import UNSTEADY, make_film

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
BOXES = np.array([[10, 10, 30, 30], [50, 20, 60, 30]], np.float32)
HAPPY = [0.05, 0, 0.05, 0.8, 0, 0.1, 0]


class Detector(FakeDetector):
    """Returns the same detections each time."""

    def __init__(self, boxes: np.ndarray) -> None:
        super().__init__(boxes, min_face=0)
        self.found = super().detect(PICTURE)

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        return self.found if tiles is None else self.found[:0]


class Classifier(FakeClassifier):
    """Classifies all faces alike, and keeps the crops."""

    def __init__(self, **framing: float) -> None:
        super().__init__(HAPPY)
        self.framing = framing

    def classify(self, crops) -> np.ndarray:
        self.crops = crops
        return super().classify(crops)


def test_faces_keep_what_was_known_and_gain_probabilities():
    detector = Detector(BOXES)
    faces = Pipeline(detector, Classifier())(PICTURE)
    np.testing.assert_array_equal(faces.xyxy, BOXES)
    np.testing.assert_array_equal(faces.confidence, detector.found.confidence)
    assert faces.data["landmarks"].shape == (2, 5, 2)
    np.testing.assert_allclose(faces.data["probabilities"], [HAPPY, HAPPY])


@pytest.mark.parametrize("kind", [np.uint16, np.int64, np.float32, bool])
def test_a_frame_of_another_type_is_read_as_a_picture_is(kind):
    pipeline, frame = fake_pipeline(), (PICTURE > 127).astype(kind)
    assert len(pipeline.process_frame(frame, 0.0, StreamState())) == 0
    assert len(pipeline.classify_whole(frame)) == 1
    for bad in (PICTURE.astype(complex), PICTURE[0, 0], np.full((9, 9), np.nan)):
        with pytest.raises(ImageError):
            pipeline.process_frame(bad, 0.0, StreamState())


def test_the_detector_s_result_is_not_edited():
    detector = Detector(BOXES)
    faces = Pipeline(detector, Classifier())(PICTURE)
    assert faces is not detector.found
    assert set(detector.found.data) == {"landmarks"}


def test_the_classifier_sees_the_faces_in_order():
    classifier = Classifier()
    Pipeline(Detector(BOXES), classifier)(PICTURE)
    first, second = classifier.crops
    np.testing.assert_array_equal(first, PICTURE[10:30, 10:30])
    np.testing.assert_array_equal(second, PICTURE[20:30, 50:60])


def test_crops_follow_the_classifier_s_framing():
    classifier = Classifier(scale=1.5, shift_x=0.1, shift_y=-0.1)
    Pipeline(Detector(BOXES[:1]), classifier)(PICTURE)
    # Centre (20, 20), side 30, moved 3 right and 3 up.
    np.testing.assert_array_equal(classifier.crops[0], PICTURE[2:32, 8:38])


def test_no_face():
    faces = Pipeline(Detector(np.empty((0, 4), np.float32)), Classifier())(PICTURE)
    assert len(faces) == 0
    assert faces.data["landmarks"].shape == (0, 5, 2)
    assert faces.data["probabilities"].shape == (0, 7)


def test_a_generator_gives_a_list_and_an_open_file_is_one_picture(tmp_path):
    pipeline, picture = fake_pipeline([[5, 5, 55, 55]]), np.zeros((60, 60, 3), np.uint8)
    assert [len(faces) for faces in pipeline(picture for _ in range(2))] == [1, 1]
    Image.fromarray(picture).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file, NamedTemporaryFile() as wrapped:
        wrapped.write((tmp_path / "a.png").read_bytes())
        memory = io.BytesIO((tmp_path / "a.png").read_bytes())
        for opened in (file, memory, wrapped):
            assert len(pipeline(opened)) == 1
        assert [len(faces) for faces in pipeline([file, memory])] == [1, 1]
        with pytest.raises(TypeError, match="not a single BytesIO"):
            pipeline.stream(memory)


def test_the_whole_picture_is_one_face():
    classifier = Classifier(scale=1.5)
    square = PICTURE[:, :60]
    face = Pipeline(Detector(BOXES), classifier).classify_whole(square)
    assert face.xyxy.tolist() == [[0, 0, 60, 60]]
    assert face.confidence.tolist() == [1]
    assert face.data["probabilities"].shape == (1, 7)
    np.testing.assert_array_equal(classifier.crops[0], square)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 600, 3), (30, 20, 3)])
def test_a_whole_picture_of_any_shape_gives_a_square(shape):
    classifier = Classifier()
    face = Pipeline(Detector(BOXES), classifier).classify_whole(np.zeros(shape, np.uint8))
    assert face.xyxy.tolist() == [[0, 0, shape[1], shape[0]]]
    height, width, _ = classifier.crops[0].shape
    assert height == width >= 1


def test_a_stream_numbers_its_faces_and_smooths_probabilities():
    class Wavering(Classifier):
        predictions = iter([HAPPY, HAPPY, HAPPY[::-1]])

        def classify(self, crops) -> np.ndarray:
            return np.array([next(self.predictions)] * len(crops), np.float32)

    pipeline, state = Pipeline(Detector(BOXES), Wavering()), StreamState()
    assert len(pipeline.process_frame(PICTURE, 9.9, state)) == 0
    assert len(state.tentative) == 2
    first = pipeline.process_frame(PICTURE, 10.0, state)
    darker = (0.6 * PICTURE).astype(np.uint8)
    second = pipeline.process_frame(darker, 10.06, state)  # changed, so read again
    assert first.tracker_id.tolist() == second.tracker_id.tolist() == [1, 2]
    np.testing.assert_allclose(first.data["probabilities"], [HAPPY, HAPPY], atol=1e-5)
    assert expression_labels(second, 0.4) == ["happy", "happy"]
    assert second.data["landmarks"].shape == (2, 5, 2)


def test_the_crops_of_a_stream_follow_the_framing_too():
    classifier = Classifier(scale=1.5, shift_x=0.1, shift_y=-0.1)
    Pipeline(Detector(BOXES[:1]), classifier).process_frame(PICTURE, 0.0, StreamState())
    np.testing.assert_array_equal(classifier.crops[0], PICTURE[2:32, 8:38])


def test_an_unreadable_picture_of_several_is_named():
    with pytest.raises(ImageError, match="Picture 1, counted from 0: The file is empty"):
        Pipeline(Detector(BOXES), Classifier())([PICTURE, b""])


@pytest.mark.parametrize(
    "frames", ["film.mp4", Path("film.mp4"), bytearray(b"film"), Image.fromarray(PICTURE), PICTURE]
)
def test_a_stream_is_no_path_and_no_single_picture(frames):
    with pytest.raises(TypeError, match="VideoReader"):
        Pipeline(Detector(BOXES), Classifier()).stream(frames)


def test_a_stream_of_a_video_has_its_times(tmp_path):
    class Timed(Pipeline):
        times: ClassVar[list[float]] = []

        def process_frame(self, image, time, state) -> Detections:
            self.times.append(time)
            return super().process_frame(image, time, state)

    with VideoReader(make_film(tmp_path / "film.mp4", UNSTEADY)) as reader:
        faces = list(Timed(Detector(BOXES), Classifier()).stream(reader))
    assert [len(one) for one in faces][:2] == [0, 2]
    np.testing.assert_allclose(Timed.times, UNSTEADY, atol=0.002)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_stream_s_rate_is_above_zero(rate):
    with pytest.raises(ValueError, match="rate is a number of frames a second above 0"):
        Pipeline(Detector(BOXES), Classifier()).stream([PICTURE], rate)
