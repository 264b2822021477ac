"""Two networks on the visitor's photo: what each names, and how long it takes; the same as HTML.

The second network is whoever runs the page's choice, FER_SECOND_MODEL: a visitor can't name one.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from markupsafe import Markup
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.i18n import gettext as _
from fer.i18n import ngettext
from fer.images import DecodedImage
from fer.labels import EXPRESSIONS, TURNED_AWAY
from fer.model.classifier import ExpressionClassifier, ModelError
from fer.paths import public_name
from fer.pipeline import Classifier
from fer.templates import render
from fer.ui import html
from fer.ui.photo.handlers import PhotoResult
from fer.vision.crops import CropFraming, crop_faces
from fer.vision.detections import expression_labels, select

MAX_COMPARED = 12
"""Faces of a photo, the largest ones, that are compared."""

RUNS = 5
"""Runs of each network; the first one warms it up and isn't timed."""


@dataclass(frozen=True)
class Reading:
    """What one network makes of the faces.

    Args:
        name: The network.
        precision: Precision in which it computes.
        labels: The label of each face.
        probabilities: Float32 (n, 7).
        milliseconds: Milliseconds per face, the median of several runs.
    """

    name: str
    precision: str
    labels: list[str]
    probabilities: Float32Array
    milliseconds: float


@dataclass(frozen=True)
class NetworkComparison:
    """Two networks on the faces of one photo.

    Args:
        crops: The faces as the first network gets them, RGB uint8 (h, w, 3).
        readings: Readings of both networks.
        left_out: Smaller faces that weren't compared.
    """

    crops: list[UInt8Array]
    readings: tuple[Reading, Reading]
    left_out: int


class SecondNetwork:
    """The network that the one in use is compared with; it is loaded when it is first needed.

    Args:
        first: The network in use.
        source: A folder or a Hub id; None takes the network in use in single precision, where it
            is served in int8.
    """

    def __init__(self, first: Classifier, source: str | Path | None) -> None:
        self._first, self._source = first, source
        self._loaded: Classifier | None = None

    @property
    def is_available(self) -> bool:
        """Whether there is one."""
        return bool(self._source) or self._first.precision == "int8"

    def load(self) -> Classifier:
        """Return it, from the second time on at once.

        Raises:
            ModelError: It can't be loaded.
        """
        if self._loaded is None:
            chosen = self._source
            self._loaded = ExpressionClassifier.load(chosen) if chosen else self._exact()
        return self._loaded

    def _exact(self) -> Classifier:
        """Return the network in use in single precision, which is in memory already."""
        first = self._first
        if not isinstance(first, ExpressionClassifier):
            raise ModelError("There is no second network.")
        exact = ExpressionClassifier(first.model, first.processor, first.name)
        exact.revision = first.revision
        return exact


def compare_networks(
    photo: PhotoResult,
    decode: Callable[[Path], DecodedImage],
    networks: tuple[Classifier, Classifier],
) -> NetworkComparison:
    """Classify the largest faces of a photo with two networks, and time both.

    Each gets the faces cropped as it was trained.

    Args:
        photo: A result of the Photo tab.
        decode: Reads its file.
        networks: Both.

    Raises:
        fer.images.ImageError: The photo is gone, or can't be read.
    """
    image = decode(photo.path).pixels
    faces = select(photo.faces, np.arange(min(MAX_COMPARED, len(photo.faces))))
    located = "landmarks" in faces.data  # else the picture is a single face
    crops = [
        crop_faces(image, faces, CropFraming(**each.framing) if located else CropFraming())
        for each in networks
    ]
    first, second = (_read(*pair, faces) for pair in zip(networks, crops, strict=True))
    return NetworkComparison(crops[0], (first, second), len(photo.faces) - len(faces))


def _read(network: Classifier, crops: list[UInt8Array], faces: Detections) -> Reading:
    """Return what a network makes of the crops of one or more faces, and its time."""
    probabilities = network.classify(crops)
    read = replace(faces, data={**faces.data, "probabilities": probabilities})
    seconds = []
    for _run in range(RUNS - 1):
        begun = time.perf_counter()
        network.classify(crops)
        seconds.append(time.perf_counter() - begun)
    return Reading(
        network.name,
        network.precision,
        expression_labels(read, network.uncertain_below),
        probabilities,
        1000 * median(seconds) / len(crops),
    )


def comparison_html(comparison: NetworkComparison) -> Markup:
    """Return both networks with their time, every face with what each names, and the first's bars.

    Args:
        comparison: Comparison of one face or more.
    """
    first, second = comparison.readings
    labels = list(zip(first.labels, second.labels, strict=True))
    apart = abs(first.probabilities - second.probabilities).max(axis=1)
    named = [pair for pair in labels if TURNED_AWAY not in pair]
    same = sum(one == other for one, other in named)
    return render(
        "model_comparison.html",
        names=_names(first, second),
        readings=comparison.readings,
        verdict=_verdict(same, len(named), float(apart.max())),
        unnamed=TURNED_AWAY,
        faces=[
            {
                "number": i + 1,
                "picture": html.picture(crop, _("Face %(number)s", number=i + 1)),
                "labels": labels[i],
                "tops": (float(first.probabilities[i].max()), float(second.probabilities[i].max())),
                "apart": float(apart[i]),
            }
            for i, crop in enumerate(comparison.crops)
        ],
        shares=[
            (name, [float(each.probabilities[0, i]) for each in comparison.readings])
            for i, name in enumerate(EXPRESSIONS)
        ],
        left_out=_left_out(comparison.left_out),
    )


def _names(first: Reading, second: Reading) -> tuple[str, str]:
    """Return two names that differ: the precisions where it is one network."""
    if first.name == second.name:
        return first.precision, second.precision
    names = public_name(first.name), public_name(second.name)
    return names if names[0] != names[1] else (names[0], f"{names[1]} (2)")


def _verdict(same: int, faces: int, apart: float) -> str:
    if not faces:
        named = ""
    elif faces == 1:
        named = _("Both name the face alike.") if same else _("They name the face differently.")
    else:
        named = _("Both name %(same)s of the %(faces)s faces alike.", same=same, faces=faces)
    most = ngettext(
        "No probability differs by more than %(num)s percentage point.",
        "No probability differs by more than %(num)s percentage points.",
        math.ceil(100 * apart) or 1,
    )
    return f"{named} {most}".strip()


def _left_out(faces: int) -> str:
    if not faces:
        return ""
    return ngettext(
        "%(num)s smaller face was left out.", "%(num)s smaller faces were left out.", faces
    )
