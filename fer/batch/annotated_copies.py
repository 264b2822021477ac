"""Copies of photos and videos with boxes, each named after its source."""

from collections.abc import Sequence
from pathlib import Path

from supervision import Detections

from fer.batch.input_files import InputFile, file_name
from fer.drawing.annotators import FaceAnnotator
from fer.images import DecodedImage, ImageError, encode_jpeg
from fer.output_files import write_file
from fer.recording.exports import export_stem

JPEG_QUALITY = 90
"""Of photos, as JPEG counts it."""

SHORT_ID = 8
"""Digits of a source's id in the names of its copies: files of one name may be in two folders."""


def copy_name(source: str, source_id: str) -> str:
    """Return the name, without an ending, of what is made of a file."""
    return f"{export_stem(Path(file_name(source)))}-{source_id[:SHORT_ID]}"


def write_annotated_photo(
    folder: Path,
    file: InputFile,
    decoded: DecodedImage,
    faces: Detections,
    labels: Sequence[str] | None,
) -> str | None:
    """Write a photo with boxes; return why that isn't possible, or None.

    Args:
        folder: Where it goes.
        file: The photo.
        decoded: Its pixels.
        faces: The faces in it.
        labels: Each face's label; None where nobody's expression is to be shown.

    Raises:
        fer.output_files.OutputError: It can't be written.
    """
    drawn = FaceAnnotator(numbered=True).annotate(decoded.pixels, faces, labels)
    try:
        content = encode_jpeg(drawn, JPEG_QUALITY)
    except ImageError as error:
        return f"There is no copy with boxes: {error}"
    write_file(folder / f"{copy_name(file.source, file.source_id)}.jpg", content)
    return None
