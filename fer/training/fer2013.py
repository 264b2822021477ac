"""FER2013 from whatever edition is at hand, as one uniform `datasets.DatasetDict`.

Goodfellow et al., "Challenges in Representation Learning" (2013), https://arxiv.org/abs/1307.0414:
28,709 pictures to train on (Training), 3,589 to choose by (PublicTest, here `validation`) and 3,589
to test with (PrivateTest, here `test`). The votes of FER+ ride along where the source has them.
This is the only module that imports `datasets`.
"""

import io
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
from datasets.exceptions import DatasetsError
from PIL import Image, UnidentifiedImageError

from fer.labels import EXPRESSIONS, FERPLUS_VOTES, canonical
from fer.training.editions import SPLITS, DatasetError, canonical_split, check_counts

__all__ = ["FEATURES", "SIDE", "DatasetError", "FerArrays", "load_arrays", "load_fer2013"]

SIDE = 48
"""Height and width of FER2013's pictures, in pixels."""

FEATURES = datasets.Features(
    {
        "image": datasets.Image(mode="L"),
        "label": datasets.ClassLabel(names=list(EXPRESSIONS)),
        "ferplus_votes": datasets.List(datasets.Value("int32")),
    }
)
"""The columns of every edition after loading; `ferplus_votes` is ten counts or None."""

logger = logging.getLogger(__name__)

_SHARD = re.compile(r"(?P<split>[A-Za-z]+)(?:-\d+-of-(?P<shards>\d+))?(?:[-_.].*)?")
_BATCH = 1000


@dataclass(frozen=True, eq=False)
class FerArrays:
    """A split in memory: `images` uint8 (n, 48, 48), `labels` int64 (n,), `votes` float32 (n, 10).

    `labels` are indices into `EXPRESSIONS`; `votes` are FER+'s counts in the order of
    `FERPLUS_VOTES`, zeros where there are none.
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
            "images": (n, SIDE, SIDE),
            "labels": (n,),
            "votes": (n, len(FERPLUS_VOTES)),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must be {shape}, not {getattr(self, name).shape}.")

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.labels)


def load_fer2013(
    source: str | Path = "AutumnQiu/fer2013", ferplus: str | Path | None = None
) -> datasets.DatasetDict:
    """Load FER2013 with the columns of `FEATURES` and the splits train, validation and test.

    Args:
        source: A folder of parquet files named by their split (`train-*.parquet`, ...).
        ferplus: Reserved for `fer2013new.csv`.

    Returns:
        The splits that the source has; train or validation at least.

    Raises:
        DatasetError: The source is missing, empty, partial, broken or mixed up.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {str(source)!r}.")
    return _uniform_splits(_load_parquet(folder), str(source))


def load_arrays(split: datasets.Dataset) -> FerArrays:
    """Decode a split of `load_fer2013` into memory, once; pictures of another size are resized.

    Raises:
        DatasetError: A picture can't be decoded; the message names its row.
    """
    images = np.empty((len(split), SIDE, SIDE), np.uint8)
    votes = np.zeros((len(split), len(FERPLUS_VOTES)), np.float32)
    raw = split.cast_column("image", datasets.Image(decode=False))
    for start in range(0, len(split), _BATCH):
        batch = raw[start : start + _BATCH]
        for row, (image, counts) in enumerate(
            zip(batch["image"], batch["ferplus_votes"], strict=True), start
        ):
            images[row] = _decode(image, row)
            if counts is not None:
                votes[row] = counts
    return FerArrays(images, np.array(_column(split, "label"), np.int64), votes)


def _decode(image: dict, row: int) -> np.ndarray:
    """Turn one encoded picture (`bytes`, or `path` of a file) into uint8 (48, 48)."""
    if image is None:
        raise DatasetError(f"Row {row + 1} has no picture.")
    try:
        opened = Image.open(image["path"] if image["bytes"] is None else io.BytesIO(image["bytes"]))
        grey = opened.convert("L")
    except (UnidentifiedImageError, OSError) as error:
        raise DatasetError(f"The picture in row {row + 1} can't be decoded: {error}.") from error
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def _load_parquet(folder: Path) -> datasets.DatasetDict:
    """Load a folder's parquet files, a split for each name that they begin with."""
    files = _parquet_splits(folder)
    try:
        return datasets.load_dataset("parquet", data_files=files)
    except DatasetsError as error:
        cause = error.__cause__ or error
        raise DatasetError(f"A parquet file in {folder} can't be read: {cause}.") from error


def _parquet_splits(folder: Path) -> dict[str, list[str]]:
    """Group parquet files by split, checking that no shard is missing."""
    found = defaultdict(list)
    shards = {}
    for file in sorted(folder.rglob("*.parquet")):
        name = _SHARD.fullmatch(file.stem)
        if not name:
            raise DatasetError(f"{file} is not named by its split: expected train-*.parquet, ...")
        split = canonical_split(name["split"])
        found[split].append(str(file))
        shards[split] = int(name["shards"] or len(found[split]))
    for split, files in found.items():
        if len(files) != shards[split]:
            raise DatasetError(
                f"{folder} has {len(files)} of the {shards[split]} parquet files of {split}."
            )
    return dict(found)


def _uniform_splits(raw: datasets.DatasetDict, where: str) -> datasets.DatasetDict:
    """Bring every split to `FEATURES` under our names, in the order train, validation, test."""
    named = {}
    for name in raw:
        split = canonical_split(name)
        if split in named:
            raise DatasetError(f"{where} has the {split} split twice: {', '.join(raw)}.")
        named[split] = raw[name]
    if not {"train", "validation"} & set(named):
        raise DatasetError(f"{where} has no train or validation split, only: {', '.join(raw)}.")
    return datasets.DatasetDict(
        {split: _uniform(named[split], split, where) for split in SPLITS if split in named}
    )


def _uniform(raw: datasets.Dataset, split: str, where: str) -> datasets.Dataset:
    """Bring one split to `FEATURES`, its labels matched by name."""
    missing = {"image", "label"} - set(raw.column_names)
    if missing:
        raise DatasetError(
            f"{where}: the {split} split has the columns {', '.join(raw.column_names)}; expected "
            "image and label."
        )
    if not len(raw):
        raise DatasetError(f"{where}: the {split} split is empty.")
    labels, named = _label_indices(raw, f"{where}, {split} split")
    counts = np.bincount(labels, minlength=len(EXPRESSIONS)).tolist()
    if not check_counts(where, split, counts, named):
        logger.warning("%s: the %s split is not FER2013's official one.", where, split)
    votes = _votes(raw, f"{where}, {split} split")
    return (
        raw.select_columns(["image"])
        .cast_column("image", FEATURES["image"])
        .add_column("label", labels, feature=FEATURES["label"])
        .add_column("ferplus_votes", votes, feature=FEATURES["ferplus_votes"])
    )


def _label_indices(raw: datasets.Dataset, where: str) -> tuple[list[int], bool]:
    """Return the labels as indices into `EXPRESSIONS`, and whether names vouch for them."""
    feature = raw.features["label"]
    values = _column(raw, "label")
    if isinstance(feature, datasets.ClassLabel):
        known = range(feature.num_classes)
        values = [feature.names[value] if value in known else None for value in values]
    if any(value is None for value in values):
        raise DatasetError(f"{where}: row {_first_none(values)} has no label.")
    names = sorted(set(map(str, values)))
    if all(name.isdecimal() for name in names):
        order, named = {str(index): index for index in range(len(EXPRESSIONS))}, False
    else:
        order, named = _order(names, where), True
    unknown = [name for name in names if name not in order]
    if unknown:
        raise DatasetError(f"{where}: label {unknown[0]} is none of 0 to 6.")
    return [order[str(value)] for value in values], named


def _order(names: Sequence[str], where: str) -> dict[str, int]:
    try:
        return {name: EXPRESSIONS.index(canonical(name)) for name in names}
    except ValueError as error:
        raise DatasetError(f"{where}: label {error}") from error


def _votes(raw: datasets.Dataset, where: str) -> list[list[int] | None]:
    """Return FER+'s ten counts of each row, None where there are none."""
    if "ferplus_votes" not in raw.column_names:
        return [None] * len(raw)
    votes = _column(raw, "ferplus_votes")
    for row, counts in enumerate(votes, 1):
        if counts is not None and len(counts) != len(FERPLUS_VOTES):
            raise DatasetError(
                f"{where}: ferplus_votes of row {row} has {len(counts)} counts; expected "
                f"{len(FERPLUS_VOTES)}."
            )
    return votes


def _column(split: datasets.Dataset, name: str) -> list:
    return split.select_columns([name])[:][name]


def _first_none(values: Sequence[object]) -> int:
    return next(row for row, value in enumerate(values, 1) if value is None)
