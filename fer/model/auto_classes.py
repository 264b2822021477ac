"""This project's network among transformers' Auto classes: for loading, and for saving with code.

Importing this module registers it: `AutoModelForImageClassification`, `AutoImageProcessor` and
`pipeline("image-classification", ...)` then load a folder of `train.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification

from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification

__all__ = ["AutoImageProcessor", "AutoModelForImageClassification", "custom_code_registered"]

AutoConfig.register(FerConfig.model_type, FerConfig, exist_ok=True)
AutoModelForImageClassification.register(FerConfig, FerForImageClassification, exist_ok=True)
AutoImageProcessor.register(
    FerConfig,
    image_processor_classes={"pil": FerImageProcessor, "torchvision": FerImageProcessor},
    exist_ok=True,
)

CUSTOM_CLASSES: dict[Any, str] = {
    FerConfig: "AutoConfig",
    FerForImageClassification: "AutoModelForImageClassification",
    FerImageProcessor: "AutoImageProcessor",
}
"""The classes whose files travel with the weights, and what loads them there."""


@contextmanager
def custom_code_registered() -> Iterator[None]:
    """Let `save_pretrained` save our Python files with the weights, inside the block only.

    Otherwise every checkpoint would contain them as well.
    """
    for cls, auto_class in CUSTOM_CLASSES.items():
        cls.register_for_auto_class(auto_class)
    try:
        yield
    finally:
        for cls in CUSTOM_CLASSES:
            cls._auto_class = None
