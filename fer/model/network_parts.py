"""A network as the classifier uses it, whoever runs it; from files, without PyTorch.

Only networks of this project with a file in int8 can be read here; `fer.model.torch_network` has
the others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from fer.array_types import Float32Array, UInt8Array
from fer.labels import FERPLUS_INDICES
from fer.model.face_pixels import FacePixels
from fer.model.hub import INT8_ONNX, LocalModel
from fer.model.model_files import read_config
from fer.model.network_settings import HeadCombination, NetworkSettings
from fer.model.onnx_network import load_int8, network_identity, stored_fingerprint

MODEL_TYPE, PROCESSOR_TYPE = "fer", "FerImageProcessor"
"""Of this project's networks, in config.json and preprocessor_config.json."""

UNREADABLE = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError),
    *(SafetensorError, StrictDataclassError),
)
"""What is raised for files that transformers won't load either, and reports."""


ONE_HEAD = HeadCombination(ferplus_columns=FERPLUS_INDICES)
"""Of networks with one head: the seven expressions in this project's order, not calibrated."""


class Network(Protocol):
    """A network in use."""

    def __call__(self, pixel_values: Float32Array) -> Mapping[str, Float32Array]:
        """Return the logits, (n, classes) each, by name, of faces (n, channels, h, w)."""


class Preprocessor(Protocol):
    """What turns face crops into the network's input."""

    def __call__(self, crops: Sequence[UInt8Array], do_center_crop: bool = True) -> Float32Array:
        """Return float32 (n, channels, h, w) of n crops; see `FacePixels`."""


@dataclass(frozen=True)
class NetworkParts:
    """What the classifier needs of a network.

    Attributes:
        network: Runs it.
        precision: In which it computes, "int8" or "float32".
        preprocess: Makes its input.
        labels: Its classes by index.
        heads: How it combines its heads, classes in the order of `labels`; None without two heads.
        framing: As in preprocessor_config.json.
        uncertain_below: As in config.json; None where that has none.
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


def read_onnx_parts(pulled: LocalModel) -> NetworkParts | None:
    """Return a network of this project that ONNX Runtime serves in int8, None for any other.

    Args:
        pulled: Its folder.

    Raises:
        fer.model.hub.ModelError: config.json can't be read, or asks for too large a network.
    """
    config = read_config(pulled)
    if not isinstance(config, dict) or config.get("model_type") != MODEL_TYPE:
        return None
    if not (pulled.folder / INT8_ONNX).is_file():
        return None
    try:
        return _read(pulled.folder, config)
    except UNREADABLE:
        return None  # transformers then says what is wrong


def _read(folder: Path, config: Mapping[str, Any]) -> NetworkParts | None:
    settings = NetworkSettings.of(config)
    labels = {int(index): str(label) for index, label in config["id2label"].items()}
    labels = dict(sorted(labels.items()))
    heads = settings.combine_heads(list(labels.values()))
    processor = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    if processor["image_processor_type"] != PROCESSOR_TYPE:
        return None
    fingerprint = stored_fingerprint(folder / "model.safetensors")
    network = load_int8(folder, network_identity(fingerprint, heads))
    if network is None:
        return None
    return NetworkParts(
        network,
        "int8",
        FacePixels(processor["size"], processor["crop_size"]),
        labels,
        heads,
        processor.get("framing") or {},
        settings.uncertain_below,
        lambda: fingerprint,
    )
