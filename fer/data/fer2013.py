"""FER2013 from any of its editions, as one uniform `datasets.DatasetDict`.

Goodfellow et al., "Challenges in Representation Learning" (2013), https://arxiv.org/abs/1307.0414:
28,709 pictures to train on (Training), 3,589 to choose by (PublicTest, here `validation`) and 3,589
to test with (PrivateTest, here `test`). The votes of FER+ are kept where the source has them.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

# The HTTP library that huggingface_hub uses, whichever that is; exported by a lazy __getattr__.
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

from fer.data.arrays import FerArrays, decode_picture
from fer.data.readers import (
    CSV_FILE_NAMES,
    FERPLUS_FILE_NAME,
    IMAGE_SIDE,
    SplitRows,
    find_csv,
    parquet_files,
    parquet_splits,
    read_csv,
    read_folders,
    split_folders,
)
from fer.data.splits import SPLITS, DatasetError, canonical_split, check_counts
from fer.labels import EXPRESSIONS, FER2013_DATASET_ID, FERPLUS_VOTE_COLUMNS, canonical_label

__all__ = ["FEATURES", "IMAGE_SIDE", "DatasetError", "FerArrays", "load_arrays", "load_fer2013"]

FEATURES = datasets.Features(
    {
        "image": datasets.Image(mode="L"),
        "label": datasets.ClassLabel(names=list(EXPRESSIONS)),
        "ferplus_votes": datasets.List(datasets.Value("int32")),
    }
)
"""The columns of every edition after loading; `ferplus_votes` is ten counts or None."""

logger = logging.getLogger(__name__)

_EXPECTED = (
    f"parquet files (train-*.parquet, ...), {' or '.join(CSV_FILE_NAMES)}, or Kaggle's folders "
    "(train/angry/..., test/angry/...)"
)
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_HUB_TIMEOUT = 10.0  # seconds
_BATCH_SIZE = 1000


def load_fer2013(
    source: str | Path = FER2013_DATASET_ID, ferplus: str | Path | None = None
) -> datasets.DatasetDict:
    """Load FER2013 with the columns of `FEATURES` and the splits train, validation and test.

    Args:
        source: A Hub id, a folder of parquet files named by their split (`train-*.parquet`, ...),
            Kaggle's folders (`train/angry/...`), or `fer2013.csv` or `icml_face_data.csv`, as the
            file or as the folder it is in.
        ferplus: FER+'s votes for a csv edition; by default `fer2013new.csv` in the same folder,
            if it is there.

    Returns:
        The splits that the source has; train or validation at least.

    Raises:
        DatasetError: The source is missing, empty, partial, broken or mixed up, or the Hub can't
            be reached.
    """
    where, path = str(source), Path(source).expanduser()
    file = find_csv(path) if path.is_dir() else path
    if ferplus is not None and not (file and file.is_file()):
        raise DatasetError(f"FER+ goes with a csv edition, row by row, which {where!r} is not.")
    if file and file.is_file():
        raw = _to_dataset_dict(read_csv(file, _ferplus_csv(file, ferplus)))
    elif not path.is_dir():
        raw = _load_hub(where)
    elif parquet := parquet_files(path):
        raw = _load_parquet(parquet_splits(path, parquet), path)
    elif split_folders(path):
        raw = _to_dataset_dict(read_folders(path))
    else:
        raise DatasetError(
            f"The folder {where!r} holds {_list_contents(path)}; expected {_EXPECTED}."
        )
    return _uniform_splits(raw, where)


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


def _load_parquet(files: dict[str, list[str]], folder: Path) -> datasets.DatasetDict:
    try:
        return datasets.load_dataset("parquet", data_files=files)
    except (DatasetsError, pa.ArrowException, OSError) as error:
        reason = _first_line(error.__cause__ or error)
        raise DatasetError(f"The parquet files in {folder} can't be read: {reason}") from error


def _load_hub(source: str) -> datasets.DatasetDict:
    """Load a Hub id; the Hub is queried once before, as `datasets` retries for half a minute."""
    if not _HUB_ID.fullmatch(source):
        raise DatasetError(
            f"There is no file or folder {source!r}, nor is it a Hub id (owner/name); "
            f"expected {_EXPECTED}."
        )
    try:
        if not _is_cached(source):
            HfApi().dataset_info(source, timeout=_HUB_TIMEOUT)
        return datasets.load_dataset(source)
    except (httpx.RequestError, ConnectionError, LocalEntryNotFoundError) as error:
        raise DatasetError(
            f"The Hub can't be reached for {source!r} and there is no folder of that name here; "
            "give --dataset a folder with FER2013, for example --dataset data/fer2013."
        ) from error
    except (RepositoryNotFoundError, datasets.exceptions.DatasetNotFoundError) as error:
        raise DatasetError(
            f"The Hub has no data set {source!r} (missing, private or gated) and there is no "
            "folder of that name here."
        ) from error
    except (HfHubHTTPError, DatasetsError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"{source!r} can't be loaded from the Hub: {_first_line(error)}"
        ) from error


def _is_cached(source: str) -> bool:
    """Return whether this Hub id is in the cache of `datasets`, so that the Hub isn't needed."""
    owner, name = source.split("/")
    cache = Path(datasets.config.HF_DATASETS_CACHE)
    folder = cache / f"{owner}___{camelcase_to_snakecase(name)}"
    return any(folder.glob("*/*/*/dataset_info.json"))


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
    if not _holds_pictures(raw.features["image"]):
        raise DatasetError(
            f"{where}: the image column of the {split} split is {raw.features['image']}; expected "
            "encoded pictures."
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


def _holds_pictures(feature: object) -> bool:
    """Return whether a column holds encoded pictures, also where its schema doesn't declare so."""
    if isinstance(feature, dict):
        return set(feature) == {"bytes", "path"}
    binary = isinstance(feature, datasets.Value) and "binary" in feature.dtype
    return binary or isinstance(feature, datasets.Image)


def _label_indices(raw: datasets.Dataset, where: str) -> tuple[list[int], bool]:
    """Return the labels as indices into `EXPRESSIONS`, and whether they were matched by name."""
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
        order, named = _index_by_name(names, where), True
    unknown = [name for name in names if name not in order]
    if unknown:
        raise DatasetError(f"{where}: label {unknown[0]} is none of 0 to 6.")
    return [order[str(value)] for value in values], named


def _index_by_name(names: Sequence[str], where: str) -> dict[str, int]:
    try:
        return {name: EXPRESSIONS.index(canonical_label(name)) for name in names}
    except ValueError as error:
        raise DatasetError(f"{where}: label {error}") from error


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


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _first_none(values: Sequence[object]) -> int:
    return next(row for row, value in enumerate(values, 1) if value is None)
