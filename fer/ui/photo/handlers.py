"""What the Photo tab does, without the screen: read a photo, answer programs, make downloads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from supervision import Detections

from fer.array_types import UInt8Array
from fer.drawing.annotators import FaceAnnotator
from fer.drawing.export import PictureDocument, face_rows, picture_document, to_csv, to_json
from fer.drawing.saliency import highlight, occlusion_map
from fer.images import ImageError, encode_jpeg
from fer.pipeline import Pipeline, expression_labels
from fer.sandbox.photos import PhotoReader
from fer.ui import html
from fer.ui.downloads import download
from fer.ui.photo.views import result_html
from fer.vision.crops import Framing, crop_faces
from fer.vision.detections import probabilities, select

MIN_FACE_RANGE = (16, 20, 200)
"""Lowest, usual and highest "least face size" in pixels."""

MAX_EXPLAINED = 24
"""Faces of a photo, the largest ones, of which it is shown what speaks for their expression."""

MAX_BYTES = 40_000_000
"""Larger photos are refused."""

EMPTY = html.card(
    '<h3 class="fer-heading">What you get</h3><ol class="fer-steps">'
    "<li>Your photo with a numbered box around every face.</li>"
    "<li>Bars for the face you press, and a table of all of them.</li>"
    "<li>The marked photo and the numbers to save, if you like.</li></ol>"
    '<p class="fer-note">No photo at hand? Try one of the examples.</p>'
)

NO_FACE = html.message(
    "No face found",
    "Try a photo in which the face is larger and looks at the camera, or under Options lower "
    "the least face size or tick “The picture already is one face”.",
)


@dataclass(frozen=True)
class PhotoResult:
    """What was read in one photo; kept in the visitor's session for the downloads.

    Args:
        path: The photo's file.
        size: Width and height in pixels.
        faces: Faces with `data["probabilities"]` (n, 7).
        labels: What each face is called.
        model: The model in use.
    """

    path: Path
    size: tuple[int, int]
    faces: Detections
    labels: list[str]
    model: str

    @property
    def name(self) -> str:
        """The photo's file name without its ending."""
        return self.path.stem

    def document(self) -> PictureDocument:
        """Return everything as a dictionary for JSON."""
        return picture_document(self.name, self.size, self.faces, self.labels, self.model)


class PhotoHandlers:
    """What the Photo tab does, without the screen.

    Args:
        pipeline: Finds faces and reads their expressions.
        decode: Returns a file's bytes as RGB; by default processes of their own do.
    """

    def __init__(
        self, pipeline: Pipeline, decode: Callable[[bytes], UInt8Array] | None = None
    ) -> None:
        self.pipeline, self.decode = pipeline, decode or PhotoReader().read

    def read(
        self,
        picture: str | None,
        min_face: float,
        whole_picture: bool,
        explained: bool = False,
    ) -> tuple[str, PhotoResult | None]:
        """Read a photo for the page.

        Args:
            picture: Path of the uploaded file; None when the field is empty.
            min_face: Least face to look for, in pixels.
            whole_picture: Whether the picture is one face already, and none is looked for.
            explained: Whether to show which parts of the faces speak for their expressions.

        Returns:
            HTML of the result or of one sentence that says why there is none, and the reading.
        """
        if picture is None:
            return EMPTY, None
        try:
            image, reading = self._analyze(picture, min_face, whole_picture)
        except ImageError as error:
            return html.message("This photo can't be used", str(error), "trouble"), None
        if not reading.labels:
            return result_html(image, reading.faces, []) + NO_FACE, reading
        highlights = self._highlights(image, reading.faces, whole_picture) if explained else ()
        return result_html(image, reading.faces, reading.labels, highlights), reading

    def predict(
        self, picture: str, min_face: float = MIN_FACE_RANGE[1], whole_picture: bool = False
    ) -> PictureDocument:
        """Find the faces in a picture and read which of seven expressions each looks most like.

        Args:
            picture: The picture's file.
            min_face: Least face to look for, in pixels.
            whole_picture: True if the picture is one face already; then none is looked for.

        Returns:
            A dictionary with width, height, model and faces; each face has its number, expression
            ("uncertain" if none stands out), seven probabilities and box (left, top, right, bottom
            in pixels), largest face first.
        """
        if picture is None:
            raise gr.Error("There is no picture; send one as `picture`.", print_exception=False)
        try:
            return self._analyze(picture, min_face, whole_picture)[1].document()
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def save_picture(self, reading: PhotoResult | None) -> dict[str, str]:
        """Return the photo with numbered boxes, in full size, as a download."""
        reading = _require_result(reading)
        annotator = FaceAnnotator(numbered=True)
        try:
            drawn = annotator.annotate(self._load(reading.path), reading.faces, reading.labels)
            content = encode_jpeg(drawn, 90)
        except ImageError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return download(f"{reading.name}-faces.jpg", content, "image/jpeg")

    def save_csv(self, reading: PhotoResult | None) -> dict[str, str]:
        """Return the faces as CSV, as a download."""
        reading = _require_result(reading)
        content = to_csv(face_rows(reading.faces, reading.labels)).encode()
        return download(f"{reading.name}-faces.csv", content, "text/csv")

    def save_json(self, reading: PhotoResult | None) -> dict[str, str]:
        """Return the faces as JSON, as a download."""
        reading = _require_result(reading)
        content = to_json(reading.document()).encode()
        return download(f"{reading.name}-faces.json", content, "application/json")

    def _load(self, picture: Path) -> UInt8Array:
        if not picture.exists():
            raise ImageError("The photo is no longer here; drop it in again.")
        size = picture.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(
                f"The photo is too large ({size / 1e6:,.0f} MB); at most {MAX_BYTES / 1e6:.0f} MB "
                "are taken: save it smaller."
            )
        return self.decode(picture.read_bytes())

    def _analyze(
        self, picture: str, min_face: float, whole_picture: bool
    ) -> tuple[UInt8Array, PhotoResult]:
        image = self._load(Path(picture))
        if whole_picture:
            faces = self.pipeline.classify_whole(image)
        else:
            detector = self.pipeline.detector.with_options(min_face=round(min_face))
            faces = Pipeline(detector, self.pipeline.classifier)(image)
        classifier = self.pipeline.classifier
        labels = expression_labels(faces, classifier.uncertain_below)
        height, width = image.shape[:2]
        return image, PhotoResult(Path(picture), (width, height), faces, labels, classifier.name)

    def _highlights(
        self, image: UInt8Array, faces: Detections, whole_picture: bool
    ) -> list[UInt8Array | None]:
        """Return the largest faces with the parts that speak for their expressions glowing."""
        classifier = self.pipeline.classifier
        framing = Framing() if whole_picture else Framing(**classifier.framing)
        explained = select(faces, np.arange(min(MAX_EXPLAINED, len(faces))))
        crops = crop_faces(image, explained, framing)
        named = probabilities(explained).argmax(axis=1)
        return [
            highlight(crop, occlusion_map(crop, classifier.classify, int(expression)))
            for crop, expression in zip(crops, named, strict=True)
        ]


def _require_result(reading: PhotoResult | None) -> PhotoResult:
    if reading is None:
        raise gr.Error(
            "There is nothing to save; choose a photo first, or the same one once more.",
            print_exception=False,
        )
    return reading
