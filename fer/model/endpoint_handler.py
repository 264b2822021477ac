"""Handler of Hugging Face Inference Endpoints; it travels with the weights as handler.py.

It runs without this project's package: whatever it needs is imported from transformers,
Pillow and NumPy.
"""

import base64
import binascii
import io
from typing import Any

import numpy as np
from PIL import Image
from transformers import pipeline

MAX_FACES = 64
"""Faces of a request; more belong into several requests."""


class EndpointHandler:
    """Classifies face crops.

    Args:
        path: The folder of the network's files.
    """

    def __init__(self, path: str = "") -> None:
        self.read = pipeline("image-classification", model=path, trust_remote_code=True)

    def __call__(self, data: dict[str, Any]) -> list[Any]:
        """Classify the faces of a request.

        Args:
            data: `inputs` is a picture cut to one face, or a list of them, each as bytes, as base64
                with or without `data:image/...;base64,` before it, or as a PIL image; `parameters`
                may have `top_k`, how many expressions are returned, 7 if left out.

        Returns:
            For a picture a list of `{"label": ..., "score": ...}`, most probable first; for a list
            of pictures a list of such lists.

        Raises:
            ValueError: A picture can't be read; the message is one sentence.
        """
        inputs: Any = data.get("inputs")
        top_k = (data.get("parameters") or {}).get("top_k", 7)
        if isinstance(top_k, bool) or not isinstance(top_k, int) or not 1 <= top_k <= 7:
            raise ValueError(f"top_k is a number from 1 to 7, not {top_k!r:.40}.")
        listed = isinstance(inputs, list | tuple)
        items = list(inputs) if listed else [inputs]
        if not 1 <= len(items) <= MAX_FACES:
            raise ValueError(f"A request has 1 to {MAX_FACES} faces, not {len(items)}.")
        found = self.read([decode(item) for item in items], top_k=top_k)
        return list(found) if listed else list(found[0])


def decode(item: Any) -> Image.Image:
    """Return one of a request's pictures, in 8 bits.

    Raises:
        ValueError: It can't be read; addresses and paths aren't, either.
    """
    if isinstance(item, Image.Image):
        return in_8_bits(item)
    try:
        content = (
            base64.b64decode(base64_of(item), validate=True) if isinstance(item, str) else item
        )
        if not isinstance(content, bytes | bytearray):
            raise TypeError
        with Image.open(io.BytesIO(content)) as picture:
            return in_8_bits(picture)
    except (TypeError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            "A picture can't be read; send its file's bytes, or these as base64."
        ) from error


def in_8_bits(picture: Image.Image) -> Image.Image:
    """Return a picture as RGB; deeper grey is scaled, as `Image.convert` would clip it to white."""
    if picture.mode[0] in "IF":
        grey = np.nan_to_num(np.asarray(picture, np.float32)).clip(0)
        picture = Image.fromarray((grey * (255 / max(255, grey.max()))).astype(np.uint8))
    return picture.convert("RGB")


def base64_of(text: str) -> bytes:
    """Return the base64 of a text, without line breaks and what a data URL has before it."""
    try:
        return "".join(text.rpartition(";base64,")[2].split()).encode("ascii")
    except UnicodeEncodeError as error:
        raise binascii.Error("no base64") from error
