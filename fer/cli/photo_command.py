"""`fer photo`: classify the expressions in photos, or in folders of them."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.input_paths import describe_refused, find_files, free_name
from fer.cli.shared_options import add_min_face, add_model, check_shared
from fer.output_files import OutputError, output_folder, write_file
from fer.paths import PHOTO, printable, public_name, real_path, whole_path
from fer.terminal import DefaultsHelpFormatter, count_of, with_progress
from fer.vision.face_sizes import PHOTO_MIN_FACE

if TYPE_CHECKING:
    from supervision import Detections

    from fer.array_types import UInt8Array
    from fer.drawing.face_export import FaceRow, PictureDocument
    from fer.pipeline import Pipeline

JPEG_QUALITY = 90
"""JPEG quality of annotated photos, 1 to 95."""

MAX_LISTED_FACES = 6
"""Most faces of a photo that are listed one by one."""


def add_photo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer photo`."""
    parser = commands.add_parser(
        "photo",
        help="read the faces in photos or folders of photos",
        description="Classify each face in each photo; --output keeps the results in files.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "photos",
        type=Path,
        nargs="+",
        metavar="FILE_OR_FOLDER",
        help="photos, and folders that are searched for photos with those inside them",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder for faces.csv, faces.json and the annotated photos; created if missing",
    )
    add_min_face(parser, PHOTO_MIN_FACE)
    parser.add_argument(
        "--whole", action="store_true", help="each photo already is one face; none is looked for"
    )
    add_model(parser)
    parser.set_defaults(run=run_photo)


@dataclass
class PhotoResults:
    """What came of the photos.

    Attributes:
        documents: The `fer.drawing.face_export.picture_document` of each readable photo.
        unreadable: Name of each other photo, and of folders, and why it can't be read, in a
            sentence.
        not_annotated: Name of each photo whose annotated copy couldn't be written, and why.
    """

    documents: list["PictureDocument"] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    not_annotated: dict[str, str] = field(default_factory=dict)


def run_photo(options: argparse.Namespace) -> str:
    """Analyse photos, write the files, and return the results as text.

    Raises:
        ValueError: There is no photo that can be read, one would be overwritten, or the network
            can't be had.
    """
    from fer.pipeline import Pipeline

    check_shared(options)
    results = PhotoResults()
    photos = find_files(PHOTO, options.photos, options.output, results.unreadable)
    places = annotated_paths(photos, options.output) if options.output else dict.fromkeys(photos)
    with output_folder(options.output) if options.output else nullcontext():
        pipeline = Pipeline.load(options.model, options.min_face, options.device)
        try:
            analyze_photos(results, places, pipeline, options.whole)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(describe_kept(results, len(photos), options.output)) from None
        finally:  # whatever happened, a full disk included
            if options.output and results.documents:
                write_tables(results, options.output)
        if not results.documents:
            raise ValueError(describe_refused("photo", results.unreadable))
    return describe_results(results, options.output)


def annotated_paths(photos: Mapping[Path, Path], output: Path) -> dict[Path, Path | None]:
    """Return where the annotated copy of each photo goes, each to a place of its own.

    Raises:
        ValueError: A photo would be overwritten.
    """
    sources = {real_path(photo) for photo in photos}
    places: dict[Path, Path | None] = {}
    taken: set[str] = set()
    for photo, name in photos.items():
        place = places[photo] = output / free_name(name, "{}-faces.jpg".format, taken)
        if real_path(place) in sources:
            raise ValueError(f"The photo {place} would be overwritten; choose another --output.")
    return places


def analyze_photos(
    results: PhotoResults, places: Mapping[Path, Path | None], pipeline: "Pipeline", whole: bool
) -> None:
    """Read one photo after another into `results`, and write a copy to its place if it has one.

    One that fails doesn't stop the others.
    """
    from fer.drawing.face_export import picture_document
    from fer.images import ImageError, decode_image
    from fer.vision.detections import expression_labels

    classifier = pipeline.classifier
    for photo, place in with_progress(places.items(), "Photos", "photo"):
        name = printable(photo)
        try:
            decoded = decode_image(photo)
            image = decoded.pixels
            faces = pipeline.classify_whole(image) if whole else pipeline(image)
        except (ImageError, MemoryError) as error:
            results.unreadable[name] = describe_failure(error)
            continue
        labels = expression_labels(faces, classifier.uncertain_below)
        size, model = (image.shape[1], image.shape[0]), public_name(classifier.name)
        results.documents.append(
            picture_document(name, size, faces, labels, model, decoded.notices)
        )
        try:
            if place is not None:
                write_annotated(place, image, faces, labels)
        except (ImageError, MemoryError) as error:
            results.not_annotated[name] = describe_failure(error)
        except OutputError as error:
            if error.disk_full:
                raise
            results.not_annotated[name] = error.reason


def describe_failure(error: Exception) -> str:
    """Return in a sentence why a photo is left out."""
    large = isinstance(error, MemoryError)
    return "There is too little memory for it; save it smaller." if large else str(error)


def write_annotated(
    place: Path, image: "UInt8Array", faces: "Detections", labels: list[str]
) -> None:
    """Write a photo with numbered boxes to its place."""
    from fer.drawing.annotators import FaceAnnotator
    from fer.images import encode_jpeg

    drawn = FaceAnnotator().annotate(image, faces, labels)
    write_file(place, encode_jpeg(drawn, JPEG_QUALITY))


def write_tables(results: PhotoResults, output: Path) -> None:
    """Write faces.csv and faces.json."""
    from fer.drawing.face_export import pictures_csv, to_json

    document = {"pictures": results.documents, "refused": results.unreadable}
    write_file(output / "faces.csv", pictures_csv(results.documents, results.unreadable))
    write_file(output / "faces.json", to_json(document) + "\n")


def describe_kept(results: PhotoResults, photos: int, output: Path | None) -> str:
    """Return what there is of some photos after Ctrl-C; nothing if nothing is."""
    count = len(results.documents)
    if not output or not count:
        return ""
    return f"The results of {count:,} of {photos:,} photos are in {whole_path(output)}."


def describe_results(results: PhotoResults, output: Path | None) -> str:
    """Return a line for each photo, and where the files are."""
    lines = [
        f"{document['picture']}: {describe_document(document)}" for document in results.documents
    ]
    lines += [f"{name} is left out. {why}" for name, why in results.unreadable.items()]
    lines += [f"{name} has no annotated copy: {why}" for name, why in results.not_annotated.items()]
    return "\n".join([*lines, *([f"Everything is in {whole_path(output)}."] if output else [])])


def describe_document(document: "PictureDocument") -> str:
    """Return the expressions in a photo, and in sentences how it was read."""
    from fer.drawing.face_export import describe_rotation

    turn = describe_rotation(document["rotation"])
    sentences = " ".join([*document["notices"], *([turn] if turn else [])])
    faces = describe_faces(document["faces"])
    return f"{faces}. {sentences}" if sentences else faces


def describe_faces(faces: Sequence["FaceRow"]) -> str:
    """Return the expressions of faces: `"2 faces: happy 93%, uncertain"`.

    Of many faces they are counted: `"9 faces: 5 happy, 4 uncertain"`.
    """
    if not faces:
        return "no face found"
    names = Counter(face["expression"] for face in faces).most_common()
    many = [f"{number} {name}" for name, number in names]
    listed = map(describe_face, faces) if len(faces) <= MAX_LISTED_FACES else many
    return f"{count_of(len(faces), 'face')}: {', '.join(listed)}"


def describe_face(face: "FaceRow") -> str:
    """Return a face's expression with its probability, if it has one."""
    share = face["probabilities"].get(face["expression"])
    return face["expression"] + ("" if share is None else f" {share:.0%}")
