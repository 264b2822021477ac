"""The csv editions: labels by number or name, splits by Usage, FER+."""

import csv

import pytest

from fer.data.fer2013 import load_fer2013
from fer.data.label_map import LabelMap
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS
from tests.training.tiny_trainings import (
    ALL_SPLITS,
    assert_uniform,
    labelled,
    named,
    refused,
    save,
    shade,
)

ALPHABETICAL = sorted(EXPRESSIONS)
USAGES = ("Training", "PublicTest", "PrivateTest")
VOTES = [0, 7, 2, 0, 0, 0, 0, 1, 0, 0]


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
        | dict(zip(FERPLUS_VOTE_COLUMNS, VOTES, strict=True))
        | {"unknown": number}
        for number, row in enumerate(rows)
    ]


FERPLUS_HEADER = ["Usage", "Image name", *FERPLUS_VOTE_COLUMNS]


@pytest.mark.parametrize(("name", "header"), HEADERS.items(), ids=HEADERS.keys())
@pytest.mark.parametrize("as_folder", [True, False], ids=["folder", "file"])
def test_csv(tmp_path, name, header, as_folder):
    file = save_csv(tmp_path / name, csv_rows(), header)
    loaded = load_fer2013(tmp_path if as_folder else file)
    assert_uniform(loaded, ALL_SPLITS, 7)
    assert loaded["train"]["label"][:] == [0, 1, 2, 3, 4, 5, 6]
    assert loaded["test"]["ferplus_votes"][:] == [None] * 7


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "named"])
def test_ferplus_votes_are_matched_row_by_row(tmp_path, beside):
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
    nobody = [row | dict.fromkeys(FERPLUS_VOTE_COLUMNS, 0) for row in ferplus_rows(rows)]
    save_csv(tmp_path / "fer2013new.csv", nobody, FERPLUS_HEADER)
    loaded = load_fer2013(save_csv(tmp_path / "fer2013.csv", rows))
    assert loaded["train"]["ferplus_votes"][:] == [None] * 7


def test_case_of_columns_and_of_the_file_s_name_is_ignored(tmp_path):
    rows = [{name.upper(): cell for name, cell in row.items()} for row in csv_rows()]
    save_csv(tmp_path / "FER2013.CSV", rows, ["EMOTION", "PIXELS", "USAGE"])
    assert_uniform(load_fer2013(tmp_path), ALL_SPLITS, 7)


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
    "no emotion": ({"emotion": " "}, "the emotion is missing"),
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
    refused("holds no pictures", tmp_path)
    archive = tmp_path / "fer2013.zip"
    archive.write_bytes(b"PK")
    refused("is not a csv; give the folder it is in, archives unpacked", archive)


def test_csv_in_alphabetical_numbers_is_refused(tmp_path, monkeypatch):
    """Full size only can tell; the counts are made small here to stay quick."""
    counts = dict.fromkeys(ALL_SPLITS, (1, 2, 3, 4, 5, 6, 7))
    monkeypatch.setattr("fer.data.splits.OFFICIAL_COUNTS", counts)
    rows = [
        {"emotion": ALPHABETICAL.index(name), "pixels": GREY, "Usage": "Training"}
        for name, count in zip(EXPRESSIONS, counts["train"], strict=True)
        for _ in range(count)
    ]
    refused("in another order than FER2013's: found angry 1", save_csv(tmp_path / "a.csv", rows))


def test_numbers_and_names_in_a_csv_can_be_mapped(tmp_path):
    rows = csv_rows(["Training"])
    rows[3] |= {"emotion": "joy"}
    rows.append(rows[0] | {"emotion": 7})
    file = save_csv(tmp_path / "fer2013.csv", rows)
    loaded = load_fer2013(file, label_map=LabelMap.parse(["joy=happy", "7=-"]))
    assert_uniform(loaded, ["train"], 7)
