"""The page on `fer run`: every option and column is explained."""

import argparse
from pathlib import Path

from fer.batch.rows import FILE_FACTS, LANDMARK_COLUMNS, NUMBER_COLUMNS, faces_schema
from fer.cli.run_command import add_run
from fer.labels import EXPRESSIONS
from fer.vision.quality import QUALITY_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "batch.md").read_text()


def test_every_option_is_explained():
    parser = argparse.ArgumentParser()
    add_run(parser.add_subparsers())
    ((_, command),) = parser._subparsers._group_actions[0].choices.items()
    options = [name for action in command._actions for name in action.option_strings]
    assert [name for name in options if name.startswith("--") and name not in PAGE] == ["--help"]


def test_every_column_is_explained():
    ranges = [LANDMARK_COLUMNS, EXPRESSIONS, QUALITY_COLUMNS]
    for names in ranges:
        assert f"`{names[0]}` ... `{names[-1]}`" in PAGE
    inner = {name for names in ranges for name in names[1:-1]}
    names = [*FILE_FACTS, *NUMBER_COLUMNS, *faces_schema().names]
    assert [name for name in names if name not in inner and f"`{name}`" not in PAGE] == []
