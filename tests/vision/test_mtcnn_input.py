"""Dark pictures are brightened before faces are looked for."""

import numpy as np
import pytest
from skimage.data import astronaut

from fer.vision.detector import FaceDetector
from fer.vision.mtcnn_input import MAX_GAIN, TARGET, brighten

FACE = [180, 61, 268, 172]


def darkened(factor, noise=2.0):
    rng = np.random.default_rng(0)
    dark = astronaut() * factor + rng.normal(noise, noise, astronaut().shape)
    return dark.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


@pytest.mark.parametrize("factor", [0.25, 0.1, 0.05])
def test_a_face_is_found_and_followed_in_the_dark(detector, factor):
    image = darkened(factor)
    faces = detector.detect(image)
    assert len(faces) == 1
    np.testing.assert_allclose(faces.xyxy[0], FACE, atol=12)
    assert detector.score_faces(image, faces, np.zeros(1, np.float32)).confidence[0] > 0.9
    assert len(detector.redetect(image, faces.xyxy, 0.6)) == 1


def test_nothing_is_found_in_the_noise_of_a_dark_picture(detector):
    noise = np.random.default_rng(1).normal(3, 3, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    assert len(detector.detect(noise)) == len(detector.detect(np.zeros_like(noise))) == 0


@pytest.mark.parametrize("shape", [(480, 640), (40, 30), (13, 500)])
def test_what_is_bright_enough_stays_as_it_is(shape):
    image = np.full((*shape, 3), 20, np.uint8)
    image[: 1 + shape[0] // 20] = 120
    assert brighten(image) is image


def test_one_channel_makes_a_picture_bright():
    image = np.zeros((200, 200, 3), np.uint8)
    image[..., 2] = 130
    assert brighten(image) is image


def test_the_gain_by_hand():
    image = np.full((200, 200, 3), 40, np.uint8)
    image[0, 0] = 255  # a lamp
    assert brighten(image)[100, 100].tolist() == [TARGET] * 3
    assert brighten(image // 10)[100, 100].tolist() == [4 * MAX_GAIN] * 3
    assert image[100, 100].tolist() == [40] * 3
