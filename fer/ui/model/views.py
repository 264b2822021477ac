"""The Model tab's HTML: an evaluation in sections, each only where its metrics are there."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from fer.colors import COLORS
from fer.evaluation.mistakes import describe_mistakes
from fer.i18n import format_count
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS, LABEL_SYNONYMS
from fer.model.evaluation_results import (
    COMBINED,
    FER2013_HEAD,
    BothMetrics,
    CombinedMetrics,
    CorruptionAccuracy,
    Evaluation,
    MajorityAccuracy,
    Mistake,
    SelectiveMetrics,
)
from fer.templates import render
from fer.timeline.formatting import format_decimal, format_percent
from fer.ui import html
from fer.ui.model.charts import coverage_chart, reliability_chart

NO_EVALUATION = N_(
    "This network comes without one. Whoever runs the page can make it: fer evaluate MODEL "
    "--dataset SOURCE --corruptions --output FOLDER, with the network's own folder."
)

OUTPUTS = {
    FER2013_HEAD: N_("the FER2013 head alone"),
    COMBINED: N_("both heads combined, as on the page"),
}
"""Which output was evaluated, in words."""

OTHER_VOTE_COLOR = "#b8b2a7"
"""Colour of votes for anything but the seven expressions."""

Scores = Evaluation | CombinedMetrics | MajorityAccuracy | BothMetrics
"""What has an accuracy, and may have more."""


def model_html(name: str, evaluated: Evaluation) -> Markup:
    """Return the whole tab but the comparison.

    Args:
        name: The network in use.
        evaluated: Its evaluation; may be empty.
    """
    if evaluated.accuracy is None:
        return html.message(_("No evaluation"), _(NO_EVALUATION))
    confusion, uncertain = _confusion(evaluated.confusion_matrix), evaluated.at_threshold
    bins = [each for each in evaluated.reliability if each.faces]
    error, points = evaluated.calibration_error, evaluated.risk_coverage
    return render(
        "model.html",
        name=name,
        measured_on=_measured_on(evaluated),
        output=_(OUTPUTS.get(evaluated.output or FER2013_HEAD, N_("the network"))),
        confusion=confusion,
        confused=_most_confused(confusion),
        reliability=reliability_chart(bins, error) if bins else "",
        calibration_error=None if error is None else format_decimal(100 * error),
        coverage=coverage_chart(points, uncertain) if len(points) > 1 else "",
        in_use=_in_use(uncertain) if uncertain else "",
        label_sets=label_set_rows(evaluated),
        shares=_share_rows(evaluated.by_share),
        robustness=_robustness_rows(evaluated.robustness),
        mistakes=[_mistake(each) for each in evaluated.mistakes],
        verdict=describe_mistakes(evaluated.mistakes),
    )


def _in_use(point: SelectiveMetrics) -> str:
    """Return how much is named at the threshold in use, and how often right; "" if unknown."""
    if point.accuracy is None:
        return ""
    majority = point.ferplus_agreement
    text = N_(
        "As it is set (the dots), it names %(coverage)s of the faces and is right about "
        "%(accuracy)s of them by FER2013's labels."
    )
    if majority:
        text = N_(
            "As it is set (the dots), it names %(coverage)s of the faces and is right about "
            "%(accuracy)s of them by FER2013's labels, %(votes)s by FER+'s majority."
        )
    return _(
        text,
        coverage=format_percent(point.coverage),
        accuracy=format_percent(point.accuracy),
        votes=format_percent(majority.accuracy) if majority else "",
    )


def _measured_on(evaluated: Evaluation) -> str:
    """Return which pictures the metrics are of, as far as it is known."""
    parts = [_("the %(split)s split", split=_(evaluated.split))] if evaluated.split else []
    if evaluated.pictures:
        parts.append(_("%(number)s pictures", number=format_count(evaluated.pictures)))
    parts += [_("in %(precision)s", precision=evaluated.precision)] if evaluated.precision else []
    return ", ".join(parts)


def _confusion(matrix: Sequence[Sequence[float]]) -> list[tuple[str, list[float]]]:
    """Return for each label which share of its faces is named what; NaN for a label of none."""
    counts = np.array(matrix, float) if len({len(row) for row in matrix}) == 1 else np.zeros(0)
    if counts.shape != (len(EXPRESSIONS), len(EXPRESSIONS)):
        return []
    faces = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(faces > 0, faces, np.nan)
    return list(zip(EXPRESSIONS, shares.tolist(), strict=True))


def _most_confused(confusion: Sequence[tuple[str, list[float]]]) -> str:
    """Return the confusion that is most frequent, in a sentence."""
    right = {
        label: shares[i] for i, (label, shares) in enumerate(confusion) if np.isfinite(shares[i])
    }
    if not right:
        return ""
    wrong = [
        (share, label, EXPRESSIONS[j])
        for i, (label, shares) in enumerate(confusion)
        for j, share in enumerate(shares)
        if i != j and label in right
    ]
    share, label, other = max(wrong)
    return _(
        "It is best at %(best)s. Most often confused: %(share)s of the faces labelled %(label)s "
        "are named %(other)s.",
        best=_(max(right, key=lambda name: right[name])),
        share=format_percent(share),
        label=_(label),
        other=_(other),
    )


def label_set_rows(evaluated: Evaluation) -> list[tuple[str, str, list[str]]]:
    """Return the outputs by the label sets: accuracy, macro F1 and calibration error of each."""
    combined, first_head = evaluated.combined, evaluated.output != COMBINED
    rows: list[tuple[str, str, Scores | None]] = [
        (
            N_("FER2013's head") if first_head else N_("combined"),
            N_("FER2013's labels"),
            evaluated,
        )
    ]
    if combined and combined.ferplus_share:
        rows += [("combined", "FER2013's labels", combined)] if first_head else []
        rows.append(("combined", N_("FER+'s majority"), combined.ferplus_agreement))
        rows.append(("combined", N_("the mean of both"), combined.both_label_sets))
    rows.append((N_("FER+'s head"), N_("FER+'s majority of eight"), evaluated.ferplus))
    return [(_(output), _(labels), _scores(scores)) for output, labels, scores in rows if scores]


def _scores(scores: Scores) -> list[str]:
    names = ("accuracy", "macro_f1", "calibration_error")
    return [_percent(getattr(scores, name, None)) for name in names]


def _percent(share: float | None) -> str:
    return "-" if share is None else format_percent(share, 1)


def _share_rows(rows: Iterable[CombinedMetrics]) -> list[tuple[str, list[str]]]:
    """Return accuracies by the weight of FER+'s head."""
    return [
        (
            format_percent(row.ferplus_share),
            [
                _percent(scores.accuracy if scores else None)
                for scores in (row, row.ferplus_agreement, row.both_label_sets)
            ],
        )
        for row in rows
        if row.ferplus_share is not None
    ]


def _robustness_rows(rows: Sequence[CorruptionAccuracy]) -> list[dict[str, Any]]:
    """Return each corruption with its accuracy, and whether it is the first of its kind."""
    kinds = [row.corruption for row in rows]
    return [
        {
            "corruption": row.corruption,
            "first": i == 0 or kinds[i - 1] != row.corruption,
            "severity": row.severity,
            "accuracy": row.accuracy,
        }
        for i, row in enumerate(rows)
    ]


def _mistake(mistake: Mistake) -> dict[str, Any]:
    """Return a mistake with its votes in words, and as colours, one for each vote."""
    votes = {name: min(int(count), 20) for name, count in mistake.votes.items()}
    return {
        "label": mistake.label,
        "prediction": mistake.prediction,
        "probability": mistake.probability,
        "number": int(mistake.row) + 1,
        "squares": [_vote_color(name) for name, count in votes.items() for _vote in range(count)],
        "votes": ", ".join(f"{count} {_vote_name(name)}" for name, count in votes.items()),
    }


def _vote_name(name: str) -> str:
    return _("not a face") if name == "NF" else _(LABEL_SYNONYMS.get(name, name))


def _vote_color(name: str) -> str:
    return COLORS.get(LABEL_SYNONYMS.get(name, name), OTHER_VOTE_COLOR)
