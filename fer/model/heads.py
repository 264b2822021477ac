"""How the logits of a network's heads become the probabilities that are shown.

A network of this project has one head for FER2013's own labels, each of which is one person's
opinion, and one for FER+'s votes, which are ten people's. Each is calibrated on its own label set;
the mean of their logits is shown.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import softmax
from transformers import PretrainedConfig
from transformers.modeling_outputs import ImageClassifierOutput

from fer.labels import FERPLUS_COLUMNS


@dataclass(frozen=True)
class Heads:
    """What is known of a network's heads.

    Args:
        temperature: The first head's logits are divided by it.
        ferplus_temperature: The same for the second head, that of FER+.
        ferplus_share: Share of the second head in what is shown, 0 to 1.
    """

    temperature: float = 1.0
    ferplus_temperature: float = 1.0
    ferplus_share: float = 0.0

    @classmethod
    def of(cls, config: PretrainedConfig) -> "Heads":
        """Read them from a network's configuration, which needn't say anything about them."""
        return cls(**{one.name: getattr(config, one.name, one.default) for one in fields(cls)})

    def probabilities(self, logits: np.ndarray, ferplus_logits: np.ndarray | None) -> np.ndarray:
        """Return the probabilities of the seven expressions, (n, 7), columns as in `EXPRESSIONS`.

        Contempt, which FER+ knows besides, is left out.

        Args:
            logits: Of the first head, (n, 7).
            ferplus_logits: Of the second, (n, 8), columns as in `FERPLUS`; None only without a
                `ferplus_share`.
        """
        mean = logits / self.temperature
        if self.ferplus_share:
            votes = ferplus_logits[:, list(FERPLUS_COLUMNS)] / self.ferplus_temperature
            mean = (1 - self.ferplus_share) * mean + self.ferplus_share * votes
        return softmax(mean, axis=1)


def logits_of(
    output: ImageClassifierOutput, columns: list[int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the logits of both heads, float32 (n, 7) and (n, 8), None without a second one.

    Args:
        output: What the network returned.
        columns: Its class index of each expression, in the order of `EXPRESSIONS`.
    """
    second = getattr(output, "ferplus_logits", None)
    first = output.logits[:, columns].float().numpy()
    return first, None if second is None else second.float().numpy()
