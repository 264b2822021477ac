"""Classification of face crops: probabilities of the seven expressions from any network."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from fer.array_types import Float32Array, UInt8Array
from fer.labels import EXPRESSIONS, canonical_label
from fer.model.backend import ONE_HEAD, Backend
from fer.model.hub import LocalModel, ModelError, pull, require_model_files
from fer.model.json_files import read_metrics, validate_framing
from fer.model.model_metrics import ModelMetrics
from fer.model.onnx_network import OnnxNetwork, load_onnx_backend
from fer.torch_device import check_device

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers.image_processing_utils import BaseImageProcessor

__all__ = ["EMBEDDED_WEIGHTS", "ExpressionClassifier", "ModelError", "expression_columns"]

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"
"""The network that comes with the package."""

UNCERTAIN_BELOW = 0.4
"""Default for networks whose configuration has no such threshold."""

BATCH_SIZE = 16
"""Faces per forward pass: few enough that activations stay in the CPU's cache."""

logger = logging.getLogger(__name__)


class ExpressionClassifier:
    """An image-classification network, read in the order of `EXPRESSIONS`.

    Networks of this project that have a file in int8 are served by ONNX Runtime, for which PyTorch
    is not even imported; all others are transformers' and served by PyTorch.

    Attributes:
        network: What `classify` uses, by ONNX Runtime or by PyTorch.
        preprocess: Makes its input of face crops.
        precision: Precision in which `network` computes, "int8" or "float32".
        name: Name for display: a Hub id, a folder or "embedded weights".
        folder: Where its files are on this machine; None for a network passed as an object.
        revision: The commit of a network from the Hub; None for a folder.
        notice: Why the embedded network is used instead of the requested one; None where the
            requested one is in use.
        metrics: The content of metrics.json; empty where there is none.
        framing: How face crops are to be cut, as keywords of `fer.vision.crops.CropFraming`; empty
            where the image processor has none.
        heads: How it combines its heads, classes in the order of `EXPRESSIONS`.
        uncertain_below: A face whose top probability is lower is displayed as uncertain.
        columns: The network's class index of each expression, in the order of `EXPRESSIONS`.
    """

    def __init__(
        self,
        model: "PreTrainedModel",
        processor: "BaseImageProcessor",
        name: str = "unnamed",
        network: OnnxNetwork | None = None,
    ) -> None:
        """Wrap a network of transformers and its image processor.

        Args:
            model: The network.
            processor: Its image processor.
            name: Name for display.
            network: The network in int8, run by ONNX Runtime; None runs `model` by PyTorch.

        Raises:
            ModelError: An expression has no class of that name, or two; or the processor's
                framing is invalid.
        """
        from fer.model.torch_network import torch_backend  # heavy

        self._loaded: tuple[PreTrainedModel, BaseImageProcessor] | None = (model, processor)
        self._take(torch_backend(model, processor, network), name)

    def _take(
        self,
        backend: Backend,
        name: str,
        metrics: ModelMetrics | None = None,
        revision: str | None = None,
        folder: Path | None = None,
    ) -> None:
        """Set the attributes; see `__init__`."""
        self.network, self.preprocess = backend.network, backend.preprocess
        self.precision, self.fingerprint = backend.precision, backend.fingerprint
        self.name, self.revision, self.folder = name, revision, folder
        self.notice: str | None = None
        self.metrics = metrics or ModelMetrics()
        self.framing = validate_framing(backend.framing)
        below = backend.uncertain_below
        self.uncertain_below = UNCERTAIN_BELOW if below is None else below
        self.columns = expression_columns(backend.labels)
        self.heads = backend.heads.ordered(self.columns) if backend.heads else ONE_HEAD

    @classmethod
    def load(
        cls, source: str | Path | None = None, int8: bool = True, device: str = "cpu"
    ) -> "ExpressionClassifier":
        """Load the network that `source` names: `load("you/name@v1")`; None is the embedded one.

        Args:
            source: A Hub id with an optional `@` and branch, tag or commit, or a folder that
                `train.py` or `save_pretrained` wrote.
            int8: Serve by ONNX Runtime where the network has a file in int8; False is always
                PyTorch in float32.
            device: Where it runs, as PyTorch names it; beside "cpu" always in PyTorch and float32.

        Raises:
            ModelError: It can't be loaded, is incomplete or is another kind of network.
            ValueError: The device can't be used on this machine.
        """
        check_device(device)
        pulled = pull(source) if source else LocalModel(EMBEDDED_WEIGHTS, "embedded weights")
        require_model_files(pulled.folder, pulled.name)
        backend = load_onnx_backend(pulled) if int8 and device == "cpu" else None
        classifier = object.__new__(cls)
        classifier._loaded = None
        if backend is None:
            model, processor = classifier._loaded = _load_by_transformers(pulled)
            model.to(device)  # type: ignore[arg-type]  # its own type leaves names out
            from fer.model.torch_network import torch_backend

            backend = torch_backend(model, processor)
        metrics = read_metrics(pulled)
        classifier._take(backend, pulled.name, metrics, pulled.revision, pulled.folder)
        return classifier

    @property
    def model(self) -> "PreTrainedModel":
        """The network as it was trained, in PyTorch."""
        return self._transformers()[0]

    @property
    def processor(self) -> "BaseImageProcessor":
        """The network's own image processor."""
        return self._transformers()[1]

    def _transformers(self) -> "tuple[PreTrainedModel, BaseImageProcessor]":
        """Return network and processor, loading them at the first use."""
        if self._loaded is None:
            assert self.folder  # noqa: S101  (a network passed as an object is loaded)
            self._loaded = _load_by_transformers(LocalModel(self.folder, self.name, self.revision))
        return self._loaded

    @classmethod
    def load_or_embedded(cls, source: str | Path | None = None) -> "ExpressionClassifier":
        """Load `source` as `load` does, or the embedded network where that fails.

        For a page that has to start in any case; `notice` then gives the reason.

        Raises:
            ModelError: The embedded network can't be loaded.
        """
        try:
            return cls.load(source)
        except ModelError as error:
            if not source:
                raise
            logger.warning("%s The embedded weights are used instead.", error)
            classifier = cls.load()
            classifier.notice = f"The embedded weights serve, not {source}. {error}"
            return classifier

    def classify(self, crops: UInt8Array | Sequence[UInt8Array]) -> Float32Array:
        """Classify face crops, as transformers' image-classification pipeline does.

        Args:
            crops: n faces, each RGB uint8 (h, w, 3) or grey uint8 (h, w) of any size; an RGB batch,
                uint8 (n, h, w, 3); or one such face without a list around it.

        Returns:
            float32 (n, 7) probabilities, columns as in `EXPRESSIONS`; n may be 0.

        Raises:
            ValueError: The crops have another shape or type.
        """
        faces = as_crops(crops)
        if not faces:
            return np.zeros((0, len(EXPRESSIONS)), np.float32)
        inputs = self.preprocess(faces)  # (n, channels, side, side)
        batches = [inputs[i : i + BATCH_SIZE] for i in range(0, len(inputs), BATCH_SIZE)]
        outputs = [self.network(pixel_values=batch)["logits"] for batch in batches]
        logits = np.concatenate(outputs)[:, self.columns]  # (n, classes) to (n, 7)
        probabilities: Float32Array = softmax(logits, axis=1)
        return probabilities


def as_crops(crops: UInt8Array | Sequence[UInt8Array]) -> list[UInt8Array]:
    """Return one face crop, a batch or a sequence of crops as a list.

    Args:
        crops: One crop, uint8 (h, w) or (h, w, 3); a batch, uint8 (n, h, w, 3); or a sequence of
            crops of any sizes.

    Raises:
        ValueError: It is none of these; a batch of grey crops must be a list, because its shape
            could be that of one picture.
    """
    if isinstance(crops, np.ndarray) and crops.shape != (0,):
        if crops.ndim != 4 and not _is_crop(crops):
            raise ValueError(
                "An array of face crops is one crop, (h, w) or (h, w, 3), or a batch, "
                f"(n, h, w, 3), of uint8, not {crops.dtype} {crops.shape}; give others as a list."
            )
        crops = list(crops) if crops.ndim == 4 else [crops]
    elif isinstance(crops, str | bytes) or not isinstance(crops, Sequence | np.ndarray):
        raise ValueError(
            f"Face crops are given as one array or a list of arrays, not as {type(crops).__name__}."
        )
    for index, crop in enumerate(crops):
        if not _is_crop(crop):
            array = isinstance(crop, np.ndarray)
            found = f"{crop.dtype} {crop.shape}" if array else type(crop).__name__
            raise ValueError(
                f"Face crop {index} must be a uint8 array (h, w) or (h, w, 3) with at least one "
                f"pixel, not {found}."
            )
    return list(crops)


def _is_crop(picture: object) -> bool:
    """Return whether it is uint8 (h, w) or (h, w, 3), not empty."""
    return (
        isinstance(picture, np.ndarray)
        and picture.dtype == np.uint8
        and picture.size > 0
        and (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3))
    )


def _load_by_transformers(
    pulled: LocalModel,
) -> "tuple[PreTrainedModel, BaseImageProcessor]":
    """Return a network and its processor in PyTorch.

    Raises:
        ModelError: It can't be loaded, or PyTorch isn't installed.
    """
    try:
        from fer.model.pretrained import load_network  # heavy
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{pulled.name} needs PyTorch here ({error.name} is not installed): install "
            "requirements.txt, or take a network with onnx/model_quantized.onnx, which fer export "
            "writes."
        ) from error
    model, processor = load_network(pulled)
    return model.train(False), processor


def expression_columns(id2label: Mapping[int, str] | Mapping[str, str]) -> list[int]:
    """Return the network's class index of each expression, matched by name.

    Classes that are none of the seven (FER+'s contempt, say) are left out.

    Raises:
        ModelError: An expression is missing, or two classes have the same one.
    """
    columns: dict[str, int] = {}
    for index, label in id2label.items():
        try:
            name = canonical_label(label)
        except ValueError:
            continue
        if name in columns:
            raise ModelError(f"Two classes of this network have the name {name}.")
        columns[name] = int(index)
    missing = [name for name in EXPRESSIONS if name not in columns]
    if missing:
        some = [*id2label.values()][: 2 * len(EXPRESSIONS)]
        found = ", ".join(some + ["..."] * (len(some) < len(id2label)))
        raise ModelError(
            f"This network doesn't name {', '.join(missing)}; its {len(id2label):,} classes are: "
            f"{found}."
        )
    return [columns[name] for name in EXPRESSIONS]
