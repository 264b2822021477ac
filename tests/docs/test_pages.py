"""The page on files names everything there is, and all pages' links lead somewhere."""

import json
import re
from pathlib import Path

import pytest

from fer.drawing.face_export import CSV_COLUMNS
from fer.paths import VIDEO_FORMATS
from fer.timeline.serialization import to_csv, to_json
from fer.timeline.timeline import VIEWS
from fer.vision.detector import ANNOTATED_SIZE_SHARE
from tests.timeline.frames import steady

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "docs" / "files.md").read_text()


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_and_entry_of_a_timeline_is_explained(view):
    timeline = steady(2, 6, view=view, happy=1.0)
    columns = to_csv(timeline).splitlines()[0].split(",")
    shares = columns.index("angry"), columns.index("neutral")
    named = [*columns[: shares[0] + 1], *columns[shares[1] :], *json.loads(to_json(timeline))]
    known = {"format", "version"}
    assert [name for name in named if name not in known and f"`{name}`" not in FILES] == []


def test_every_column_of_a_photo_is_explained():
    places = CSV_COLUMNS[CSV_COLUMNS.index("neutral") + 1 :]
    assert [name for name in places if f"`{name}`" not in FILES] == []


def test_how_small_a_box_of_the_smallest_face_may_be():
    assert f"as little as {ANNOTATED_SIZE_SHARE:g} of that" in FILES


def test_the_accepted_recordings_are_those_that_are_read():
    assert f"read {VIDEO_FORMATS}," in FILES


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("recipes/**/*.md")]


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links_of(page):
    """The links of a page to files and headings of the repository."""
    return re.findall(r"(?:\]\(|src=\")(?!https?:)([^)\s\"]+)", page.read_text())


def test_links_are_found():
    assert len(links_of(ROOT / "README.md")) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page):
    for file, _, heading in (link.partition("#") for link in links_of(page)):
        target = page.parent / file if file else page
        assert target.exists(), file
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert heading in map(anchor, headings), heading
