"""The expressions this project names, in FER2013's own order; other label sets map onto them.

FER2013: Goodfellow et al., "Challenges in Representation Learning" (2013),
https://arxiv.org/abs/1307.0414.
FER+: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
Label Distribution" (2016), https://arxiv.org/abs/1608.01041.
"""

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven labels of FER2013; the position is the class index."""

FERPLUS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""The eight labels of FER+, in the order of its vote columns."""

FERPLUS_VOTES = (*FERPLUS, "unknown", "NF")
"""All ten vote columns of FER+; NF means "not a face"."""

UNCERTAIN = "uncertain"
"""Shown in place of a label whose probability is too low to name."""

COLOURS = {
    "angry": "#d9480f",
    "disgust": "#0b9d62",
    "fear": "#9e56d7",
    "happy": "#f5c211",
    "sad": "#326289",
    "surprise": "#5bb8e8",
    "neutral": "#969696",
    UNCERTAIN: "#ececec",
}
"""Each expression's colour as sRGB hex.

They were searched for so that any two stay apart (CIEDE2000 of 13 or more) for normal sight and,
simulated, for each of the three kinds of colour blindness; a test computes it again.
"""

SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "happyness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}
"""Other spellings found in published data sets and models, and ours."""


def canonical(name: str) -> str:
    """Return our spelling of an expression's name: `canonical("Happiness")` is `"happy"`.

    Raises:
        ValueError: The name is none of the seven expressions.
    """
    key = name.strip().lower()
    key = SYNONYMS.get(key, key)
    if key not in EXPRESSIONS:
        raise ValueError(f"{name!r} is not one of the seven expressions: {', '.join(EXPRESSIONS)}.")
    return key


FER2013_EDITION = "AutumnQiu/fer2013"
"""FER2013 on the Hub: the official splits, without FER+'s votes."""

FERPLUS_COLUMNS = tuple(
    next(i for i, other in enumerate(FERPLUS) if SYNONYMS.get(other, other) == name)
    for name in EXPRESSIONS
)
"""Where each of the seven expressions stands among FER+'s eight."""


def luminance(colour: str) -> float:
    """Return the relative luminance, 0 to 1, of "#rrggbb" as WCAG 2.2 defines it."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio, 1 to 21, of two "#rrggbb" colours as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on "#rrggbb"; at least 4.5:1 on any colour."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, colour))
