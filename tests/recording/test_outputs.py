"""The folder that a recording's files come into, after an error."""

from pathlib import Path

import pytest

from fer.recording.outputs import atomic_outputs


def fail_in(folder):
    with pytest.raises(KeyError), atomic_outputs(folder) as place:
        (place / "annotated.mp4").write_bytes(b"half")
        raise KeyError


def test_what_a_killed_process_left_goes_and_what_another_one_holds_stays(tmp_path):
    left = tmp_path / ".work-of-a-killed-process"
    left.mkdir()
    (left / "annotated.mp4").write_bytes(b"half")
    with atomic_outputs(tmp_path) as other, atomic_outputs(tmp_path) as own:
        assert {path.name for path in tmp_path.iterdir()} == {other.name, own.name}
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_that_was_there_stays(tmp_path):
    fail_in(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_made_for_it_goes(tmp_path):
    fail_in(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_removed_hides_no_error(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "rmdir", refuse)
    fail_in(tmp_path / "out")


def test_the_current_folder_hides_no_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fail_in(Path("."))
    assert tmp_path.is_dir()
