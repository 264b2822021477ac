"""The expression network: a small residual CNN with one head for each label set.

Residual blocks: He et al. 2015, https://arxiv.org/abs/1512.03385. Two heads on one trunk, because
FER2013's own labels and FER+'s votes agree on fewer than two pictures in three. Trained from
scratch; no weights from elsewhere.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from .configuration_fer import FerConfig
from .network_settings import HeadCombination


@dataclass
class FerOutput(ImageClassifierOutput):
    """What the network returns.

    Args:
        loss: Cross-entropy of `fer2013_logits` against `labels`, where labels were given.
        logits: Both heads, calibrated and combined, (n, num_labels); their softmax gives the
            probabilities on the page.
        fer2013_logits: The FER2013 head's own, uncalibrated, (n, num_labels).
        ferplus_logits: The FER+ head's own, uncalibrated, (n, num_ferplus_labels), or None
            without that head.
    """

    fer2013_logits: torch.Tensor | None = None
    ferplus_logits: torch.Tensor | None = None


def combined_logits(
    heads: HeadCombination, fer2013_logits: torch.Tensor, ferplus_logits: torch.Tensor | None
) -> torch.Tensor:
    """Return the weighted mean of both heads' calibrated logits, corrected for their priors.

    Contempt, which only FER+ has, is left out.

    Args:
        heads: How to combine.
        fer2013_logits: (n, k).
        ferplus_logits: (n, 8); may be None where its share is 0.

    Returns:
        (n, k), in the order of `fer2013_logits`.

    Raises:
        ValueError: The FER+ head has a share, but its logits are missing.
    """
    share, mean = heads.ferplus_share, fer2013_logits / heads.temperature  # (n, k)
    if share:
        if ferplus_logits is None:
            raise ValueError(f"ferplus_share is {share:g}, but there are no logits of FER+'s head.")
        # Views instead of an index: no tensor has to travel to the device for it.
        voted = ferplus_logits.unbind(dim=1)  # 8 of (n,)
        ordered = torch.stack([voted[column] for column in heads.ferplus_columns], dim=1)  # (n, k)
        mean = (1 - share) * mean + share / heads.ferplus_temperature * ordered
    if heads.prior_correction:
        mean = mean - heads.prior_correction * mean.new_tensor(heads.log_prior)  # (n, k) - (k,)
    return mean / heads.combined_temperature


def conv_norm(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution that keeps the size (at stride 1), and its batch norm."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class FerBlock(nn.Module):
    """Residual block: two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Build a block; a changed shape gives the shortcut a 1x1 convolution."""
        super().__init__()
        self.first = conv_norm(inputs, outputs, stride=stride)
        self.second = conv_norm(outputs, outputs)
        changed = stride != 1 or inputs != outputs
        self.shortcut = conv_norm(inputs, outputs, 1, stride) if changed else nn.Identity()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        residual: torch.Tensor = self.second(self.first(hidden).relu_())  # (n, outputs, h/s, w/s)
        return residual.add_(self.shortcut(hidden)).relu_()


class FerPreTrainedModel(PreTrainedModel):  # type: ignore[no-untyped-call]  # __init_subclass__
    """Base class: initialisation, loading and saving as in transformers."""

    config_class = FerConfig
    base_model_prefix = "trunk"
    main_input_name = "pixel_values"

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()


class FerModel(FerPreTrainedModel):  # type: ignore[no-untyped-call]  # __init_subclass__
    """The trunk: stem, residual stages and global average pooling."""

    def __init__(self, config: FerConfig) -> None:
        super().__init__(config)
        self.stem = nn.Sequential(
            conv_norm(config.num_channels, config.stem_size),
            nn.ReLU(inplace=True),
            conv_norm(config.stem_size, config.stem_size),
            nn.ReLU(inplace=True),
        )
        blocks, inputs = [], config.stem_size
        for outputs, depth in zip(config.hidden_sizes, config.depths, strict=True):
            for index in range(depth):
                blocks.append(FerBlock(inputs, outputs, stride=2 if index == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.post_init()  # type: ignore[no-untyped-call]  # transformers' own

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Map (n, num_channels, image_size, image_size) to (n, hidden_sizes[-1])."""
        hidden = self.stem(pixel_values)  # (n, stem_size, image_size, image_size)
        hidden = self.blocks(hidden)  # (n, hidden_sizes[-1], 5, 5) at 40 pixels, 6 x 6 at 44
        pooled: torch.Tensor = hidden.mean(dim=(2, 3))  # (n, hidden_sizes[-1])
        return pooled


class FerForImageClassification(FerPreTrainedModel):  # type: ignore[no-untyped-call]  # as above
    """The trunk and its two heads."""

    def __init__(self, config: FerConfig) -> None:
        super().__init__(config)
        _ = config.heads  # raises ValueError where they can't be combined
        self.trunk = FerModel(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.hidden_sizes[-1], config.num_labels or 0)
        ferplus = config.num_ferplus_labels
        self.ferplus = nn.Linear(config.hidden_sizes[-1], ferplus) if ferplus else None
        self.post_init()  # type: ignore[no-untyped-call]  # transformers' own

    def forward(
        self,
        pixel_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        return_dict: bool | None = None,
    ) -> FerOutput | tuple[Any, ...]:
        """Classify each face.

        Args:
            pixel_values: (n, num_channels, h, w) float32, as the image processor gives them.
            labels: (n,) class indices; with them the output holds a loss.
            return_dict: False gives a tuple.

        Raises:
            ValueError: The pictures have the wrong number of channels.
        """
        if pixel_values.ndim != 4 or pixel_values.shape[1] != self.config.num_channels:
            raise ValueError(
                f"pixel_values must be (n, {self.config.num_channels}, h, w), "
                f"but are {tuple(pixel_values.shape)}."
            )
        pooled = self.dropout(self.trunk(pixel_values))  # (n, hidden_sizes[-1])
        logits = self.classifier(pooled)  # (n, num_labels)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        ferplus = None if self.ferplus is None else self.ferplus(pooled)  # (n, 8)
        output = FerOutput(
            loss=loss,
            logits=combined_logits(self.config.heads, logits, ferplus),  # (n, num_labels)
            fer2013_logits=logits,
            ferplus_logits=ferplus,
        )
        return output.to_tuple() if return_dict is False else output
