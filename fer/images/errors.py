"""Errors of reading pictures."""

import struct
import zlib


class ImageError(ValueError):
    """A picture that can't be used; the message states what is wrong and what to do."""


DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError),
    *(RuntimeError, LookupError, TypeError, struct.error),
    *(ArithmeticError, zlib.error),
)
"""What Pillow's decoders raise for damaged files."""
