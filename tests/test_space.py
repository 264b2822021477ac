"""The repository as a Space, its on-device page as another, and the workflow that uploads both."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.hub_server import HubServer

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def workflow():
    return yaml.safe_load((WORKFLOWS / "space.yml").read_text())


SPACES = {"sync": "HF_SPACE", "device": "HF_STATIC_SPACE"}
"""The jobs that upload, each with the variable that names its Space."""


@pytest.fixture(scope="module", params=SPACES)
def variable(request, workflow):
    assert set(workflow["jobs"]) == {"build", *SPACES}
    return SPACES[request.param]


@pytest.fixture(scope="module")
def build(workflow):
    return workflow["jobs"]["build"]


@pytest.fixture(scope="module")
def job(workflow, variable):
    (name,) = [name for name, known in SPACES.items() if known == variable]
    return workflow["jobs"][name]


@pytest.fixture(scope="module")
def front_matter():
    return yaml.safe_load((ROOT / "README.md").read_text().split("---")[1])


def test_it_follows_the_tests_of_a_push(workflow, build, job):
    tests = yaml.safe_load((WORKFLOWS / "tests.yml").read_text())
    trigger = workflow[True]["workflow_run"]  # YAML 1.1 reads "on" as true
    assert trigger["workflows"] == [tests["name"]]
    assert "event == 'push'" in build["if"]  # not a fork's pull request
    assert job["needs"] == "build"


def test_it_logs_in_without_a_stored_token_and_may_do_nothing_else(workflow, job):
    assert workflow["permissions"] == {}
    assert job["permissions"].items() <= {"contents": "read", "id-token": "write"}.items()
    assert "secrets." not in str([job["env"], *job["steps"][:-1]])
    for step in job["steps"]:
        assert "${{" not in step.get("run", "")  # a variable's text never becomes shell


def test_what_the_page_is_built_with_can_not_log_in(build, job):
    """Any step of a job that may have a token can get one, whichever step it is meant for."""
    assert build["permissions"] == {"contents": "read"} and "secrets." not in str(build)
    assert "npm ci --ignore-scripts" in str(build)
    assert "npm" not in str(job["steps"])


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_no_workflow_runs_what_may_change_or_may_do_more_than_it_has_to(path):
    workflow = yaml.safe_load(path.read_text())
    used = re.findall(r"uses: *(.+)", path.read_text())
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", name) for name in used)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for checkout in (step for step in job["steps"] if "checkout" in step.get("uses", "")):
            assert checkout["with"]["persist-credentials"] is False
        for command in (step["run"] for step in job["steps"] if "run" in step):
            assert not re.search(r"\b(pip install|npm (install|i)|npx)\b", command)
            for package in re.findall(r"\bpipx (?:run|install)(?: --spec)? (\S+)", command):
                assert re.search(r"==\d+\.\d+\.\d+$", package)


def test_known_vulnerabilities_are_looked_for_in_all_requirements():
    audit = (WORKFLOWS / "audit.yml").read_text()
    assert "pip-audit" in audit and "npm audit" in audit
    for file in ROOT.glob("requirements*.txt"):
        assert f"--requirement {file.name}" in audit


def test_the_tests_run_on_the_oldest_python_and_on_the_spaces(front_matter):
    job = yaml.safe_load((WORKFLOWS / "tests.yml").read_text())["jobs"]["tests"]
    oldest = re.search(r'requires-python = ">=(.+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert job["strategy"]["matrix"]["python"] == [oldest, front_matter["python_version"]]


def test_the_tests_run_with_the_oldest_torch_too():
    assert ".ci/oldest.txt" in (WORKFLOWS / "tests.yml").read_text()
    pinned = re.findall(r"(?m)^(\w+)==(\d+\.\d+)\.0$", (ROOT / ".ci" / "oldest.txt").read_text())
    requirements = (ROOT / "requirements.txt").read_text()
    assert pinned == re.findall(r"(?m)^(torch|torchvision)>=(\d+\.\d+),", requirements)


UPLOADS = {
    "HF_SPACE": ({"README.md", "app.py", "fer/labels.py", "web/dist/README.md"}, "Sync abc123"),
    "HF_STATIC_SPACE": ({"README.md"}, "Build abc123"),
}
"""What each job leaves in its Space, and the commit's message."""


def test_the_upload_mirrors_the_folder(job, variable, tmp_path):
    """Run the workflow's own command with the real client."""
    folder, (uploaded, message) = tmp_path / "repo", UPLOADS[variable]
    ignored = {".github/workflows/x.yml": "x", ".gitignore": "/web/dist/\n"}
    for name in {**ignored, **dict.fromkeys(UPLOADS["HF_SPACE"][0])}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(ignored.get(name, name))
    command = job["steps"][-1]["run"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with HubServer() as hub:
        space = hub.add("spaces", "me/page", {"README.md": b"old", "gone.py": b"old"})
        settings = {"HF_SPACE": "me/page", "COMMIT": "abc123", "PATH": path}
        environment = os.environ | hub.environment(tmp_path / "hf") | settings
        done = subprocess.run(
            ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert set(space.files) == uploaded
        card = "README.md" if variable == "HF_SPACE" else "web/dist/README.md"
        assert space.files["README.md"].data == card.encode()
        assert space.messages[-1] == message


def tracked():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = done.stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def test_nothing_is_too_big_for_a_space():
    big = [str(path) for path in tracked() if path.stat().st_size > 10_000_000]
    assert not big
    attributes = ROOT / ".gitattributes"
    assert not attributes.exists() or "filter=lfs" not in attributes.read_text()


def test_the_front_matter_is_a_gradio_space(front_matter):
    assert front_matter["sdk"] == "gradio"
    assert (ROOT / front_matter["app_file"]).is_file()
    requirements = (ROOT / "requirements.txt").read_text()
    assert f"gradio=={front_matter['sdk_version']}\n" in requirements
    assert len(front_matter["short_description"]) <= 60


def test_the_guides_name_what_the_workflow_reads():
    read = set(re.findall(r"(?:vars|secrets)\.(\w+)", (WORKFLOWS / "space.yml").read_text()))
    guides = "".join((ROOT / "docs" / name).read_text() for name in ("hub.md", "web.md"))
    assert read and not [name for name in read if f"`{name}`" not in guides]
