"""A network as the classifier uses it, whether ONNX Runtime or PyTorch runs it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fer.array_types import Float32Array, UInt8Array
from fer.labels import FERPLUS_INDICES
from fer.model.network_settings import HeadCombination

ONE_HEAD = HeadCombination(ferplus_columns=FERPLUS_INDICES)
"""Settings of networks with one head: uncalibrated, its classes in this project's order."""


class Network(Protocol):
    """A network in use."""

    def __call__(self, pixel_values: Float32Array) -> Mapping[str, Float32Array]:
        """Return the logits, (n, classes) each, by name, of faces (n, channels, h, w)."""


class Preprocessor(Protocol):
    """What turns face crops into the network's input."""

    def __call__(self, crops: Sequence[UInt8Array], do_center_crop: bool = True) -> Float32Array:
        """Return float32 (n, channels, h, w) of n crops; see `FacePixels`."""


@dataclass(frozen=True)
class Backend:
    """A loaded network with its preprocessing and the settings of its heads.

    Attributes:
        network: Runs it.
        precision: Precision in which it computes, "int8" or "float32".
        preprocess: Makes its input.
        labels: Its classes by index.
        heads: How it combines its heads, classes in the order of `labels`; None without two heads.
        framing: Framing of face crops, as in preprocessor_config.json.
        uncertain_below: Threshold as in config.json; None where that has none.
        fingerprint: Returns the checksum of its weights.
    """

    network: Network
    precision: str
    preprocess: Preprocessor
    labels: Mapping[int, str]
    heads: HeadCombination | None
    framing: Any
    uncertain_below: float | None
    fingerprint: Callable[[], str]
