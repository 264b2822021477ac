"""Events as BORIS imports them into an observation, from a spreadsheet.

BORIS reads .ods and .xlsx, not CSV: the file is opened in a spreadsheet and saved as one of them
first. A state takes two rows, where it starts and where it stops; a point in time takes one.
"""

from fer.output_files import csv_text
from fer.timeline.annotation_tiers import DECIMALS, Interval, IntervalTable

COLUMNS = ("time", "subject", "code", "modifier", "comment")
"""The columns that BORIS looks for."""


def to_boris(table: IntervalTable) -> str:
    """Return a table as CSV: the tier is BORIS's subject, the label its behaviour's code."""
    events = [event for row in table.rows for event in _events(row)]
    # Where one state ends and another starts, the end comes first.
    events.sort(key=lambda event: (event[0], event[1]))
    cells = [(f"{time:.{DECIMALS}f}", row.tier, row.label, "", row.text) for time, _, row in events]
    return csv_text([COLUMNS, *cells])


def _events(row: Interval) -> list[tuple[float, bool, Interval]]:
    """Return time, whether something starts there, and the row, of each event of an interval."""
    start = (row.start, True, row)
    return [start, (row.end, False, row)] if row.end > row.start else [start]
