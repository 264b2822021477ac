"""The Hub's and the parquet editions: one set of columns, no label under another's name."""

import os
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import httpx

from fer.data import hub_source
from fer.data.fer2013 import load_arrays, load_fer2013
from fer.data.label_map import LabelMap
from fer.data.splits import OFFICIAL_COUNTS, DatasetError
from fer.labels import EXPRESSIONS
from tests.training.tiny_trainings import (
    ALL_SPLITS,
    assert_uniform,
    labelled,
    named,
    picture,
    refused,
    save,
)

ALPHABETICAL = sorted(EXPRESSIONS)
VOTES = [0, 7, 2, 0, 0, 0, 0, 1, 0, 0]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Keep what `datasets` caches away from the user's cache."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


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
def test_official_counts_reveal_a_mix_up(monkeypatch, encoding, splits, message):
    on_the_hub(monkeypatch, {name: official(split, encoding) for name, split in splits.items()})
    refused(message, "somebody/fer2013")


def test_validation_and_test_in_one_split_are_refused_only_beside_a_validation_split(monkeypatch):
    both = [official(split, named(EXPRESSIONS)) for split in ("validation", "test")]
    train = official("train", named(EXPRESSIONS))
    splits = {"train": train, "test": datasets.concatenate_datasets(both)}
    on_the_hub(monkeypatch, splits)
    assert [len(split) for split in load_fer2013("somebody/fer2013").values()] == [28709, 7178]
    on_the_hub(monkeypatch, splits | {"validation": both[0]})
    refused("test split holds FER2013's PublicTest and PrivateTest", "somebody/fer2013")


@pytest.mark.parametrize("numbers", [NUMBERS, DIGITS], ids=["integers", "digits as names"])
def test_numbers_can_be_named(monkeypatch, numbers):
    on_the_hub(monkeypatch, {"train": labelled(EXPRESSIONS, numbers)})
    names = [f"{index}={name}" for index, name in enumerate(EXPRESSIONS)]
    loaded = load_fer2013("somebody/fer2013", label_map=LabelMap.parse(names))
    assert_uniform(loaded, ["train"], 7)


def test_labels_can_be_left_out(monkeypatch):
    value = (datasets.Value("string"), lambda name: {"sad": "contempt"}.get(name, name))
    on_the_hub(monkeypatch, {"train": labelled(EXPRESSIONS, value)})
    loaded = load_fer2013("somebody/fer2013", label_map=LabelMap({"Contempt": "-"}))
    assert_uniform(loaded, ["train"], 6)
    with pytest.raises(DatasetError, match="--map names contemt, but the labels in"):
        load_fer2013("somebody/fer2013", label_map=LabelMap({"contempt": "-", "contemt": "-"}))


BAD_SPLITS = {
    "few numbers": (lambda: {"train": labelled(EXPRESSIONS, NUMBERS)}, "indices without names"),
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
    "no split": (dict, "holds no pictures"),
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
    refused(r"faces-.* is not named after its split", tmp_path / "other")
    broken = tmp_path / "broken" / "train.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"PAR1 and no more")
    refused("train.parquet can't be read as parquet: Parquet magic", broken.parent)
    save(split, tmp_path / "two", "train")
    save(split.rename_column("label", "emotion"), tmp_path / "two", "test")
    columns = "test.* has the columns emotion, image, and .*train.* has image, label"
    refused(columns, tmp_path / "two")


# Missing sources


@pytest.mark.parametrize("source", ["nowhere", "./nowhere/fer2013", "../a/b", "/nowhere/fer2013"])
def test_a_missing_folder_is_not_requested_from_the_hub(source):
    refused("no file or folder .*, nor is it a Hub id", source)


def test_an_empty_folder_is_refused(tmp_path):
    refused("holds nothing; expected parquet files", tmp_path)
    (tmp_path / "archive.zip").touch()
    refused("holds archive.zip; unpack archive.zip first", tmp_path)


def test_a_dataset_from_the_cache_needs_no_hub(monkeypatch):
    on_the_hub(monkeypatch, {"train": labelled(EXPRESSIONS, named(ALPHABETICAL))})
    monkeypatch.setattr(HfApi, "dataset_info", lambda *args, **options: pytest.fail("asked"))
    cached = datasets.config.HF_DATASETS_CACHE / "Somebody___fer2013" / "default" / "0.0.0" / "sha"
    cached.mkdir(parents=True)
    (cached / "dataset_info.json").write_text("{}")
    assert_uniform(load_fer2013("Somebody/FER2013"), ["train"], 7)


def response(status):
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid"))


UNREACHABLE = r"can't be reached .* give --dataset a folder with FER2013"
HUB_ERRORS = {
    "no network": (httpx.ConnectError("no such host"), UNREACHABLE),
    "slow network": (httpx.ConnectTimeout("too slow"), UNREACHABLE),
    "not there": (
        hub_source.RepositoryNotFoundError("404", response=response(404)),
        "has no data set 'somebody/fer2013'",
    ),
    "server down": (
        hub_source.HfHubHTTPError("503 for url", response=response(503)),
        "'somebody/fer2013' can't be loaded from the Hub: 503",
    ),
}


@pytest.mark.parametrize(("error", "message"), HUB_ERRORS.values(), ids=HUB_ERRORS.keys())
def test_hub_errors_are_one_sentence(monkeypatch, error, message):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(HfApi, "dataset_info", fail)
    refused(message, "somebody/fer2013")


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}],
    ids=["nobody listens", "offline mode"],
)
def test_without_a_hub_the_real_client_gives_up_fast(tmp_path, settings):
    code = (
        "import time\n"
        "from fer.data.fer2013 import DatasetError, load_fer2013\n"
        "start = time.monotonic()\n"
        "try:\n    load_fer2013()\nexcept DatasetError as error:\n    print(error)\n"
        "print(time.monotonic() - start)"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", **settings}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    printed, seconds = done.stdout.splitlines()
    assert "give --dataset a folder" in printed
    assert "Retrying" not in done.stderr
    assert float(seconds) < 20  # the client's own retries alone take 23 s
