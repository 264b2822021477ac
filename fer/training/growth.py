"""A trained network with more residual blocks or channels than it had, to be trained on."""

import copy
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import nn

from fer.model.modeling_fer import FerForImageClassification

BLOCKS = "trunk.blocks."


def deepened(model: FerForImageClassification, depths: Sequence[int]) -> FerForImageClassification:
    """Return the network with more residual blocks and, for now, the same answers.

    A new block stands at the end of its stage and begins as its shortcut, so what was learned
    stays: Chen et al. (2016), https://arxiv.org/abs/1511.05641.

    Args:
        model: A trained network; it is left as it is.
        depths: Blocks of each stage that there are to be.

    Raises:
        ValueError: A stage would have fewer blocks than it has, or there are fewer or more stages.
    """
    had = list(model.config.depths)
    check_growth("--depths", had, depths)
    config = copy.deepcopy(model.config)
    config.depths, config.activation_peaks = list(depths), None
    deeper = type(model)(config)
    places = block_places(had, depths)
    known = {moved(name, places): value for name, value in model.state_dict().items()}
    for block in deeper.trunk.blocks:
        nn.init.zeros_(block.second[1].weight)
    deeper.load_state_dict(deeper.state_dict() | known)
    return deeper


@torch.no_grad()
def widened(model: FerForImageClassification, widths: Sequence[int]) -> FerForImageClassification:
    """Return the network with more channels and, for now, the same answers.

    What was there doesn't look at the new channels, which begin untrained and look at everything.

    Args:
        model: A trained network; it is left as it is.
        widths: Channels of each stage that there are to be.

    Raises:
        ValueError: A stage would get narrower, or there are fewer or more stages.
    """
    check_growth("--widths", list(model.config.hidden_sizes), widths)
    config = copy.deepcopy(model.config)
    config.hidden_sizes, config.activation_peaks = list(widths), None
    wider = type(model)(config)
    state = wider.state_dict()
    for name, known in model.state_dict().items():
        if known.ndim > 1:
            state[name][: len(known)] = 0
        state[name][tuple(map(slice, known.shape))] = known
    return wider


def check_growth(flag: str, had: Sequence[int], wanted: Sequence[int]) -> None:
    """See that no stage of a network gets less.

    Raises:
        ValueError: One does, or there are fewer or more stages.
    """
    if len(had) != len(wanted) or any(map(int.__gt__, had, wanted)):
        raise ValueError(
            f"{flag} must be {len(had)} numbers of at least {' '.join(map(str, had))}, "
            f"but is {' '.join(map(str, wanted))}."
        )


def block_places(had: Sequence[int], depths: Sequence[int]) -> list[int]:
    """Return where each block of a network stands among those of a deeper one.

    >>> block_places([1, 2, 1], [1, 3, 2])
    [0, 1, 2, 4]
    """
    stages = zip(accumulate(depths, initial=0), had, strict=False)
    return [start + index for start, count in stages for index in range(count)]


def moved(name: str, places: Sequence[int]) -> str:
    """Return a tensor's name with its block's new place in it."""
    if not name.startswith(BLOCKS):
        return name
    index, rest = name.removeprefix(BLOCKS).split(".", 1)
    return f"{BLOCKS}{places[int(index)]}.{rest}"
