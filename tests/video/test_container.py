"""What is refused at the door, and the one sentence that says why."""

import errno
import os

import av
import pytest

from fer.i18n import use_language
from fer.video import VideoError, VideoReader, check_video, container, header
from tests.sample_videos import STEADY, _write_sound, add_cover, make_film, write_cover


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "good.mp4", STEADY)


def test_a_good_video_is_described(film):
    info = check_video(film)
    assert (info.width, info.height, info.has_audio) == (64, 48, False)
    assert info.duration == pytest.approx(0.4)
    assert info.frame_rate == pytest.approx(25)


def sound_only(path):
    with av.open(str(path), "w") as container:
        _write_sound(container, container.add_stream("aac", rate=48_000, layout="mono"), 0, 1)


def song(path):
    """Sound with the picture of its cover."""
    with av.open(str(path), "w", format="mp4") as container:
        cover = add_cover(container)
        tone = container.add_stream("aac", rate=48_000, layout="mono")
        write_cover(container, cover)
        _write_sound(container, tone, 0, 1)


def no_frames(path):
    with av.open(str(path), "w") as container:
        container.add_stream("libx264", rate=25)
        container.start_encoding()


def playlist(path):
    path.write_text("#EXTM3U\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n")


def headless(path):
    """A video whose index, at its end, is cut off."""
    make_film(path, STEADY)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov")])


def half_an_index(path):
    """A video whose index is cut off before its first track has a kind."""
    make_film(path, STEADY)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"hdlr")])


def unknown(path):
    """A video of a kind that nobody has heard of."""
    make_film(path, STEADY)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_text("Dear diary, " * 50), "can't be read as a video"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is not a file"),
        (sound_only, "sound but no pictures"),
        (song, "sound but no pictures"),
        (no_frames, "no picture"),
        (playlist, "can't be read as a video"),
        (headless, "may be cut off"),
        (half_an_index, "may be cut off"),
        (unknown, "of an unknown kind"),
    ],
    ids=[
        *("text", "empty", "missing", "folder", "sound", "song"),
        *("no frames", "playlist", "headless", "half an index", "unknown"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path, film, make, sentence):
    path = tmp_path / "upload.mp4"
    make(path)
    with pytest.raises(VideoError, match=sentence) as raised:
        VideoReader(path)
    assert "\n" not in str(raised.value)
    assert "Errno" not in str(raised.value)


@pytest.mark.parametrize(
    ("module", "limit", "value", "sentence"),
    [
        (container, "MAX_BYTES", 100, "at most 0 MB are accepted"),
        (header, "MAX_SECONDS", 0.2, "too long"),
        (container, "MAX_SIDE", 63, r"64 x 48"),
    ],
)
def test_videos_beyond_each_limit_are_refused(monkeypatch, film, module, limit, value, sentence):
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(VideoError, match=sentence):
        check_video(film)


def test_errors_of_decoders_threads_are_not_logged_by_python(film):
    """They would wait for the GIL, which the thread that closes the decoder holds meanwhile."""
    av.logging.set_level(av.logging.ERROR)  # as torchvision 0.23 does
    with VideoReader(film):
        assert av.logging.get_level() is None


def test_numbers_are_in_the_visitors_language(monkeypatch, film):
    monkeypatch.setattr(container, "MAX_BYTES", 1_234_000_000)
    os.truncate(film, 5_000_000_000)  # sparse: it takes no room
    with use_language("de"), pytest.raises(VideoError, match=r"5\.000 MB.*1\.234 MB"):
        check_video(film)


def test_a_header_that_claims_a_giant_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.gif"
    make_film(path, [0, 1], codec="gif", pixels="rgb8")
    data = bytearray(path.read_bytes())
    data[6:10] = b"\xff\xff\xff\xff"  # width and height of the screen
    path.write_bytes(data)
    with pytest.raises(VideoError, match="no picture that can be read"):
        check_video(path)


@pytest.mark.parametrize("refusing", ["pathlib.Path.stat", "av.open"])
def test_a_file_without_permission_is_not_called_damaged(tmp_path, monkeypatch, refusing):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    path = make_film(tmp_path / "a.mp4", STEADY)
    monkeypatch.setattr(refusing, refuse)
    with pytest.raises(VideoError, match="can't be opened; check its permissions"):
        check_video(path)
