"""Files with several tracks: one is kept, and a sentence states which."""

from fractions import Fraction

import av
import pytest
from av.stream import Disposition

from fer.video import VideoReader, VideoWriter
from tests.sample_videos import (
    _write_sound,
    add_cover,
    frames_of,
    grey,
    make_film,
    write_cover,
)

TWO_SOUNDS = "The file holds 2 sound tracks; only track "


def film(path, sizes=((64, 48),), languages=(), default=0, cover=False):
    """Write ten frames in a track for each size, and silence in one for each language."""
    with av.open(str(path), "w") as output:
        videos = [output.add_stream("libx264", rate=25) for _ in sizes]
        for stream, (width, height) in zip(videos, sizes, strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sounds = [output.add_stream("aac", rate=48_000, layout="mono") for _ in languages]
        for tracks in (videos, sounds):
            for number, stream in enumerate(tracks):
                stream.disposition = Disposition(number == default)
        for stream, language in zip(sounds, languages, strict=True):
            stream.metadata["language"] = language
        extra = add_cover(output) if cover else None
        if extra:
            write_cover(output, extra)
        for index in range(10):
            for stream, size in zip(videos, sizes, strict=True):
                frame = av.VideoFrame.from_ndarray(grey(index, size))
                frame.pts, frame.time_base = index, Fraction(1, 25)
                output.mux(stream.encode(frame))
        for stream in videos:
            output.mux(stream.encode(None))
        for stream in sounds:
            _write_sound(output, stream, 0.0, 0.4)
    return path


def sound_warning(path):
    with (
        VideoReader(path) as reader,
        VideoWriter(path.with_name("copy.mp4"), 64, 48, path) as writer,
    ):
        for frame in reader:
            writer.write(frame.image, frame.time, frame.duration)
    return writer.warning


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
@pytest.mark.parametrize("default", [0, 1])
def test_the_sound_track_that_is_kept_is_stated(tmp_path, name, default):
    path = film(tmp_path / name, languages=("eng", "deu"), default=default)
    kept = default if name != "a.ts" else 0  # which marks none
    language = ("eng", "deu")[kept]
    assert sound_warning(path).startswith(f"{TWO_SOUNDS}{kept + 1} (")
    assert language[:2] in sound_warning(path) or "ger" in sound_warning(path)


def test_a_language_that_is_none_is_not_quoted(tmp_path):
    path = film(tmp_path / "a.mkv", languages=("<b>", "und"))
    assert sound_warning(path) == f"{TWO_SOUNDS}1 is kept."


@pytest.mark.parametrize("default", [0, 1])
def test_a_track_that_can_be_decoded_is_kept_instead_of_one_that_cannot(tmp_path, default):
    """As beside a phone's spatial sound."""
    path = film(tmp_path / "a.mkv", ((64, 48), (64, 48)), languages=("eng", "deu"), default=default)
    content = path.read_bytes()
    for known, unknown in ((b"A_AAC", b"A_ZZZ"), (b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ")):
        at = content.index(known) if default == 0 else content.rindex(known)
        content = content[:at] + unknown + content[at + len(known) :]
    path.write_bytes(content)
    kept = 2 - default
    assert sound_warning(path).startswith(f"{TWO_SOUNDS}{kept} (")
    assert f"only track {kept} (64 x 48" in frames_of(path)[0].warning


def test_one_sound_and_no_sound_need_no_sentence(tmp_path):
    assert sound_warning(film(tmp_path / "a.mkv", languages=("eng",))) is None
    assert sound_warning(film(tmp_path / "b.mkv")) is None


@pytest.mark.parametrize("default", [0, 1])
def test_the_video_track_that_is_read_is_stated(tmp_path, default):
    path = film(tmp_path / "a.mkv", sizes=((64, 48), (96, 48)), default=default)
    reader, frames = frames_of(path)
    width = (64, 96)[default]
    assert {frame.image.shape for frame in frames} == {(48, width, 3)}
    assert reader.warning == (
        f"The file holds 2 video tracks; only track {default + 1} ({width} x 48 pixels) is read."
    )


def test_a_cover_is_no_second_video_track(tmp_path):
    assert frames_of(film(tmp_path / "a.mp4", cover=True))[0].warning is None


def flv_tags(content):
    """Return the kind, the time in milliseconds and the bytes of each tag of an FLV."""
    tags, place = [], 13
    while place < len(content):
        size = 15 + int.from_bytes(content[place + 1 : place + 4], "big")
        time = int.from_bytes(content[place + 4 : place + 7], "big")
        tags.append((content[place], time, content[place : place + size]))
        place += size
    return tags


def with_late_sound(pictures, sounding, target, delay):
    """Add the sound of an FLV to one without, so many milliseconds later, its header unchanged."""
    content = pictures.read_bytes()
    audio = [
        (8, time + delay, tag[:4] + (time + delay).to_bytes(3, "big") + tag[7:])
        for kind, time, tag in flv_tags(sounding.read_bytes())
        if kind == 8
    ]
    tags = sorted([*flv_tags(content), *audio], key=lambda tag: tag[1])
    target.write_bytes(content[:13] + b"".join(tag for _, _, tag in tags))
    return target


@pytest.mark.parametrize("delay", [0, 12_000])
def test_sound_that_appears_late_is_stated(tmp_path, delay):
    times = [i / 15 for i in range(300)]
    pictures = make_film(tmp_path / "a.flv", times)
    sounding = make_film(tmp_path / "b.flv", times[:2], sound="aac", sound_seconds=1.0)
    path = with_late_sound(pictures, sounding, tmp_path / "c.flv", delay)
    reader, frames = frames_of(path)
    assert len(frames) == len(times)
    assert reader.info.has_audio == (delay == 0)
    late = "A track that appears late in the file, such as its sound, is left out."
    assert reader.warning == (late if delay else None)
