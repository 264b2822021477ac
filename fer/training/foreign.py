"""Networks of others that a training goes on from: their heads, and what they can't be told."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from torch import nn
from transformers import PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor

from fer.labels import EXPRESSIONS, canonical
from fer.model.hub import ModelError
from fer.model.modeling_fer import FerForImageClassification
from fer.training.arguments import TrainingOptions, flag
from fer.training.checks import OWN_NETWORKS
from fer.vision.crops import FER2013_FRAMING


def refuse_what_is_for_our_own(options: TrainingOptions) -> None:
    """Refuse what only works with this project's own network.

    Raises:
        ValueError: The options ask for it.
    """
    if options.push_to_hub:
        raise ValueError("Only this project's own network can be pushed; leave --push-to-hub out.")
    for name in ("base_share", "average_with"):
        if getattr(options, name):
            raise ValueError(
                f"Only this project's own network can be mixed; leave {flag(name)} out."
            )
    if options.ferplus_share:
        raise ValueError(
            "Only this project's own network has two heads; leave --ferplus-share out."
        )
    if options.teach_views:
        raise ValueError(
            "Only this project's own network has views to teach; leave --teach-views out."
        )
    for name in ("depths", "widths"):
        if getattr(options, name):
            raise ValueError(
                f"Only this project's own network has residual blocks; leave {flag(name)} out."
            )
    if options.view_size:
        raise ValueError("Only this project's own network has views; leave --view-size out.")
    for name in OWN_NETWORKS:
        if getattr(options, name) != getattr(TrainingOptions, name):
            raise ValueError(f"{flag(name)} is of this project's own network; leave it out.")


def are_expressions(names: Sequence[str]) -> bool:
    """Return whether classes are the seven expressions in this project's order, however spelled."""
    try:
        return [canonical(name) for name in names] == list(EXPRESSIONS)
    except ValueError:
        return False


def find_heads(model: PreTrainedModel) -> dict[str, nn.Linear]:
    """Return the matrices that a network's logits come from, by their names.

    A network that was distilled has two of the same form, and its logits are the mean of both.

    Raises:
        ModelError: There is none.
    """
    if isinstance(model, FerForImageClassification):
        return {"classifier": model.classifier}
    matrices = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    heads = {name: part for name, part in matrices.items() if part.out_features == len(EXPRESSIONS)}
    if not heads:
        raise ModelError("The base model's answers don't come from a matrix; choose another one.")
    return heads


def renew(heads: Iterable[nn.Linear]) -> None:
    """Give the heads of a network new weights."""
    for head in heads:
        nn.init.normal_(head.weight, std=0.02)
        nn.init.zeros_(head.bias)


def for_faces(processor: BaseImageProcessor) -> BaseImageProcessor:
    """Let a processor say that its network knows grey faces, framed as FER2013's are."""
    processor.framing = asdict(FER2013_FRAMING)
    processor.grey = True
    return processor
