"""Registration of the network with transformers' Auto classes, by importing this module."""

from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification

from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification

AutoConfig.register(FerConfig.model_type, FerConfig, exist_ok=True)
AutoModelForImageClassification.register(FerConfig, FerForImageClassification, exist_ok=True)
AutoImageProcessor.register(
    FerConfig,
    image_processor_classes={"pil": FerImageProcessor, "torchvision": FerImageProcessor},
    exist_ok=True,
)
