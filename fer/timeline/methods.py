"""A methods paragraph ready to cite: network, versions and settings of a timeline."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from fer.labels import EXPRESSIONS
from fer.model.model_metrics import ModelMetrics
from fer.timeline.marks import left_out_ranges
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES
from fer.version import __version__
from fer.vision.mtcnn_networks import WEIGHTS_VERSION
from fer.vision.quality import TURNED_AWAY_FROM

FINGERPRINT_DIGITS = 16
"""Of the 64 of SHA-256: enough to tell networks apart, short enough to print."""

_RUNTIMES = {"int8": ("ONNX Runtime", "onnxruntime"), "float32": ("PyTorch", "torch")}
"""What serves a network of each precision: its name and its package."""


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
        name: For display.
        fingerprint: Checksum of its weights.
        precision: "int8" or "float32".
        accuracy: How often it is right, and on what; None if that isn't known.
    """

    name: str
    fingerprint: str
    precision: str
    accuracy: str | None

    @classmethod
    def of(cls, classifier: IdentifiedNetwork) -> "NetworkIdentity":
        """Return the identity of a classifier's network."""
        accuracy = classifier.metrics.describe_accuracy()
        fingerprint = classifier.fingerprint()
        return cls(classifier.name, fingerprint, classifier.precision, accuracy)


def methods_paragraph(
    timeline: Timeline, network: NetworkIdentity, rate: float | None = None, scale: float = 1.0
) -> str:
    """Return how a timeline was made, as the methods section of a paper states it.

    Args:
        timeline: The timeline.
        network: Which network classified the faces.
        rate: Analysed frames a second; None for those of a camera, as they came.
        scale: Pixels of the recording a pixel of what was analysed.
    """
    frames = f"{rate:g} frames a second were" if rate else "the frames of a camera were"
    runtime, package = _RUNTIMES[network.precision]
    names = f"{', '.join(EXPRESSIONS[:-1])} and {EXPRESSIONS[-1]}"
    accuracy = f" (accuracy: {network.accuracy})" if network.accuracy else ""
    return " ".join(
        [
            f"Facial expressions were estimated with fer {__version__}; {frames} analysed.",
            f"Faces were detected by MTCNN (facenet-pytorch {WEIGHTS_VERSION}) and tracked.",
            f"Faces of at least {timeline.small * scale:.0f} pixels (the square root of the box's "
            f"area) that were turned aside by less than an estimated {TURNED_AWAY_FROM:.0f} "
            f"degrees were classified by the network {network.name!r}{accuracy}, whose weights "
            f"have the SHA-256 fingerprint {network.fingerprint[:FINGERPRINT_DIGITS]}, in "
            f"{network.precision} by {runtime} {version(package)}.",
            f"It gives a probability to each of {names}; an expression under "
            f"{timeline.uncertain_below:g} counts as uncertain.",
            f"Probabilities were averaged in bins of {timeline.bin_seconds:g} s, each face with "
            "the same weight.",
            _VIEWS[timeline.view],
            *_left_out(timeline),
            "The labels describe how faces look, not what people feel.",
        ]
    )


def _left_out(timeline: Timeline) -> list[str]:
    """Return what was left out by hand, in a sentence; nothing if nothing was."""
    left = timeline.seconds - timeline.included().seconds
    ranges = len(left_out_ranges(timeline.marks))
    return [f"{left:g} s in {ranges} marked ranges were left out by hand."] if left else []


_VIEWS = {
    "class": f"Bins with a frame of fewer than {MIN_FACES} classified faces were left out, and no "
    "face was followed.",
    "person": "Faces were followed by the number of their track, without identification.",
}
