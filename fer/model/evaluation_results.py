"""Metrics of a network on labelled faces, as evaluation.json and metrics.json hold them.

Shares and probabilities are from 0 to 1. Names that were others in older files are read under both.
"""

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from fer.labels import EXPRESSIONS
from fer.model.json_records import (
    OPEN,
    Amount,
    Count,
    Interval,
    JsonRecord,
    Matrix,
    Setting,
    Share,
    formerly,
)

FER2013_HEAD, COMBINED = "fer2013", "combined"
"""Which output is evaluated: the FER2013 head alone, or both heads combined, as the page has them.
"""


Expression = Annotated[str, lambda value: isinstance(value, str) and value in EXPRESSIONS]
"""Type of fields with one of the seven expressions."""


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one expression, and how many faces have it as their label.

    Without such a face there is neither recall nor F1.
    """

    precision: Share | None
    recall: Share | None
    f1: Share | None
    support: Count | None


@dataclass(frozen=True)
class LabelComparison:
    """Predictions compared with one label set; rows of the confusion matrix are the labels."""

    accuracy: float
    macro_f1: float
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]


@dataclass(frozen=True)
class ClassIntervals:
    """95 % intervals of one expression, each its lower and upper end; None where there is none."""

    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True)
class Intervals:
    """95 % confidence intervals, each its lower and upper end; None where there is none."""

    accuracy: Interval | None
    macro_f1: Interval | None
    per_class: dict[str, ClassIntervals] = field(default_factory=dict)


@dataclass(frozen=True)
class ReliabilityBin:
    """Faces of about one confidence: their mean confidence, their accuracy and their number."""

    confidence: Share
    accuracy: Share
    faces: Count


@dataclass(frozen=True)
class MajorityAccuracy:
    """Accuracy by FER+'s majority."""

    accuracy: Share
    label_set: str | None = None
    pictures: Count | None = None


@dataclass(frozen=True)
class SelectiveMetrics:
    """Selective classification: the faces above a threshold.

    Attributes:
        threshold: Least top probability.
        coverage: Share of the faces that have it.
        accuracy: Accuracy on these faces by their labels; None where there are none.
        ferplus_agreement: Agreement on these faces with FER+'s majority; None without votes.
    """

    threshold: Share
    coverage: Share = field(metadata=formerly("answered"))
    accuracy: Share | None
    ferplus_agreement: MajorityAccuracy | None = field(metadata=formerly("ferplus_answers"))

    @property
    def ferplus_accuracy(self) -> float | None:
        """Accuracy by FER+'s majority; None without votes."""
        return self.ferplus_agreement.accuracy if self.ferplus_agreement else None


@dataclass(frozen=True)
class BothMetrics:
    """Metrics by the mean of FER2013's labels and FER+'s majority."""

    accuracy: Share | None
    macro_f1: Share | None
    calibration_error: Share | None


@dataclass(frozen=True)
class CombinedMetrics:
    """Metrics of both heads combined, as the page has them.

    Attributes:
        ferplus_share: Weight of FER+'s head; 0 is FER2013's head alone.
        prior_correction: Strength of the correction for the training classes' shares.
        accuracy: Accuracy by FER2013's labels.
        macro_f1: Macro F1 by FER2013's labels.
        calibration_error: Expected calibration error by FER2013's labels.
        ferplus_agreement: Agreement with FER+'s majority; None without votes.
        both_label_sets: Metrics by the mean of both label sets; None without votes.
    """

    ferplus_share: Share | None
    prior_correction: Amount | None
    accuracy: Share | None
    macro_f1: Share | None
    calibration_error: Share | None
    ferplus_agreement: MajorityAccuracy | None = field(metadata=formerly("ferplus_answers"))
    both_label_sets: BothMetrics | None


@dataclass(frozen=True)
class Mistake:
    """A face that is named otherwise than its label.

    Attributes:
        row: Its row in the split, from 0.
        label: Its label.
        prediction: The expression that the combined output names.
        probability: Probability of that expression.
        label_probability: Probability of the label.
        votes: FER+'s votes by label, most first; empty without votes.
        majority: The expression with most votes; None without any, or where it is none of the
            seven.
    """

    row: Count
    label: Expression
    prediction: Expression
    probability: Share
    label_probability: Share
    votes: dict[str, Count]
    majority: Expression | None


@dataclass(frozen=True)
class CorruptionAccuracy:
    """Accuracy under one corruption, and on which split; the severity has its unit."""

    corruption: str = field(metadata=formerly("damage"))
    severity: Setting = field(metadata=formerly("amount"))
    accuracy: Share
    split: str | None = None


@dataclass(frozen=True)
class SubsetMetrics:
    """Metrics of some of the faces; None where there are none."""

    pictures: Count | None
    accuracy: Share | None
    macro_f1: Share | None


@dataclass(frozen=True)
class Evaluation(JsonRecord):
    """What is known of a network on one set of labelled faces; all of it may be missing.

    Attributes:
        model: The network's name.
        weights: Checksum of its weights.
        dataset: Where FER2013 was read, such as a folder or a Hub id.
        split: Which of its splits.
        label_set: Who labelled the faces, and which were left out.
        official: Whether it is one of FER2013's own splits, as far as the labels tell.
        folder: Where labelled pictures of other data were read.
        detected: Whether faces were detected in them.
        unreadable: Number of files there that couldn't be read.
        without_face: Number of those without a face.
        left_out: Names of both.
        pictures: Number of faces.
        precision: Precision in which the network computed, "int8" or "float32".
        views: Views of each face, "single" or "ten".
        output: Output that was evaluated, `FER2013_HEAD` or `COMBINED`.
        accuracy: Accuracy of `output` by the labels.
        macro_f1: Macro F1 of `output`: the mean over the classes that occur.
        per_class: Metrics of `output` by expression.
        confusion_matrix: Numbers of faces; rows are the labels.
        intervals: 95 % confidence intervals.
        calibration_error: Expected calibration error.
        reliability: Bins of confidence that have faces.
        risk_coverage: Selective metrics of the combined output, over thresholds.
        at_threshold: Selective metrics of the combined output at the threshold in use.
        ferplus: Metrics of FER+'s head by FER+'s majority of eight.
        ferplus_agreement: Agreement of `output` with FER+'s majority of seven.
        combined: Metrics of both heads combined.
        by_share: Metrics of the combination for each weight of FER+'s head.
        mistakes: Mistakes of the combined output, the most confident ones first.
        without_duplicates: Metrics on the faces that have no duplicate in the training split.
        robustness: Accuracy under each corruption, the clean faces first.
        ferplus_label_set: Label set of `ferplus_accuracy`, as a training records it.
        ferplus_accuracy: Accuracy of FER+'s head, as a training records it.
        other: Further entries of the file.
    """

    model: str | None = None
    weights: str | None = None
    dataset: str | None = None
    split: str | None = None
    label_set: str | None = None
    official: bool | None = None
    folder: str | None = None
    detected: bool | None = None
    unreadable: Count | None = None
    without_face: Count | None = None
    left_out: list[str] = field(default_factory=list)
    pictures: Count | None = None
    precision: str | None = None
    views: str | None = None
    output: str | None = field(default=None, metadata=formerly("answers"))
    accuracy: Share | None = None
    macro_f1: Share | None = None
    per_class: dict[str, ClassMetrics] = field(default_factory=dict)
    confusion_matrix: Matrix = field(default_factory=list)
    intervals: Intervals | None = None
    calibration_error: Share | None = None
    reliability: list[ReliabilityBin] = field(default_factory=list)
    risk_coverage: list[SelectiveMetrics] = field(default_factory=list)
    at_threshold: SelectiveMetrics | None = field(default=None, metadata=formerly("uncertain"))
    ferplus: MajorityAccuracy | None = None
    ferplus_agreement: MajorityAccuracy | None = field(
        default=None, metadata=formerly("ferplus_answers")
    )
    combined: CombinedMetrics | None = field(default=None, metadata=formerly("shown"))
    by_share: list[CombinedMetrics] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    without_duplicates: SubsetMetrics | None = field(
        default=None, metadata=formerly("without_copies")
    )
    robustness: list[CorruptionAccuracy] = field(default_factory=list)
    ferplus_label_set: str | None = None
    ferplus_accuracy: Share | None = None
    other: dict[str, Any] = field(default_factory=dict, metadata=OPEN)

    @classmethod
    def from_json(cls, document: object) -> tuple[Self, list[str]]:
        """Read a JSON document; `output` "shown" of older files becomes `COMBINED`."""
        evaluation, left_out = super().from_json(document)
        if evaluation.output == "shown":
            evaluation = replace(evaluation, output=COMBINED)
        return evaluation, left_out

    def updated(self, other: "Evaluation") -> "Evaluation":
        """Return these metrics with those of another evaluation in their place, where it has any.

        Both are of the same faces.
        """
        return Evaluation.from_json(self.to_json() | other.to_json())[0]

    @property
    def is_official(self) -> bool:
        """Whether the faces are one of FER2013's own splits, as far as is recorded."""
        return self.official is not False

    @property
    def combined_agreement(self) -> MajorityAccuracy | None:
        """How often both heads combined name what most of FER+'s voters do.

        None where the FER2013 head isn't combined with another one, so that its own metrics count,
        or where it wasn't measured.
        """
        combined = self.combined
        return combined.ferplus_agreement if combined and combined.ferplus_share else None
