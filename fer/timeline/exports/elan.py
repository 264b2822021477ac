"""ELAN's annotation file (.eaf): XML of format 3.0, times in whole milliseconds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fer.timeline.annotation_tiers import Interval, IntervalTable

POINT_MILLISECONDS = 100
"""Length of an annotation that marks a point in time: ELAN has none without a length."""

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "default-lt"


def to_elan(table: IntervalTable) -> str:
    """Return a table as an ELAN document that links to the annotated video."""
    document = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    _add_header(document, table)
    spans = {name: _spans(rows) for name, rows in table.tiers().items()}
    slots = _add_slots(document, [span[1:] for each in spans.values() for span in each])
    for name, each in spans.items():
        tier = SubElement(document, "TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=name)
        for row, *_ in each:
            _add_annotation(tier, row, *next(slots))
    SubElement(
        document,
        "LINGUISTIC_TYPE",
        {
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": _TYPE,
            "TIME_ALIGNABLE": "true",
        },
    )
    indent(document, space="  ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(document, encoding="unicode")}\n'


def _add_header(document: Element, table: IntervalTable) -> None:
    header = SubElement(document, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if table.media:
        place = f"./{table.media}"
        SubElement(
            header,
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=place,
            MIME_TYPE="video/mp4",
            RELATIVE_MEDIA_URL=place,
        )
    last = SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId")
    last.text = str(len(table.rows))


def _spans(rows: list[Interval]) -> list[tuple[Interval, int, int]]:
    """Return rows of a tier with start and end in milliseconds; points get a length."""
    starts = [round(1000 * row.start) for row in rows]
    limits = [*starts[1:], starts[-1] + POINT_MILLISECONDS]
    return [
        (row, start, max(round(1000 * row.end), start + 1))
        if row.end > row.start
        else (row, start, min(start + POINT_MILLISECONDS, limit))
        for row, start, limit in zip(rows, starts, limits, strict=True)
    ]


def _add_slots(document: Element, spans: list[tuple[int, int]]) -> Iterator[tuple[int, str, str]]:
    """Add a time slot for each end of each span, by time as ELAN wants them.

    Args:
        document: Where they go.
        spans: Start and end of the annotations, in milliseconds.

    Returns:
        Number, first and second slot of each annotation, in the order of the spans.
    """
    order = SubElement(document, "TIME_ORDER")
    times = [time for span in spans for time in span]
    names = [""] * len(times)
    for place, i in enumerate(sorted(range(len(times)), key=times.__getitem__), start=1):
        names[i] = f"ts{place}"
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=names[i], TIME_VALUE=str(times[i]))
    return ((n, names[2 * n - 2], names[2 * n - 1]) for n in range(1, len(spans) + 1))


def _add_annotation(tier: Element, row: Interval, number: int, start: str, end: str) -> None:
    annotation = SubElement(
        SubElement(tier, "ANNOTATION"),
        "ALIGNABLE_ANNOTATION",
        ANNOTATION_ID=f"a{number}",
        TIME_SLOT_REF1=start,
        TIME_SLOT_REF2=end,
    )
    SubElement(annotation, "ANNOTATION_VALUE").text = row.text or row.label
