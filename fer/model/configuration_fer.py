"""Configuration of the expression network; saved with the weights."""

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import PretrainedConfig

from .network_settings import HeadCombination, NetworkSettings


@strict
class FerConfig(NetworkSettings, PretrainedConfig):  # type: ignore[no-untyped-call]  # transformers' __init_subclass__
    """The settings as transformers has them; see `NetworkSettings`."""

    model_type = "fer"

    def __post_init__(self, **kwargs: Any) -> None:
        """Check the settings."""
        NetworkSettings.__post_init__(self)
        PretrainedConfig.__post_init__(self, **kwargs)  # type: ignore[no-untyped-call]  # its own

    @property
    def heads(self) -> HeadCombination:
        """How the heads are combined, with classes in the order of the labels.

        Raises:
            ValueError: As `combine_heads`.
        """
        return self.combine_heads([name for _, name in sorted((self.id2label or {}).items())])
