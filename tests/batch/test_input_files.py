"""Which files a batch reads: folders, patterns, lists and addresses, each file once."""

import os
from collections import Counter

import fsspec
import pytest

from fer.batch.input_files import InputFile, Shard, find_input_files


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Files of the same names in several folders, and some that are none."""
    folder = tmp_path / "shelf"
    for name in ("a.jpg", "trip/a.jpg", "trip/deep/film.MP4", "notes.txt", ".hidden/b.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return folder


def found(*given, out="out"):
    from pathlib import Path

    files = find_input_files(map(str, given), Path(out)).files
    return [os.path.relpath(file.location) for file in files]


ALL = ["shelf/a.jpg", "shelf/trip/a.jpg", "shelf/trip/deep/film.MP4"]


def test_folders_are_searched_and_names_may_repeat(shelf):
    assert found("shelf") == ALL
    assert found("shelf/trip", "shelf", "shelf/a.jpg", shelf / "a.jpg") == ALL
    assert found("shelf", out="shelf/trip") == ALL[:1]


def test_patterns_and_lists(shelf, tmp_path):
    assert found("shelf/**/*.jpg") == [ALL[0], "shelf/.hidden/b.jpg", ALL[1]][::2]
    (tmp_path / "list.txt").write_text(f"\ufeffshelf/a.jpg\n\n{shelf}/trip\r\nshelf/gone.jpg\n")
    assert found("list.txt") == [ALL[0], "shelf/gone.jpg", *ALL[1:]]
    (shelf / "a[1].jpg").write_bytes(b"")
    assert found("shelf/a[1].jpg") == ["shelf/a[1].jpg"]
    (tmp_path / "list.txt").write_text("shelf/gone[1].jpg\nshelf/a\u2028b.jpg\n")  # to be reported
    assert found("list.txt") == ["shelf/a\u2028b.jpg", "shelf/gone[1].jpg"]


def test_a_pattern_passes_over_the_batchs_own_copies(shelf):
    assert found("shelf/**/*.[jM]*", out="shelf/trip") == ALL[:1]


def test_a_link_is_no_second_file(shelf):
    (shelf / "link.jpg").symlink_to(shelf / "a.jpg")
    (shelf / "again").symlink_to(shelf / "trip", target_is_directory=True)
    assert found("shelf", "shelf/again") == ALL


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("gone.jpg", "There is no file gone.jpg; check the path."),
        ("*.bmp", r"Nothing matches \*.bmp; check the pattern."),
        ("empty", "empty holds no photo or video; looked for were files that end in .avif"),
        ("memory://nowhere", "memory://nowhere names no photo and no video; check the address."),
        ("gopher://x/y", "gopher://x/y can't be reached: "),
    ],
)
def test_what_names_nothing_is_refused(shelf, tmp_path, given, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=sentence):
        found(given)


def test_addresses(shelf, tmp_path):
    memory = fsspec.filesystem("memory")
    for name in ("/album/a.jpg", "/album/in/b.png", "/album/c.doc"):
        memory.pipe(name, b"")
    files = find_input_files(["memory://album", "memory://album/*.jpg"], tmp_path / "out").files
    assert [file.location for file in files] == [
        "memory:///album/a.jpg",
        "memory:///album/in/b.png",
    ]
    assert all(file.is_remote for file in files)
    memory.rm("/album", recursive=True)
    (tmp_path / "list.txt").write_text("memory://album/gone.jpg\nmemory:///album/gone.jpg\n")
    (gone,) = find_input_files([str(tmp_path / "list.txt")], tmp_path / "out").files
    assert gone.location == "memory:///album/gone.jpg"  # nobody asked whether it is there
    assert found(f"file://{shelf}", "shelf/a.jpg") == ALL  # a path is a path


def test_ids_follow_the_whole_location():
    one, other = InputFile("/x/a.jpg"), InputFile("/y/a.jpg")
    assert one.source_id != other.source_id
    assert one.source_id == "66bc3b399a308afe"  # printf /x/a.jpg | sha256sum
    strange = InputFile(os.fsdecode(b"/x/\xff.jpg"))
    assert strange.source == "/x/\N{REPLACEMENT CHARACTER}.jpg" and len(strange.source_id) == 16


def test_kinds():
    kinds = {name: InputFile(name).is_video for name in ("a.JPG", "a.mp4", "a.MTS", "a.gif", "a")}
    assert kinds == {"a.JPG": False, "a.mp4": True, "a.MTS": True, "a.gif": False, "a": False}
    assert InputFile("https://x/film.mp4?signature=a.jpg").is_video
    assert not InputFile("https://x/a.jpg?from=film.mp4").is_video
    assert InputFile("/x/what?.mp4").is_video  # a path has no query


def test_shards_share_the_files_evenly():
    files = [InputFile(f"/photos/{number}.jpg") for number in range(3000)]
    shards = [Shard(number, 3) for number in (1, 2, 3)]
    counts = Counter(str(shard) for file in files for shard in shards if file in shard)
    assert sum(counts.values()) == 3000 and min(counts.values()) > 900
    for number, count in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match=f"There is no shard {number} of 3"):
            Shard(number, count)
