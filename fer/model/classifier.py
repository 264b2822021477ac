"""Face crops in, probabilities of the seven expressions out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModelForImageClassification, PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS, canonical
from fer.model import auto  # noqa: F401  (registers our classes)

EMBEDDED = Path(__file__).parent / "weights"
"""The network that comes with the package."""

FILES = ("config.json", "model.safetensors", "preprocessor_config.json")
"""What a network's folder needs to have."""

UNCERTAIN_BELOW = 0.4
"""For networks whose configuration says nothing about it."""


class ModelError(ValueError):
    """A network can't be loaded or doesn't name the seven expressions."""


class ExpressionClassifier:
    """A transformers image-classification network, read in the order of `EXPRESSIONS`.

    Attributes:
        name: What to show as the network in use.
        metrics: The metrics.json beside the weights; empty where there is none.
        framing: How face crops are to be cut, as keywords of `fer.vision.crops.Framing`; empty
            where the network doesn't say.
        uncertain_below: A top probability under this is to be shown as uncertain.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: BaseImageProcessor,
        name: str = "unnamed",
        metrics: Mapping | None = None,
    ) -> None:
        """Wrap a loaded network and its image processor.

        Raises:
            ModelError: Some expression has no class of that name, or two.
        """
        self.model = model.eval()
        self.processor = processor
        self.name = name
        self.metrics = dict(metrics or {})
        self.framing = dict(getattr(processor, "framing", {}))
        self.temperature = getattr(model.config, "temperature", 1.0)
        self.uncertain_below = getattr(model.config, "uncertain_below", UNCERTAIN_BELOW)
        self._columns = expression_columns(model.config.id2label)

    @classmethod
    def load(cls, source: str | Path | None = None) -> "ExpressionClassifier":
        """Load a folder that `train.py` or `save_pretrained` wrote; None loads the embedded one.

        Raises:
            ModelError: The folder is missing, incomplete or another kind of network.
        """
        folder = Path(source or EMBEDDED)
        absent = [name for name in FILES if not (folder / name).is_file()]
        if absent:
            raise ModelError(
                f"{folder} is not a folder that train.py has written: it lacks {', '.join(absent)}."
            )
        try:
            model = AutoModelForImageClassification.from_pretrained(folder)
            processor = AutoImageProcessor.from_pretrained(folder)
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder} holds no network that can be loaded here.") from error
        metrics = folder / "metrics.json"
        figures = json.loads(metrics.read_text()) if metrics.is_file() else None
        name = "embedded weights" if folder == EMBEDDED else str(folder)
        return cls(model, processor, name, figures)

    @torch.inference_mode()
    def classify(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Read each face crop.

        Args:
            crops: n faces, each RGB uint8 (h, w, 3) or grey uint8 (h, w) of any size.

        Returns:
            float32 (n, 7) probabilities, columns as in `EXPRESSIONS`; n may be 0.
        """
        if not len(crops):
            return np.zeros((0, len(EXPRESSIONS)), np.float32)
        pixel_values = self.processor(images=list(crops), return_tensors="pt")["pixel_values"]
        logits = self.model(pixel_values=pixel_values).logits[:, self._columns].float()
        return torch.softmax(logits / self.temperature, dim=1).numpy()


def expression_columns(id2label: Mapping[int, str]) -> list[int]:
    """Return the network's class index of each expression, matched by name.

    Classes that are none of the seven (FER+'s contempt, say) are left out.

    Raises:
        ModelError: An expression is missing, or two classes have the same one.
    """
    columns: dict[str, int] = {}
    for index, label in id2label.items():
        try:
            name = canonical(label)
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
