"""ELAN's annotation file (.eaf): XML of format 3.0, times in whole milliseconds."""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fer.timeline.intervals import Interval, IntervalTable

POINT_MILLISECONDS = 100
"""Length of an annotation that marks a point in time: ELAN has none without a length."""

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "default-lt"


def to_elan(table: IntervalTable) -> str:
    """Return a table as an ELAN document, a tier each, with the annotated video beside it."""
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
    slots = SubElement(document, "TIME_ORDER")
    for name, rows in table.tiers().items():
        tier = SubElement(document, "TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=name)
        for row, start, end in _spans(rows):
            _add_annotation(tier, slots, row, start, end)
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


def _add_annotation(tier: Element, slots: Element, row: Interval, start: int, end: int) -> None:
    number = len(slots) // 2 + 1
    names = f"ts{2 * number - 1}", f"ts{2 * number}"
    for name, time in zip(names, (start, end), strict=True):
        SubElement(slots, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(time))
    annotation = SubElement(
        SubElement(tier, "ANNOTATION"),
        "ALIGNABLE_ANNOTATION",
        ANNOTATION_ID=f"a{number}",
        TIME_SLOT_REF1=names[0],
        TIME_SLOT_REF2=names[1],
    )
    SubElement(annotation, "ANNOTATION_VALUE").text = row.text or row.label
