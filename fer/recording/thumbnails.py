"""Small pictures of a recording: one per moment, or some of the whole where nothing stood out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer.i18n import gettext as _
from fer.timeline.formatting import format_time
from fer.timeline.moments import Moment
from fer.video import frames_at

THUMBNAIL_SIDE = 320
"""Longest side of a small picture, in pixels."""

OVERVIEW_COUNT = 4
"""Small pictures of a recording without moments."""

_COLUMNS = 4
_GAP = 8
_FONT_SIZE = 18


@dataclass(frozen=True)
class Thumbnail:
    """A small picture out of the annotated video.

    Attributes:
        time: Seconds from the first frame.
        caption: Its time, and the expression that rose.
        image: RGB uint8 (h, w, 3).
    """

    time: float
    caption: str
    image: np.ndarray


def make_thumbnails(video: Path, moments: Sequence[Moment], duration: float) -> list[Thumbnail]:
    """Return a small picture of the middle of each moment, else of parts of equal length.

    Args:
        video: The annotated video.
        moments: Moments of its timeline.
        duration: Its duration in seconds.
    """
    places = [_place(moment) for moment in moments]
    if not places:
        places = _overview(duration)
    frames = frames_at(video, [time for time, _ in places])
    return [
        Thumbnail(time, caption, _shrink(frame))
        for (time, caption), frame in zip(places, frames, strict=True)
    ]


def _overview(duration: float) -> list[tuple[float, str]]:
    """Return times spread over a recording with captions that differ, to a tenth if need be."""
    times = [duration * (index + 0.5) / OVERVIEW_COUNT for index in range(OVERVIEW_COUNT)]
    captions = [format_time(time) for time in times]
    if len(set(captions)) < OVERVIEW_COUNT:
        captions = [f"{format_time(time)}.{int(10 * time) % 10}" for time in times]
    return list(zip(times, captions, strict=True))


def match_pictures(
    moments: Sequence[Moment], pictures: Sequence[Thumbnail]
) -> list[tuple[float, str, np.ndarray | None]]:
    """Return time, caption and picture of each moment; of the pictures where there are no moments.

    Marks that leave seconds out change the moments; a new one has no picture.

    Args:
        moments: Moments of a timeline.
        pictures: Pictures of the moments that it had at first.
    """
    known = {picture.time: picture.image for picture in pictures}
    if not moments:
        return [(picture.time, picture.caption, picture.image) for picture in pictures]
    return [(time, caption, known.get(time)) for time, caption in map(_place, moments)]


def _place(moment: Moment) -> tuple[float, str]:
    """Return the time of a moment's picture, and its caption."""
    middle = (moment.start + moment.end) / 2
    return middle, f"{format_time(moment.start)} {_(moment.expression)}"


def contact_sheet(pictures: Sequence[Thumbnail]) -> np.ndarray:
    """Return all small pictures in rows, each above its caption, RGB uint8 (h, w, 3)."""
    font = ImageFont.load_default(_FONT_SIZE)
    wide = max(picture.image.shape[1] for picture in pictures) + _GAP
    high = max(picture.image.shape[0] for picture in pictures) + 2 * _FONT_SIZE
    columns = min(len(pictures), _COLUMNS)
    size = columns * wide + _GAP, ceil(len(pictures) / columns) * high + _GAP
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for index, picture in enumerate(pictures):
        left = _GAP + index % columns * wide
        top = _GAP + index // columns * high
        sheet.paste(Image.fromarray(picture.image), (left, top))
        below = left, top + picture.image.shape[0] + _FONT_SIZE // 4
        draw.text(below, picture.caption, "black", font)
    return np.array(sheet)


def _shrink(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def pack_thumbnails(pictures: Sequence[Thumbnail]) -> tuple[list[dict[str, Any]], bytes]:
    """Return what a worker sends of small pictures: JSON that describes each, and their pixels."""
    described = [
        {
            "time": picture.time,
            "caption": picture.caption,
            "height": picture.image.shape[0],
            "width": picture.image.shape[1],
        }
        for picture in pictures
    ]
    return described, b"".join(picture.image.tobytes() for picture in pictures)


def unpack_thumbnails(described: Iterable[dict[str, Any]], data: memoryview) -> Iterator[Thumbnail]:
    """Yield the small pictures that `pack_thumbnails` packed.

    Raises:
        LookupError, TypeError or ValueError: A broken worker sent something else.
    """
    for one in described:
        height, width = int(one["height"]), int(one["width"])
        size = height * width * 3
        image = np.frombuffer(data[:size], np.uint8).reshape(height, width, 3)
        data = data[size:]
        yield Thumbnail(float(one["time"]), str(one["caption"]), image)
