"""Classification of face crops: probabilities of the seven expressions from any network."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array, UInt8Array
from fer.labels import EXPRESSIONS, canonical_label
from fer.model.heads import heads_of
from fer.model.hub import LocalModel, ModelError, pull, require_model_files
from fer.model.loading import load_network, read_metrics, validate_framing
from fer.model.model_metrics import ModelMetrics
from fer.model.onnx_network import OnnxNetwork, load_int8
from fer.model.preprocessing import as_crops, pixel_values
from fer.model.weight_storage import fingerprint

__all__ = ["EMBEDDED_WEIGHTS", "ExpressionClassifier", "ModelError", "expression_columns"]

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"
"""The network that comes with the package."""

UNCERTAIN_BELOW = 0.4
"""Default for networks whose configuration has no such threshold."""

BATCH_SIZE = 16
"""Faces per forward pass: few enough that activations stay in the CPU's cache."""

logger = logging.getLogger(__name__)


class ExpressionClassifier:
    """A transformers image-classification network, read in the order of `EXPRESSIONS`.

    Attributes:
        model: The network as it was trained.
        network: What `classify` uses: the same in int8 where it has such a file, or `model`.
        precision: Of `network`, "int8" or "float32".
        name: For display: a Hub id, a folder or "embedded weights".
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
        model: PreTrainedModel,
        processor: BaseImageProcessor,
        name: str = "unnamed",
        metrics: ModelMetrics | None = None,
        revision: str | None = None,
        network: OnnxNetwork | None = None,
    ) -> None:
        """Wrap a loaded network and its image processor.

        Args:
            model: The network.
            processor: Its image processor.
            name: For display.
            metrics: The content of its metrics.json.
            revision: Its commit on the Hub.
            network: The same network in int8; None is served by PyTorch.

        Raises:
            ModelError: An expression has no class of that name, or two; or the processor's
                framing is invalid.
        """
        self.model: PreTrainedModel = model.train(False)
        self.network: OnnxNetwork | PreTrainedModel = network or self.model
        self.precision = "int8" if network else "float32"
        self.processor = processor
        self.name = name
        self.folder: Path | None = None
        self.revision = revision
        self.notice: str | None = None
        self.metrics = metrics or ModelMetrics()
        self.framing = validate_framing(getattr(processor, "framing", {}))
        self.uncertain_below = getattr(model.config, "uncertain_below", UNCERTAIN_BELOW)
        self.columns = expression_columns(model.config.id2label or {})
        self.heads = heads_of(model.config, self.columns)

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
            device: Where it runs, as torch names it; beside "cpu" always in PyTorch and float32.

        Raises:
            ModelError: It can't be loaded, is incomplete or is another kind of network.
        """
        pulled = pull(source) if source else LocalModel(EMBEDDED_WEIGHTS, "embedded weights")
        require_model_files(pulled.folder, pulled.name)
        model, processor = load_network(pulled)
        network = load_int8(pulled.folder, model) if int8 and device == "cpu" else None
        metrics = read_metrics(pulled)
        classifier = cls(model, processor, pulled.name, metrics, pulled.revision, network)
        classifier.folder = pulled.folder
        classifier.model.to(device)  # type: ignore[arg-type]  # its own type leaves names out
        return classifier

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

    def fingerprint(self) -> str:
        """Return a checksum of the weights, the same wherever they were loaded from."""
        return fingerprint(self.model)

    @torch.inference_mode()
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
        inputs = pixel_values(self.processor, faces)  # (n, channels, side, side)
        batches = torch.split(inputs.to(self.model.device), BATCH_SIZE)
        outputs = [self.network(pixel_values=batch)["logits"] for batch in batches]
        logits = torch.cat(outputs)[:, self.columns]  # (n, classes) to (n, 7)
        probabilities: Float32Array = softmax(logits.float().cpu().numpy(), axis=1)
        return probabilities


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
        found = ", ".join(map(str, id2label.values()))
        raise ModelError(
            f"This network doesn't name {', '.join(missing)}; its classes are: {found}."
        )
    return [columns[name] for name in EXPRESSIONS]
