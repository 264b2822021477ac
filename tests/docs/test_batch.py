"""The page on `fer run`: every option and column is explained."""

import argparse
import os
import re
import shlex
import subprocess
import sys
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


def test_the_line_for_hf_jobs_is_one_that_its_command_takes():
    """Without sending anything: nobody listens at this address."""
    (line,) = re.findall(r"hf jobs uv run (.*?)\ndone", PAGE.replace("\\\n", " "), re.DOTALL)
    words = shlex.split(line.replace("$k", "7"))
    command = [Path(sys.executable).with_name("hf"), "jobs", "uv", "run", "--dry-run"]
    known = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": "hf_none"}
    done = subprocess.run(
        [*map(str, command), "--namespace", "you", *words],
        capture_output=True,
        text=True,
        env=known,
    )
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "script fer args run hf://datasets/you/photos --output /results --shard 7/64" in shown
    assert "image you/image flavor cpu-upgrade timeout 6h " in shown
    assert "volumes hf://buckets/you/results:/results" in shown
