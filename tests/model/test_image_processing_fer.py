"""The one preprocessing."""

import numpy as np
import pytest
import torch
from PIL import Image

from fer.data.fer2013 import FerArrays
from fer.model.face_pixels import FacePixels
from fer.model.image_processing_fer import FerImageProcessor
from fer.training.training_data import FaceDataset


@pytest.fixture
def face():
    return np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)


def test_each_picture_is_standardised_before_its_middle_is_taken(face):
    whole = FerImageProcessor().preprocess([face], do_center_crop=False)["pixel_values"]
    assert whole.shape == (1, 1, 48, 48)
    assert whole.mean().item() == pytest.approx(0, abs=1e-5)
    assert whole.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    middle = FerImageProcessor().preprocess([face])["pixel_values"]
    torch.testing.assert_close(middle, whole[:, :, 4:44, 4:44], rtol=0, atol=0)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((48, 48), np.uint8),  # blank
        np.zeros((48, 48, 3), np.uint8),  # RGB array
        np.full((200, 100, 3), 255, np.uint8),  # other size
        np.zeros((1, 1, 3), np.uint8),  # one pixel
        Image.new("RGBA", (60, 60)),
        Image.new("L", (60, 60)),
    ],
)
def test_any_picture_gives_finite_values(picture):
    values = FerImageProcessor().preprocess(picture)["pixel_values"]
    assert values.shape == (1, 1, 40, 40)
    assert torch.isfinite(values).all()


def test_brightness_and_contrast_do_not_matter(face):
    darker = (face // 2 + 10).astype(np.uint8)
    processor = FerImageProcessor()
    one, other = processor.preprocess([face, darker])["pixel_values"]
    torch.testing.assert_close(one, other, rtol=0, atol=0.02)


def test_training_and_app_get_equal_tensors(face):
    arrays = FerArrays(face[None], np.zeros(1, np.int64), np.zeros((1, 10), np.float32))
    processor = FerImageProcessor()
    trained = FaceDataset(arrays, processor)[0]["pixel_values"]
    rgb = np.repeat(face[:, :, None], 3, axis=2)  # what a crop of the app is
    shown = processor(images=[rgb], return_tensors="pt")["pixel_values"][0]
    torch.testing.assert_close(trained, shown, rtol=0, atol=0)


def test_settings_are_saved(tmp_path):
    FerImageProcessor(crop_size=44, framing={"scale": 1.5}).save_pretrained(tmp_path)
    loaded = FerImageProcessor.from_pretrained(tmp_path)
    assert (loaded.size, loaded.crop_size, loaded.framing) == (48, 44, {"scale": 1.5})


@pytest.mark.parametrize(
    "sizes", [{"crop_size": 60}, {"crop_size": [44, 40]}, {"size": {"height": 48, "width": 40}}]
)
def test_a_crop_that_cannot_be_is_refused(sizes):
    with pytest.raises(ValueError, match="crop_size one from 1 to size, but they are"):
        FerImageProcessor(**sizes)


def test_colours_are_weighed_as_rgb():
    stripes = np.repeat(np.eye(3, dtype=np.uint8) * 255, 16, axis=0)[None].repeat(48, axis=0)
    assert FacePixels()._grey(stripes)[0, [0, 20, 47]].tolist() == [76, 150, 29]


def test_large_faces_are_averaged_not_sampled():
    checks = np.indices((96, 96)).sum(0).astype(np.uint8) % 2 * 255
    assert np.abs(FacePixels()._grey(checks).astype(int) - 127).max() < 60


@pytest.mark.parametrize(
    "deep",
    [
        lambda face: face / 255.0,
        lambda face: (face / 255).astype(np.float32),
        lambda face: face.astype(np.uint16) * 257,
        lambda face: face.astype(np.float32),
        lambda face: face.astype(np.uint16),
        lambda face: face[..., None],
        lambda face: Image.fromarray(face.astype(np.uint16) * 257),
        lambda face: Image.fromarray((face / 255).astype(np.float32)),
        lambda face: Image.fromarray(face.astype(np.int32)),
    ],
    ids=[
        "float64",
        "float32",
        "uint16",
        "float 255",
        "8 of 16 bits",
        "one channel",
        "PIL 16 bit",
        "PIL float",
        "PIL 32 bit",
    ],
)
def test_floats_and_16_bits_are_the_same_picture(face, deep):
    processor = FerImageProcessor()
    expected, values = processor.preprocess([face]), processor.preprocess([deep(face)])
    torch.testing.assert_close(values["pixel_values"], expected["pixel_values"], rtol=0, atol=0)


def test_12_of_16_bits_keep_their_levels(face):
    deep = face.astype(np.uint16) * 16
    one, other = FerImageProcessor().preprocess([face, deep])["pixel_values"]
    torch.testing.assert_close(one, other, rtol=0, atol=0.02)


def test_no_face_crop_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        FerImageProcessor().preprocess([])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (np.full((48, 48), 12.5), "floats from 0 to 1"),
        (np.full((48, 48), np.nan), "floats from 0 to 1"),
        (np.zeros((48, 48), np.int64), "uint8"),
        (np.zeros(48, np.uint8), "shape"),
        (np.zeros((2, 48, 48, 3), np.uint8), "as a list"),
        (np.zeros((48, 48, 2), np.uint8), "shape"),
        (np.zeros((0, 48, 3), np.uint8), "shape"),
        (np.linspace(-1, 1, 2304).reshape(48, 48), "floats from 0 to 1"),
        ("face.jpg", "not str"),
        ((picture for picture in ()), "not generator"),
    ],
)
def test_what_is_no_face_crop_is_refused_with_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        FerImageProcessor().preprocess([wrong])
