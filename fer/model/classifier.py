"""Face crops in, probabilities of the seven expressions out."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS, canonical_label
from fer.model.fusion import fuse_batch_norms
from fer.model.heads import heads_of
from fer.model.hub import MODEL_FILES, LocalModel, ModelError, pull
from fer.model.loading import load_network, read_metrics, validate_framing
from fer.model.preprocessing import pixel_values
from fer.model.quantization import quantize

__all__ = ["EMBEDDED_WEIGHTS", "ExpressionClassifier", "ModelError", "expression_columns"]

EMBEDDED_WEIGHTS = Path(__file__).parent / "weights"
"""The network that comes with the package."""

UNCERTAIN_BELOW = 0.4
"""For networks whose configuration says nothing about it."""

BATCH_SIZE = 16
"""Faces that go through the network at a time: what lies between its layers stays in the cache."""

logger = logging.getLogger(__name__)


class ExpressionClassifier:
    """A transformers image-classification network, read in the order of `EXPRESSIONS`.

    Attributes:
        model: The network as it was trained.
        network: The same with less to compute; what answers.
        precision: In which it answers, "int8" or "float32".
        name: What to show as the network in use: a Hub id, a folder or "embedded weights".
        folder: Where its files are on this machine; None for one that was handed over.
        revision: The commit of a network from the Hub; None for a folder.
        notice: A sentence on why the embedded network serves instead of the one asked for; None
            where nothing is amiss.
        metrics: The metrics.json beside the weights; empty where there is none.
        framing: How face crops are to be cut, as keywords of `fer.vision.crops.Framing`; empty
            where the network doesn't say.
        heads: How it combines its heads, classes in the order of `EXPRESSIONS`.
        uncertain_below: A top probability under this is to be shown as uncertain.
        columns: The network's class index of each expression, in the order of `EXPRESSIONS`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: BaseImageProcessor,
        name: str = "unnamed",
        metrics: Mapping | None = None,
        revision: str | None = None,
        int8: bool = True,
    ) -> None:
        """Wrap a loaded network and its image processor.

        Args:
            model: The network.
            processor: Its image processor.
            name: What to call it.
            metrics: What metrics.json says about it.
            revision: The commit that it is of.
            int8: Answer in int8 where network and CPU are made for it; False for float32 anywhere.

        Raises:
            ModelError: Some expression has no class of that name, or two; or the processor's
                framing can't be one.
        """
        self.model = model.eval()
        in_bytes = quantize(self.model) if int8 else None
        self.network = in_bytes or fuse_batch_norms(self.model)
        self.precision = "int8" if in_bytes else "float32"
        self.processor = processor
        self.name = name
        self.folder: Path | None = None
        self.revision = revision
        self.notice: str | None = None
        self.metrics = dict(metrics or {})
        self.framing = validate_framing(getattr(processor, "framing", {}))
        self.uncertain_below = getattr(model.config, "uncertain_below", UNCERTAIN_BELOW)
        self.columns = expression_columns(model.config.id2label)
        self.heads = heads_of(model.config, self.columns)

    @classmethod
    def load(cls, source: str | Path | None = None, int8: bool = True) -> "ExpressionClassifier":
        """Load the network that `source` names: `load("you/name@v1")`; None is the embedded one.

        Args:
            source: A Hub id with an optional `@` and branch, tag or commit, or a folder that
                `train.py` or `save_pretrained` wrote.
            int8: Answer in int8 where network and CPU are made for it; False for float32 anywhere.

        Raises:
            ModelError: It can't be had, is incomplete or is another kind of network.
        """
        pulled = pull(source) if source else LocalModel(EMBEDDED_WEIGHTS, "embedded weights")
        absent = [name for name in MODEL_FILES if not (pulled.folder / name).is_file()]
        if absent:
            raise ModelError(
                f"{pulled.name} is not what train.py writes or pushes: it lacks "
                f"{', '.join(absent)}."
            )
        model, processor = load_network(pulled)
        metrics = read_metrics(pulled)
        classifier = cls(model, processor, pulled.name, metrics, pulled.revision, int8)
        classifier.folder = pulled.folder
        return classifier

    @classmethod
    def load_or_embedded(cls, source: str | Path | None = None) -> "ExpressionClassifier":
        """Load `source` as `load` does, but where that fails let the embedded network serve.

        For a page that has to come up in any case; `notice` then says why.

        Raises:
            ModelError: The embedded network can't be loaded.
        """
        try:
            return cls.load(source)
        except ModelError as error:
            if not source:
                raise
            logger.warning("%s The embedded weights serve instead.", error)
            classifier = cls.load()
            classifier.notice = f"The embedded weights serve, not {source}. {error}"
            return classifier

    def fingerprint(self) -> str:
        """Return a checksum of the weights, the same wherever they were loaded from."""
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    @torch.inference_mode()
    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Classify face crops, as transformers' image-classification pipeline does.

        Args:
            crops: n faces, each RGB uint8 (h, w, 3) or grey uint8 (h, w) of any size.

        Returns:
            float32 (n, 7) probabilities, columns as in `EXPRESSIONS`; n may be 0.
        """
        if not len(crops):
            return np.zeros((0, len(EXPRESSIONS)), np.float32)
        inputs = pixel_values(self.processor, crops)
        outputs = [self.network(pixel_values=part) for part in inputs.split(BATCH_SIZE)]
        logits = torch.cat([output.logits for output in outputs])[:, self.columns]
        return softmax(logits.float().numpy(), axis=1)


def expression_columns(id2label: Mapping[int, str]) -> list[int]:
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
            raise ModelError(f"Two classes of this network are called {name}.")
        columns[name] = int(index)
    missing = [name for name in EXPRESSIONS if name not in columns]
    if missing:
        found = ", ".join(map(str, id2label.values()))
        raise ModelError(
            f"This network doesn't name {', '.join(missing)}; its classes are: {found}."
        )
    return [columns[name] for name in EXPRESSIONS]
