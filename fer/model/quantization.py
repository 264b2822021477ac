"""The network in bytes, for answering only: much quicker where a CPU has instructions for it.

Kernels are brought to int8 channel by channel, and what lies between the layers to uint8, by the
values that it took on training pictures: Jacob et al. 2017, https://arxiv.org/abs/1712.05877.
The first convolution and the heads stay in float32: they take little time, and the picture itself
in other bytes than its own would cost the answers more than all the rest.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from fer.model.fusion import fuse_batch_norms
from fer.model.modeling_fer import FerBlock, FerForImageClassification, FerOutput

INT8_INSTRUCTIONS = ("avx512_vnni", "avx_vnni", "amx_int8")
"""With one of them a CPU multiplies bytes, and adds the products up without loss."""

SMALLEST_STEP = 1e-6
"""For layers that put out nothing but zeros."""

MAX_SAMPLES = 500_000
"""Values of a layer from which its peak is found, at most."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class QuantizationParameters:
    """How numbers are written as bytes: a number is `step * (byte - zero)`."""

    step: float
    zero: int

    @classmethod
    def from_peak(cls, peak: float, signed: bool = False) -> "QuantizationParameters":
        """Return the levels of numbers from 0, or if `signed` from `-peak`, to `peak`."""
        step = max(peak / (127 if signed else 255), SMALLEST_STEP)
        return cls(step, 128 if signed else 0)

    def quantize(self, values: torch.Tensor) -> torch.Tensor:
        """Return floats as the nearest bytes, uint8; those beyond the ends are set to them."""
        return (values / self.step).add_(self.zero + 0.5).clamp_(0, 255).to(torch.uint8)

    def dequantize(self, values: torch.Tensor) -> torch.Tensor:
        """Return bytes as floats."""
        return (values.float() - self.zero) * self.step


class Int8Conv2d:
    """A convolution from bytes to bytes, followed by ReLU if its target has no sign."""

    def __init__(
        self, conv: nn.Conv2d, source: QuantizationParameters, target: QuantizationParameters
    ) -> None:
        """Bring the kernel of a convolution with bias to int8."""
        self.source, self.target = source, target
        self.shape = [list(conv.stride), list(conv.padding), list(conv.dilation), conv.groups]
        kernel, self.bias = conv.weight.detach(), conv.bias.detach()
        peaks = kernel.abs().amax(dim=(1, 2, 3), keepdim=True)
        steps = (peaks / 127).clamp(min=SMALLEST_STEP)
        self.steps = steps.flatten()
        self.zeros = torch.zeros(len(kernel), dtype=torch.int32)
        self.kernel = torch.ops.onednn.qconv_prepack(
            (kernel / steps).round().to(torch.int8), self.steps, source.step, source.zero,
            *self.shape,
        )  # fmt: skip

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Map uint8 (n, inputs, h, w) to uint8 (n, outputs, h, w)."""
        activation = "none" if self.target.zero else "relu"
        return torch.ops.onednn.qconv_pointwise(
            *self._operands(values), self.bias, *self.shape,
            self.target.step, self.target.zero, torch.uint8, activation, [], "",
        )  # fmt: skip

    def add_to(
        self, shortcut: torch.Tensor, levels: QuantizationParameters, values: torch.Tensor
    ) -> torch.Tensor:
        """Return ReLU of the shortcut and the convolution of `values`; uses the shortcut up.

        Args:
            shortcut: uint8 (n, outputs, h, w), overwritten.
            levels: What its bytes mean.
            values: uint8 (n, inputs, h, w).
        """
        return torch.ops.onednn.qconv2d_pointwise.binary(
            *self._operands(values), shortcut, self.bias, *self.shape,
            self.target.step, self.target.zero, torch.uint8,
            levels.step, levels.zero, "sum", 1.0, "relu", [], "",
        )  # fmt: skip

    def _operands(self, values: torch.Tensor) -> tuple[torch.Tensor | float | int, ...]:
        source = self.source
        return values, source.step, source.zero, self.kernel, self.steps, self.zeros


class Int8Block:
    """A residual block from bytes to bytes."""

    def __init__(
        self, block: FerBlock, source: QuantizationParameters, peaks: Mapping[nn.Module, float]
    ) -> None:
        """Bring the convolutions of a block to int8.

        Args:
            block: One whose batch norms are `fuse_batch_norms`.
            source: What the bytes mean that it gets.
            peaks: Up to where bytes reach for what each part puts out.
        """
        hidden, self.target = (
            QuantizationParameters.from_peak(peaks[block.first]),
            QuantizationParameters.from_peak(peaks[block]),
        )
        self.first = Int8Conv2d(block.first[0], source, hidden)
        self.second = Int8Conv2d(block.second[0], hidden, self.target)
        self.shortcut, self.levels = None, source
        if not isinstance(block.shortcut, nn.Identity):
            self.levels = QuantizationParameters.from_peak(peaks[block.shortcut], signed=True)
            self.shortcut = Int8Conv2d(block.shortcut[0], source, self.levels)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Map uint8 (n, inputs, h, w) to uint8 (n, outputs, h / stride, w / stride)."""
        inner = self.first(values)
        shortcut = self.shortcut(values) if self.shortcut else values
        return self.second.add_to(shortcut, self.levels, inner)


class Int8Network:
    """`FerForImageClassification` in int8."""

    def __init__(self, model: FerForImageClassification) -> None:
        """Bring a network to int8; its configuration has to give the `activation_peaks`."""
        model, known = fuse_batch_norms(model), model.config.activation_peaks
        peaks = {part: known[name] for name, part in quantized_layers(model)}
        (self.opening, _), relu, (second, _), second_relu = model.trunk.stem
        self.source = QuantizationParameters.from_peak(peaks[relu])
        self.layers: list[Int8Conv2d | Int8Block] = [
            Int8Conv2d(second, self.source, QuantizationParameters.from_peak(peaks[second_relu]))
        ]
        for block in model.trunk.blocks:
            self.layers.append(Int8Block(block, self.layers[-1].target, peaks))
        self.layers_of_heads = model.classifier, model.ferplus
        self.heads = model.config.heads

    def __call__(self, pixel_values: torch.Tensor) -> FerOutput:
        """Name the expression of each face, float32 (n, num_channels, h, w)."""
        opened = self.opening(pixel_values.contiguous(memory_format=torch.channels_last))
        hidden = self.source.quantize(opened)  # without ReLU: bytes have no numbers below 0
        for layer in self.layers:
            hidden = layer(hidden)
        pooled = self.layers[-1].target.dequantize(hidden).mean(dim=(2, 3))
        logits, ferplus = (head and head(pooled) for head in self.layers_of_heads)
        return FerOutput.combined(self.heads, logits, ferplus)


def quantize(model: nn.Module) -> Int8Network | None:
    """Return a network in int8, None where it lacks peaks or the CPU isn't made for it.

    Now and then a face gets another answer than in float32.
    """
    if not getattr(model.config, "activation_peaks", None) or not supports_int8():
        return None
    side = model.config.image_size
    try:
        network = Int8Network(model)
        network(torch.zeros(1, model.config.num_channels, side, side))
    except (RuntimeError, TypeError, AttributeError, KeyError) as error:
        # torch promises nothing about these operators, and a configuration may be from elsewhere.
        logger.warning("int8 isn't possible here (%r); the network answers in float32.", error)
        return None
    return network


def supports_int8() -> bool:
    """Return whether the CPU has instructions for int8, and torch knows how to use them."""
    able = torch.cpu.get_capabilities()
    return torch.backends.mkldnn.is_available() and any(map(able.get, INT8_INSTRUCTIONS))


@torch.inference_mode()
def calibrate_activations(
    model: FerForImageClassification, pixel_values: torch.Tensor
) -> dict[str, float]:
    """Return up to where bytes should reach, for what each part of a network puts out.

    Args:
        model: A network in eval mode.
        pixel_values: Typical faces, float32 (n, num_channels, h, w); 500 are enough.
    """
    peaks: dict[str, float] = {}

    def note(name: str) -> Callable[[nn.Module, tuple, torch.Tensor], None]:
        def see(part: nn.Module, given: tuple, put_out: torch.Tensor) -> None:
            peaks[name] = search_peak(put_out, signed=name.endswith("shortcut"))

        return see

    hooks = [part.register_forward_hook(note(name)) for name, part in quantized_layers(model)]
    model(pixel_values)
    for hook in hooks:
        hook.remove()
    return peaks


def search_peak(values: torch.Tensor, signed: bool) -> float:
    """Return the peak with the least squared error in bytes: a few values may lie beyond it.

    Args:
        values: Any shape; of many, some are looked at.
        signed: Whether values below 0 count.
    """
    seen = values.flatten()[:: values.numel() // MAX_SAMPLES + 1].float()
    seen = seen if signed else seen.relu()
    peaks = (seen.abs().max() * torch.linspace(0.2, 1, 33)).tolist()

    def error(peak: float) -> float:
        levels = QuantizationParameters.from_peak(peak, signed)
        return (levels.dequantize(levels.quantize(seen)) - seen).square().sum().item()

    return round(min(peaks, key=error), 4)


def quantized_layers(model: FerForImageClassification) -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts, with their names, whose answers are written as bytes."""
    for name, part in model.trunk.named_modules(prefix="trunk"):
        inner = isinstance(part, nn.Sequential) and name.endswith((".first", ".shortcut"))
        if inner or isinstance(part, nn.ReLU | FerBlock):
            yield name, part
