"""What the README promises."""

import re
import stat
import subprocess
from pathlib import Path

import yaml

from docs.tables import pages
from fer.timeline.withholding import MIN_FACES
from fer.video import MAX_BYTES, MAX_SECONDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_space_runs_the_pinned_gradio():
    front_matter = yaml.safe_load(README.split("---")[1])
    pinned = re.search(r"^gradio==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert front_matter["sdk"] == "gradio"
    assert front_matter["sdk_version"] == pinned[1]
    assert (ROOT / front_matter["app_file"]).is_file()


def test_every_figure_comes_from_the_weights():
    assert {name: page for name, (page, _) in pages().items()} == {
        name: expected for name, (_, expected) in pages().items()
    }


def test_the_limits_are_those_of_the_code():
    assert f"up to {MAX_BYTES // 1_000_000} MB and {MAX_SECONDS // 3600} hours" in README
    assert f"fewer than {MIN_FACES} faces" in README


def test_every_link_to_a_file_leads_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)|src=\"([^\"]+)\"", README)
    assert len(targets) >= 5
    assert [name for pair in targets for name in pair if name and not (ROOT / name).exists()] == []


def test_it_is_short():
    assert len(README.split("---", 2)[2].split()) <= 1200


def test_the_tests_run_as_the_readme_says():
    setup = re.search(
        r"pip install -r requirements-dev.txt && .venv/bin/(python -m pytest)", README
    )
    script = (ROOT / ".ci" / "run").read_text()
    assert "-r requirements-dev.txt" in script
    assert setup[1].split(" ", 1)[1] in script  # "-m pytest"
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR


def test_nothing_is_too_large_for_a_space():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    sizes = {name: (ROOT / name).stat().st_size for name in tracked if (ROOT / name).is_file()}
    assert {name: size for name, size in sizes.items() if size > 10_000_000} == {}
    weights = (ROOT / "fer" / "model" / "weights").iterdir()
    assert sum(path.stat().st_size for path in weights) < 10_000_000
