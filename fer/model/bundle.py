"""What of a trained folder goes to the Hub, and the code that makes it load anywhere."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer.model.card import write_card
from fer.model.classifier import ExpressionClassifier
from fer.model.configuration_fer import FerConfig
from fer.model.hub import METRICS, ModelError
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification

PLOTS = ("*.png", "*.svg")
"""Pictures at the top of the folder that are pushed too."""

OWN_CLASSES = {
    FerConfig: "AutoConfig",
    FerForImageClassification: "AutoModelForImageClassification",
    FerImageProcessor: "AutoImageProcessor",
}
"""The classes whose files travel with the weights, and what loads them there."""


def write_bundle(folder: Path, target: Path, repo_id: str) -> None:
    """Write into `target` all that is to be on the Hub as `repo_id`.

    That is the network and its processor, saved anew together with the Python files that
    `trust_remote_code=True` needs; metrics.json and the plots; the card and the results.

    Raises:
        ModelError: `folder` holds no network that can be loaded, another kind of network, or no
            metrics.json to make the card of.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}; give one that train.py has written.")
    classifier = ExpressionClassifier.load(folder)
    if not isinstance(classifier.model, FerForImageClassification) or not classifier.metrics:
        raise ModelError(
            f"{folder} is not what train.py writes: only a network of this project with its "
            f"{METRICS} can be pushed, for the model card is made from it."
        )
    with own_code_travels():
        classifier.model.save_pretrained(target)
        classifier.processor.save_pretrained(target)
    plots = sorted(path for pattern in PLOTS for path in folder.glob(pattern))
    for plot in plots:
        shutil.copyfile(plot, target / plot.name)
    (target / METRICS).write_text(json.dumps(classifier.metrics, indent=2) + "\n")
    write_card(classifier.metrics, repo_id, target, [plot.name for plot in plots])


@contextmanager
def own_code_travels() -> Iterator[None]:
    """Let `save_pretrained` write our Python files beside the weights, inside the block only.

    Outside of it they would lie in every checkpoint as well.
    """
    for cls, auto_class in OWN_CLASSES.items():
        cls.register_for_auto_class(auto_class)
    try:
        yield
    finally:
        for cls in OWN_CLASSES:
            cls._auto_class = None
