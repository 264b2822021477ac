"""`fer photo`: photos, or folders of them, in; what each face looks like out."""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from supervision import Detections

    from fer.pipeline import Pipeline

ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".avif", ".jp2", ".ppm", ".pgm", ".heic", ".heif"),
}
"""What is taken for a picture in a folder, where other files may lie, too."""

QUALITY = 90
"""Of marked photos, as JPEG counts it."""

FEW = 6
"""Faces of a photo that are told one by one."""

Mark = Callable[[str, "np.ndarray", "Detections", list[str]], None]
"""Takes a photo's name, the photo, its faces and what they are called."""


def add_photo(commands: argparse._SubParsersAction) -> None:
    """Add `fer photo`."""
    parser = commands.add_parser(
        "photo",
        help="read the faces in photos or folders of photos",
        description="Say what each face in each photo looks like; --output keeps it in files.",
    )
    parser.add_argument("photos", type=Path, nargs="+", metavar="FILE_OR_FOLDER")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="for faces.csv, faces.json and the marked photos; made if need be",
    )
    parser.add_argument(
        "--min-face",
        type=int,
        default=20,
        metavar="PIXELS",
        help="least face to look for; 20 if left out",
    )
    parser.add_argument(
        "--whole", action="store_true", help="each photo already is one face; none is looked for"
    )
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.set_defaults(run=run_photo)


@dataclass
class Album:
    """What came of the photos.

    Attributes:
        documents: What `fer.show.tables.picture_document` says of each that could be read.
        refused: Of each other one its name, and why, in a sentence.
    """

    documents: list[dict] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def run_photo(options: argparse.Namespace) -> str:
    """Read photos, write what is asked for, and say what was seen.

    Raises:
        ValueError: There is no photo that can be read, or the network can't be had.
    """
    from fer.model.classifier import ExpressionClassifier
    from fer.pipeline import Pipeline
    from fer.vision.detector import FaceDetector

    photos = find_photos(options.photos, options.output)
    detector = FaceDetector(min_face=options.min_face)
    pipeline = Pipeline(detector, ExpressionClassifier.load(options.model))
    album = read_photos(photos, pipeline, options.whole, marker(options.output))
    if not album.documents:
        name, why = next(iter(album.refused.items()))
        raise ValueError(f"No photo can be read. {name}: {why}")
    if options.output:
        write_tables(album, options.output)
    return said(album, options.output)


def find_photos(given: Sequence[Path], output: Path | None = None) -> dict[str, Path]:
    """Return the photos by a name of their own: a folder's as paths inside it.

    Args:
        given: Files and folders.
        output: Where results go; what an earlier run left there is no photo.

    Raises:
        ValueError: A folder holds none.
    """
    found: dict[str, Path] = {}
    taken: set[Path] = set()
    for path in given:
        inside = photos_in(path, output) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path} holds no photo; name a folder with pictures in it.")
        for photo in inside:
            name = photo.relative_to(path) if path.is_dir() else Path(path.name)
            found[free_name(name, taken).as_posix()] = photo
    return found


def photos_in(folder: Path, output: Path | None) -> list[Path]:
    """Return the pictures in a folder and the folders inside it, but for those in `output`."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in ENDINGS and path.is_file()
        if output is None or output.resolve() not in path.resolve().parents
    ]


def free_name(name: Path, taken: set[Path]) -> Path:
    """Return a name that no other photo has, whatever its ending: with a number if need be.

    Args:
        name: The photo's own.
        taken: Names without endings that are in use; the one returned is added.
    """
    number, free = 1, name
    while free.with_suffix("") in taken:
        number += 1
        free = name.with_stem(f"{name.stem}-{number}")
    taken.add(free.with_suffix(""))
    return free


def read_photos(
    photos: Mapping[str, Path],
    pipeline: "Pipeline",
    whole: bool,
    mark: Mark,
) -> Album:
    """Read one photo after another; one that can't be read doesn't stop the others."""
    from fer.images import ImageError, read_image
    from fer.pipeline import top_labels
    from fer.show.tables import picture_document

    album, classifier = Album(), pipeline.classifier
    for name, path in photos.items():
        try:
            image = read_image(path)
            faces = pipeline.whole_picture(image) if whole else pipeline(image)
            labels = top_labels(faces, classifier.uncertain_below)
            mark(name, image, faces, labels)
        except ImageError as error:
            album.refused[name] = str(error)
            continue
        size = image.shape[1], image.shape[0]
        album.documents.append(picture_document(name, size, faces, labels, classifier.name))
    return album


def marker(output: Path | None) -> Mark:
    """Return what writes a photo with numbered boxes into `output`; None writes nothing."""
    from fer.images import encode_jpeg
    from fer.show.annotators import FaceAnnotator

    def mark(name: str, image: "np.ndarray", faces: "Detections", labels: list[str]) -> None:
        if output is None:
            return
        content = encode_jpeg(FaceAnnotator(numbered=True).annotate(image, faces, labels), QUALITY)
        place = output / Path(name).with_suffix("")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(f"{place.name}-faces.jpg").write_bytes(content)

    return mark


def write_tables(album: Album, output: Path) -> None:
    """Write faces.csv and faces.json."""
    from fer.show.tables import pictures_csv, to_json

    document = {"pictures": album.documents, "refused": album.refused}
    (output / "faces.csv").write_text(pictures_csv(album.documents), encoding="utf-8", newline="")
    (output / "faces.json").write_text(to_json(document) + "\n", encoding="utf-8")


def said(album: Album, output: Path | None) -> str:
    """Return a line for each photo, and where the files are."""
    lines = [f"{document['picture']}: {seen(document['faces'])}" for document in album.documents]
    lines += [f"{name} is left out. {why}" for name, why in album.refused.items()]
    return "\n".join([*lines, *([f"Everything is in {output}."] if output else [])])


def seen(faces: Sequence[Mapping]) -> str:
    """Return what the faces of a photo look like: `"2 faces: happy 93 %, uncertain"`.

    Of many faces, how many look like what: `"9 faces: 5 happy, 4 uncertain"`.
    """
    if not faces:
        return "no face found"
    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    names = Counter(face["expression"] for face in faces).most_common()
    many = [f"{number} {name}" for name, number in names]
    return f"{count}: {', '.join(map(called, faces) if len(faces) <= FEW else many)}"


def called(face: Mapping) -> str:
    """Return a face's expression with its probability, if it has one."""
    share = face["probabilities"].get(face["expression"])
    return face["expression"] + ("" if share is None else f" {share:.0%}".replace("%", " %"))
