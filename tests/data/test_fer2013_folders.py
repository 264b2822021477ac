"""Editions in folders: labels by the name of the folder, splits by folder or file name."""

import sys

import pytest

from fer.data.fer2013 import load_arrays, load_fer2013
from fer.data.label_map import LabelMap
from fer.labels import EXPRESSIONS
from tests.training.tiny_trainings import ALL_SPLITS, assert_uniform, picture, refused


def save_folders(root, files, classes=EXPRESSIONS):
    """Write a picture of each class under each of the names, as `train/{}/Training_{}.jpg`."""
    for number, name in enumerate(classes):
        for file in files:
            path = root / file.format(name, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(name))


KAGGLE = (
    "train/{}/Training_{}.jpg",
    "test/{}/PublicTest_{}.jpg",
    "test/{}/PrivateTest_{}.jpg",
)


def test_kaggle_folders(tmp_path):
    save_folders(tmp_path, KAGGLE)
    (tmp_path / "train" / "happy" / ".DS_Store").write_bytes(b"")
    (tmp_path / "train" / ".ipynb_checkpoints").mkdir()
    loaded = load_fer2013(tmp_path)
    assert_uniform(loaded, ALL_SPLITS, 7)
    assert set(loaded["train"]["ferplus_votes"][:]) == {None}


def test_pictures_of_other_formats_are_read_and_other_files_are_named(tmp_path, caplog):
    save_folders(tmp_path, ("train/{}/{}.webp", "validation/{}/{}.TIFF"))
    (tmp_path / "train" / "sad" / "notes.txt").write_text("no picture")
    assert {split: len(rows) for split, rows in load_fer2013(tmp_path).items()} == {
        "train": 7,
        "validation": 7,
    }
    assert "files without a picture's suffix are left out: notes.txt" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="its file names are UTF-8")
def test_pictures_whose_names_are_not_utf_8_are_read(tmp_path):
    save_folders(tmp_path, ("train/{}/{}.png", "train/{}/caf\udce9-{}.png", "test/{}/{}.png"))
    assert len(load_arrays(load_fer2013(tmp_path)["train"])) == 14


def test_pictures_in_folders_inside_those_of_the_expressions_are_read(tmp_path):
    save_folders(tmp_path, ("train/{}/{}.png", "train/{}/session 2/person/{}.png"))
    save_folders(tmp_path, ("train/{}/.ipynb_checkpoints/{}.png",))
    assert len(load_fer2013(tmp_path)["train"]) == 14


def test_a_folder_that_cannot_be_read_inside_that_of_a_class_is_named(tmp_path, monkeypatch):
    save_folders(tmp_path, KAGGLE)
    locked = tmp_path / "train" / "sad" / "locked"
    monkeypatch.setattr(
        "fer.data.fer2013_folders.files_below", lambda folder: ([], {locked: "No."})
    )
    refused("locked: No", tmp_path)


def test_fewer_expressions_are_read_and_named(tmp_path, caplog):
    save_folders(tmp_path, KAGGLE, EXPRESSIONS[:6])
    assert_uniform(load_fer2013(tmp_path), ALL_SPLITS, 6)
    assert "has no picture of neutral" in caplog.text


def test_kaggle_file_names_tell_validation_from_test(tmp_path):
    save_folders(tmp_path, (*KAGGLE, "test/{0}/PrivateTest_{0}.jpg"))
    assert {split: len(rows) for split, rows in load_fer2013(tmp_path).items()} == {
        "train": 7,
        "validation": 7,
        "test": 14,
    }


def test_folders_with_a_folder_for_validation_need_no_file_names(tmp_path):
    save_folders(tmp_path, ("train/{}/{}.png", "validation/{}/{}.png", "test/{}/{}.png"))
    assert_uniform(load_fer2013(tmp_path), ALL_SPLITS, 7)


BAD_FOLDERS = {
    "test among train": (("train/{}/PrivateTest_{}.jpg",), EXPRESSIONS, "its name is of test"),
    "train among validation": (("val/{}/Training_{}.jpg",), EXPRESSIONS, "its name is of train"),
    "validation in two places": (("val/{}/{}.jpg", *KAGGLE), EXPRESSIONS, "its name is of valid"),
    "numbers": (("train/{1}/{0}.jpg",), EXPRESSIONS, "indices without names.* --map 0=angry"),
    "numbers from 1": (("train/{1}1/{0}.jpg",), EXPRESSIONS, "none of 0 to 6; name it with --map"),
    "several": (("a/{}/{}.jpg", "b/{}/{}.jpg"), EXPRESSIONS, "holds several data sets"),
    "no pictures": (("train/{}/{}.txt",), EXPRESSIONS, "hold no pictures"),
    "flat": (("train/{}_{}.jpg",), EXPRESSIONS, "holds train; expected parquet files"),
}


@pytest.mark.parametrize(
    ("files", "classes", "message"), BAD_FOLDERS.values(), ids=BAD_FOLDERS.keys()
)
def test_bad_folders_are_refused(tmp_path, files, classes, message):
    save_folders(tmp_path, files, classes)
    refused(message, tmp_path)


def test_a_folder_of_another_expression_is_refused(tmp_path):
    save_folders(tmp_path, KAGGLE)
    (tmp_path / "train" / "contempt").mkdir()
    refused("'contempt' is not one of the seven .* --map contempt=EXPRESSION", tmp_path)
    loaded = load_fer2013(tmp_path, label_map=LabelMap({"contempt": "-"}))
    assert_uniform(loaded, ALL_SPLITS, 7)
    with pytest.raises(ValueError, match=r"--map names joy, but the labels in .* are angry, con"):
        load_fer2013(tmp_path, label_map=LabelMap({"contempt": "-", "joy": "happy"}))


SPELLINGS = {
    "train and test alone": ("train/{}/im{}.png", "test/{}/im{}.png"),
    "FER2013's own names": ("Training/{}/{}.png", "PrivateTest/{}/{}.png"),
    "other names": ("FER2013Train/{}/{}.png", "test_images/{}/{}.png"),
    "inside an archive": ("archive/fer/train/{}/{}.png", "archive/fer/test/{}/{}.png"),
    "twice inside itself": ("train/train/{}/{}.png", "test/test/{}/{}.png"),
    "numbers before names": ("TRAIN/{1}_{0}/{0}.png", "TEST/{1}_{0}/{0}.png"),
}


@pytest.mark.parametrize("files", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_common_layouts(tmp_path, files):
    save_folders(tmp_path, files)
    assert_uniform(load_fer2013(tmp_path), ["train", "test"], 7)


def test_validation_is_found_by_its_names(tmp_path):
    save_folders(
        tmp_path, ("Training/{}/{}.png", "Public_Test/{}/{}.png", "private-test/{}/{}.png")
    )
    assert_uniform(load_fer2013(tmp_path), ALL_SPLITS, 7)


def test_common_spellings_of_the_expressions(tmp_path):
    names = ("ANGER", "Disgusted", "fears", "happiness", "sadness", "suprise", "Neutrals")
    for name, folder in zip(EXPRESSIONS, names, strict=True):
        (tmp_path / "train" / folder).mkdir(parents=True)
        (tmp_path / "train" / folder / "0.jpg").write_bytes(picture(name))
    assert_uniform(load_fer2013(tmp_path), ["train"], 7)


def test_expressions_without_splits_are_the_training_split(tmp_path):
    save_folders(tmp_path, ("{}/{}.png",))
    assert_uniform(load_fer2013(tmp_path), ["train"], 7)


def test_numbers_are_named_or_checked_by_their_counts(tmp_path, monkeypatch):
    save_folders(tmp_path, ("train/{1}/{0}.png",))
    names = LabelMap.parse(f"{index}={name}" for index, name in enumerate(EXPRESSIONS))
    assert_uniform(load_fer2013(tmp_path, label_map=names), ["train"], 7)
    counts = dict.fromkeys(ALL_SPLITS, (1,) * 7)  # of the tiny edition, instead of FER2013's
    monkeypatch.setattr("fer.data.splits.OFFICIAL_COUNTS", counts)
    assert_uniform(load_fer2013(tmp_path), ["train"], 7)


def test_splits_inside_the_expressions_and_broken_links_are_not_read(tmp_path):
    save_folders(tmp_path / "a", ("{}/{}.png",))
    (tmp_path / "a" / "sad" / "gone.png").symlink_to(tmp_path / "gone.png")
    assert len(load_fer2013(tmp_path / "a")["train"]) == 7
    save_folders(tmp_path / "b", ("{}/train/{}.png", "{}/test/{}.png"))
    refused("holds a split, test; put the expressions into the splits", tmp_path / "b")


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    save_folders(tmp_path, ("train/{}/{}.png",))

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)  # root can read everything
    refused("The folder .* can't be read: Permission denied", tmp_path)
