"""Event listeners: what components send."""

import pytest

from fer.ui.event_listeners import clipped_number, uploaded_path


@pytest.mark.parametrize(
    ("typed", "taken"), [(None, 20), (4, 16), (16, 16), (40, 40), (200, 200), (4000, 200)]
)
def test_what_is_typed_on_the_way_to_a_number_is_no_error(typed, taken):
    assert clipped_number(typed, (16, 20, 200)) == taken


def test_an_empty_field_has_no_path():
    assert uploaded_path(None) is None and uploaded_path({"path": "/a/b.png"}) == "/a/b.png"
