"""The pipeline: detect, track, crop, classify and smooth."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast, overload

import numpy as np
from PIL import Image
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.images import ImageError, ImageSource, as_rgb, read_image
from fer.model.model_metrics import ModelMetrics
from fer.video import Frame
from fer.vision.crops import CropFraming, crop_faces
from fer.vision.detections import select, track_ids
from fer.vision.detector_protocols import Detector
from fer.vision.expression_smoother import ExpressionSmoother
from fer.vision.face_sizes import PHOTO_MIN_FACE
from fer.vision.prediction_cache import PredictionCache
from fer.vision.quality import is_turned_away, measure_quality
from fer.vision.stream_detector import StreamDetector

Pictures = list[Any] | tuple[ImageSource, ...] | Iterator[ImageSource]
"""Several of them; a list isn't of one type, as it may hold paths and arrays."""

_SINGLE = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image)


class Classifier(Protocol):
    """Interface of a classifier; see `fer.model.classifier.ExpressionClassifier`.

    The pipeline crops by `framing` and calls `classify`; page, command line and reports state the
    rest beside the results.
    """

    @property
    def framing(self) -> Mapping[str, float]:
        """The values of `CropFraming` that the network was trained with; empty for its defaults."""

    @property
    def uncertain_below(self) -> float:
        """Least probability at which an expression is named."""

    @property
    def name(self) -> str:
        """The network in use: a Hub id, a folder or "embedded weights"."""

    @property
    def folder(self) -> Path | None:
        """Where its files are on this machine; None for a network passed as an object."""

    @property
    def revision(self) -> str | None:
        """The commit of a network from the Hub; None for a folder."""

    @property
    def precision(self) -> str:
        """In which it computes, "int8" or "float32"."""

    @property
    def notice(self) -> str | None:
        """Why the embedded network is in use instead of the requested one; None if it isn't."""

    @property
    def metrics(self) -> ModelMetrics:
        """The content of metrics.json; empty where there is none."""

    def fingerprint(self) -> str:
        """Return a checksum of the network's weights."""

    def classify(self, crops: Sequence[UInt8Array]) -> Float32Array:
        """Return float32 (n, 7) probabilities for n square RGB crops."""


def is_single_picture(frames: object) -> bool:
    """Return whether it is a path, an open file or one picture, and not several pictures."""
    if isinstance(frames, _SINGLE) or hasattr(frames, "read"):
        return True
    if not hasattr(frames, "__array__"):
        return False
    shape = np.shape(frames)  # (h, w) or (h, w, 3); of several (n, h, w) or (n, h, w, 3)
    return len(shape) < 3 or shape[2:] in ((1,), (3,), (4,))


class StreamState:
    """What is remembered of one stream; one per visitor or video, and dropped with it.

    Args:
        search_period: Seconds in which the search for new faces is once through the picture; what
            isn't watched live may take more, for speed.
        max_age: Seconds for which a face that isn't seen is remembered: longer than from one frame
            to the next.

    Attributes:
        tentative: The faces of the latest frame that were detected in this one only, as
            `Pipeline.process_frame` returns the others, but with negative `tracker_id`.
    """

    def __init__(self, search_period: float = 0.45, max_age: float = 1.0) -> None:
        self.stream_detector = StreamDetector(max_age, search_period)
        self.prediction_cache = PredictionCache()
        self.smoother = ExpressionSmoother(max_age=max_age)
        self.tentative = Detections.empty()


class Pipeline:
    """From a picture to its faces and their expressions.

    It can be pickled, as for processes of multiprocessing, joblib or Ray: these load the networks
    from the same files, see `fer.onnx_session.OnnxSession`.

    Args:
        detector: Finds the faces.
        classifier: Classifies the crops; its `framing` says how they are cut.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector = detector
        self.classifier = classifier

    @classmethod
    def load(
        cls, model: str | Path | None = None, min_face: int = PHOTO_MIN_FACE, device: str = "cpu"
    ) -> "Pipeline":
        """Load MTCNN and an expression network.

        >>> faces = Pipeline.load()("photo.jpg")  # doctest: +SKIP

        Args:
            model: A Hub id, `you/name` or `you/name@revision`, or a folder that `train.py` wrote;
                None is the network that comes with the package.
            min_face: Smallest face to detect, forehead to chin in pixels; live video wants 40.
            device: Where both run, as torch names it; other than "cpu" in PyTorch and float32.

        Raises:
            fer.model.classifier.ModelError: The network can't be loaded.
            ValueError: `min_face` is too small, or the device can't be used on this machine.
        """
        from fer.model.classifier import ExpressionClassifier  # heavy, as is the next
        from fer.vision.detector import FaceDetector

        detector = FaceDetector(min_face=min_face, device=device)
        return cls(detector, ExpressionClassifier.load(model, device=device))

    @overload
    def __call__(self, pictures: ImageSource) -> Detections: ...

    @overload
    def __call__(self, pictures: Pictures) -> list[Detections]: ...

    def __call__(self, pictures: ImageSource | Pictures) -> Detections | list[Detections]:
        """Detect and classify all faces in a picture, or in each of several.

        Args:
            pictures: A path, bytes, an open file, a PIL image or an array, grey, RGB or RGBA, 8 or
                16 bit or float (see `fer.images.read_image`), or a list, tuple or generator of
                them.

        Returns:
            Faces, largest first: `xyxy` float32 (n, 4) in pixels of the upright picture,
            `confidence` (n,), `data["landmarks"]` (n, 5, 2) and `data["probabilities"]` float32
            (n, 7), columns as in `EXPRESSIONS`; n may be 0. Beside them what
            `fer.vision.quality.measure_quality` measures, and `data["turned_away"]` bool (n,).
            `metadata["uncertain_below"]` is the least probability at which the network names an
            expression. For a list a list.

        Raises:
            fer.images.ImageError: A picture can't be read; the message is one sentence, with the
                picture's number, from 0, in the list.
        """
        if isinstance(pictures, list | tuple | Iterator) and not hasattr(pictures, "read"):
            return [self._process_listed(number, item) for number, item in enumerate(pictures)]
        image = read_image(cast(ImageSource, pictures))  # open files are iterators, too
        framing = CropFraming(**self.classifier.framing)
        return self._classify(image, self.detector.detect_any_rotation(image), framing)

    def _process_listed(self, number: int, picture: ImageSource) -> Detections:
        """Return the faces of one of several pictures."""
        try:
            return self(picture)
        except ImageError as error:
            raise ImageError(f"Picture {number}, counted from 0: {error}") from error

    def stream(
        self, frames: Iterable[ImageSource | Frame], rate: float = 30.0
    ) -> Iterator[Detections]:
        """Detect, track, classify and smooth the faces of a stream, frame by frame.

        >>> faces = pipeline.stream(VideoReader("lesson.mp4"))  # doctest: +SKIP

        Args:
            frames: As pictures of a call, in their order, or those of a `fer.video.VideoReader`,
                which have times of their own.
            rate: Frames a second where they have no times.

        Returns:
            As `process_frame`; one per frame, as soon as it is ready.

        Raises:
            TypeError: `frames` is a single picture or a path.
            ValueError: `rate` is not above 0.
            fer.images.ImageError: A frame can't be read.
        """
        if is_single_picture(frames):
            raise TypeError(
                f"frames is an iterable of pictures, not a single {type(frames).__name__}; open a "
                "video file with fer.video.VideoReader."
            )
        if not 0 < rate < math.inf:
            raise ValueError(f"rate is a number of frames a second above 0, not {rate}.")
        return self._stream(frames, rate)

    def _stream(self, frames: Iterable[ImageSource | Frame], rate: float) -> Iterator[Detections]:
        state = StreamState()
        for index, frame in enumerate(frames):
            if isinstance(frame, Frame):
                state.stream_detector.assign_new_ids_after_dissolve(frame.image, frame.time)
                yield self.process_frame(frame.image, frame.time, state)
            else:
                yield self.process_frame(read_image(frame), index / rate, state)

    def process_frame(self, image: UInt8Array, time: float, state: StreamState) -> Detections:
        """Read the next frame of a stream.

        Args:
            image: RGB uint8 (h, w, 3), or another array that `fer.images.as_rgb` takes.
            time: Seconds on any clock that doesn't go back.
            state: What is remembered of this stream; it is brought up to date.

        Returns:
            As a call of the pipeline, with `tracker_id` (n,), `data["probabilities"]` and
            `data["yaw"]` averaged over time, and `data["expression"]` (n,), the class index of each
            face. A face counts from the second frame in which it is detected; before, it is in
            `state.tentative`.

        Raises:
            ValueError: The time is before that of the stream's last frame, or not finite.
            fer.images.ImageError: The array is no picture.
        """
        image = as_rgb(image)
        faces = state.stream_detector.update(self.detector, image, time)
        crops = crop_faces(image, faces, CropFraming(**self.classifier.framing))
        rows = state.prediction_cache.predict(
            track_ids(faces), crops, time, self.classifier.classify
        )
        faces = self._with_results(faces, crops, rows)
        faces = state.smoother.update(faces, time, self.classifier.uncertain_below)
        counts = np.array(track_ids(faces), int) > 0
        if counts.all():
            state.tentative = Detections.empty()
            return faces
        state.tentative = select(faces, ~counts)
        return select(faces, counts)

    def classify_whole(self, image: UInt8Array) -> Detections:
        """Classify a picture, as `process_frame` takes it, as one face, without detection.

        Returns:
            One detection with the picture as its box, confidence 1 and `data["probabilities"]`
            (1, 7). There is no `data["landmarks"]`, as nothing was located.
        """
        image = as_rgb(image)
        height, width = image.shape[:2]
        box = Detections(
            xyxy=np.array([[0, 0, width, height]], np.float32),
            confidence=np.ones(1, np.float32),
        )
        return self._classify(image, box, CropFraming())

    def _classify(self, image: UInt8Array, faces: Detections, framing: CropFraming) -> Detections:
        """Return a copy of `faces` with their probabilities."""
        crops = crop_faces(image, faces, framing)
        return self._with_results(faces, crops, self.classifier.classify(crops))

    def _with_results(
        self, faces: Detections, crops: Sequence[UInt8Array], rows: Float32Array
    ) -> Detections:
        """Return a copy of `faces` with their probabilities (n, 7) and quality."""
        quality = measure_quality(faces, crops)
        turned = is_turned_away(quality["yaw"])
        return replace(
            faces,
            data={**faces.data, "probabilities": rows, **quality, "turned_away": turned},
            metadata={**faces.metadata, "uncertain_below": self.classifier.uncertain_below},
        )
