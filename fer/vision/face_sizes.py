"""Smallest faces, in pixels from forehead to chin; without imports, for the command line."""

SMALLEST_FACE = 12
"""The smallest one that can be asked for, which fills the first network's window."""

PHOTO_MIN_FACE = 20
"""Smallest face that is looked for in a photo."""

VIDEO_MIN_FACE = 40
"""In video, where time matters more."""
