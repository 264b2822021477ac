"""A split of FER2013 in memory: three arrays whose rows belong together."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from fer.data.readers import IMAGE_SIDE
from fer.data.splits import DatasetError
from fer.images import ImageError, read_image
from fer.labels import FERPLUS_VOTE_COLUMNS


@dataclass(frozen=True, eq=False)
class FerArrays:
    """A split in memory: `images` uint8 (n, 48, 48), `labels` int64 (n,), `votes` float32 (n, 10).

    `labels` are indices into `EXPRESSIONS`; `votes` are FER+'s counts in the order of
    `FERPLUS_VOTE_COLUMNS`, zeros where there are none.
    """

    images: np.ndarray
    labels: np.ndarray
    votes: np.ndarray

    def __post_init__(self) -> None:
        """Check the shapes against each other.

        Raises:
            ValueError: An array has another shape than the class says.
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

    def subset(self, rows: np.ndarray) -> "FerArrays":
        """Return the rows that `rows`, indices or a mask, picks."""
        return FerArrays(self.images[rows], self.labels[rows], self.votes[rows])


def decode_picture(image: dict | None, row: int) -> np.ndarray:
    """Turn one encoded picture (`bytes`, or `path` of a file) into uint8 (48, 48).

    Raises:
        DatasetError: It can't be decoded; the message counts rows from 1, `row` counts from 0.
    """
    if image is None:
        raise DatasetError(f"Row {row + 1} has no picture.")
    try:
        rgb = read_image(image["path"] if image["bytes"] is None else image["bytes"])
    except ImageError as error:
        file = f" ({image['path']})" if image["path"] else ""
        raise DatasetError(f"Row {row + 1}{file} can't be decoded: {error}") from error
    grey = Image.fromarray(rgb).convert("L")
    if grey.size != (IMAGE_SIDE, IMAGE_SIDE):
        grey = grey.resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)
