"""The expressions this project names, in FER2013's own order; other label sets map onto them.

FER2013: Goodfellow et al., "Challenges in Representation Learning" (2013),
https://arxiv.org/abs/1307.0414.
FER+: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
Label Distribution" (2016), https://arxiv.org/abs/1608.01041.
"""

import re

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven labels of FER2013; the position is the class index."""

FERPLUS_LABELS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""The eight labels of FER+, in the order of its vote columns."""

FERPLUS_VOTE_COLUMNS = (*FERPLUS_LABELS, "unknown", "NF")
"""All ten vote columns of FER+; NF means "not a face"."""

UNCERTAIN = "uncertain"
"""Shown in place of a label whose probability is too low to name."""

TURNED_AWAY = "turned away"
"""Shown in place of a label where a face is turned too far away to name one."""

UNNAMED = (UNCERTAIN, TURNED_AWAY)
"""Labels of faces whose expression isn't named."""

LABEL_SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "happyness": "happy",
    "sadness": "sad",
    "suprise": "surprise",
    "suprised": "surprise",
    "surprised": "surprise",
}
"""Other spellings found in published data sets and models, and ours."""

_SPELLINGS = {*EXPRESSIONS, *LABEL_SYNONYMS}
_NUMBER_BEFORE = re.compile(r"^\d+[\s._-]+")


def canonical_label(name: str) -> str:
    """Return our spelling of an expression's name: `canonical_label("Happiness")` is `"happy"`.

    Plurals and a number before the name, as in `0_angry`, are taken too.

    Raises:
        ValueError: The name is none of the seven expressions.
    """
    key = _NUMBER_BEFORE.sub("", name.strip().lower())
    if key not in LABEL_SYNONYMS:
        key = key.removesuffix("s") if key.removesuffix("s") in _SPELLINGS else key
    key = LABEL_SYNONYMS.get(key, key)
    if key not in EXPRESSIONS:
        raise ValueError(f"{name!r} is not one of the seven expressions: {', '.join(EXPRESSIONS)}.")
    return key


FER2013_DATASET_ID = "AutumnQiu/fer2013"
"""FER2013 on the Hub: the official splits, without FER+'s votes."""

FERPLUS_INDICES = tuple(
    next(i for i, other in enumerate(FERPLUS_LABELS) if LABEL_SYNONYMS.get(other, other) == name)
    for name in EXPRESSIONS
)
"""The index of each of the seven expressions among FER+'s eight."""
