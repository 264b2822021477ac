"""Readers of FER2013's editions in few files: csv with pixels, parquet shards.

Parquet files are only grouped by split here; `datasets` reads them in `fer.data.fer2013`.
FER+: Barsoum et al. (2016), https://arxiv.org/abs/1608.01041.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from fer.data.label_map import LabelMap
from fer.data.splits import SPLITS, DatasetError, canonical_split
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS

IMAGE_SIDE = 48
"""Height and width of FER2013's pictures, in pixels."""

CSV_FILE_NAMES = ("fer2013.csv", "icml_face_data.csv")
"""The csv editions; their columns are the same but for spaces in the second one's header."""

FERPLUS_FILE_NAME = "fer2013new.csv"
"""The csv of FER+, whose rows are those of `fer2013.csv`."""

EXPECTED = (
    f"parquet files (train-*.parquet, ...), {' or '.join(CSV_FILE_NAMES)}, or Kaggle's folders "
    "(train/angry/..., test/angry/...)"
)
"""What a source can be, for messages."""

_SHARD = re.compile(r"(?P<split>[A-Za-z]+)(?:-\d+-of-(?P<shards>\d+))?(?:[-_.].*)?")


@dataclass
class SplitRows:
    """The rows of one split: encoded pictures or their paths, class indices, FER+'s ten counts."""

    images: list[bytes | str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    votes: list[list[int] | None] = field(default_factory=list)

    def append(self, image: bytes | str, label: int, votes: list[int] | None = None) -> None:
        """Add one row."""
        self.images.append(image)
        self.labels.append(label)
        self.votes.append(votes)


def find_csv(folder: Path) -> Path | None:
    """Return the csv edition in a folder, or None; Windows doesn't keep the case of names."""
    files = {file.name.lower(): file for file in folder.glob("*.[cC][sS][vV]") if file.is_file()}
    return next((files[name] for name in CSV_FILE_NAMES if name in files), None)


def parquet_files(folder: Path) -> list[Path]:
    """Return the parquet files in a folder, at most two folders down (as `data/` on the Hub)."""
    return sorted(file for depth in ("", "*/", "*/*/") for file in folder.glob(f"{depth}*.parquet"))


def parquet_splits(folder: Path, parquet: Sequence[Path]) -> dict[str, list[str]]:
    """Group parquet files by split, checking that no shard is missing.

    The split is in the file's name, or, where that is a number only, in its folder's.

    Raises:
        DatasetError: A file's name is no split, or a file is missing.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    shards: dict[str, int] = {}
    for file in parquet:
        name = _SHARD.fullmatch(file.stem)
        try:
            split = canonical_split(name["split"] if name else file.parent.name)
        except DatasetError as error:
            raise DatasetError(f"{file} is not named after its split: {error}") from error
        found[split].append(str(file))
        shards[split] = int(name["shards"]) if name and name["shards"] else len(found[split])
    for split, files in found.items():
        if len(files) != shards[split]:
            raise DatasetError(
                f"{folder} has {len(files)} of the {shards[split]} parquet files of {split} that "
                "their names announce; download the others."
            )
    return dict(found)


def read_csv(file: Path, ferplus: Path | None, labels: LabelMap) -> dict[str, SplitRows]:
    """Read `fer2013.csv` or `icml_face_data.csv`: emotion (0..6, FER2013's order), pixels, Usage.

    Args:
        file: The csv.
        ferplus: FER+'s csv, whose rows are the same pictures in the same order; None for no votes.
        labels: Names of labels that aren't numbers of FER2013's order.

    Returns:
        The rows of each split, pictures as PNG.

    Raises:
        DatasetError: A column, a cell or FER+ is invalid; the message names the row.
    """
    if file.suffix.lower() != ".csv":
        raise DatasetError(f"{file} is not a csv; give the folder it is in, archives unpacked.")
    table = _read_table(file, ("emotion", "pixels", "Usage"))
    votes = (
        None if ferplus is None else list(_read_table(ferplus, ("Usage", *FERPLUS_VOTE_COLUMNS)))
    )
    splits: defaultdict[str, SplitRows] = defaultdict(SplitRows)
    count = 0
    for count, (where, (emotion, pixels, usage)) in enumerate(table, 1):
        try:
            image, split = _encode_png(pixels), canonical_split(usage)
            label = _parse_label(emotion, labels)
        except ValueError as error:
            raise DatasetError(f"{where}: {error}") from error
        given = None
        if votes is not None and count <= len(votes):
            given = _parse_votes(*votes[count - 1], split)
        if label is not None:
            splits[split].append(image, label, given)
    if votes is not None and len(votes) != count:
        raise DatasetError(
            f"{ferplus} has {len(votes)} rows and {file} has {count}; FER+ is matched row by row, "
            "so the two must be equal."
        )
    labels.check_used(str(file), ("0 to 6", *EXPRESSIONS))
    return dict(splits)


def _read_table(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place, for messages, and its cells in `columns`, whatever their order.

    The case of their names is ignored.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            names = [name.lower() for name in header]
            if not {name.lower() for name in columns} <= set(names):
                raise DatasetError(
                    f"{file} has the columns {', '.join(header)[:200] or 'of an empty file'}; "
                    f"expected {', '.join(columns)}."
                )
            at = [names.index(name.lower()) for name in columns]
            for number, cells in enumerate(filter(None, reader), 1):
                where = f"{file}, row {number} (line {reader.line_num})"
                if len(cells) != len(header):
                    raise DatasetError(f"{where}: {len(cells)} cells; expected {len(header)}.")
                yield where, [cells[index] for index in at]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{file} can't be read as csv: {error}.") from error


def _encode_png(pixels: str) -> bytes:
    """Encode 48 x 48 grey values, given in decimals separated by spaces, as PNG."""
    try:
        values = np.fromstring(pixels, np.int64, sep=" ")
    except ValueError as error:
        raise DatasetError("a pixel is not a whole number.") from error
    if values.size != IMAGE_SIDE**2:
        raise DatasetError(f"{values.size} pixels; expected {IMAGE_SIDE**2}.")
    if values.min() < 0 or values.max() > 255:
        raise DatasetError(f"pixels from {values.min()} to {values.max()}; expected 0 to 255.")
    file = io.BytesIO()
    picture = Image.fromarray(values.astype(np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE))
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _parse_label(cell: str, labels: LabelMap) -> int | None:
    """Return the class index in a cell that holds it or its name; None to leave the row out."""
    if not cell.strip():
        raise DatasetError("the emotion is missing; fill it in, or delete the row.")
    if cell in labels or not cell.strip().isdecimal():
        return labels.index(cell.strip())
    label = int(cell)
    if label >= len(EXPRESSIONS):
        raise DatasetError(f"emotion {label} is none of 0 to {len(EXPRESSIONS) - 1}.")
    return label


def _parse_votes(where: str, cells: Sequence[str], split: str) -> list[int] | None:
    """Return FER+'s ten counts of one row, None where all are 0."""
    usage, *votes = cells
    if not all(cell.strip().isdecimal() for cell in votes):
        raise DatasetError(f"{where}: votes must be whole numbers, not {', '.join(votes)}.")
    if canonical_split(usage) != split:
        raise DatasetError(f"{where}: Usage is {usage}; the picture's is {SPLITS[split]}.")
    counts = [int(cell) for cell in votes]
    return counts if any(counts) else None
