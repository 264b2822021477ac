"""BIDS: `_events.tsv` with its JSON sidecar, which describes each column and level."""

import json

from fer.output_files import csv_text
from fer.timeline.annotation_tiers import DECIMALS, RISES, STATES, Interval, IntervalTable
from fer.timeline.marks import KINDS

MISSING = "n/a"
"""What BIDS writes where there is no value."""

COLUMNS = {
    "onset": {"Description": "Start, in the annotated video", "Units": "s"},
    "duration": {"Description": "Length; 0 for a point in time", "Units": "s"},
    "trial_type": {
        "LongName": "State or event",
        "Description": "State of the face or class, or kind of event",
        "Levels": {**STATES, **RISES, **KINDS},
    },
    "tier": {"Description": "What the row is about: a face, the class, or marks of a kind"},
    "share": {"Description": "Mean probability, 0 to 1, of the expression in trial_type"},
    "text": {"Description": "A sentence or note"},
}
"""The columns, in their order, as the sidecar describes them."""


def to_events(table: IntervalTable) -> str:
    """Return a table as tab-separated values; a text with quotation marks is quoted, as in CSV."""
    return csv_text([COLUMNS, *map(_cells, table.rows)], delimiter="\t")


def to_sidecar(table: IntervalTable) -> str:
    """Return the sidecar of `to_events`."""
    return json.dumps(COLUMNS, indent=2) + "\n"


def _cells(row: Interval) -> tuple[str, ...]:
    share = MISSING if row.share is None else f"{row.share:.{DECIMALS}f}"
    times = f"{row.start:.{DECIMALS}f}", f"{row.end - row.start:.{DECIMALS}f}"
    return *times, row.label, row.tier, share, row.text or MISSING
