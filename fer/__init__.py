"""Facial-expression recognition: find faces, name their expressions, follow them over time."""

__version__ = "0.1.0"
