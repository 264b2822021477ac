"""What is read in a camera's frame, as it travels to the page: faces as data, and HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from supervision import Detections

from fer.drawing.annotators import display_ids
from fer.ui import html
from fer.vision.detections import boxes, probabilities


@dataclass(frozen=True)
class LiveReading:
    """The response to a frame; `fer/ui/shared_js/server_live.js` draws it over the picture.

    Attributes:
        panel: HTML of the panel.
        chart: HTML of the timeline; None where it stays as it is.
        faces: What `named_faces` or `plain_faces` returns.
        view: "person" or "class"; that of the timeline while one is recorded.
        width, height: Of the frame, in pixels; the boxes are in the same ones.
        skipped: Whether the frame was not read: the visitor has sent a newer one meanwhile, or it
            has a single colour, and the camera may be starting.
        seconds: Seconds from the frame's arrival to this response.
    """

    panel: str = ""
    chart: str | None = None
    faces: tuple[dict[str, Any], ...] = ()
    view: str = "person"
    width: int = 0
    height: int = 0
    skipped: bool = False
    seconds: float = field(default=0.0, compare=False)


def named_faces(faces: Detections, labels: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return each face's `box` (xyxy in pixels), `track`, `label` and `text`, which is its caption.

    Args:
        faces: n faces with `data["probabilities"]` (n, 7); n may be 0.
        labels: The label of each face.
    """
    rows, tracks = probabilities(faces), display_ids(faces)
    plain = plain_faces(faces)
    return tuple(
        face
        | {
            "track": tracks[i],
            "label": label,
            "text": html.label_text(label, html.label_probability(label, rows[i])),
        }
        for i, (face, label) in enumerate(zip(plain, labels, strict=True))
    )


def plain_faces(faces: Detections, **more: Any) -> tuple[dict[str, Any], ...]:
    """Return each face's `box` alone: nothing of a class or of an unconfirmed face is named.

    Args:
        faces: n faces; n may be 0.
        more: Further entries, the same for each face.
    """
    return tuple({"box": row, **more} for row in boxes(faces).astype(float).round(1).tolist())
