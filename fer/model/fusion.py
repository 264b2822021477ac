"""The same network with less to compute, for answering only."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norms(model: nn.Module) -> nn.Module:
    """Return a network for inference in which convolutions do the work of their batch norms.

    A batch norm that no longer learns multiplies and adds, and so can be part of the convolution
    before it. The answers are the same but for rounding; on a CPU they come in about half the time.

    Args:
        model: A network in eval mode; it is left as it is. Pairs of a convolution and a batch norm
            are found where they make up an `nn.Sequential`; without any, it is returned itself.
    """
    if not any(map(is_conv_norm, model.modules())):
        return model
    copied = copy.deepcopy(model).to(memory_format=torch.channels_last)
    for pair in [module for module in copied.modules() if is_conv_norm(module)]:
        pair[0], pair[1] = fuse_conv_bn_eval(*pair), nn.Identity()
    return copied


def is_conv_norm(module: nn.Module) -> bool:
    """Return whether it is a convolution and its batch norm."""
    kinds = [type(part) for part in module] if isinstance(module, nn.Sequential) else []
    return kinds == [nn.Conv2d, nn.BatchNorm2d]
