"""Which files a batch reads: folders, patterns, lists and addresses, each file once."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from random import Random

import fsspec
import pytest

from fer.batch import transient_errors
from fer.batch.input_files import InputFile, Shard, file_name, find_input_files
from fer.batch.local_copies import LocalCopies, UnavailableError, read_bytes
from tests.hub_server import HubServer


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """Files of the same names in several folders, and some that are none."""
    folder = tmp_path / "inputs"
    for name in ("a.jpg", "trip/a.jpg", "trip/deep/film.MP4", "notes.txt", ".hidden/b.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return folder


def found(*given, out="out"):
    from pathlib import Path

    files = find_input_files([*map(str, given)], Path(out)).files
    return [os.path.relpath(file.location) for file in files]


ALL = ["inputs/a.jpg", "inputs/trip/a.jpg", "inputs/trip/deep/film.MP4"]


def test_folders_are_searched_and_names_may_repeat(inputs):
    assert found("inputs") == ALL
    assert found("inputs/trip", "inputs", "inputs/a.jpg", inputs / "a.jpg") == ALL
    assert found("inputs", out="inputs/trip") == ALL[:1]


def test_patterns_and_lists(inputs, tmp_path):
    assert found("inputs/**/*.jpg") == [ALL[0], "inputs/.hidden/b.jpg", ALL[1]][::2]
    (tmp_path / "list.txt").write_text(f"\ufeffinputs/a.jpg\n\n{inputs}/trip\r\ninputs/gone.jpg\n")
    assert found("list.txt") == [ALL[0], "inputs/gone.jpg", *ALL[1:]]
    (inputs / "a[1].jpg").write_bytes(b"")
    assert found("inputs/a[1].jpg") == ["inputs/a[1].jpg"]
    (tmp_path / "list.txt").write_text(
        "inputs/gone[1].jpg\ninputs/a\u2028b.jpg\n"
    )  # to be reported
    assert found("list.txt") == ["inputs/a\u2028b.jpg", "inputs/gone[1].jpg"]


def test_a_pattern_with_two_stars_matches_folders_at_any_depth_but_not_behind_links(
    inputs, tmp_path
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.jpg").write_bytes(b"")
    (inputs / "trip" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert found("inputs/trip/*/*.jpg") == ["inputs/trip/link/a.jpg"]
    assert found("inputs/**/*.jpg") == found("**/inputs/**/a.*") == [ALL[0], ALL[1]]
    assert found("inputs/t*/**/*.MP4") == found(inputs / "**/**/deep/*") == ALL[2:]
    assert found("inputs/trip/deep/**") == ALL[2:]


def test_a_pattern_passes_over_the_batchs_own_copies(inputs):
    assert found("inputs/**/*.[jM]*", out="inputs/trip") == ALL[:1]


def test_the_folder_of_the_results_may_be_among_the_sources(inputs):
    """As a shell's * has it at the second time; its copies with boxes are no input."""
    (inputs / "out" / "annotated").mkdir(parents=True)
    (inputs / "out" / "annotated" / "b.jpg").write_bytes(b"")
    for given in (("inputs/a.jpg", "inputs/out"), ("inputs/[ao]*",)):
        assert found(*given, out="inputs/out") == ALL[:1]
    (inputs / "annotated").mkdir()
    (inputs / "annotated" / "c.jpg").write_bytes(b"")
    assert found("inputs", out="inputs") == [ALL[0], "inputs/out/annotated/b.jpg", *ALL[1:]]


def test_links_that_lead_nowhere_stay_to_be_reported_but_pipes_do_not(inputs):
    (inputs / "loop.jpg").symlink_to(inputs / "loop.jpg")
    (inputs / "gone.jpg").symlink_to(inputs / "nothing.jpg")
    os.mkfifo(inputs / "pipe.jpg")
    links = ["inputs/gone.jpg", "inputs/loop.jpg"]
    assert found("inputs") == sorted(ALL + links)
    assert found(*links) == found("inputs/[gl]*.jpg") == links


def test_a_link_is_no_second_file(inputs):
    (inputs / "link.jpg").symlink_to(inputs / "a.jpg")
    (inputs / "again").symlink_to(inputs / "trip", target_is_directory=True)
    assert found("inputs", "inputs/again") == ALL


def test_a_folder_without_photos_is_left_out_beside_others(inputs, tmp_path):
    (inputs / "notes").mkdir()
    found = find_input_files(["inputs/notes", "inputs/trip"], tmp_path / "out")
    assert len(found.files) == 2 and list(found.unreadable) == ["inputs/notes"]
    assert found.unreadable["inputs/notes"].startswith("It holds no photo or video: no file")
    found = find_input_files(["inputs/*", "inputs/**"], tmp_path / "out")  # nobody named it
    assert len(found.files) == 4 and found.unreadable == {}  # with notes.txt, which matches


def test_what_comes_after_a_link_is_where_the_system_has_it(inputs, tmp_path):
    (tmp_path / "link").symlink_to(inputs / "trip" / "deep", target_is_directory=True)
    assert found("link/../a.jpg") == found("link/../*.jpg") == [ALL[1]]
    assert found("link/..") == ALL[1:]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("gone.jpg", "There is no file gone.jpg; check the path."),
        ("*.bmp", r"Nothing matches \*.bmp; check the pattern."),
        ("empty", "empty: It holds no photo or video: no file in it ends in"),
        ("memory://nowhere", "memory://nowhere names no photo and no video; check the address."),
        ("file:///a%00b.jpg", "is no name of a file; save lists as UTF-8."),
        ("gopher://x/y", "gopher://x/y can't be reached: "),
        ("none.txt", r"^none\.txt names no photo and no video\.$"),
    ],
)
def test_what_names_nothing_is_refused(inputs, tmp_path, given, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.txt").write_text("\n \n")
    with pytest.raises(ValueError, match=sentence):
        found(given)


def test_addresses_of_folders_and_patterns_are_expanded(inputs, tmp_path):
    memory = fsspec.filesystem("memory")
    for name in ("/photos/a.jpg", "/photos/in/b.png", "/photos/c.doc"):
        memory.pipe(name, b"")
    files = find_input_files(["memory://photos", "memory://photos/*.jpg"], tmp_path / "out").files
    assert [file.location for file in files] == [
        "memory:///photos/a.jpg",
        "memory:///photos/in/b.png",
    ]
    assert all(file.is_remote for file in files)
    memory.rm("/photos", recursive=True)
    (tmp_path / "list.txt").write_text("memory://photos/gone.jpg\nmemory:///photos/gone.jpg\n")
    (gone,) = find_input_files([str(tmp_path / "list.txt")], tmp_path / "out").files
    assert gone.location == "memory:///photos/gone.jpg"  # nobody asked whether it is there
    assert found(f"file://{inputs}", "inputs/a.jpg") == ALL  # a path is a path


def test_an_archive_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("a.zip", "w") as archive:
        for name in ("x.jpg", "in/film.mp4", "notes.txt"):
            archive.writestr(name, name)
    files = find_input_files(["zip://::a.zip", "zip://*.jpg::a.zip"], tmp_path / "out").files
    names, archive = ["in/film.mp4", "x.jpg"], f"{tmp_path}/a.zip"
    assert [file.location for file in files] == [f"zip://{name}::{archive}" for name in names]
    assert [read_bytes(file).decode() for file in files] == names
    assert [file.is_video for file in files] == [True, False]
    (film, _), copies = files, LocalCopies()
    assert copies.path(film).name == "film.mp4" and copies.path(film).read_text() == names[0]
    copies.close()
    (cached,) = find_input_files([f"simplecache::file://{archive}"], tmp_path / "out").files
    assert cached.location == f"file://{archive}"


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("zip://*.jpg::~/a.zip", "zip://x.jpg::{}/a.zip"),
        ("simplecache::zip://*.jpg::a.zip", "zip://x.jpg::{}/a.zip"),
        ("zip://*.jpg::simplecache::a.zip", "zip://x.jpg::simplecache::{}/a.zip"),
        ("zip://*.jpg::file://a.zip", "zip://x.jpg::file://{}/a.zip"),
        ("zip://*.jpg::zip://a.zip::outer.zip", "zip://x.jpg::zip://a.zip::{}/outer.zip"),
    ],
)
def test_files_in_archives_are_read_from_any_folder(tmp_path, monkeypatch, address, location):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("x.jpg", "X")
    with zipfile.ZipFile("outer.zip", "w") as archive:
        archive.write("a.zip")
    (file,) = find_input_files([address], tmp_path / "out").files
    assert file.location == location.format(tmp_path)
    monkeypatch.chdir("/")
    assert read_bytes(file) == b"X"


def test_an_archive_that_cannot_be_read_is_a_sentence(tmp_path):
    (tmp_path / "cut.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="can't be reached: File is not a zip file"):
        find_input_files([f"zip://::{tmp_path}/cut.zip"], tmp_path / "out")
    locked = tmp_path / "locked.zip"
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr("a.jpg", b"A")
    content = locked.read_bytes()
    for start in (b"PK\3\4\x14\0", b"PK\1\2\x14\3\x14\0"):  # of a header; its flags follow
        content = content.replace(start + b"\0", start + b"\1")
    locked.write_bytes(content)
    (file,) = find_input_files([f"zip://::{locked}"], tmp_path / "out").files
    with pytest.raises(UnavailableError, match="is encrypted, password required"):
        read_bytes(file)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("zip://no/b.jpg::in.zip", "^There is no file no/b.jpg in the archive.$"),
        ("zip://b.jpg::zip://no.zip::in.zip", "^There is no file no.zip in the archive.$"),
        ("zip://b.jpg::no.zip", "The file can't be read: .*No such file or directory: .*/no.zip"),
    ],
)
def test_a_listed_file_that_is_not_in_its_archive_is_refused(
    tmp_path, monkeypatch, address, sentence
):
    monkeypatch.chdir(tmp_path)
    zipfile.ZipFile("in.zip", "w").close()
    with pytest.raises(UnavailableError, match=sentence):
        read_bytes(InputFile(address))


def test_a_listed_address_without_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(transient_errors, "PAUSES", ())
    for address in ("http://127.0.0.1:1/a.jpg", "memory://a.jpg"):
        with pytest.raises(UnavailableError, match="There is no such file, or its server is away"):
            read_bytes(InputFile(address))


def test_a_fault_of_the_program_is_no_fault_of_an_address(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "glob", fail)
    with pytest.raises(RuntimeError, match="changed size"):
        find_input_files(["memory://photos/*.jpg"], tmp_path / "out")


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut off", "another kind"])
def test_a_damaged_compressed_archive_is_refused_for_good(tmp_path, monkeypatch, suffix, is_cut):
    monkeypatch.setattr(transient_errors, "PAUSES", ())
    damaged = tmp_path / f"a.tar.{suffix}"
    with tarfile.open(damaged, f"w:{suffix}") as archive:
        entry = tarfile.TarInfo("x.jpg")
        entry.size = 20_000
        archive.addfile(entry, io.BytesIO(Random(0).randbytes(entry.size)))
    damaged.write_bytes(damaged.read_bytes()[:10_000] if is_cut else b"I am no archive.")
    with pytest.raises(UnavailableError, match="The file can't be read: "):
        read_bytes(InputFile(f"tar://x.jpg::{damaged}"))


def test_damaged_lzma_is_a_sentence(tmp_path):
    damaged = tmp_path / "a.zip"
    with zipfile.ZipFile(damaged, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.jpg", bytes(range(256)) * 9)
    content = bytearray(damaged.read_bytes())
    content[60:200] = bytes(140)
    damaged.write_bytes(content)
    (file,) = find_input_files([f"zip://::{damaged}"], tmp_path / "out").files
    with pytest.raises(UnavailableError, match="can't be read: Corrupt input data"):
        read_bytes(file)


READ_FROM_HUB = """
from pathlib import Path
from fer.batch.input_files import find_input_files
from fer.batch.local_copies import read_bytes
from fer.batch.transient_errors import UnreachableError
found = find_input_files(["hf://datasets/me/faces", "hf://datasets/me/faces@main/b/*"], Path("out"))
for file in found.files:
    try:
        print(file.location, read_bytes(file).decode())
    except UnreachableError:
        print(file.location, "is left for later")
"""


@pytest.mark.slow
@pytest.mark.parametrize("is_missing", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_data_set_of_the_hub_is_a_folder(tmp_path, is_missing):
    with HubServer() as hub:
        files = {"a.jpg": b"A", "b/c.png": b"C", "film.mp4": b"F", "README.md": b"# Faces"}
        hub.add("datasets", "me/faces", files)
        hub.missing = {"film.mp4"} if is_missing else set()  # the Hub's library tries it for long
        environment = {**os.environ, **hub.environment(tmp_path)}
        program = f"import fer.batch.transient_errors as e; e.PAUSES = (){READ_FROM_HUB}"
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "hf://datasets/me/faces/a.jpg A",
        "hf://datasets/me/faces/b/c.png C",
        f"hf://datasets/me/faces/film.mp4 {'is left for later' if is_missing else 'F'}",
        "hf://datasets/me/faces@main/b/c.png C",
    ], done.stderr


def test_ids_follow_the_whole_location():
    one, other = InputFile("/x/a.jpg"), InputFile("/y/a.jpg")
    assert one.source_id != other.source_id
    assert one.source_id == "66bc3b399a308afe"  # printf /x/a.jpg | sha256sum
    strange = InputFile(os.fsdecode(b"/x/\xff.jpg"))
    assert strange.source == "/x/\N{REPLACEMENT CHARACTER}.jpg" and len(strange.source_id) == 16


def test_videos_are_recognised_by_their_suffix():
    kinds = {name: InputFile(name).is_video for name in ("a.JPG", "a.mp4", "a.MTS", "a.gif", "a")}
    assert kinds == {"a.JPG": False, "a.mp4": True, "a.MTS": True, "a.gif": False, "a": False}
    assert InputFile("https://x/film.mp4?signature=a.jpg").is_video
    assert not InputFile("https://x/a.jpg?from=film.mp4").is_video
    assert InputFile("/x/what?.mp4").is_video  # a path has no query


def test_a_file_name_is_the_end_of_its_path_or_address():
    names = [
        file_name(location)
        for location in (
            "/x/my%20film?.mp4",
            "https://x/a%2Fmy%20film.mp4?from=b.mp4",
            "s3://x/y#1.mp4",
            "zip://in/y.mp4::s3://x/z.zip",
            "/x/a::b.mp4",
        )
    ]
    assert names == ["my%20film?.mp4", "my film.mp4", "y#1.mp4", "y.mp4", "a::b.mp4"]


def test_shards_share_the_files_evenly():
    files = [InputFile(f"/photos/{number}.jpg") for number in range(3000)]
    shards = [Shard(number, 3) for number in (1, 2, 3)]
    counts = Counter(str(shard) for file in files for shard in shards if file in shard)
    assert sum(counts.values()) == 3000 and min(counts.values()) > 900
    for number, count in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match=f"There is no shard {number} of 3"):
            Shard(number, count)
