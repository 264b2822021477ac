"""Configuration of the expression network; travels to the Hub beside the weights."""

import math

from huggingface_hub.dataclasses import strict
from transformers import PretrainedConfig

FERPLUS_LABELS = 8
"""Classes of FER+."""


@strict
class FerConfig(PretrainedConfig):
    """Everything that rebuilds the network and reads its answer.

    Args:
        image_size: Side in pixels of the middle of a 48x48 face that the network sees.
        num_channels: Channels of the input; FER2013 is grey.
        stem_size: Channels of the two convolutions at full resolution.
        hidden_sizes: Channels of each stage; every stage halves the resolution.
        depths: Residual blocks of each stage.
        dropout: Probability of dropping a pooled feature while training.
        num_ferplus_labels: Classes of the second head (FER+); 0 builds no second head.
        temperature: The logits are divided by it before the softmax (Guo et al. 2017,
            https://arxiv.org/abs/1706.04599); fitted on validation.
        ferplus_temperature: The same for the second head.
        ferplus_share: Share of the second head's logits in what is shown, 0 to 1.
        uncertain_below: A top probability of what is shown under this is "uncertain".
        activation_peaks: Up to where bytes reach for what each part puts out, by the part's name;
            int8 needs them. None where they weren't measured.
    """

    model_type = "fer"

    image_size: int = 40
    num_channels: int = 1
    stem_size: int = 32
    hidden_sizes: list[int] | tuple[int, ...] = (64, 128, 256)
    depths: list[int] | tuple[int, ...] = (1, 2, 1)
    dropout: float = 0.3
    num_ferplus_labels: int = FERPLUS_LABELS
    temperature: float = 1.0
    ferplus_temperature: float = 1.0
    ferplus_share: float = 0.0
    uncertain_below: float = 0.4
    activation_peaks: dict[str, float] | None = None

    def __post_init__(self, **kwargs) -> None:
        """Check what no single field can check by itself."""
        if len(self.hidden_sizes) != len(self.depths):
            raise ValueError(
                f"hidden_sizes and depths need one entry a stage, "
                f"but have {len(self.hidden_sizes)} and {len(self.depths)}."
            )
        for name in ("temperature", "ferplus_temperature"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, but is {getattr(self, name)}.")
        for name in ("ferplus_share", "uncertain_below"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be 0 to 1, but is {getattr(self, name)}.")
        if self.ferplus_share and self.num_ferplus_labels != FERPLUS_LABELS:
            raise ValueError(
                f"ferplus_share needs the {FERPLUS_LABELS} labels of FER+, but num_ferplus_labels "
                f"is {self.num_ferplus_labels}."
            )
        for name, peak in (self.activation_peaks or {}).items():
            if not 0 <= peak < math.inf:
                raise ValueError(f"activation_peaks must be finite, but {name} is {peak}.")
        super().__post_init__(**kwargs)
