"""Networks that PyTorch runs, with any image processor of transformers, for the classifier."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array, UInt8Array
from fer.model.backend import Backend
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.onnx_network import OnnxNetwork, weights_checksum


class TorchNetwork:
    """A transformers image classifier, wherever its weights are."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Take a network over."""
        self._model: PreTrainedModel = model.train(False)

    @torch.inference_mode()
    def __call__(self, pixel_values: Float32Array) -> dict[str, Float32Array]:
        """Return the logits, (n, classes) each, by name, of faces (n, channels, h, w)."""
        faces = torch.from_numpy(pixel_values).to(self._model.device)
        output = self._model(pixel_values=faces)
        return {
            name: value.float().cpu().numpy()
            for name, value in output.items()
            if name.endswith("logits")
        }


class TorchPreprocessor:
    """Any network's own image processor."""

    def __init__(self, processor: BaseImageProcessor) -> None:
        """Take a processor over."""
        self.processor = processor

    def __call__(self, crops: Sequence[UInt8Array], do_center_crop: bool = True) -> Float32Array:
        """Return float32 (n, channels, h, w) of n crops.

        Raises:
            ValueError: All of the crop is asked of a processor that isn't this project's.
        """
        if do_center_crop:
            values: Float32Array = pixel_values(self.processor, crops).numpy()
            return values
        if is_third_party(self.processor):
            raise ValueError("Ten views need this project's image processor; leave --views out.")
        whole = self.processor(images=list(crops), do_center_crop=False, return_tensors="pt")
        values = whole["pixel_values"].numpy()
        return values


def torch_backend(
    model: PreTrainedModel, processor: BaseImageProcessor, network: OnnxNetwork | None = None
) -> Backend:
    """Return a network of transformers as the classifier uses it.

    Args:
        model: The network.
        processor: Its image processor.
        network: The network in int8, to be used in its place.
    """
    config = model.config
    return Backend(
        network or TorchNetwork(model),
        "int8" if network else "float32",
        TorchPreprocessor(processor),
        {int(index): str(label) for index, label in (config.id2label or {}).items()},
        config.heads if isinstance(config, FerConfig) else None,
        getattr(processor, "framing", {}),
        getattr(config, "uncertain_below", None),
        partial(fingerprint, model),
    )


def fingerprint(model: nn.Module) -> str:
    """Return a checksum of a network's weights, the same wherever they were loaded from."""
    values = model.state_dict().items()
    return weights_checksum({name: value.cpu().numpy() for name, value in values})


def pixel_values(processor: BaseImageProcessor, crops: Sequence[UInt8Array]) -> torch.Tensor:
    """Return the network's input, float32 (n, channels, h, w).

    Args:
        processor: The network's own. Where it isn't this project's it gets RGB, and that without
            colour if its attribute `grey` marks a network trained on grey pictures only.
        crops: n faces, each RGB uint8 (h, w, 3) or grey uint8 (h, w).
    """
    pictures = list(crops)
    if is_third_party(processor):
        grey = getattr(processor, "grey", False)
        pictures = [as_rgb(picture, grey) for picture in pictures]
    values: torch.Tensor = processor(images=pictures, return_tensors="pt")["pixel_values"]
    return values


def is_third_party(processor: BaseImageProcessor) -> bool:
    """Return whether it is another image processor than this project's."""
    return not isinstance(processor, FerImageProcessor)


def as_rgb(picture: UInt8Array, grey: bool) -> UInt8Array:
    """Return a picture, uint8 (h, w) or (h, w, 3), as RGB; without its colour if `grey`."""
    if picture.ndim == 3 and not grey:
        return picture
    plane = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.repeat(plane[:, :, None], 3, axis=2)
