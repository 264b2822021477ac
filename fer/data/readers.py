"""Readers of FER2013's editions: csv with pixels, Kaggle's folders, parquet shards.

Parquet files are only grouped by split here; `datasets` reads them in `fer.data.fer2013`.
FER+: Barsoum et al. (2016), https://arxiv.org/abs/1608.01041.
"""

import csv
import io
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from fer.data.splits import SPLIT_SYNONYMS, SPLITS, DatasetError, canonical_split
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS, canonical_label
from fer.paths import IMAGE_SUFFIXES, is_hidden

IMAGE_SIDE = 48
"""Height and width of FER2013's pictures, in pixels."""

CSV_FILE_NAMES = ("fer2013.csv", "icml_face_data.csv")
"""The csv editions; their columns are the same but for spaces in the second one's header."""

FERPLUS_FILE_NAME = "fer2013new.csv"
"""The csv of FER+, whose rows are those of `fer2013.csv`."""

_FILE_PREFIXES = {name.lower(): split for split, name in SPLITS.items()}
_SHARD = re.compile(r"(?P<split>[A-Za-z]+)(?:-\d+-of-(?P<shards>\d+))?(?:[-_.].*)?")

logger = logging.getLogger(__name__)


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
    """Return the csv edition in a folder, or None."""
    return next((folder / name for name in CSV_FILE_NAMES if (folder / name).is_file()), None)


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


def read_csv(file: Path, ferplus: Path | None = None) -> dict[str, SplitRows]:
    """Read `fer2013.csv` or `icml_face_data.csv`: emotion (0..6, FER2013's order), pixels, Usage.

    Args:
        file: The csv.
        ferplus: FER+'s csv, whose rows are the same pictures in the same order; None for no votes.

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
            image, label, split = _encode_png(pixels), _parse_label(emotion), canonical_split(usage)
        except ValueError as error:
            raise DatasetError(f"{where}: {error}") from error
        given = None
        if votes is not None and count <= len(votes):
            given = _parse_votes(*votes[count - 1], split)
        splits[split].append(image, label, given)
    if votes is not None and len(votes) != count:
        raise DatasetError(
            f"{ferplus} has {len(votes)} rows and {file} has {count}; FER+ is matched row by row, "
            "so the two must be equal."
        )
    return dict(splits)


def read_folders(folder: Path) -> dict[str, SplitRows]:
    """Read Kaggle's folders: a folder for each split, in it one for each expression.

    Unless there is a folder for validation, PublicTest (validation) and PrivateTest (test) share
    the folder `test` and are distinguished by file name.

    Raises:
        DatasetError: An expression's folder is missing or unknown, or a picture's split is unclear.
    """
    splits: defaultdict[str, SplitRows] = defaultdict(SplitRows)
    roots = split_folders(folder)
    for root, given in roots.items():
        for name, inside in _expression_folders(root).items():
            for file in _picture_files(inside):
                split = _split_of(file, given, "validation" in roots.values())
                splits[split].append(str(file), EXPRESSIONS.index(name))
    if not splits:
        raise DatasetError(f"The folders in {folder} hold no pictures.")
    empty = set(range(len(EXPRESSIONS))) - set(splits["train"].labels if "train" in splits else ())
    if "train" in splits and empty:
        names = ", ".join(EXPRESSIONS[index] for index in sorted(empty))
        raise DatasetError(f"{folder} has no training picture of {names}; is the copy complete?")
    return dict(splits)


def _picture_files(folder: Path) -> list[Path]:
    """Return the files in a folder with a picture's suffix, and log if there are others."""
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and not is_hidden(file)]
    others = [file for file in files if file.suffix.lower() not in IMAGE_SUFFIXES]
    if others:
        logger.warning(
            "%s and %d more files have no suffix of a picture.", others[0], len(others) - 1
        )
    return [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]


def split_folders(folder: Path) -> dict[Path, str]:
    """Return the subfolders named as splits that hold folders, each with our split name."""
    found: dict[Path, str] = {}
    for path in sorted(folder.iterdir()):
        split = SPLIT_SYNONYMS.get(path.name.lower(), path.name.lower())
        if split in SPLITS and path.is_dir() and any(inside.is_dir() for inside in path.iterdir()):
            found[path] = split
    return found


def _expression_folders(root: Path) -> dict[str, Path]:
    """Return the seven folders of one split by our names of the expressions."""
    found: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        if path.is_dir() and not is_hidden(path):
            try:
                name = canonical_label(path.name)
            except ValueError as error:
                raise DatasetError(f"{path}: {error}") from error
            if name in found:
                raise DatasetError(f"{root} has two folders for {name}: {found[name]} and {path}.")
            found[name] = path
    missing = [name for name in EXPRESSIONS if name not in found]
    if missing:
        raise DatasetError(f"{root} has no folder for {', '.join(missing)}; is the copy complete?")
    return found


def _split_of(file: Path, given: str, has_validation: bool) -> str:
    """Return the split of a picture in the folder of split `given`."""
    split = _FILE_PREFIXES.get(file.stem.split("_")[0].lower())
    if split is None:
        if given == "test" and not has_validation:
            raise DatasetError(
                f"{file} is named neither PublicTest_* nor PrivateTest_*, so validation and test "
                "can't be distinguished; keep FER2013's file names."
            )
        return given
    public_in_test = (given, split) == ("test", "validation") and not has_validation
    if split != given and not public_in_test:
        raise DatasetError(f"{file} is in the folder of {given}, but its name is of {split}.")
    return split


def _read_table(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place, for messages, and its cells in `columns`, whatever their order."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            if not set(columns) <= set(header):
                raise DatasetError(
                    f"{file} has the columns {', '.join(header)[:200] or 'of an empty file'}; "
                    f"expected {', '.join(columns)}."
                )
            at = [header.index(name) for name in columns]
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


def _parse_label(cell: str) -> int:
    """Return the class index in a cell that holds it or the class's name."""
    if not cell.strip().isdecimal():
        return EXPRESSIONS.index(canonical_label(cell))
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
