"""Settings of the expression network, and how its heads are combined; saved with the weights.

Needs neither PyTorch nor transformers, for programs that run the network's ONNX file.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from huggingface_hub.dataclasses import strict

NUM_FERPLUS_LABELS = 8
"""Classes of FER+."""

FERPLUS_CLASSES = {
    "neutral": 0,
    "happy": 1,
    "happiness": 1,
    "happyness": 1,
    "surprise": 2,
    "surprised": 2,
    "suprise": 2,
    "suprised": 2,
    "sad": 3,
    "sadness": 3,
    "angry": 4,
    "anger": 4,
    "disgust": 5,
    "disgusted": 5,
    "fear": 6,
    "fearful": 6,
}
"""FER+'s class index of an expression, by any of its common names; contempt, 7, is none of the
seven expressions."""


@dataclass(frozen=True)
class HeadCombination:
    """How the logits of both heads are calibrated and combined.

    Args:
        temperature: The FER2013 head's logits are divided by it (Guo et al. 2017,
            https://arxiv.org/abs/1706.04599).
        ferplus_temperature: The FER+ head's are divided by this one.
        ferplus_share: Weight of the FER+ head in the mean of both, 0 to 1.
        combined_temperature: The mean is divided by it.
        prior_correction: Strength, 0 to 1, at which each head's log prior is subtracted from its
            calibrated logits (logit adjustment: Menon et al. 2021,
            https://arxiv.org/abs/2007.07314).
        fer2013_prior: Shares of the classes among the labels that the FER2013 head learned, (k,).
        ferplus_prior: Mean shares of the votes that the FER+ head learned, (8,).
        ferplus_columns: FER+'s class index of each of the k classes; () without a FER+ head.
    """

    temperature: float = 1.0
    ferplus_temperature: float = 1.0
    ferplus_share: float = 0.0
    combined_temperature: float = 1.0
    prior_correction: float = 0.0
    fer2013_prior: tuple[float, ...] = ()
    ferplus_prior: tuple[float, ...] = ()
    ferplus_columns: tuple[int, ...] = ()

    @property
    def ferplus_trained(self) -> bool:
        """Whether the FER+ head learned any; without, a training keeps the other prior alone."""
        return bool(self.ferplus_share or self.ferplus_prior or not self.fer2013_prior)

    @property
    def log_prior(self) -> list[float]:
        """The mean of both heads' log priors, (k,), weighted as their logits are."""
        logs = [math.log(share) for share in self.fer2013_prior]
        if not self.ferplus_share:
            return logs
        others = (math.log(self.ferplus_prior[column]) for column in self.ferplus_columns)
        share = self.ferplus_share
        return [(1 - share) * one + share * other for one, other in zip(logs, others, strict=True)]

    def fer2013_alone(self) -> "HeadCombination":
        """Return the settings under which only the FER2013 head counts, with its temperature."""
        return replace(self, ferplus_share=0.0, combined_temperature=1.0, prior_correction=0.0)

    def ordered(self, columns: Sequence[int]) -> "HeadCombination":
        """Return the settings for classes that are put into the order `columns`."""
        return replace(
            self,
            fer2013_prior=tuple(self.fer2013_prior[i] for i in columns if self.fer2013_prior),
            ferplus_columns=tuple(self.ferplus_columns[i] for i in columns if self.ferplus_columns),
        )


@strict
@dataclass(repr=False, eq=False)
class NetworkSettings:
    """Everything that rebuilds the network, its calibration included.

    Args:
        image_size: Side in pixels of the center crop of a 48x48 face that the network gets.
        num_channels: Channels of the input; FER2013 is grey.
        stem_size: Channels of the two convolutions at full resolution.
        hidden_sizes: Channels of each stage; every stage halves the resolution.
        depths: Residual blocks of each stage.
        dropout: Probability of dropping a pooled feature while training.
        num_ferplus_labels: Classes of the second head (FER+); 0 builds no second head.
        temperature: The FER2013 head's; see `HeadCombination`, as for the next six.
        ferplus_temperature: Fitted on validation, as all temperatures are.
        ferplus_share: 0 leaves the FER+ head out of `logits`.
        combined_temperature: 1 leaves the mean as it is.
        prior_correction: 0 corrects nothing; more needs the priors.
        fer2013_prior: In the order of the labels.
        ferplus_prior: In FER+'s own order.
        uncertain_below: A top probability under this is "uncertain".
    """

    image_size: int = 40
    num_channels: int = 1
    stem_size: int = 32
    hidden_sizes: list[int] | tuple[int, ...] = (64, 128, 256)
    depths: list[int] | tuple[int, ...] = (1, 2, 1)
    dropout: float = 0.3
    num_ferplus_labels: int = NUM_FERPLUS_LABELS
    temperature: float = 1.0
    ferplus_temperature: float = 1.0
    ferplus_share: float = 0.0
    combined_temperature: float = 1.0
    prior_correction: float = 0.0
    fer2013_prior: list[float] | tuple[float, ...] = ()
    ferplus_prior: list[float] | tuple[float, ...] = ()
    uncertain_below: float = 0.4

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "NetworkSettings":
        """Return the settings among the content of a config.json.

        Raises:
            huggingface_hub.errors.StrictDataclassError: One is of another type or out of its range.
        """
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in config.items() if name in names})

    def __post_init__(self, **kwargs: Any) -> None:
        """Check ranges, and fields that depend on each other."""
        if len(self.hidden_sizes) != len(self.depths):
            raise ValueError(
                f"hidden_sizes and depths need one entry per stage, "
                f"but have {len(self.hidden_sizes)} and {len(self.depths)}."
            )
        for name in ("temperature", "ferplus_temperature", "combined_temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0, but is {getattr(self, name)}.")
        for name in ("ferplus_share", "prior_correction", "uncertain_below"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be 0 to 1, but is {getattr(self, name)}.")
        for name in ("fer2013_prior", "ferplus_prior"):
            if not all(0 < share <= 1 for share in getattr(self, name)):
                raise ValueError(
                    f"{name} must hold shares above 0 and up to 1, but is {getattr(self, name)}."
                )
        if self.ferplus_share and self.num_ferplus_labels != NUM_FERPLUS_LABELS:
            raise ValueError(
                f"ferplus_share needs the {NUM_FERPLUS_LABELS} labels of FER+, but "
                "num_ferplus_labels "
                f"is {self.num_ferplus_labels}."
            )

    def combine_heads(self, labels: Sequence[str]) -> HeadCombination:
        """Return how the heads are combined, with classes in the order of `labels`.

        Raises:
            ValueError: The labels aren't the seven expressions that the FER+ head is combined for,
                or a prior is missing or of another length.
        """
        combined = self.ferplus_share > 0
        names = [str(label).strip().lower() for label in labels]
        columns = [FERPLUS_CLASSES[name] for name in names if name in FERPLUS_CLASSES]
        if len(columns) < len(labels):
            columns = []
        if combined and not columns:
            raise ValueError(
                f"ferplus_share needs labels that FER+ has, too, but they are {', '.join(labels)}."
            )
        needed = {"fer2013_prior": len(labels), "ferplus_prior": NUM_FERPLUS_LABELS * combined}
        for name, length in needed.items():
            if self.prior_correction and length and len(getattr(self, name)) != length:
                raise ValueError(
                    f"prior_correction needs {length} shares in {name}, "
                    f"but there are {len(getattr(self, name))}."
                )
        return HeadCombination(
            temperature=self.temperature,
            ferplus_temperature=self.ferplus_temperature,
            ferplus_share=self.ferplus_share,
            combined_temperature=self.combined_temperature,
            prior_correction=self.prior_correction,
            fer2013_prior=tuple(self.fer2013_prior),
            ferplus_prior=tuple(self.ferplus_prior),
            ferplus_columns=tuple(columns),
        )
