"""The evaluation of the network in use: what `fer evaluate` or its training wrote beside it."""

import json
from dataclasses import replace

from fer.model.evaluation_results import Evaluation
from fer.model.hub import EVALUATION_FILE
from fer.pipeline import Classifier


def find_evaluation(classifier: Classifier) -> Evaluation:
    """Return the most detailed metrics of a network; an empty evaluation where there are none.

    That is evaluation.json in its folder, if it is about the same weights; else what metrics.json
    has of a split, as a network from the Hub brings it.
    """
    beside = _evaluation_file(classifier)
    if beside.weights == classifier.fingerprint():
        return beside
    metrics = classifier.metrics
    measured = {name: split for name, split in metrics.splits.items() if split.accuracy is not None}
    detailed = [name for name, split in measured.items() if split.reliability]
    for name in (detailed or [*measured])[-1:]:  # test comes last
        rows = [row for row in metrics.robustness if row.split in (None, name)]
        split = measured[name]
        return replace(split, split=name, robustness=split.robustness or rows)
    return Evaluation()


def _evaluation_file(classifier: Classifier) -> Evaluation:
    """Return evaluation.json without what is not of its form; an empty one if it can't be read."""
    if classifier.folder is None:
        return Evaluation()
    try:
        text = (classifier.folder / EVALUATION_FILE).read_text(encoding="utf-8")
        return Evaluation.from_json(json.loads(text))[0]
    except (OSError, ValueError, RecursionError):
        return Evaluation()
