"""Every edition of FER2013 gives the same columns, and never a label under another's name.

The pictures of the tiny editions made here are plain, in a grey that stands for their expression,
so that the picture itself tells which label it must come out with.
"""

import csv
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import httpx
from PIL import Image

from fer.labels import EXPRESSIONS, FERPLUS_VOTES
from fer.training import fer2013
from fer.training.arrays import FerArrays
from fer.training.fer2013 import FEATURES, DatasetError, load_arrays, load_fer2013
from fer.training.splits import OFFICIAL_COUNTS

ALPHABETICAL = sorted(EXPRESSIONS)
USAGES = ("Training", "PublicTest", "PrivateTest")
ALL_SPLITS = ["train", "validation", "test"]
VOTES = [0, 7, 2, 0, 0, 0, 0, 1, 0, 0]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Keep what `datasets` caches away from the user's cache."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def shade(name):
    """The grey value that a picture of this expression is painted with."""
    return 20 + 30 * EXPRESSIONS.index(name)


def picture(name, file_format="JPEG", side=48, mode="L"):
    file = io.BytesIO()
    Image.new("L", (side, side), shade(name)).convert(mode).save(file, file_format)
    return file.getvalue()


def assert_uniform(loaded, splits, rows):
    """The columns are ours, and each picture's shade is that of the label's name."""
    assert list(loaded) == list(splits)
    for split in loaded.values():
        assert split.features == FEATURES
        assert len(split) == rows
        arrays = load_arrays(split)
        names = [split.features["label"].int2str(label) for label in split["label"][:]]
        np.testing.assert_allclose(arrays.images.mean((1, 2)), [*map(shade, names)], atol=2)
        np.testing.assert_array_equal(arrays.labels, [*map(EXPRESSIONS.index, names)])
        if rows == len(EXPRESSIONS):
            assert sorted(names) == ALPHABETICAL


def refused(message, source, **options):
    with pytest.raises(DatasetError, match=message) as caught:
        load_fer2013(source, **options)
    assert "\n" not in str(caught.value)


# Hub and parquet


def labelled(names, label, **more):
    """A dataset of these expressions; `label` is the column's feature and a name's value in it."""
    feature, value = label
    columns = {"image": [{"bytes": picture(name), "path": None} for name in names]}
    columns |= {"label": [value(name) for name in names], **more}
    features = datasets.Features(image=datasets.Image(), label=feature)
    if "ferplus_votes" in more:
        features["ferplus_votes"] = datasets.List(datasets.Value("uint8"))
    return datasets.Dataset.from_dict(columns, features=features)


def named(classes):
    return datasets.ClassLabel(names=list(classes)), list(classes).index


NUMBERS = (datasets.Value("int64"), EXPRESSIONS.index)
ALPHABETICAL_NUMBERS = (datasets.Value("int64"), ALPHABETICAL.index)
DIGITS = (datasets.ClassLabel(names=list("0123456")), EXPRESSIONS.index)
ENCODINGS = {
    "own order": named(EXPRESSIONS),
    "alphabetical": named(ALPHABETICAL),
    "capitals": (datasets.ClassLabel(names=[*map(str.title, ALPHABETICAL)]), ALPHABETICAL.index),
    "strings": (datasets.Value("string"), str),
    "synonyms": (datasets.Value("string"), lambda name: {"happy": "Happiness"}.get(name, name)),
}


def save(dataset, folder, split, shard="00000-of-00001"):
    folder.mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(folder / f"{split}-{shard}.parquet")


def on_the_hub(monkeypatch, splits):
    """Let the Hub answer with these splits."""
    monkeypatch.setattr(HfApi, "dataset_info", lambda *args, **options: None)
    monkeypatch.setattr(datasets, "load_dataset", lambda source: datasets.DatasetDict(splits))


@pytest.mark.parametrize("label", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize("validation", ["valid", "validation"])
def test_hub_labels_are_matched_by_name(monkeypatch, label, validation):
    split = labelled(EXPRESSIONS[::-1], label)
    on_the_hub(monkeypatch, {"test": split, validation: split, "train": split})
    assert_uniform(load_fer2013("somebody/fer2013"), ALL_SPLITS, 7)


@pytest.mark.parametrize("classes", [EXPRESSIONS, ALPHABETICAL], ids=["own", "alphabetical"])
def test_parquet_labels_are_matched_by_name(tmp_path, classes):
    for split in ("train", "valid"):
        save(labelled(EXPRESSIONS[::-1], named(classes)), tmp_path / "data", split)
    assert_uniform(load_fer2013(str(tmp_path)), ["train", "validation"], 7)


def test_parquet_in_several_files_and_with_votes(tmp_path):
    split = labelled(EXPRESSIONS, named(ALPHABETICAL), ferplus_votes=[VOTES, None] * 3 + [VOTES])
    save(split, tmp_path, "train", "00000-of-00002")
    save(split, tmp_path, "train", "00001-of-00002")
    loaded = load_fer2013(tmp_path)
    assert_uniform(loaded, ["train"], 14)
    assert loaded["train"][:2]["ferplus_votes"] == [VOTES, None]
    np.testing.assert_array_equal(load_arrays(loaded["train"]).votes[:2], [VOTES, [0] * 10])
    assert loaded["train"][0]["image"].mode == "L"


@pytest.mark.parametrize(
    "images",
    [
        [picture(name) for name in EXPRESSIONS],
        [{"bytes": picture(name), "path": f"{name}.jpg"} for name in EXPRESSIONS],
    ],
    ids=["bytes", "bytes and path"],
)
def test_parquet_by_other_writers_and_numbered_files(tmp_path, images):
    """Nothing in the file says that these are pictures; the folder names the split."""
    folder = tmp_path / "default" / "train"
    folder.mkdir(parents=True)
    table = pa.table({"image": images, "label": list(EXPRESSIONS)})
    pq.write_table(table, folder / "0000.parquet")
    assert_uniform(load_fer2013(tmp_path), ["train"], 7)


def official(split, encoding):
    """FER2013's split with empty pictures: only the labels count."""
    counts = dict(zip(EXPRESSIONS, OFFICIAL_COUNTS[split], strict=True))
    feature, value = encoding
    labels = [value(name) for name, count in counts.items() for _ in range(count)]
    features = datasets.Features(image=datasets.Image(), label=feature)
    return datasets.Dataset.from_dict(
        {"image": [None] * len(labels), "label": labels}, features=features
    )


@pytest.mark.parametrize("numbers", [NUMBERS, DIGITS], ids=["integers", "digits as names"])
def test_numbers_are_taken_in_fer2013s_order_if_the_counts_agree(monkeypatch, numbers):
    on_the_hub(monkeypatch, {split: official(split, numbers) for split in ALL_SPLITS})
    for split, loaded in load_fer2013("somebody/fer2013").items():
        counts = np.bincount(loaded["label"][:], minlength=7)
        np.testing.assert_array_equal(counts, OFFICIAL_COUNTS[split])


LYING = (datasets.ClassLabel(names=ALPHABETICAL), EXPRESSIONS.index)
MIXED_UP = {
    "alphabetical numbers": (ALPHABETICAL_NUMBERS, {"train": "train"}, "in another order"),
    "names in another order than their numbers": (LYING, {"train": "train"}, "in another order"),
    "test called validation": (
        named(ALPHABETICAL),
        {"train": "train", "validation": "test"},
        "validation split holds FER2013's PrivateTest, but only PublicTest belongs there",
    ),
}


@pytest.mark.parametrize(("encoding", "splits", "message"), MIXED_UP.values(), ids=MIXED_UP.keys())
def test_official_counts_give_a_mix_up_away(monkeypatch, encoding, splits, message):
    on_the_hub(monkeypatch, {name: official(split, encoding) for name, split in splits.items()})
    refused(message, "somebody/fer2013")


def test_validation_and_test_in_one_split_are_refused(monkeypatch):
    both = [official(split, named(EXPRESSIONS)) for split in ("validation", "test")]
    train = official("train", named(EXPRESSIONS))
    on_the_hub(monkeypatch, {"train": train, "test": datasets.concatenate_datasets(both)})
    refused("test split holds FER2013's PublicTest and PrivateTest", "somebody/fer2013")


BAD_SPLITS = {
    "few numbers": (lambda: {"train": labelled(EXPRESSIONS, NUMBERS)}, "numbers without names"),
    "eighth number": (lambda: {"train": labelled(["fear"], (NUMBERS[0], lambda _: 7))}, "0 to 6"),
    "contempt": (
        lambda: {"train": labelled(["fear"], (datasets.Value("string"), lambda _: "contempt"))},
        "train split: label 'contempt' is not one of the seven",
    ),
    "unlabelled": (
        lambda: {"train": labelled(["fear"], (named(EXPRESSIONS)[0], lambda _: -1))},
        "row 1 has no label",
    ),
    "empty": (lambda: {"train": labelled([], named(EXPRESSIONS))}, "train split is empty"),
    "only test": (lambda: {"test": labelled(["sad"], named(EXPRESSIONS))}, "no train or validat"),
    "unknown split": (lambda: {"all": labelled(["sad"], named(EXPRESSIONS))}, "'all' is not a spl"),
    "split twice": (
        lambda: dict.fromkeys(("valid", "validation"), labelled(["sad"], named(EXPRESSIONS))),
        "validation split twice",
    ),
    "other columns": (
        lambda: {"train": datasets.Dataset.from_dict({"emotion": [0], "pixels": ["0 0"]})},
        "columns emotion, pixels; expected image and label",
    ),
    "pixels as text": (
        lambda: {"train": datasets.Dataset.from_dict({"image": ["0 0"], "label": ["sad"]})},
        "expected encoded pictures",
    ),
    "nine votes": (
        lambda: {"train": labelled(["sad"], named(EXPRESSIONS), ferplus_votes=[[1] * 9])},
        "ferplus_votes of row 1",
    ),
}


@pytest.mark.parametrize(("splits", "message"), BAD_SPLITS.values(), ids=BAD_SPLITS.keys())
def test_bad_splits_are_refused(monkeypatch, splits, message):
    on_the_hub(monkeypatch, splits())
    refused(message, "somebody/fer2013")


def test_bad_parquet_folders_are_refused(tmp_path):
    split = labelled(EXPRESSIONS, named(EXPRESSIONS))
    save(split, tmp_path / "partial", "train", "00000-of-00002")
    refused("has 1 of the 2 parquet files of train", tmp_path / "partial")
    save(split, tmp_path / "other", "faces")
    refused(r"faces-.* is not named by its split", tmp_path / "other")
    broken = tmp_path / "broken" / "train.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"PAR1 and no more")
    refused("The parquet files in .*broken can't be read: Parquet magic", broken.parent)


# Kaggle's folders


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


def test_folders_with_a_folder_for_validation_need_no_file_names(tmp_path):
    save_folders(tmp_path, ("train/{}/{}.png", "validation/{}/{}.png", "test/{}/{}.png"))
    assert_uniform(load_fer2013(tmp_path), ALL_SPLITS, 7)


BAD_FOLDERS = {
    "test without names": (("train/{}/{}.jpg", "test/{}/{}.jpg"), EXPRESSIONS, "can't be told apa"),
    "test among train": (("train/{}/PrivateTest_{}.jpg",), EXPRESSIONS, "its name says test"),
    "train among validation": (("val/{}/Training_{}.jpg",), EXPRESSIONS, "its name says train"),
    "validation in two places": (("val/{}/{}.jpg", *KAGGLE), EXPRESSIONS, "its name says valid"),
    "a class is missing": (KAGGLE, EXPRESSIONS[:6], "has no folder for neutral"),
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
    refused("'contempt' is not one of the seven", tmp_path)


# The csv editions and FER+

HEADERS = {
    "fer2013.csv": ["emotion", "pixels", "Usage"],
    "icml_face_data.csv": ["emotion", " Usage", " pixels"],
}


def csv_rows(usages=USAGES):
    """Seven rows for each usage, as cells by column."""
    return [
        {"emotion": number, "pixels": " ".join([str(shade(name))] * 48**2), "Usage": usage}
        for usage in usages
        for number, name in enumerate(EXPRESSIONS)
    ]


def save_csv(file, rows, header=None):
    header = header or HEADERS["fer2013.csv"]
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([[row[name.strip()] for name in header] for row in rows])
    return file


def ferplus_rows(rows):
    """FER+ beside these rows: every second picture has no name, and votes all the same."""
    return [
        {"Usage": row["Usage"], "Image name": "" if number % 2 else f"fer{number:07}.png"}
        | dict(zip(FERPLUS_VOTES, VOTES, strict=True))
        | {"unknown": number}
        for number, row in enumerate(rows)
    ]


FERPLUS_HEADER = ["Usage", "Image name", *FERPLUS_VOTES]


@pytest.mark.parametrize(("name", "header"), HEADERS.items(), ids=HEADERS.keys())
@pytest.mark.parametrize("as_folder", [True, False], ids=["folder", "file"])
def test_csv(tmp_path, name, header, as_folder):
    file = save_csv(tmp_path / name, csv_rows(), header)
    loaded = load_fer2013(tmp_path if as_folder else file)
    assert_uniform(loaded, ALL_SPLITS, 7)
    assert loaded["train"]["label"][:] == [0, 1, 2, 3, 4, 5, 6]
    assert loaded["test"]["ferplus_votes"][:] == [None] * 7


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "named"])
def test_ferplus_rides_along_row_by_row(tmp_path, beside):
    rows = csv_rows()
    file = save_csv(tmp_path / "fer2013.csv", rows)
    votes = tmp_path / ("fer2013new.csv" if beside else "votes.csv")
    save_csv(votes, ferplus_rows(rows), FERPLUS_HEADER)
    loaded = load_fer2013(file, ferplus=None if beside else votes)
    unknown = [[counts[8] for counts in loaded[split]["ferplus_votes"]] for split in ALL_SPLITS]
    assert unknown == [[*range(7)], [*range(7, 14)], [*range(14, 21)]]
    assert loaded["train"][1]["ferplus_votes"] == [*VOTES[:8], 1, 0]


def test_ferplus_without_a_vote_is_none(tmp_path):
    rows = csv_rows(["Training"])
    nobody = [row | dict.fromkeys(FERPLUS_VOTES, 0) for row in ferplus_rows(rows)]
    save_csv(tmp_path / "fer2013new.csv", nobody, FERPLUS_HEADER)
    loaded = load_fer2013(save_csv(tmp_path / "fer2013.csv", rows))
    assert loaded["train"]["ferplus_votes"][:] == [None] * 7


BAD_FERPLUS = {
    "a row short": (lambda rows: rows[:-1], "has 20 rows and .* has 21"),
    "a row more": (lambda rows: [*rows, rows[-1]], "has 22 rows and .* has 21"),
    "another order": (lambda rows: rows[::-1], r"row 1 \(line 2\): Usage is PrivateTest; the pict"),
    "not numbers": (lambda rows: [row | {"NF": "x"} for row in rows], "row 1 .*whole numbers"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD_FERPLUS.values(), ids=BAD_FERPLUS.keys())
def test_ferplus_that_does_not_match_is_refused(tmp_path, spoil, message):
    rows = csv_rows()
    save_csv(tmp_path / "fer2013.csv", rows)
    save_csv(tmp_path / "fer2013new.csv", spoil(ferplus_rows(rows)), FERPLUS_HEADER)
    refused(message, tmp_path)


def test_ferplus_needs_a_csv_edition(tmp_path):
    save(labelled(EXPRESSIONS, named(EXPRESSIONS)), tmp_path, "train")
    refused(r"FER\+ goes with a csv edition", tmp_path, ferplus=tmp_path / "fer2013new.csv")
    file = save_csv(tmp_path / "fer2013.csv", csv_rows())
    refused("nowhere.csv can't be read", file, ferplus=tmp_path / "nowhere.csv")


GREY = " ".join(["7"] * 48**2)
BAD_CELLS = {
    "a pixel short": ({"pixels": GREY[:-2]}, "2303 pixels; expected 2304"),
    "not a number": ({"pixels": GREY[:-1] + "x"}, "not a whole number"),
    "a fraction": ({"pixels": GREY[:-1] + "1.5"}, "not a whole number"),
    "no pixels": ({"pixels": ""}, "0 pixels"),
    "too bright": ({"pixels": GREY[:-1] + "256"}, "pixels from 7 to 256; expected 0 to 255"),
    "negative": ({"pixels": GREY[:-1] + "-1"}, "pixels from -1 to 7"),
    "emotion 7": ({"emotion": 7}, "emotion 7 is none of 0 to 6"),
    "no emotion": ({"emotion": ""}, "'' is not one of the seven"),
    "unknown usage": ({"Usage": "Private"}, "'Private' is not a split"),
}


@pytest.mark.parametrize(("cell", "message"), BAD_CELLS.values(), ids=BAD_CELLS.keys())
def test_a_broken_csv_row_is_named(tmp_path, cell, message):
    rows = csv_rows()
    rows[2] |= cell
    refused(rf"row 3 \(line 4\): .*{message}", save_csv(tmp_path / "fer2013.csv", rows))


def test_bad_csv_files_are_refused(tmp_path):
    file = save_csv(tmp_path / "fer2013.csv", csv_rows())
    text = file.read_text()
    file.write_text(text[: text.rindex(",")])  # a download that broke off
    refused(r"row 21 \(line 22\): 2 cells; expected 3", file)
    save_csv(file, csv_rows(), ["emotion", "pixels"])
    refused("columns emotion, pixels; expected emotion, pixels, Usage", tmp_path)
    file.write_bytes(b"")
    refused("columns of an empty file", tmp_path)
    file.write_bytes(b"\xff\xfe\x00")
    refused("can't be read as csv", tmp_path)
    save_csv(file, [])
    refused("no train or validation", tmp_path)
    archive = tmp_path / "fer2013.zip"
    archive.write_bytes(b"PK")
    refused("is not a csv; give the folder it is in, archives unpacked", archive)


def test_csv_in_alphabetical_numbers_is_refused(tmp_path, monkeypatch):
    """Full size only can tell; the counts are made small here to stay quick."""
    counts = dict.fromkeys(ALL_SPLITS, (1, 2, 3, 4, 5, 6, 7))
    monkeypatch.setattr("fer.training.splits.OFFICIAL_COUNTS", counts)
    rows = [
        {"emotion": ALPHABETICAL.index(name), "pixels": GREY, "Usage": "Training"}
        for name, count in zip(EXPRESSIONS, counts["train"], strict=True)
        for _ in range(count)
    ]
    refused("in another order than FER2013's: found angry 1", save_csv(tmp_path / "a.csv", rows))


# Missing sources


@pytest.mark.parametrize("source", ["nowhere", "./nowhere/fer2013", "../a/b", "/nowhere/fer2013"])
def test_a_missing_folder_is_not_looked_for_on_the_hub(source):
    refused("no file or folder .*, nor is it a Hub id", source)


def test_an_empty_folder_is_refused(tmp_path):
    refused("holds nothing; expected parquet files", tmp_path)


def response(status):
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid"))


UNREACHABLE = r"can't be reached .* point --dataset at a folder with FER2013"
HUB_ERRORS = {
    "no network": (httpx.ConnectError("no such host"), UNREACHABLE),
    "slow network": (httpx.ConnectTimeout("too slow"), UNREACHABLE),
    "not there": (
        fer2013.RepositoryNotFoundError("404", response=response(404)),
        "shows no dataset 'somebody/fer2013'",
    ),
    "server down": (
        fer2013.HfHubHTTPError("503 for url", response=response(503)),
        "'somebody/fer2013' can't be loaded from the Hub: 503",
    ),
}


@pytest.mark.parametrize(("error", "message"), HUB_ERRORS.values(), ids=HUB_ERRORS.keys())
def test_hub_errors_are_one_sentence(monkeypatch, error, message):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(HfApi, "dataset_info", fail)
    refused(message, "somebody/fer2013")


@pytest.mark.parametrize(
    "settings",
    [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}],
    ids=["nobody listens", "offline mode"],
)
def test_without_a_hub_the_real_client_gives_up_fast(tmp_path, settings):
    code = (
        "from fer.training.fer2013 import DatasetError, load_fer2013\n"
        "try:\n    load_fer2013()\nexcept DatasetError as error:\n    print(error)"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", **settings}
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "point --dataset at a folder" in done.stdout
    assert done.stdout.count("\n") == 1
    assert "Retrying" not in done.stderr
    assert time.monotonic() - start < 20  # the client's own retries alone take 23 s


# Arrays


def stored(images, label=0):
    """A uniform split holding these encoded pictures."""
    count = len(images)
    columns = {"image": images, "label": [label] * count, "ferplus_votes": [None] * count}
    return datasets.Dataset.from_dict(columns, features=FEATURES)


def test_arrays_resize_and_turn_grey(tmp_path):
    file = tmp_path / "face.png"
    file.write_bytes(picture("sad", "PNG", side=96, mode="RGB"))
    arrays = load_arrays(stored([picture("happy", "PNG"), str(file)], label=3))
    assert (arrays.images.shape, arrays.images.dtype) == ((2, 48, 48), np.uint8)
    assert (arrays.labels.dtype, arrays.votes.dtype) == (np.int64, np.float32)
    np.testing.assert_array_equal(np.unique(arrays.images[0]), shade("happy"))
    np.testing.assert_allclose(arrays.images[1], shade("sad"), atol=1)
    np.testing.assert_array_equal(arrays.votes, np.zeros((2, 10)))
    assert len(arrays) == 2


def test_arrays_follow_a_selection():
    split = stored([*map(picture, EXPRESSIONS)]).select([5, 1])
    means = load_arrays(split).images.mean((1, 2))
    np.testing.assert_allclose(means, [shade("surprise"), shade("disgust")], atol=2)


def test_arrays_of_nothing():
    assert load_arrays(stored([picture("sad")]).select([])).images.shape == (0, 48, 48)


@pytest.mark.parametrize("spoilt", [b"no picture", picture("sad")[:150], None])
def test_a_broken_picture_is_named(spoilt):
    with pytest.raises(DatasetError, match="ow 2 "):
        load_arrays(stored([picture("sad"), spoilt]))


def test_arrays_check_their_shapes():
    images, labels = np.zeros((2, 48, 48), np.uint8), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match=r"votes must be \(2, 10\), not \(2, 8\)"):
        FerArrays(images, labels, np.zeros((2, 8), np.float32))
