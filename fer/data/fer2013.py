"""FER2013 from any of its editions, as one uniform `datasets.DatasetDict`.

Goodfellow et al., "Challenges in Representation Learning" (2013), https://arxiv.org/abs/1307.0414:
28,709 pictures for training (Training), 3,589 for validation (PublicTest, here `validation`) and
3,589 for testing (PrivateTest, here `test`). FER+'s votes are kept where the source has them.
"""

import logging
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.exceptions import DatasetsError

from fer.data.arrays import FerArrays, decode_picture
from fer.data.fer2013_folders import find_edition, holds_classes, read_folders
from fer.data.hub_source import first_line, load_hub
from fer.data.label_map import LabelMap
from fer.data.readers import (
    EXPECTED,
    FERPLUS_FILE_NAME,
    IMAGE_SIDE,
    SplitRows,
    find_csv,
    parquet_files,
    parquet_splits,
    read_csv,
)
from fer.data.splits import SPLITS, DatasetError, canonical_split, check_counts
from fer.labels import EXPRESSIONS, FER2013_DATASET_ID, FERPLUS_VOTE_COLUMNS

__all__ = ["FEATURES", "IMAGE_SIDE", "DatasetError", "FerArrays", "load_arrays", "load_fer2013"]

FEATURES = datasets.Features(
    {
        "image": datasets.Image(mode="L"),
        "label": datasets.ClassLabel(names=list(EXPRESSIONS)),
        "ferplus_votes": datasets.List(datasets.Value("int32")),
    }
)
"""The columns of every edition after loading; `ferplus_votes` is ten counts or None."""

ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".rar", ".7z")

logger = logging.getLogger(__name__)

_BATCH_SIZE = 1000


def load_fer2013(
    source: str | Path = FER2013_DATASET_ID,
    ferplus: str | Path | None = None,
    label_map: LabelMap | None = None,
) -> datasets.DatasetDict:
    """Load FER2013, or faces in the same form, with the columns of `FEATURES`.

    Args:
        source: A Hub id, a folder of parquet files named by their split (`train-*.parquet`, ...),
            Kaggle's folders (`train/angry/...`), folders of expressions without splits, or
            `fer2013.csv` or `icml_face_data.csv`, as the file or as the folder it is in. A folder
            may be nested in others, as archives are unpacked.
        ferplus: FER+'s votes for a csv edition; by default `fer2013new.csv` in the same folder,
            if it is there.
        label_map: Names of labels that are no expressions, and labels to leave out.

    Returns:
        The splits that the source has, of train, validation and test; see `fer.data.holdout` where
        there is no validation.

    Raises:
        DatasetError: The source is missing, empty, partial, broken or mixed up, or the Hub can't
            be reached.
    """
    where, path = str(source), Path(source).expanduser()
    labels = LabelMap() if label_map is None else label_map
    if path.is_dir():
        path = find_edition(path, labels)
    file = find_csv(path) if path.is_dir() else path
    if ferplus is not None and not (file and file.is_file()):
        raise DatasetError(f"FER+ goes with a csv edition, row by row, which {where!r} is not.")
    if file and file.is_file():
        raw = _to_dataset_dict(read_csv(file, _ferplus_csv(file, ferplus), labels))
        labels = LabelMap()  # applied
    elif not path.is_dir():
        raw = load_hub(where)
    elif parquet := parquet_files(path):
        raw = _load_parquet(parquet_splits(path, parquet), path)
    elif holds_classes(path, labels):
        raw = _to_dataset_dict(read_folders(path, labels))
        labels = LabelMap()  # applied
    else:
        archives = [file.name for file in path.iterdir() if file.suffix.lower() in ARCHIVE_SUFFIXES]
        unpack = f"unpack {archives[0]} first" if archives else f"expected {EXPECTED}"
        raise DatasetError(f"The folder {where!r} holds {_list_contents(path)}; {unpack}.")
    return _uniform_splits(raw, where, labels)


def load_arrays(split: datasets.Dataset) -> FerArrays:
    """Decode a split of `load_fer2013` into memory, once; pictures of another size are resized.

    Raises:
        DatasetError: A picture can't be decoded; the message names its row.
    """
    images = np.empty((len(split), IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    votes = np.zeros((len(split), len(FERPLUS_VOTE_COLUMNS)), np.float32)
    raw = split.cast_column("image", datasets.Image(decode=False))
    for start in range(0, len(split), _BATCH_SIZE):
        batch = raw[start : start + _BATCH_SIZE]
        for row, (image, counts) in enumerate(
            zip(batch["image"], batch["ferplus_votes"], strict=True), start
        ):
            images[row] = decode_picture(image, row)
            if counts is not None:
                votes[row] = counts
    return FerArrays(images, np.array(_column(split, "label"), np.int64), votes)


def _to_dataset_dict(splits: dict[str, SplitRows]) -> datasets.DatasetDict:
    """Make a dataset of rows read by `fer.data.readers`."""
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict(
                {"image": rows.images, "label": rows.labels, "ferplus_votes": rows.votes},
                features=FEATURES,
            )
            for split, rows in splits.items()
        }
    )


def _ferplus_csv(file: Path, ferplus: str | Path | None) -> Path | None:
    """Return FER+'s csv for a csv edition: the one named, else the one in the same folder."""
    if ferplus is None:
        given = file.with_name(FERPLUS_FILE_NAME)
        return given if given.is_file() else None
    return Path(ferplus).expanduser()


def _list_contents(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") if names else "nothing"


def _check_columns(files: Iterable[str]) -> None:
    """Refuse parquet files of different columns, of which `datasets` says little.

    Raises:
        DatasetError: Two have different ones, or one can't be read.
    """
    found: dict[tuple[str, ...], str] = {}
    for file in files:
        try:
            found.setdefault(tuple(sorted(pq.read_schema(file).names)), file)
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f"{file} can't be read as parquet: {first_line(error)}") from error
    if len(found) > 1:
        (columns, file), (others, other) = list(found.items())[:2]
        raise DatasetError(
            f"{file} has the columns {', '.join(columns)}, and {other} has {', '.join(others)}; "
            "all files need the same ones."
        )


def _load_parquet(files: dict[str, list[str]], folder: Path) -> datasets.DatasetDict:
    _check_columns(chain.from_iterable(files.values()))
    try:
        return datasets.load_dataset("parquet", data_files=files)
    except (DatasetsError, pa.ArrowException, OSError) as error:
        reason = first_line(error.__cause__ or error)
        raise DatasetError(f"The parquet files in {folder} can't be read: {reason}") from error


def _uniform_splits(
    raw: datasets.DatasetDict, where: str, labels: LabelMap
) -> datasets.DatasetDict:
    """Bring every split to `FEATURES` under our names, in the order train, validation, test."""
    named = {}
    for name in raw:
        split = canonical_split(name)
        if split in named:
            raise DatasetError(f"{where} has the {split} split twice: {', '.join(raw)}.")
        named[split] = raw[name]
    if not named:
        raise DatasetError(f"{where} holds no pictures.")
    alone = "validation" not in named
    uniform = {
        split: _uniform(named[split], split, where, labels, alone)
        for split in SPLITS
        if split in named
    }
    labels.check_used(where, EXPRESSIONS)
    return datasets.DatasetDict(uniform)


def _uniform(
    raw: datasets.Dataset, split: str, where: str, label_map: LabelMap, alone: bool
) -> datasets.Dataset:
    """Bring one split to `FEATURES`, its labels matched by name."""
    missing = {"image", "label"} - set(raw.column_names)
    if missing:
        raise DatasetError(
            f"{where}: the {split} split has the columns {', '.join(raw.column_names)}; expected "
            "image and label."
        )
    if not _holds_pictures(raw.features["image"]):
        raise DatasetError(
            f"{where}: the image column of the {split} split is {raw.features['image']}; expected "
            "encoded pictures."
        )
    given, named = _label_indices(raw, f"{where}, {split} split", label_map)
    labels = [label for label in given if label is not None]
    if len(labels) < len(given):
        raw = raw.select([row for row, label in enumerate(given) if label is not None])
    if not labels:
        raise DatasetError(f"{where}: the {split} split is empty.")
    _log_differences(where, split, labels, named, alone)
    votes = _votes(raw, f"{where}, {split} split")
    return (
        raw.select_columns(["image"])
        .cast_column("image", FEATURES["image"])
        .add_column("label", labels, feature=FEATURES["label"])
        .add_column("ferplus_votes", votes, feature=FEATURES["ferplus_votes"])
    )


def _log_differences(where: str, split: str, labels: list[int], named: bool, alone: bool) -> None:
    """Log how a split differs from FER2013's official one; see `check_counts` for the errors."""
    counts = np.bincount(labels, minlength=len(EXPRESSIONS)).tolist()
    if check_counts(where, split, counts, named, alone):
        return
    absent = [name for name, count in zip(EXPRESSIONS, counts, strict=True) if not count]
    without = f" and has no picture of {', '.join(absent)}" if absent else ""
    logger.warning("%s: the %s split is not FER2013's official one%s.", where, split, without)


def _holds_pictures(feature: object) -> bool:
    """Return whether a column holds encoded pictures, also where its schema doesn't declare so."""
    if isinstance(feature, dict):
        return set(feature) == {"bytes", "path"}
    binary = isinstance(feature, datasets.Value) and "binary" in feature.dtype
    return binary or isinstance(feature, datasets.Image)


def _label_indices(
    raw: datasets.Dataset, where: str, label_map: LabelMap
) -> tuple[list[int | None], bool]:
    """Return the labels as indices into `EXPRESSIONS`, and whether they were matched by name.

    None is a label to leave out.
    """
    feature = raw.features["label"]
    values = _column(raw, "label")
    if isinstance(feature, datasets.ClassLabel):
        known = range(feature.num_classes)
        values = [feature.names[value] if value in known else None for value in values]
    if None in values:
        raise DatasetError(f"{where}: row {values.index(None) + 1} has no label.")
    names = sorted(set(map(str, values)))
    named = not all(name.isdecimal() and name not in label_map for name in names)
    order: dict[str, int | None] = {str(index): index for index in range(len(EXPRESSIONS))}
    if named:
        try:
            order = {name: label_map.index(name) for name in names}
        except DatasetError as error:
            raise DatasetError(f"{where}: label {error}") from error
    unknown = [name for name in names if name not in order]
    if unknown:
        raise DatasetError(f"{where}: label {unknown[0]} is none of 0 to 6.")
    return [order[str(value)] for value in values], named


def _votes(raw: datasets.Dataset, where: str) -> list[list[int] | None]:
    """Return FER+'s ten counts of each row, None where there are none."""
    if "ferplus_votes" not in raw.column_names:
        return [None] * len(raw)
    votes = _column(raw, "ferplus_votes")
    for row, counts in enumerate(votes, 1):
        if counts is not None and (len(counts) != len(FERPLUS_VOTE_COLUMNS) or None in counts):
            raise DatasetError(
                f"{where}: ferplus_votes of row {row} is {counts}; expected "
                f"{len(FERPLUS_VOTE_COLUMNS)} counts or nothing."
            )
    return votes


def _column(split: datasets.Dataset, name: str) -> list[Any]:
    values: list[Any] = split.select_columns([name])[:][name]
    return values
