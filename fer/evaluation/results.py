"""Results of an evaluation, as the typed dictionaries that evaluation.json holds."""

from typing import TypedDict


class ClassMetrics(TypedDict):
    """Metrics of one expression, 0 to 1, and how many faces have it as their label."""

    precision: float
    recall: float
    f1: float
    support: int


class ExpressionMetrics(TypedDict):
    """Predictions compared with one label set; rows of the confusion matrix are the labels."""

    accuracy: float
    macro_f1: float
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]


class Intervals(TypedDict):
    """95 % confidence intervals, each its lower and upper end; None where there is none."""

    accuracy: list[float] | None
    macro_f1: list[float] | None
    per_class: dict[str, dict[str, list[float] | None]]


class ReliabilityBin(TypedDict):
    """Faces of about one confidence: their mean confidence and their accuracy, 0 to 1."""

    confidence: float
    accuracy: float
    faces: int


class MajorityAccuracy(TypedDict):
    """Accuracy by FER+'s majority, 0 to 1."""

    label_set: str
    pictures: int
    accuracy: float


class Coverage(TypedDict):
    """Selective classification: the share of faces above a threshold, and their accuracy."""

    threshold: float
    answered: float
    accuracy: float | None


class SelectiveMetrics(Coverage):
    """The same with the accuracy by FER+'s majority; None without votes."""

    ferplus_answers: MajorityAccuracy | None


class BothMetrics(TypedDict):
    """Metrics by the mean of FER2013's labels and FER+'s majority."""

    accuracy: float
    macro_f1: float
    calibration_error: float


class CombinedMetrics(TypedDict):
    """Metrics of the combined output; the last two are None without votes."""

    ferplus_share: float
    prior_correction: float
    accuracy: float
    macro_f1: float
    calibration_error: float
    ferplus_answers: MajorityAccuracy | None
    both_label_sets: BothMetrics | None


class Evaluation(ExpressionMetrics):
    """What `fer.evaluation.evaluate.evaluate` measures on one set of labelled faces."""

    pictures: int
    precision: str
    views: str
    answers: str
    intervals: Intervals
    calibration_error: float
    reliability: list[ReliabilityBin]
    risk_coverage: list[SelectiveMetrics]
    uncertain: SelectiveMetrics
    ferplus: MajorityAccuracy | None
    ferplus_answers: MajorityAccuracy | None
    shown: CombinedMetrics
    by_share: list[CombinedMetrics]


class CorruptionAccuracy(TypedDict):
    """Accuracy, 0 to 1, under one corruption; the amount is a text with its unit."""

    damage: str
    amount: str
    accuracy: float


class SubsetMetrics(TypedDict):
    """Metrics of some of the faces; None where there are none."""

    pictures: int
    accuracy: float | None
    macro_f1: float | None


class Source(TypedDict, total=False):
    """Where the faces are from: FER2013, or a folder and its files that couldn't be used."""

    dataset: str
    split: str
    label_set: str
    official: bool
    folder: str
    detected: bool
    unreadable: int
    without_face: int
    left_out: list[str]


class Extras(TypedDict, total=False):
    """Metrics that only FER2013 has: of faces that aren't in the training split, and robustness."""

    without_copies: SubsetMetrics
    robustness: list[CorruptionAccuracy]


class EvaluationJson(Source, Evaluation, Extras):
    """The content of evaluation.json."""

    model: str
    weights: str
