"""What all benchmarks print."""

from benchmarks.reporting import table


def test_a_table_has_a_dash_for_what_is_missing_and_no_more_digits_than_matter():
    rows = [
        {"name": "one", "value": 1.234, "n": 1200},
        {"name": "twenty", "value": None, "n": None},
    ]
    lines = [line.split() for line in table(rows).splitlines()]
    assert lines == [["name", "value", "n"], ["one", "1.23", "1200"], ["twenty", "-", "-"]]
    assert table([]) == ""
