"""How a timeline was made: its network and settings, and a methods paragraph ready to cite."""

import math
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.i18n import ngettext
from fer.labels import EXPRESSIONS
from fer.model.model_metrics import ModelMetrics
from fer.paths import public_name
from fer.timeline.formatting import format_exact_time, format_number
from fer.timeline.marks import left_out_ranges
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES
from fer.version import __version__
from fer.vision.mtcnn_networks import WEIGHTS_VERSION
from fer.vision.quality import TURNED_AWAY_FROM

FINGERPRINT_DIGITS = 16
"""Hex digits, of SHA-256's 64: enough to tell networks apart, short enough to print."""

_RUNTIMES = {"int8": ("ONNX Runtime", "onnxruntime"), "float32": ("PyTorch", "torch")}
"""What serves a network of each precision: its name, and that of its package and module."""


class IdentifiedNetwork(Protocol):
    """What a classifier states of its network."""

    @property
    def name(self) -> str:
        """For display."""

    @property
    def precision(self) -> str:
        """Return "int8" or "float32"."""

    @property
    def metrics(self) -> ModelMetrics:
        """The content of its metrics.json."""

    def fingerprint(self) -> str:
        """Return a checksum of its weights."""


@dataclass(frozen=True)
class NetworkIdentity:
    """Which network classified the faces.

    Attributes:
        name: Name for display, without the folders around a network's own.
        fingerprint: Checksum of its weights.
        precision: "int8" or "float32".
        accuracy: How often it is right, and on what; None if that isn't known.
    """

    name: str
    fingerprint: str
    precision: str
    accuracy: str | None

    @classmethod
    def from_classifier(cls, classifier: IdentifiedNetwork) -> "NetworkIdentity":
        """Return the identity of a classifier's network."""
        accuracy = classifier.metrics.describe_accuracy()
        fingerprint = classifier.fingerprint()
        name = public_name(classifier.name)
        return cls(name, fingerprint, classifier.precision, accuracy)


@dataclass(frozen=True)
class TimelineMetadata:
    """Origin of a timeline.

    Attributes:
        title: The recording's name.
        network: Which network classified the faces.
        rate: Analysed frames per second; None for those of a camera, as they came.
        duration: Seconds of the recording that were analysed; infinite where the last bin counts
            as full.
        warning: Sentences on what couldn't be read; None if all could.
        scale: Pixels of the recording per pixel of what was analysed; above 1 where it was shrunk.
        video_offset: Seconds of sound before the first picture, by which the annotated video is
            later.
        sound_end: Seconds at which the annotated video's sound ends; 0 without any.
        start: Seconds of the recording at which the analysis starts; times count from there.
        limited: Whether a part of the recording was chosen for the analysis.
        started: When a live timeline began, in ISO 8601 with its time zone; "" for a recording.
    """

    title: str
    network: NetworkIdentity
    rate: float | None = None
    duration: float = math.inf
    warning: str | None = None
    scale: float = 1.0
    video_offset: float = 0.0
    sound_end: float = 0.0
    start: float = 0.0
    limited: bool = False
    started: str = ""

    @property
    def end(self) -> float:
        """Seconds at which both pictures and sound have ended: marks may begin until then."""
        return max(self.duration, self.sound_end)


def methods_paragraph(timeline: Timeline, metadata: TimelineMetadata) -> str:
    """Return how a timeline was made, as the methods section of a paper states it."""
    return " ".join(
        [
            _frames(metadata.rate),
            *_part(metadata),
            _(
                "Faces were detected by MTCNN (facenet-pytorch %(version)s) and tracked.",
                version=WEIGHTS_VERSION,
            ),
            _classified(timeline, metadata),
            _(
                "It gives a probability to each of %(names)s and %(last)s; an expression under "
                "%(threshold)s counts as uncertain.",
                names=", ".join(map(_, EXPRESSIONS[:-1])),
                last=_(EXPRESSIONS[-1]),
                threshold=format_number(timeline.uncertain_below),
            ),
            _(
                "Probabilities were averaged in bins of %(length)s s, each face with the same "
                "weight.",
                length=format_number(timeline.bin_seconds),
            ),
            _(_VIEWS[timeline.view], least=MIN_FACES),
            *_left_out(timeline),
            _("The labels describe how faces look, not what people feel."),
        ]
    )


def _frames(rate: float | None) -> str:
    if not rate:
        return _(
            "Facial expressions were estimated with fer %(version)s; the frames of a camera were "
            "analysed.",
            version=__version__,
        )
    return ngettext(
        "Facial expressions were estimated with fer %(version)s; %(rate)s frame a second was "
        "analysed.",
        "Facial expressions were estimated with fer %(version)s; %(rate)s frames a second were "
        "analysed.",
        math.ceil(rate),
        version=__version__,
        rate=format_number(rate),
    )


def _part(metadata: TimelineMetadata) -> list[str]:
    """Return which part of a recording was analysed, in a sentence; nothing if all of it was."""
    if not metadata.limited:
        return []
    start, end = metadata.start, metadata.start + metadata.duration
    return [
        _(
            "The recording was analysed from %(start)s to %(end)s.",
            start=format_exact_time(start),
            end=format_exact_time(end),
        )
    ]


def _classified(timeline: Timeline, metadata: TimelineMetadata) -> str:
    network = metadata.network
    runtime, package = _RUNTIMES[network.precision]
    accuracy = _(" (accuracy: %(accuracy)s)", accuracy=network.accuracy) if network.accuracy else ""
    return _(
        "Faces of at least %(side)s pixels (the square root of the box's area) that were turned "
        "aside by less than an estimated %(angle)s degrees were classified by the network "
        "%(network)r%(accuracy)s, whose weights have the SHA-256 fingerprint %(fingerprint)s, in "
        "%(precision)s by %(runtime)s.",
        side=f"{timeline.small * metadata.scale:.0f}",
        angle=f"{TURNED_AWAY_FROM:.0f}",
        network=network.name,
        accuracy=accuracy,
        fingerprint=network.fingerprint[:FINGERPRINT_DIGITS],
        precision=network.precision,
        runtime=f"{runtime} {_version(package)}",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # ONNX Runtime's, for one, may be named onnxruntime-gpu
        return str(import_module(package).__version__)


def _left_out(timeline: Timeline) -> list[str]:
    """Return what was left out by hand, in a sentence; nothing if nothing was."""
    ranges = left_out_ranges(timeline.marks)
    left = len(timeline.bins_touching(ranges)) * timeline.bin_seconds
    if not left:
        return []
    return [
        ngettext(
            "%(left)s s in %(num)s marked range were left out by hand.",
            "%(left)s s in %(num)s marked ranges were left out by hand.",
            sum(bool(timeline.bins_touching([each])) for each in ranges),
            left=format_number(left),
        )
    ]


_VIEWS = {
    "class": N_(
        "Bins with a frame of fewer than %(least)s classified faces were left out, and no face was "
        "followed."
    ),
    "person": N_("Faces were followed by the number of their track, without identification."),
}
