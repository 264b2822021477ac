"""A FER2013 split in memory: three arrays with one row per picture."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from PIL import Image

from fer.array_types import BoolArray, Float32Array, Int64Array, UInt8Array
from fer.data.readers import IMAGE_SIDE
from fer.data.splits import DatasetError
from fer.images import ImageError, read_image
from fer.labels import FERPLUS_VOTE_COLUMNS


class EncodedImage(TypedDict):
    """An undecoded row of a `datasets.Image` column: the file's content, or where the file is."""

    bytes: bytes | None
    path: str | None


@dataclass(frozen=True, eq=False)
class FerArrays:
    """A split in memory: `images` uint8 (n, 48, 48), `labels` int64 (n,), `votes` float32 (n, 10).

    `labels` are indices into `EXPRESSIONS`; `votes` are FER+'s counts in the order of
    `FERPLUS_VOTE_COLUMNS`, zeros where there are none.
    """

    images: UInt8Array
    labels: Int64Array
    votes: Float32Array

    def __post_init__(self) -> None:
        """Check the shapes against each other.

        Raises:
            ValueError: An array has another shape than documented.
        """
        n = len(self.labels)
        expected = {
            "images": (n, IMAGE_SIDE, IMAGE_SIDE),
            "labels": (n,),
            "votes": (n, len(FERPLUS_VOTE_COLUMNS)),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must be {shape}, not {getattr(self, name).shape}.")

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.labels)

    def subset(self, rows: BoolArray | Int64Array) -> "FerArrays":
        """Return the rows selected by indices or by a mask."""
        return FerArrays(self.images[rows], self.labels[rows], self.votes[rows])


def decode_picture(image: EncodedImage | None, row: int) -> UInt8Array:
    """Decode one picture to grey uint8 (48, 48).

    Raises:
        DatasetError: It can't be decoded; the message counts rows from 1, `row` counts from 0.
    """
    source = image and (image["path"] if image["bytes"] is None else image["bytes"])
    if image is None or source is None:
        raise DatasetError(f"Row {row + 1} has no picture.")
    try:
        rgb = read_image(source)
    except ImageError as error:
        file = f" ({image['path']})" if image["path"] else ""
        raise DatasetError(f"Row {row + 1}{file} can't be decoded: {error}") from error
    grey = Image.fromarray(rgb).convert("L")
    if grey.size != (IMAGE_SIDE, IMAGE_SIDE):
        grey = grey.resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def stratified_rows(labels: Int64Array, count: int) -> Int64Array:
    """Return random rows, as many of each class as of any other, up to about `count` in all.

    Args:
        labels: Class of each row, (n,).
        count: Rows wanted; fewer come where a class has too few.
    """
    generator = np.random.default_rng(0)
    classes = np.unique(labels)
    drawn = [
        generator.permutation(np.flatnonzero(labels == label))[: -(-count // len(classes))]
        for label in classes
    ]
    rows: Int64Array = np.concatenate(drawn) if drawn else np.zeros(0, np.int64)
    return rows
