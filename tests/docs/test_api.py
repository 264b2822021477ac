"""docs/api.md: its calls run, and it names every input and result."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fer.drawing.face_export import PictureDocument
from fer.ui.photo.handlers import MIN_FACE_RANGE
from fer.ui.photo.tab import PHOTO_DESCRIPTION
from fer.ui.recording.handlers import RATE_CHOICES
from fer.ui.recording.tab import RESULT_NAMES
from tests.security.page import picture, served

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
JAVASCRIPT_CLIENT = "@gradio/client@2.7.0"

ADDRESS = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with served(tmp_path_factory.mktemp("uploads")) as demo:
        yield demo


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "photo.jpg").write_bytes(picture())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(demo, language):
    code, *_ = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert ADDRESS in code
    return code.replace(ADDRESS, demo.local_url.rstrip("/"))


def test_the_python_example_runs(demo, folder, capsys):
    exec(example(demo, "python"), {})
    assert capsys.readouterr().out.endswith("['happy']\n")


@pytest.fixture(scope="module")
def gradio_client(tmp_path_factory):
    """Return a folder with the JavaScript client, whose version goes with Gradio's."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path_factory.mktemp("javascript")
    command = ["npm", "install", "--no-audit", "--no-fund", JAVASCRIPT_CLIENT]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


def test_the_javascript_example_runs(demo, gradio_client):
    (gradio_client / "photo.jpg").write_bytes(picture())
    (gradio_client / "example.mjs").write_text(example(demo, "javascript"))
    command = ["node", "example.mjs"]
    done = subprocess.run(command, cwd=gradio_client, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[ 'happy' ]\n", done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_shell_example_runs(demo, folder):
    command = ["sh", "-ec", example(demo, "bash")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "event: complete" in done.stdout and '"expression": "happy"' in done.stdout


def test_every_input_and_result_is_named(demo):
    described = demo.get_api_info()["named_endpoints"]
    for name in described:
        assert f"`{name}`" in PAGE
    for name in ("/photo", "/recording"):
        given = [known["parameter_name"] for known in described[name]["parameters"]]
        returned = [known["label"] for known in described[name]["returns"]]
        assert [one for one in given + returned if f"`{one}`" not in PAGE] == []
    assert set(RESULT_NAMES) <= {known["label"] for known in described["/recording"]["returns"]}
    for lowest, default, highest in (MIN_FACE_RANGE, RATE_CHOICES):
        assert f"{lowest} to {highest}, {default} if left out" in PAGE


@pytest.mark.parametrize("text", [PAGE, PHOTO_DESCRIPTION], ids=["docs", "page"])
def test_every_entry_of_a_photo_is_named(text):
    start = text.index("picture, width")
    listed = re.split(r", |\s\(|\sand\s", text[start : start + 160])
    assert set(PictureDocument.__annotations__) <= set(listed)
