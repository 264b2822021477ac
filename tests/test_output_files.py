"""Files that are whole or not there, and folders that are tried before the work."""

import csv
import errno
import io
import os
from pathlib import Path

import pytest

from fer.output_files import OutputError, csv_text, new_file, no_formula, output_folder, write_file

FULL = "a.txt can't be written: the disk is full; make room"
FILE = "/a is a file; name a folder for the results"


def test_a_file_is_written_with_its_folders_and_replaced(tmp_path):
    file = tmp_path / "a" / "b.txt"
    write_file(file, "one\r\n\N{EURO SIGN}")
    assert file.read_bytes() == "one\r\n\N{EURO SIGN}".encode()
    write_file(file, b"two")
    assert [path.name for path in file.parent.iterdir()] == ["b.txt"]
    assert file.read_bytes() == b"two"


def test_a_file_that_fails_leaves_the_earlier_one_and_nothing_else(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"earlier")
    for path in (file, tmp_path / "new" / "deeper" / "a.txt"):
        with pytest.raises(OutputError, match=FULL), new_file(path) as unfinished:
            unfinished.write_bytes(b"cut")
            raise OSError(errno.ENOSPC, "No space left on device")
        with pytest.raises(KeyboardInterrupt), new_file(path) as unfinished:
            unfinished.write_bytes(b"cut")
            raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == b"earlier"


def test_a_folder_is_made_and_kept(tmp_path):
    with output_folder(tmp_path / "a" / "b") as folder:
        assert list(folder.iterdir()) == []
    assert folder.is_dir()


def test_after_an_error_an_empty_folder_goes_and_a_full_one_stays(tmp_path):
    with pytest.raises(ValueError, match="work"), output_folder(tmp_path / "a" / "b"):
        raise ValueError("work")
    assert not (tmp_path / "a").exists()
    with pytest.raises(ValueError, match="work"), output_folder(tmp_path / "a" / "b") as folder:
        (folder / "c").touch()
        raise ValueError("work")
    assert (tmp_path / "a" / "b" / "c").exists()


def test_an_address_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for address in ("s3://bucket/out", "hf://buckets/me/out"):
        with (
            pytest.raises(OutputError, match=f"^{address} is an address, and results are written"),
            output_folder(Path(address)),
        ):
            pytest.fail("entered")
    assert list(tmp_path.iterdir()) == []
    for name in ("lesson-10:30", "a:/b"):
        with output_folder(Path(name)):
            assert Path(name).is_dir()


def test_what_is_a_file_is_no_folder(tmp_path):
    (tmp_path / "a").touch()
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OutputError, match=FILE), output_folder(folder):
            pytest.fail("entered")


def test_a_pipe_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="pipe is a device or a pipe; name a file"):
        write_file(pipe, "text")
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"), (errno.EROFS, "Rea")],
)
def test_a_folder_is_tried_before_the_work(tmp_path, monkeypatch, code, sentence):
    def refuse(path, **options):
        raise OSError(code, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=sentence) as caught, output_folder(tmp_path / "a"):
        pytest.fail("entered")
    assert caught.value.disk_full == (code != errno.EROFS)


def test_a_name_that_is_too_long_is_to_be_shortened(tmp_path):
    with pytest.raises(OutputError, match="can't be written: its name is too long; shorten it"):
        write_file(tmp_path / ("n" * 300), b"")


@pytest.mark.parametrize(
    "name", ["=1+1.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\t=1.jpg", "\r=1.jpg", "\uff1d1.jpg"]
)
def test_no_cell_of_csv_is_a_formula(name):
    rows = csv.reader(io.StringIO(csv_text([["picture", "size"], [name, -3]]), newline=""))
    assert list(rows) == [["picture", "size"], [f"'{name}", "-3"]]


@pytest.mark.parametrize("value", [-1.5, -3, 0, "a=b.jpg", "2+2.jpg", "", None, float("-inf")])
def test_numbers_and_other_cells_stay(value):
    assert no_formula(value) is value
