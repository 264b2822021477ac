"""Folders of labelled pictures."""

from functools import partial

import numpy as np
import pytest
from PIL import Image
from supervision import Detections

from fer.data.image_folder import load_image_folder
from fer.data.label_map import LabelMap
from fer.data.splits import DatasetError
from fer.labels import EXPRESSIONS
from fer.vision.crops import CropFraming, crop_largest_face


@pytest.fixture
def folder(tmp_path):
    """Two folders with one picture each, in a colour of its own, and a text posing as a third."""
    for name, grey in (("Happiness", 50), ("anger", 200)):
        (tmp_path / name / "deeper").mkdir(parents=True)
        Image.new("RGB", (60, 80), (grey,) * 3).save(tmp_path / name / "deeper" / "1.png")
    (tmp_path / "anger" / "notes.jpg").write_text("no picture")
    return tmp_path


def test_folder_names_give_the_labels(folder):
    faces = load_image_folder(folder)
    pairs = zip(faces.labels, faces.images, strict=True)
    found = {EXPRESSIONS[index]: image[0, 0, 0] for index, image in pairs}
    assert found == {"happy": 50, "angry": 200}
    assert faces.unreadable == ["anger/notes.jpg"]
    assert faces.votes.shape == (2, 10)


def test_a_folder_whose_name_says_nothing_needs_a_mapping(folder):
    (folder / "anger").rename(folder / "6")
    with pytest.raises(DatasetError, match=r"'6' is not one of the seven .* --map 6=EXPRESSION"):
        load_image_folder(folder)
    assert len(load_image_folder(folder, LabelMap({"6": "anger"}))) == 2
    assert len(load_image_folder(folder, LabelMap({"6": "-"}))) == 1


class HalfDetector:
    """Finds the lower half of dark pictures and nobody in bright ones."""

    def detect_any_rotation(self, image):
        boxes = [[10, 40, 50, 80]] if image.mean() < 100 else []
        return Detections(xyxy=np.array(boxes, np.float32).reshape(-1, 4))


def test_with_a_detector(folder):
    crop = partial(crop_largest_face, detector=HalfDetector(), framing=CropFraming(scale=0.5))
    faces = load_image_folder(folder, crop=crop)
    assert [image.shape for image in faces.images] == [(20, 20, 3)]
    assert faces.without_face == ["anger/deeper/1.png"]


def test_thousands_of_large_pictures_fit_into_memory(folder):
    Image.new("RGB", (2048, 512), "white").save(folder / "anger" / "large.png")
    shapes = sorted(image.shape for image in load_image_folder(folder).images)
    assert shapes == [(80, 60, 3), (80, 60, 3), (128, 512, 3)]


def test_files_of_the_operating_system_are_not_read(folder):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "__MACOSX").mkdir()
    for inside in (".ipynb_checkpoints", "__MACOSX/deep"):
        (folder / "anger" / inside).mkdir(parents=True)
        Image.new("RGB", (80, 60)).save(folder / "anger" / inside / "copy.png")
    before = len(load_image_folder(folder))
    (folder / "anger" / "Thumbs.db").write_text("no picture")
    (folder / "anger" / "._1.png").write_text("no picture")
    faces = load_image_folder(folder)
    assert faces.unreadable == ["anger/notes.jpg"] and len(faces) == before == 2


def test_a_mapping_of_a_folder_that_is_not_there_is_refused(folder):
    with pytest.raises(DatasetError, match=r"--map names 9, mad, but .* Happiness, anger"):
        load_image_folder(folder, LabelMap({"9": "sad", "mad": "angry"}))


def test_splits_are_for_the_other_option(folder):
    (folder / "train" / "sad").mkdir(parents=True)
    with pytest.raises(
        DatasetError, match=r"holds splits \(train\); give it with --dataset, or one"
    ):
        load_image_folder(folder)


def test_folders_inside_another_one(folder):
    (folder / "archive").mkdir()
    for name in ("Happiness", "anger"):
        (folder / name).rename(folder / "archive" / name)
    assert len(load_image_folder(folder)) == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("missing", "There is no folder"), ("empty", "has no folders; one for each")],
)
def test_a_missing_or_empty_folder_is_refused(tmp_path, name, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=sentence):
        load_image_folder(tmp_path / name)


def test_no_picture_at_all(tmp_path):
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "1.jpg").write_text("no picture")
    with pytest.raises(DatasetError, match="holds no readable picture with a face"):
        load_image_folder(tmp_path)
