"""What the hardware of a training can do: bf16, compiled networks, and when memory is short."""

import logging
import os
from functools import cache
from subprocess import SubprocessError

import torch

from fer.training.options import TrainingOptions

COMPILE_ERRORS = (RuntimeError, OSError, ImportError, SubprocessError)
"""What torch and Triton raise where they can't compile."""

MAX_REASON = 300
"""Characters of such an error that are logged; some hold the source that was compiled."""

logger = logging.getLogger(__name__)


def precision(options: TrainingOptions) -> torch.dtype:
    """Return the data type of convolutions and matrix products."""
    wanted = options.precision == "bf16" or (options.precision == "auto" and has_bf16())
    return torch.bfloat16 if wanted else torch.float32


def has_bf16() -> bool:
    """Return whether the hardware has bf16: CUDA, or a CPU with instructions for it."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # torch.cpu.get_capabilities is newer than the oldest torch of requirements.txt; oneDNN computes
    # by AMX only where AVX512_BF16 is, too.
    return torch.cpu._is_avx512_bf16_supported()


def can_compile() -> bool:
    """Return whether networks are compiled here: on CUDA only, and where that works.

    On two cores compiling took minutes and gained nothing; see recipes/README.md.
    """
    place = os.environ.get("LOCAL_RANK", "0")  # torchrun gives each process a GPU of its own
    return torch.cuda.is_available() and compiles_on(f"cuda:{place}")


@cache
def compiles_on(device: str) -> bool:
    """Return whether a function can be compiled; log why not.

    It takes Triton, a GPU that Triton knows, a C compiler, and the headers of Python.

    Args:
        device: Device as torch names it.
    """
    try:
        torch.compile(torch.square)(torch.ones(8, device=device))
    except COMPILE_ERRORS as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        logger.warning("The network isn't compiled, so that training takes longer: %s", reason)
        return False
    return True


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is of memory; those of torch on a CPU have no class of their own."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(words in str(error) for words in ("allocate memory", "out of memory"))


def device_name(device: torch.device) -> str:
    """Return the name of a GPU of CUDA, and of any other device what torch calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
