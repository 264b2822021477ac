"""Photo handlers: analyse a photo for the page or the API, and make its downloads."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from supervision import Detections

from fer.array_types import UInt8Array
from fer.drawing.annotators import FaceAnnotator
from fer.drawing.face_export import PictureDocument, face_rows, picture_document, to_csv, to_json
from fer.drawing.saliency import highlight, occlusion_map
from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.images import DecodedImage, ImageError, encode_jpeg
from fer.paths import public_name
from fer.pipeline import Pipeline
from fer.sandbox.photos import PhotoReader
from fer.ui import html
from fer.ui.photo.views import instructions, no_face_found, result_html
from fer.vision.crops import CropFraming, crop_faces
from fer.vision.detections import expression_labels, probabilities, select
from fer.vision.face_sizes import PHOTO_MIN_FACE

MIN_FACE_RANGE = (16, PHOTO_MIN_FACE, 200)
"""Lowest, default and highest minimum face size in pixels."""

MAX_EXPLAINED = 24
"""Faces of a photo, the largest ones, for which saliency is computed."""

MAX_PHOTO_BYTES = 40_000_000
"""Size of the largest accepted photo."""

NO_DATA_URL = (
    "`picture` is the picture itself as a data URL, such as data:image/jpeg;base64,... ; paths and "
    "addresses are not read."
)


@dataclass(frozen=True)
class PhotoResult:
    """The analysed faces of one photo; kept in the visitor's session for the downloads.

    Args:
        path: The photo's file.
        size: Width and height in pixels.
        faces: Faces with `data["probabilities"]` (n, 7).
        labels: The label of each face.
        model: The model in use.
        notices: How the photo was read, in sentences.
    """

    path: Path
    size: tuple[int, int]
    faces: Detections
    labels: list[str]
    model: str
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The photo's file name without its suffix."""
        return self.path.stem

    def document(self) -> PictureDocument:
        """Return everything as a dictionary for JSON."""
        return picture_document(
            self.name, self.size, self.faces, self.labels, self.model, self.notices
        )


class PhotoHandlers:
    """Analyses photos and makes downloads of the results.

    Args:
        pipeline: Detects and classifies faces.
        decode: Decodes a file's bytes; by default in sandboxed processes.
    """

    def __init__(
        self, pipeline: Pipeline, decode: Callable[[bytes], DecodedImage] | None = None
    ) -> None:
        self.pipeline, self.decode = pipeline, decode or PhotoReader().read

    def read(
        self,
        picture: str | None,
        min_face: float,
        whole_picture: bool,
        explained: bool = False,
    ) -> tuple[str, PhotoResult | None]:
        """Analyse a photo for the page.

        Args:
            picture: Path of the uploaded file; None when the field is empty.
            min_face: Minimum face size in pixels.
            whole_picture: Whether the picture is a single face, so that no detection is needed.
            explained: Whether to add saliency to the largest faces.

        Returns:
            HTML of the result, or of one sentence why there is none; and the result.
        """
        if picture is None:
            return instructions(), None
        try:
            image, result = self._analyze(picture, min_face, whole_picture)
        except ImageError as error:
            return html.message(_("This photo can't be used"), str(error), "trouble"), None
        if not result.labels:
            picture = result_html(image, result.faces, [], notices=result.notices)
            return picture + no_face_found(), result
        highlights = self._highlights(image, result.faces, whole_picture) if explained else ()
        content = result_html(image, result.faces, result.labels, highlights, result.notices)
        return content, result

    def predict(
        self, picture: str | None, min_face: float = MIN_FACE_RANGE[1], whole_picture: bool = False
    ) -> PictureDocument:
        """Read a picture for a program; see `PhotoEvents.photo`.

        Args:
            picture: Path of the uploaded file; None is an error.
            min_face: Minimum face size in pixels.
            whole_picture: True if the picture is a single face; then none is detected.
        """
        if picture is None:
            raise gr.Error(_("There is no picture; send one as `picture`."), print_exception=False)
        try:
            return self._analyze(picture, min_face, whole_picture)[1].document()
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def read_data_url(
        self, picture: str, min_face: float = MIN_FACE_RANGE[1], whole_picture: bool = False
    ) -> PictureDocument:
        """Analyze a picture that is in a data URL, and return its faces as JSON holds them.

        Raises:
            ValueError: It is no data URL, too large, or no picture.
        """
        head, _, content = picture.partition(",")
        if not (head.startswith("data:image/") and head.endswith(";base64")):
            raise ValueError(NO_DATA_URL)
        try:
            decoded = self.decode(base64.b64decode(content, validate=True))
        except binascii.Error as error:
            raise ValueError(NO_DATA_URL) from error
        name = Path(f"picture.{head.removeprefix('data:image/').removesuffix(';base64')}")
        return self._read_faces(name, decoded, min_face, whole_picture).document()

    def save_picture(self, result: PhotoResult | None) -> dict[str, str]:
        """Return the photo with numbered boxes, in full size, as a download."""
        result = _require_result(result)
        annotator = FaceAnnotator()
        try:
            drawn = annotator.annotate(self.load(result.path).pixels, result.faces, result.labels)
            content = encode_jpeg(drawn, 90)
        except ImageError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return html.download(f"{result.name}-faces.jpg", content, "image/jpeg")

    def save_csv(self, result: PhotoResult | None) -> dict[str, str]:
        """Return the faces as CSV, as a download."""
        result = _require_result(result)
        content = to_csv(face_rows(result.faces, result.labels)).encode()
        return html.download(f"{result.name}-faces.csv", content, "text/csv")

    def save_json(self, result: PhotoResult | None) -> dict[str, str]:
        """Return the faces as JSON, as a download."""
        result = _require_result(result)
        content = to_json(result.document()).encode()
        return html.download(f"{result.name}-faces.json", content, "application/json")

    def load(self, picture: Path) -> DecodedImage:
        """Return the pixels of an uploaded photo.

        Raises:
            ImageError: It is gone, too large or no picture.
        """
        try:
            _require_size(picture.stat().st_size)
            content = picture.read_bytes()
        except OSError:  # deleted, perhaps just now
            raise ImageError(_("The photo is no longer here; upload it again.")) from None
        return self.decode(content)

    def _analyze(
        self, picture: str, min_face: float, whole_picture: bool
    ) -> tuple[UInt8Array, PhotoResult]:
        decoded = self.load(Path(picture))
        result = self._read_faces(Path(picture), decoded, min_face, whole_picture)
        return decoded.pixels, result

    def _read_faces(
        self, path: Path, decoded: DecodedImage, min_face: float, whole_picture: bool
    ) -> PhotoResult:
        image = decoded.pixels
        if whole_picture:
            faces = self.pipeline.classify_whole(image)
        else:
            detector = self.pipeline.detector.with_min_face(round(min_face))
            faces = Pipeline(detector, self.pipeline.classifier)(image)
        classifier = self.pipeline.classifier
        labels = expression_labels(faces, classifier.uncertain_below)
        height, width = image.shape[:2]
        model = public_name(classifier.name)
        return PhotoResult(path, (width, height), faces, labels, model, decoded.notices)

    def _highlights(
        self, image: UInt8Array, faces: Detections, whole_picture: bool
    ) -> list[UInt8Array | None]:
        """Return crops of the largest faces with glowing salient regions; None without any."""
        classifier = self.pipeline.classifier
        framing = CropFraming() if whole_picture else CropFraming(**classifier.framing)
        explained = select(faces, np.arange(min(MAX_EXPLAINED, len(faces))))
        crops = crop_faces(image, explained, framing)
        named = probabilities(explained).argmax(axis=1)
        return [
            highlight(crop, occlusion_map(crop, classifier.classify, int(expression)))
            for crop, expression in zip(crops, named, strict=True)
        ]


def _require_result(result: PhotoResult | None) -> PhotoResult:
    if result is None:
        raise gr.Error(
            _("There is nothing to save; choose a photo first, or the same one again."),
            print_exception=False,
        )
    return result


def _require_size(size: int) -> None:
    """Refuse a photo's file of too many bytes.

    Raises:
        ImageError: It is too large.
    """
    if size > MAX_PHOTO_BYTES:
        raise ImageError(
            _(
                "The photo is too large (%(size)s MB); at most %(most)s MB are accepted: save "
                "it smaller.",
                size=format_count(size / 1e6),
                most=format_count(MAX_PHOTO_BYTES / 1e6),
            )
        )
