"""FER2013 in folders, for training and evaluation: `train/angry/im0.png`.

With or without folders of splits, also inside other folders.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from fer.data.label_map import LabelMap
from fer.data.readers import SplitRows, find_csv, parquet_files
from fer.data.splits import SPLITS, DatasetError, canonical_split, check_counts
from fer.labels import EXPRESSIONS
from fer.paths import IMAGE_SUFFIXES, files_below, is_hidden

MAX_DEPTH = 3
"""Folders around an edition, as archives are unpacked: `archive/fer2013/train`."""

MAX_SUBFOLDERS = 20
"""A folder with more isn't searched for editions: it is no unpacked archive."""

_FILE_PREFIXES = {name.lower(): split for split, name in SPLITS.items()}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _ClassFolders:
    """The folders of one split with their class indices, and whether names gave these."""

    indices: dict[Path, int]
    named: bool


def find_edition(folder: Path, labels: LabelMap) -> Path:
    """Return the folder that holds an edition: this one, or the only one nested in it.

    Raises:
        DatasetError: Several editions are nested in it, equally deep.
    """
    level = [folder]
    for _ in range(MAX_DEPTH + 1):
        if found := [path for path in level if _holds_edition(path, labels)]:
            break
        inside = [_subfolders(path) for path in level]
        level = [path for paths in inside if len(paths) <= MAX_SUBFOLDERS for path in paths]
    else:
        return folder
    if len(found) > 1:
        raise DatasetError(
            f"{folder} holds several data sets ({', '.join(str(path) for path in found[:4])}); "
            "name one of them, or rename them train, validation and test if they are its splits."
        )
    return found[0]


def read_folders(folder: Path, labels: LabelMap) -> dict[str, SplitRows]:
    """Read Kaggle's folders: a folder for each split, in it one for each expression.

    Without folders for splits, those of the expressions are the training split. Unless there is a
    folder for validation, pictures called PublicTest_* are validation, wherever they are.

    Raises:
        DatasetError: A folder's name is no expression, its number can't be checked, or a picture's
            split is unclear.
    """
    splits: defaultdict[str, SplitRows] = defaultdict(SplitRows)
    roots = split_folders(folder) or {folder: "train"}
    numbered = []
    for root, given in roots.items():
        classes = _class_folders(root, labels)
        numbered += [] if classes.named else [root]
        for inside, index in classes.indices.items():
            for file in picture_files(inside):
                split = _split_of(file, given, "validation" in roots.values())
                splits[split].append(_path_or_content(file), index)
    names = {path.name for root in roots for path in _subfolders(unwrap(root, labels))}
    labels.check_used(str(folder), sorted(names))
    if not splits:
        raise DatasetError(f"The folders in {folder} hold no pictures.")
    if numbered:
        _check_numbers(folder, dict(splits))
    return dict(splits)


def _path_or_content(file: Path) -> str | bytes:
    """Return a picture's path; its content where Arrow, which has UTF-8, can't hold that.

    Archives of other systems leave such names.
    """
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return file.read_bytes()
    return str(file)


def split_folders(folder: Path) -> dict[Path, str]:
    """Return the subfolders named as splits that hold folders, each with our split name."""
    found: dict[Path, str] = {}
    for path in _subfolders(folder):
        split = _split_name(path.name)
        if split is not None and _subfolders(path):
            found[path] = split
    return found


def _split_name(name: str) -> str | None:
    """Return our name of the split that a folder is named as, None if of none."""
    try:
        return canonical_split(name)
    except DatasetError:
        return None


def picture_files(folder: Path) -> list[Path]:
    """Return the files of a class with a picture's suffix, and log if there are others.

    Raises:
        DatasetError: A folder can't be read, or there are splits in it.
    """
    found, unreadable = class_files(folder)
    for path, reason in unreadable.items():
        raise DatasetError(f"{path}: {reason}")
    files = [file for file in found if file.is_file()]
    for name in sorted({part for file in files for part in file.relative_to(folder).parts[:-1]}):
        if _split_name(name):
            raise DatasetError(
                f"{folder} holds a split, {name}; put the expressions into the splits, such as "
                f"{name}/{folder.name}."
            )
    others = [file.name for file in files if file.suffix.lower() not in IMAGE_SUFFIXES]
    if others:
        more = ", ..." if len(others) > 1 else ""
        logger.warning(
            "%s: files without a picture's suffix are left out: %s%s", folder, others[0], more
        )
    return [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]


def class_files(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the files in the folder of a class and in those inside it, but for those of systems.

    The second are folders that can't be read, and why.
    """

    def hidden(path: Path) -> bool:
        depth = len(path.parts) - len(folder.parts)
        return any(map(is_hidden, [path, *path.parents][:depth]))

    files, unreadable = files_below(folder)
    return (
        [path for path in files if not hidden(path)],
        {path: reason for path, reason in unreadable.items() if not hidden(path)},
    )


def unwrap(folder: Path, labels: LabelMap) -> Path:
    """Return the folder of the classes where it is the only one in another, as in `train/train`."""
    inside = _subfolders(folder)
    while len(inside) == 1 and not labels.knows(inside[0].name) and _subfolders(inside[0]):
        folder = inside[0]
        inside = _subfolders(folder)
    return folder


def _subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, but for those of systems and programs."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path))
    except PermissionError as error:
        raise DatasetError(f"The folder {folder} can't be read: {error.strerror}.") from error


def holds_classes(folder: Path, labels: LabelMap) -> bool:
    """Return whether there are folders of splits, or of expressions, in a folder."""
    if split_folders(folder):
        return True
    names = [path.name for path in _subfolders(folder)]
    numbers = len(names) > 1 and all(name.isdecimal() for name in names)
    return numbers or sum(map(labels.knows, names)) > 1


def _holds_edition(folder: Path, labels: LabelMap) -> bool:
    return bool(find_csv(folder) or parquet_files(folder)) or holds_classes(folder, labels)


def _class_folders(root: Path, labels: LabelMap) -> _ClassFolders:
    """Return the folders of one split that are used."""
    folders = _subfolders(unwrap(root, labels))
    names = [path.name for path in folders]
    if names and all(name.isdecimal() and name not in labels for name in names):
        return _ClassFolders({path: _number(path) for path in folders}, named=False)
    found: dict[Path, int] = {}
    for path in folders:
        try:
            index = labels.index(path.name)
        except DatasetError as error:
            raise DatasetError(f"{path}: {error}") from error
        if index is not None:
            found[path] = index
    return _ClassFolders(found, named=True)


def _number(path: Path) -> int:
    """Return the class index that is a folder's name."""
    if int(path.name) >= len(EXPRESSIONS):
        raise DatasetError(
            f"{path}: label {path.name} is none of 0 to 6; name it with --map "
            f"{path.name}=EXPRESSION, and the other numbers too."
        )
    return int(path.name)


def _check_numbers(folder: Path, splits: dict[str, SplitRows]) -> None:
    """Refuse numbers as names of folders unless the counts show that the order is FER2013's."""
    for split, rows in splits.items():
        counts = [rows.labels.count(index) for index in range(len(EXPRESSIONS))]
        check_counts(str(folder), split, counts, named=False, alone="validation" not in splits)


def _split_of(file: Path, given: str, has_validation: bool) -> str:
    """Return the split of a picture in the folder of split `given`."""
    split = _FILE_PREFIXES.get(file.stem.split("_")[0].lower(), given)
    if split == given or (split == "validation" and not has_validation):
        return split
    raise DatasetError(
        f"{file} is in the folder of {given}, but its name is of {split}; move it there."
    )
