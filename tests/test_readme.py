"""What the README promises."""

import json
from pathlib import Path

from docs.tables import pages
from fer.timeline.withholding import MIN_FACES
from fer.video import MAX_BYTES, MAX_SECONDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_every_figure_comes_from_the_weights():
    assert {name: page for name, (page, _) in pages().items()} == {
        name: expected for name, (_, expected) in pages().items()
    }


def test_the_limits_are_those_of_the_code():
    assert f"up to {MAX_BYTES // 1_000_000} MB and {MAX_SECONDS // 3600} hours" in README
    assert f"fewer than {MIN_FACES} faces" in README


def test_the_quick_recipe_took_as_long_as_is_stated():
    kept = json.loads((ROOT / "recipes" / "results" / "quick.json").read_text())
    assert f"{kept['training']['hours']:.1f} in its run" in README


def test_it_is_short():
    assert len(README.split("---", 2)[2].split()) <= 1200
