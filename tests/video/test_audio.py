"""Sound whose times leap, and sound that MP4 doesn't take as it is."""

import av
import pytest

from fer.video import VideoReader, VideoWriter
from fer.video.timestamps import GapDetector
from tests.sample_videos import make_film, set_back, tone_starts, with_a_gap

TIMES = [i / 25 for i in range(200)]
DOWNLOAD_KINDS = [("a.mkv", "aac"), ("a.mkv", "libmp3lame"), ("a.mkv", "pcm_s16le")]
IGNORED = "what comes later is left out."


def film(path, sound, **options):
    """Eight seconds; clusters of half a second let its clock be set."""
    form = {"cluster_time_limit": "500"} if path.suffix == ".mkv" else {}
    return make_film(path, TIMES, sound=sound, sound_seconds=8.0, form=form, **options)


def warning_of(source, target):
    """Write the pictures and the sound; return the warning about the sound."""
    with VideoReader(source) as reader, VideoWriter(target, 64, 48, source) as writer:
        for frame in reader:
            writer.write(frame.image, frame.time, frame.duration)
    return writer.warning


def lengths(path):
    """Seconds at which the file and its sound end; 0 for no sound."""
    with av.open(str(path)) as container:
        sound = [p for p in container.demux() if p.stream.type == "audio" and p.pts is not None]
        ends = [float(p.pts * p.time_base) for p in sound]
        return container.duration / av.time_base, max(ends, default=0.0)


@pytest.mark.parametrize(("name", "sound"), DOWNLOAD_KINDS)
def test_a_long_gap_ends_the_sound(tmp_path, name, sound):
    source = with_a_gap(film(tmp_path / name, sound), tmp_path / "gap.mkv", 5.0, 900)
    sentence = warning_of(source, tmp_path / "b.mp4")
    assert sentence == f"The sound stops for more than a minute after 0:05; {IGNORED}"
    assert lengths(tmp_path / "b.mp4") == pytest.approx((8.0, 5.0), abs=0.1)
    assert tone_starts(tmp_path / "b.mp4") == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize(("name", "sound"), DOWNLOAD_KINDS)
def test_a_gap_of_a_minute_is_kept(tmp_path, name, sound):
    source = with_a_gap(film(tmp_path / name, sound), tmp_path / "gap.mkv", 5.0, 58)
    assert warning_of(source, tmp_path / "b.mp4") is None
    assert lengths(tmp_path / "b.mp4") == pytest.approx((66.0, 66.0), abs=0.1)


@pytest.mark.parametrize(("name", "sound"), [*DOWNLOAD_KINDS, ("a.mp4", "aac")])
def test_sound_that_starts_far_too_late_is_left_out(tmp_path, name, sound):
    source = film(tmp_path / name, sound, sound_start=900)
    sentence = warning_of(source, tmp_path / "b.mp4")
    assert sentence == "The sound starts more than a minute after the pictures and is left out."
    assert lengths(tmp_path / "b.mp4") == pytest.approx((8.0, 0.0), abs=0.1)
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert len(list(reader)) == len(TIMES)


@pytest.mark.parametrize(("name", "sound"), DOWNLOAD_KINDS)
def test_a_clock_that_is_set_back_ends_the_sound(tmp_path, name, sound):
    source = set_back(film(tmp_path / name, sound), after=4.2, seconds=4)
    sentence = warning_of(source, tmp_path / "b.mp4")
    assert sentence in [f"The sound's times go back after 0:0{at}; {IGNORED}" for at in (4, 5)]
    assert lengths(tmp_path / "b.mp4") == pytest.approx((8.0, 4.5), abs=0.4)


@pytest.mark.parametrize(
    ("starts", "sentence"),
    [
        ([0, 0.5, 1.0], None),
        ([30, 30.5], None),  # it starts late
        ([0, 60.4, 120.8], None),
        ([0, 60.6], "stops for more than a minute after 0:00;"),
        ([0, 59, 59.5, 121], "stops for more than a minute after 1:00;"),
        ([60.6], "starts more than a minute after"),
        ([0, 2, 1.2, 2.5], None),  # one out of order
        ([0, 2, 1.2, 0.9], "go back after 0:02;"),
    ],
)
def test_where_times_leap(starts, sentence):
    order = GapDetector(0.0, 1.0)
    *before, last = [order.check(start, 0.5) for start in starts]
    assert before == [None] * (len(starts) - 1)
    assert sentence in last if sentence else last is None


def test_two_warnings_are_two_sentences(tmp_path):
    source = film(tmp_path / "a.mkv", "pcm_s16le")
    source = with_a_gap(source, tmp_path / "gap.mkv", 5.0, 900)
    with VideoWriter(tmp_path / "b.mp4", 64, 48, source) as writer:
        writer._audio._warn("Parts of the sound are damaged and left out.")
        writer._audio._warn("Parts of the sound are damaged and left out.")
        with VideoReader(source) as reader:
            for frame in reader:
                writer.write(frame.image, frame.time)
    assert writer.warning.startswith("Parts of the sound are damaged and left out. The sound stops")
    assert writer.warning.count("damaged") == 1


@pytest.mark.parametrize(
    ("rate", "codec"),
    [(8000, "aac"), (11_025, "aac"), (12_000, "aac"), (16_000, "mp3float"), (44_100, "mp3float")],
)
def test_mp3_of_few_samples_a_second_becomes_aac(tmp_path, rate, codec):
    source = film(tmp_path / "a.mkv", "libmp3lame", sound_rate=rate)
    assert warning_of(source, tmp_path / "b.mp4") is None
    with av.open(str(tmp_path / "b.mp4")) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.rate) == (codec, rate)
    assert tone_starts(tmp_path / "b.mp4") == pytest.approx(tone_starts(source), abs=0.03)
