"""In what a training computes."""

import torch

from fer.training.arguments import TrainingOptions


def precision(options: TrainingOptions) -> torch.dtype:
    """Return in what the convolutions compute."""
    wanted = options.precision == "bf16" or (options.precision == "auto" and has_bf16())
    return torch.bfloat16 if wanted else torch.float32


def has_bf16() -> bool:
    """Return whether bf16 is fast here: CUDA says so, or the CPU has instructions for it."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
