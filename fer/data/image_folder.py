"""Folders of any pictures by expression, for `fer evaluate --folder`; faces of any size."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from fer.array_types import Float32Array, Int64Array, UInt8Array
from fer.data.fer2013_folders import class_files, split_folders, unwrap
from fer.data.label_map import LabelMap
from fer.data.splits import DatasetError
from fer.images import ImageError, read_image
from fer.labels import FERPLUS_VOTE_COLUMNS
from fer.paths import is_hidden
from fer.terminal import with_progress

MAX_SIDE = 512
"""Pixels: larger pictures are reduced to it, so that thousands fit into memory."""


@dataclass(frozen=True, eq=False)
class LabeledFaces:
    """Faces of any size with their labels, and the files that couldn't be used.

    Args:
        images: RGB uint8 (h, w, 3), one per face, h and w up to `MAX_SIDE`.
        labels: int64 (n,), indices into `EXPRESSIONS`.
        unreadable: Files that are no pictures.
        without_face: Pictures in which no face was found.
    """

    images: list[UInt8Array]
    labels: Int64Array
    unreadable: list[str] = field(default_factory=list)
    without_face: list[str] = field(default_factory=list)

    @property
    def votes(self) -> Float32Array:
        """FER+'s votes, of which there are none: zeros (n, 10)."""
        return np.zeros((len(self.images), len(FERPLUS_VOTE_COLUMNS)), np.float32)

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.images)


def load_image_folder(
    folder: Path,
    label_map: LabelMap | None = None,
    crop: Callable[[UInt8Array], UInt8Array | None] | None = None,
) -> LabeledFaces:
    """Read a folder with one folder of pictures for each expression.

    Args:
        folder: Its folders are named after the expressions, in any common spelling.
        label_map: Expressions of folders with other names, and folders to leave out.
        crop: Returns the face in a picture, RGB uint8, or None where there is none. Without it each
            picture is taken as a face.

    Raises:
        DatasetError: There are no such folders, or one whose name is no expression.
    """
    images, labels, unreadable, without_face = [], [], [], []
    files = labeled_files(folder, label_map or LabelMap())
    for path, label in with_progress(files, "Pictures", "picture"):
        try:
            image = read_image(path)
        except ImageError:
            unreadable.append(str(path.relative_to(folder)))
            continue
        face = image if crop is None else crop(image)
        if face is None:
            without_face.append(str(path.relative_to(folder)))
            continue
        images.append(_shrink(face))
        labels.append(label)
    if not images:
        raise DatasetError(f"{folder} holds no readable picture with a face; check its folders.")
    return LabeledFaces(images, np.array(labels, np.int64), unreadable, without_face)


def labeled_files(folder: Path, labels: LabelMap) -> list[tuple[Path, int]]:
    """Return the files of a folder of expressions, each with its class index; none is opened.

    Raises:
        DatasetError: As `load_image_folder`.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}; check the path.")
    if splits := split_folders(folder):
        first = next(iter(splits))
        raise DatasetError(
            f"{folder} holds splits ({', '.join(path.name for path in splits)}); give it with "
            f"--dataset, or one of them with --folder {first}."
        )
    root = unwrap(folder, labels)
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not is_hidden(path))
    if not folders:
        raise DatasetError(f"{folder} has no folders; one for each expression is expected.")
    indices = {path: labels.index(path.name) for path in folders}
    labels.check_used(str(folder), [path.name for path in folders])
    found: list[tuple[Path, int]] = []
    for path, index in indices.items():
        if index is not None:
            files, unreadable = class_files(path)
            found += [(file, index) for file in (*files, *unreadable)]  # the latter will be listed
    return found


def _shrink(face: UInt8Array) -> UInt8Array:
    """Reduce a face, RGB (h, w, 3), to at most `MAX_SIDE` pixels per side."""
    picture = Image.fromarray(face)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return np.asarray(picture)
