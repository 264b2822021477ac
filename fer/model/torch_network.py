"""Networks that PyTorch runs, as the classifier uses them."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.array_types import Float32Array, UInt8Array
from fer.model.configuration_fer import FerConfig
from fer.model.network_parts import NetworkParts
from fer.model.onnx_network import OnnxNetwork
from fer.model.preprocessing import pixel_values
from fer.model.weight_storage import fingerprint


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
        if not isinstance(getattr(self.processor, "crop_size", None), int):
            raise ValueError("Ten views need this project's image processor; leave --views out.")
        whole = self.processor(images=list(crops), do_center_crop=False, return_tensors="pt")
        values = whole["pixel_values"].numpy()
        return values


def torch_parts(
    model: PreTrainedModel, processor: BaseImageProcessor, network: OnnxNetwork | None = None
) -> NetworkParts:
    """Return the parts of a loaded network.

    Args:
        model: The network.
        processor: Its image processor.
        network: The same network in int8, to be used in its place.
    """
    config = model.config
    return NetworkParts(
        network or TorchNetwork(model),
        "int8" if network else "float32",
        TorchPreprocessor(processor),
        {int(index): label for index, label in (config.id2label or {}).items()},
        config.heads if isinstance(config, FerConfig) else None,
        getattr(processor, "framing", {}),
        getattr(config, "uncertain_below", None),
        lambda: fingerprint(model),
    )
