"""The description of a chart and the notes below it."""

from collections.abc import Mapping

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.timeline.baseline import MIN_SECONDS
from fer.timeline.expression_statistics import ERROR_BAND
from fer.timeline.formatting import format_time
from fer.timeline.marks import BASELINE
from fer.timeline.summary import mean_statistics
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES


def chart_note(timeline: Timeline, withheld: bool, drawn: int, changes: int) -> str:
    """Return an explanation of the index, the hatching, and which faces and changes are drawn.

    Args:
        timeline: What is drawn, without what is left out.
        withheld: Whether something is hatched.
        drawn: Number of tracks that are drawn separately.
        changes: Number of these that have a plot of their change from the baseline.
    """
    tracks = len(set(timeline.track_counts()[1].tolist()))
    sentences = [
        _("Positive-negative index: the share of happy minus angry, disgust, fear and sad.")
    ]
    sentences += _outcome_sentence(mean_statistics(timeline))
    if tracks > drawn:
        sentences.append(
            _(
                "Of %(tracks)s faces, the %(drawn)s seen longest are drawn separately.",
                tracks=tracks,
                drawn=drawn,
            )
        )
    has_baseline = any(mark.kind == BASELINE for mark in timeline.marks)
    if timeline.view == "person" and has_baseline and not changes:
        sentences.append(
            _(
                "No change from the baseline is drawn: none of the faces that are drawn is seen in "
                "it for %(least)s whole seconds or more.",
                least=MIN_SECONDS,
            )
        )
    return " ".join(sentences + _hatching_sentence(timeline.view, withheld))


def _hatching_sentence(view: str, withheld: bool) -> list[str]:
    if view == "class":
        text = _("Hatched: fewer than %(least)s faces to classify; only their number is kept.")
        return [text % {"least": MIN_FACES}]
    return [_("Hatched: faces too small to classify, or turned away.")] if withheld else []


def index_heading(has_error: bool) -> str:
    """Return the heading of the index; `has_error` where it is drawn with its error."""
    if not has_error:
        return _("Positive-negative index")
    return _("Positive-negative index, ± %(band)s standard errors", band=ERROR_BAND)


def chart_description(timeline: Timeline) -> str:
    """Return what the chart of a timeline without what is left out shows, in a sentence."""
    mean = mean_statistics(timeline)
    if not mean["classified"]:
        return _("A timeline that shows no expression yet.")
    top = max(EXPRESSIONS, key=mean.__getitem__)
    return _(
        "Expressions over %(time)s: on average %(expression)s %(share)s.",
        time=format_time(timeline.seconds),
        expression=_(top),
        share=f"{mean[top]:.0%}",
    )


def _outcome_sentence(mean: Mapping[str, float]) -> list[str]:
    """Return what share of the faces could be classified, and why the others could not."""
    if not mean["faces"] > 0:
        return []
    if mean["turned"] > 0 and mean["small"] > 0:
        text = N_(
            "%(classified)s of the faces could be classified: %(turned)s were turned away and "
            "%(small)s were too small."
        )
    elif mean["turned"] > 0:
        text = N_("%(classified)s of the faces could be classified: %(turned)s were turned away.")
    elif mean["small"] > 0:
        text = N_("%(classified)s of the faces could be classified: %(small)s were too small.")
    else:
        text = N_("%(classified)s of the faces could be classified.")
    shares = {name: f"{mean[name]:.0%}" for name in ("turned", "small")}
    return [_(text, classified=f"{1 - mean['turned'] - mean['small']:.0%}", **shares)]
