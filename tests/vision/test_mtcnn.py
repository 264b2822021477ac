"""MTCNN's stages, held against the library's own run through all of them."""

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face
from skimage.data import astronaut
from supervision import box_iou_batch
from torchvision.ops import nms

from fer.onnx_session import OnnxSession
from fer.vision import mtcnn, mtcnn_input
from fer.vision.mtcnn import Candidates, MtcnnCascade
from fer.vision.mtcnn_networks import MTCNN_FOLDER, load_stages
from fer.vision.mtcnn_torch import load_torch_stages
from fer.vision.pyramid import Tile, pyramid_scales, split_into_tiles
from fer.vision.rescoring import MIRRORED_SCALE, face_squares

HALF = cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
SCENE = np.vstack([np.hstack([astronaut(), astronaut()[:, ::-1]]), np.hstack([HALF] * 4)])
"""Two large faces and four of half the size."""

LEAST = 40


@pytest.fixture(scope="module")
def networks() -> MtcnnCascade:
    return MtcnnCascade(*load_stages())


def found(networks: MtcnnCascade, image: np.ndarray, tiles) -> Candidates:
    proposed = networks.propose(image, tiles, 0.6)
    return networks.finalize(image, networks.refine(image, proposed, 0.7), 0.7)


def whole(image: np.ndarray) -> list[Tile]:
    height, width = image.shape[:2]
    return [Tile(scale, 0, 0, width, height) for scale in pyramid_scales((width, height), LEAST)]


def library(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What facenet-pytorch finds with the same thresholds: boxes and landmarks."""
    networks = [network().eval() for network in (PNet, RNet, ONet)]
    with torch.inference_mode():
        boxes, points = detect_face(image, LEAST, *networks, (0.6, 0.7, 0.7), 0.709, "cpu")
    return boxes[0][:, :4].astype(float), points[0].astype(float)


def averaged_over_areas(picture: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Bring a picture to size as the library does."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
    resized = torch.nn.functional.interpolate(pixels, size_wh[::-1], mode="area")
    return resized[0].permute(1, 2, 0).numpy().round().astype(np.uint8)


def test_with_the_library_s_resizing_the_boxes_are_the_library_s(networks, monkeypatch):
    # Bytes instead of floats and whole sizes instead of one pixel more leave about a pixel.
    for module in (mtcnn, mtcnn_input):
        monkeypatch.setattr(module, "resize", averaged_over_areas)
    boxes, points = library(SCENE)
    ours = found(networks, SCENE, whole(SCENE))
    overlap = box_iou_batch(boxes, ours.xyxy)
    assert len(boxes) == len(ours)
    assert overlap.max(axis=1).min() > 0.85
    nearest = overlap.argmax(axis=1)
    np.testing.assert_allclose(ours.landmarks[nearest], points, atol=6)


def test_our_resizing_finds_the_same_faces(networks):
    boxes, _ = library(SCENE)
    overlap = box_iou_batch(boxes, found(networks, SCENE, whole(SCENE)).xyxy)
    assert overlap.shape == (len(boxes), len(boxes))
    assert overlap.max(axis=1).min() > 0.8


def test_all_tiles_together_have_the_faces_of_the_whole_picture(networks):
    height, width = SCENE.shape[:2]
    parts = split_into_tiles((width, height), pyramid_scales((width, height), LEAST), 5000)
    once, in_parts = found(networks, SCENE, whole(SCENE)), found(networks, SCENE, parts)
    assert len(parts) > 2 * len(whole(SCENE))
    assert len(once) == len(in_parts)
    assert box_iou_batch(once.xyxy, in_parts.xyxy).max(axis=1).min() > 0.8


def rescore(networks, image, *boxes):
    queries = candidates(*boxes)
    return networks.rescore(image, queries, face_squares(queries.xyxy, MIRRORED_SCALE))


def test_a_tilted_face_is_scored_again_as_if_it_were_upright(networks):
    upright = rescore(networks, astronaut(), [180, 61, 268, 172]).score[0]
    turned = np.ascontiguousarray(np.rot90(astronaut(), -1))
    face = candidates([512 - 172, 180, 512 - 61, 268])
    squares = face_squares(face.xyxy, MIRRORED_SCALE)
    level = networks.rescore(turned, face, squares, np.array([90], np.float32))
    assert level.score[0] == pytest.approx(upright, abs=0.001)
    assert networks.rescore(turned, face, squares).score[0] < upright - 0.1


def test_rescoring_keeps_a_face_and_drops_a_false_one(networks):
    face, suit = [180, 61, 268, 172], [182, 256, 217, 301]
    camera = cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_CUBIC)
    rescored = rescore(networks, astronaut(), face)
    assert rescored.score[0] > 0.9
    np.testing.assert_array_equal(rescored.xyxy, [face])
    assert rescore(networks, camera, suit).score[0] < 0.8


def test_squares_outside_of_the_picture_score_zero(networks):
    face, outside = [180, 61, 268, 172], [600, 600, 640, 640]
    rescored = rescore(networks, astronaut(), outside, face)
    assert rescored.score[0] < 0.4 and rescored.score[1] > 0.9
    assert rescore(networks, astronaut(), outside).score[0] < 0.4  # only the score before counts


def test_many_windows_in_batches_score_the_same(networks, monkeypatch):
    once = found(networks, SCENE, whole(SCENE))
    seen, look = [], networks._refinement
    monkeypatch.setattr(mtcnn, "BATCH_SIZE", 3)
    monkeypatch.setattr(
        networks, "_refinement", lambda pixels: seen.append(len(pixels)) or look(pixels)
    )
    in_parts = found(networks, SCENE, whole(SCENE))
    assert max(seen) == 3 and len(in_parts) == len(once) >= 6
    np.testing.assert_allclose(in_parts.xyxy, once.xyxy, atol=1e-2)
    np.testing.assert_allclose(in_parts.score, once.score, atol=1e-4)


def candidates(*boxes) -> Candidates:
    return Candidates(np.array(boxes, np.float32), np.ones(len(boxes), np.float32))


def test_without_tiles_nothing_is_detected(networks):
    none = found(networks, SCENE, [])
    assert (none.xyxy.shape, none.score.shape, none.landmarks.shape) == ((0, 4), (0,), (0, 5, 2))


def test_pytorch_on_another_device_finds_the_same(networks):
    ours = found(networks, SCENE, whole(SCENE))
    theirs = found(MtcnnCascade(*load_torch_stages("cpu")), SCENE, whole(SCENE))
    np.testing.assert_allclose(theirs.xyxy, ours.xyxy, atol=0.02)
    np.testing.assert_allclose(theirs.landmarks, ours.landmarks, atol=0.02)
    np.testing.assert_allclose(theirs.score, ours.score, atol=1e-5)


@pytest.mark.parametrize("height", [12, 13, 75, 76, 77, 138, 139, 200])
def test_the_first_network_returns_the_same_in_bands_as_at_once(height):
    generator = np.random.default_rng(0)
    pixels = generator.uniform(-1, 1, (1, 3, height, 41)).astype(np.float32)
    at_once = OnnxSession(MTCNN_FOLDER / "pnet.onnx").run(pixels)
    for expected, bands in zip(at_once, load_stages()[0](pixels), strict=True):
        np.testing.assert_array_equal(bands, expected)


def test_overlapping_boxes_go_as_with_torchvision():
    generator = np.random.default_rng(0)
    corners, sides = generator.integers(0, 200, (300, 2)), generator.integers(12, 60, (300, 1))
    boxes = np.column_stack([corners, corners + sides]).astype(np.float32)
    scores = generator.uniform(0.6, 1, 300).astype(np.float32).round(2)  # with equal ones
    for overlap in (0.5, 0.7):
        expected = nms(torch.from_numpy(boxes), torch.from_numpy(scores), overlap).numpy()
        np.testing.assert_array_equal(mtcnn._non_max_suppression(boxes, scores, overlap), expected)
