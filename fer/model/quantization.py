"""Static int8 quantization for inference: faster on CPUs that have instructions for it.

Kernels are quantized to int8 per channel and activations to uint8, calibrated on training pictures:
Jacob et al. 2017, https://arxiv.org/abs/1712.05877. The first convolution and the heads stay in
float32: they take little time, and quantizing the standardised input would cost more accuracy than
everything else.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedModel

from fer.model.fusion import fuse_batch_norms
from fer.model.modeling_fer import FerBlock, FerForImageClassification, FerOutput

INT8_INSTRUCTIONS = ("avx512_vnni", "avx_vnni", "amx_int8")
"""CPU features for exact int8 dot products; one of them is needed."""

SMALLEST_STEP = 1e-6
"""Lower limit of a scale, for layers whose output is all zeros."""

MAX_SAMPLES = 500_000
"""Most values of a layer that its peak is estimated from."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class QuantizationParameters:
    """Scale and zero point: a value is `step * (byte - zero)`."""

    step: float
    zero: int

    @classmethod
    def from_peak(cls, peak: float, signed: bool = False) -> "QuantizationParameters":
        """Return the parameters for values from 0, or if `signed` from `-peak`, to `peak`."""
        step = max(peak / (127 if signed else 255), SMALLEST_STEP)
        return cls(step, 128 if signed else 0)

    def quantize(self, values: torch.Tensor) -> torch.Tensor:
        """Return floats as the nearest uint8 levels; values out of range saturate."""
        return (values / self.step).add_(self.zero + 0.5).clamp_(0, 255).to(torch.uint8)

    def dequantize(self, values: torch.Tensor) -> torch.Tensor:
        """Return uint8 levels as float32."""
        return (values.float() - self.zero) * self.step


class Int8Conv2d:
    """A convolution from uint8 to uint8, followed by ReLU if its target is unsigned."""

    def __init__(
        self, conv: nn.Conv2d, source: QuantizationParameters, target: QuantizationParameters
    ) -> None:
        """Quantize a convolution, which needs a bias, from `source` to `target`."""
        self.source, self.target = source, target
        self.shape = [list(conv.stride), list(conv.padding), list(conv.dilation), conv.groups]
        kernel, self.bias = (
            conv.weight.detach(),
            cast(torch.Tensor, conv.bias).detach(),
        )  # fused: biased
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
        output: torch.Tensor = torch.ops.onednn.qconv_pointwise(
            *self._operands(values), self.bias, *self.shape,
            self.target.step, self.target.zero, torch.uint8, activation, [], "",
        )  # fmt: skip
        return output

    def add_to(
        self, shortcut: torch.Tensor, levels: QuantizationParameters, values: torch.Tensor
    ) -> torch.Tensor:
        """Return ReLU of the shortcut plus the convolution of `values`, in place of the shortcut.

        Args:
            shortcut: uint8 (n, outputs, h, w), overwritten.
            levels: Its quantization parameters.
            values: uint8 (n, inputs, h, w).
        """
        output: torch.Tensor = torch.ops.onednn.qconv2d_pointwise.binary(
            *self._operands(values), shortcut, self.bias, *self.shape,
            self.target.step, self.target.zero, torch.uint8,
            levels.step, levels.zero, "sum", 1.0, "relu", [], "",
        )  # fmt: skip
        return output

    def _operands(self, values: torch.Tensor) -> tuple[torch.Tensor | float | int, ...]:
        source = self.source
        return values, source.step, source.zero, self.kernel, self.steps, self.zeros


class Int8Block:
    """A residual block from uint8 to uint8."""

    def __init__(
        self, block: FerBlock, source: QuantizationParameters, peaks: Mapping[nn.Module, float]
    ) -> None:
        """Quantize the convolutions of a block.

        Args:
            block: One whose batch norms are fused by `fuse_batch_norms`.
            source: Quantization parameters of its input.
            peaks: Largest activation that uint8 represents, by layer.
        """
        hidden, self.target = (
            QuantizationParameters.from_peak(peaks[block.first]),
            QuantizationParameters.from_peak(peaks[block]),
        )
        self.first = Int8Conv2d(fused_conv(block.first), source, hidden)
        self.second = Int8Conv2d(fused_conv(block.second), hidden, self.target)
        self.shortcut: Int8Conv2d | None = None
        self.levels = source
        if isinstance(block.shortcut, nn.Sequential):
            self.levels = QuantizationParameters.from_peak(peaks[block.shortcut], signed=True)
            self.shortcut = Int8Conv2d(fused_conv(block.shortcut), source, self.levels)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Map uint8 (n, inputs, h, w) to uint8 (n, outputs, h / stride, w / stride)."""
        inner = self.first(values)
        shortcut = self.shortcut(values) if self.shortcut else values
        return self.second.add_to(shortcut, self.levels, inner)


class Int8Network:
    """`FerForImageClassification` in int8."""

    def __init__(self, model: FerForImageClassification) -> None:
        """Quantize a network whose configuration has `activation_peaks`."""
        model = cast(FerForImageClassification, fuse_batch_norms(model))  # a copy of the same class
        known = model.config.activation_peaks
        peaks = {layer: known[name] for name, layer in quantized_layers(model)}
        first, relu, second, second_relu = model.trunk.stem
        self.opening = fused_conv(first)
        self.source = QuantizationParameters.from_peak(peaks[relu])
        self.layers: list[Int8Conv2d | Int8Block] = [
            Int8Conv2d(
                fused_conv(second),
                self.source,
                QuantizationParameters.from_peak(peaks[second_relu]),
            )
        ]
        for block in model.trunk.blocks:
            self.layers.append(Int8Block(cast(FerBlock, block), self.layers[-1].target, peaks))
        self.classifier, self.ferplus = model.classifier, model.ferplus
        self.heads = model.config.heads

    def __call__(self, pixel_values: torch.Tensor) -> FerOutput:
        """Classify faces, float32 (n, num_channels, h, w)."""
        opened = self.opening(pixel_values.contiguous(memory_format=torch.channels_last))
        hidden = self.source.quantize(opened)  # saturating at 0 is the ReLU
        for layer in self.layers:
            hidden = layer(hidden)
        pooled = self.layers[-1].target.dequantize(hidden).mean(dim=(2, 3))
        ferplus = None if self.ferplus is None else self.ferplus(pooled)
        return FerOutput.combined(self.heads, self.classifier(pooled), ferplus)


def fused_conv(pair: nn.Module) -> nn.Conv2d:
    """Return the convolution of a pair whose batch norm is fused into it."""
    return cast(nn.Conv2d, cast(nn.Sequential, pair)[0])  # as `conv_norm` builds it


def quantize(model: PreTrainedModel) -> Int8Network | None:
    """Return a network in int8, None where it lacks peaks or the CPU lacks instructions.

    A few faces get another expression than in float32.
    """
    config: Any = model.config  # of any kind of network
    if not getattr(config, "activation_peaks", None) or not supports_int8():
        return None
    side = config.image_size
    try:
        network = Int8Network(cast(FerForImageClassification, model))  # others raise here
        network(torch.zeros(1, config.num_channels, side, side))
    except (RuntimeError, TypeError, AttributeError, KeyError) as error:
        # These operators of torch are not a stable API, and a configuration may be a third party's.
        logger.warning("int8 isn't possible here (%r); the network computes in float32.", error)
        return None
    return network


def supports_int8() -> bool:
    """Return whether the CPU has instructions for int8, and torch can use them."""
    able = torch.cpu.get_capabilities()
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch's
    return available and any(map(able.get, INT8_INSTRUCTIONS))


@torch.inference_mode()
def calibrate_activations(
    model: FerForImageClassification, pixel_values: torch.Tensor
) -> dict[str, float]:
    """Return the largest activation that uint8 should represent, by the name of the layer.

    Args:
        model: A network in eval mode.
        pixel_values: Typical faces, float32 (n, num_channels, h, w); 500 are enough.
    """
    peaks: dict[str, float] = {}

    def record_peak(name: str) -> Callable[[nn.Module, tuple[Any, ...], torch.Tensor], None]:
        def hook(layer: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
            peaks[name] = search_peak(output, signed=name.endswith("shortcut"))

        return hook

    layers = quantized_layers(model)
    hooks = [layer.register_forward_hook(record_peak(name)) for name, layer in layers]
    model(pixel_values)
    for hook in hooks:
        hook.remove()
    return peaks


def search_peak(values: torch.Tensor, signed: bool) -> float:
    """Return the peak with the least squared quantization error; a few values may exceed it.

    Args:
        values: Any shape; of many, a regular sample is used.
        signed: Whether values below 0 are kept.
    """
    seen = values.flatten()[:: values.numel() // MAX_SAMPLES + 1].float()
    seen = seen if signed else seen.relu()
    peaks: list[float] = (seen.abs().max() * torch.linspace(0.2, 1, 33)).tolist()

    def error(peak: float) -> float:
        levels = QuantizationParameters.from_peak(peak, signed)
        return float((levels.dequantize(levels.quantize(seen)) - seen).square().sum())

    best = min(peaks, key=error)
    return round(best, 4)


def quantized_layers(model: FerForImageClassification) -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers, with their names, whose output is quantized."""
    for name, layer in model.trunk.named_modules(prefix="trunk"):
        inner = isinstance(layer, nn.Sequential) and name.endswith((".first", ".shortcut"))
        if inner or isinstance(layer, nn.ReLU | FerBlock):
            yield name, layer
