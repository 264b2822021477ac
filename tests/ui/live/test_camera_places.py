"""Places for cameras: few at a time, and nobody keeps them all."""

import pytest

from fer.ui.fair_scheduler import BusyError
from fer.ui.live.camera_places import FAIR_TIME, MAX_STREAMS, YIELDING_LIMIT, CameraPlaces
from tests.ui.live_helpers import hold_clock


@pytest.fixture
def clock(monkeypatch):
    return hold_clock(monkeypatch)


@pytest.fixture
def full(clock):
    """All places are taken."""
    places = CameraPlaces()
    for number in range(MAX_STREAMS):
        places.take(f"camera {number}", f"page {number}")
    return places


def is_refused(places, token, session="new page"):
    try:
        places.take(token, session)
    except BusyError as error:
        assert "The page is full: 24 cameras" in str(error)
        return True
    return False


def test_where_all_places_are_taken_a_silent_camera_yields_its_own(full, clock):
    """Else a program would keep all of them by a frame now and then."""
    assert is_refused(full, "new")
    clock[0] = YIELDING_LIMIT
    for number in range(1, MAX_STREAMS):
        full.take(f"camera {number}", f"page {number}")
    assert not is_refused(full, "new")
    assert is_refused(full, "camera 0", "page 0")


def test_the_camera_that_is_on_for_longest_yields_after_a_fair_time(clock):
    places, number = CameraPlaces(), 0
    while clock[0] < FAIR_TIME:
        number = min(number + 1, MAX_STREAMS)
        for camera in range(number):
            places.take(f"camera {camera}", f"page {camera}")
        assert number < MAX_STREAMS or is_refused(places, "new")
        clock[0] += 1
    assert not is_refused(places, "new")
    assert is_refused(places, "camera 0", "page 0")


def test_a_camera_that_has_yielded_waits_until_others_have_had_their_turn(full, clock):
    """Else its next frame would push out the next camera, that one's another, and so on."""
    on = [(f"camera {number}", f"page {number}") for number in range(MAX_STREAMS)]
    waiting = ("new", "new page")
    for turn in range(1, 4):
        while clock[0] < turn * FAIR_TIME:
            assert is_refused(full, *waiting)
            clock[0] += 1
            for camera in on:
                full.take(*camera)
        assert not is_refused(full, *waiting)
        on.append(waiting)
        waiting = on.pop(0)
        assert is_refused(full, *waiting)


def test_a_page_and_a_visitor_have_one_camera():
    places = CameraPlaces()
    for token in ("one", "two", "three"):
        places.take(token, "page")
    assert len(places) == 1
    for session in ("page", "other page", "third page"):
        places.take("three", session)
    assert len(places) == 1
    for token in ("one", "two"):  # calls in Python have no page
        places.take(token, "")
    assert len(places) == 3


def test_a_place_that_is_given_up_is_free(full):
    full.free("camera 3")
    assert not is_refused(full, "new")
