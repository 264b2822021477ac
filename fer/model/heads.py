"""Both heads' logits as arrays: read from a network's output, and combined as the network does.

A network of this project has one head for FER2013's own labels, each of which is one person's
opinion, and one for FER+'s votes, which are ten people's. It combines them itself; here it is done
again from stored logits, for fitting and for comparing settings.
"""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.special import softmax
from transformers import PretrainedConfig
from transformers.modeling_outputs import ImageClassifierOutput

from fer.model.backend import ONE_HEAD
from fer.model.configuration_fer import FerConfig
from fer.model.modeling_fer import combined_logits
from fer.model.network_settings import HeadCombination


def heads_of(config: PretrainedConfig) -> HeadCombination:
    """Return how a network combines its heads, classes in the order of its labels.

    Networks of other kinds have one head, without calibration.
    """
    return config.heads if isinstance(config, FerConfig) else ONE_HEAD


def combined_probabilities(
    heads: HeadCombination, fer2013_logits: np.ndarray, ferplus_logits: np.ndarray | None
) -> np.ndarray:
    """Return the softmax of the combined logits, (n, 7)."""
    return softmax(combine_logits(heads, fer2013_logits, ferplus_logits), axis=1)


def combine_logits(
    heads: HeadCombination, fer2013_logits: np.ndarray, ferplus_logits: np.ndarray | None
) -> np.ndarray:
    """Return what the network makes of its heads' logits, (n, 7), columns as in `EXPRESSIONS`.

    Args:
        heads: How to combine.
        fer2013_logits: (n, 7), columns as in `EXPRESSIONS`.
        ferplus_logits: (n, 8), columns as in `FERPLUS_LABELS`; may be None where its share is 0.
    """
    ferplus = None if ferplus_logits is None else torch.from_numpy(ferplus_logits)
    return combined_logits(heads, torch.from_numpy(fer2013_logits), ferplus).numpy()


def own_logits(output: ImageClassifierOutput) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return both heads' own logits; a network of another kind has one head.

    Args:
        output: What the network returned.

    Raises:
        ValueError: It returned no logits.
    """
    fer2013_logits: torch.Tensor | None = getattr(output, "fer2013_logits", None)
    logits = output.logits if fer2013_logits is None else fer2013_logits
    if logits is None:
        raise ValueError("The network returned no logits; it has to be an image classifier.")
    return logits, getattr(output, "ferplus_logits", None)


def logits_of(
    output: Mapping[str, np.ndarray], columns: list[int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return both heads' own logits, float32 (n, 7) and (n, 8), None without a second one.

    Args:
        output: Logits by name, as a classifier's network returned them.
        columns: Its class index of each expression, in the order of `EXPRESSIONS`.
    """
    own = output["fer2013_logits"] if "fer2013_logits" in output else output["logits"]
    return own[:, columns], output.get("ferplus_logits")
