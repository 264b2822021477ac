"""Loading and saving of a network with its image processor, by transformers."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor
from transformers.utils import logging as progress

from fer.model.auto_classes import AutoImageProcessor, AutoModelForImageClassification
from fer.model.half_precision import compress_weights
from fer.model.hub import LocalModel, ModelError, require_model_files
from fer.model.json_files import read_config
from fer.threads import limit_torch_threads

logger = logging.getLogger(__name__)

MAX_REASON = 300
"""Characters of an error of transformers that are logged; visitors of the page don't get them, as
they may name folders of this machine."""

_LOADING_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ImportError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    SafetensorError,
    StrictDataclassError,
)
"""What transformers raises for folders from which it can't load a network."""


def load_network(pulled: LocalModel) -> tuple[PreTrainedModel, BaseImageProcessor]:
    """Load network and processor.

    Raises:
        ModelError: transformers can't make a network of the folder, or only with random weights.
    """
    model, processor, report = load_from_folder(pulled)
    if report["missing_keys"]:
        raise ModelError(
            f"{pulled.name} lacks weights that its config.json asks for: "
            f"{', '.join(sorted(report['missing_keys'])[:3])}, ..."
        )
    return model, processor


def load_from_folder(
    pulled: LocalModel, **settings: Any
) -> tuple[PreTrainedModel, BaseImageProcessor, dict[str, Any]]:
    """Load network and processor from safetensors, never running code that came with them.

    The network computes in single precision, whatever it was stored in.

    Args:
        pulled: The folder.
        settings: Further arguments of the network's `from_pretrained`.

    Returns:
        Both, and transformers' report on missing and mismatched weights.

    Raises:
        ModelError: A file is missing, or transformers can't make an image classifier of them.
    """
    limit_torch_threads()
    if not (pulled.folder / "model.safetensors.index.json").is_file():  # in shards
        require_model_files(pulled.folder, pulled.name)
    read_config(pulled)
    trusted = {"trust_remote_code": False, "local_files_only": True}
    settings |= {"use_safetensors": True, "output_loading_info": True, "dtype": torch.float32}
    try:
        with no_progress_bar():
            model, report = AutoModelForImageClassification.from_pretrained(
                pulled.folder, **trusted, **settings
            )
        processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]  # transformers' own
            pulled.folder, **trusted
        )
    except _LOADING_ERRORS as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        logger.warning("%s can't be loaded: %s", pulled.name, reason)
        raise ModelError(f"{pulled.name} holds no network that can be loaded here.") from error
    return model, processor, report


def save_network(model: PreTrainedModel, processor: BaseImageProcessor, folder: Path) -> None:
    """Save network and processor, kernels in half precision where nothing is lost."""
    with no_progress_bar():
        model.save_pretrained(folder, state_dict=compress_weights(model.state_dict()))
    processor.save_pretrained(folder)
    # safetensors lets nobody but the owner read its files.
    shutil.copymode(folder / "config.json", folder / "model.safetensors")


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Hide transformers' progress bar of files inside the block: such networks take no time."""
    enabled = progress.is_progress_bar_enabled()
    progress.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers' own
    try:
        yield
    finally:
        if enabled:
            progress.enable_progress_bar()  # type: ignore[no-untyped-call]
