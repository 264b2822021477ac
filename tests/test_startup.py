"""What starts quickly stays quick: nothing is imported that isn't needed."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from skimage.data import astronaut

from fer.video import VideoWriter

ROOT = Path(__file__).parents[1]


def printed(program):
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_app_says_where_it_runs():
    program = "import app, sys; sys.platform = 'win32'; app.main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("The app runs on Linux and macOS only")


@pytest.mark.parametrize(
    "module", ["cli.video_command", "recording", "batch.batch_run", "training"]
)
def test_what_windows_lacks_is_only_needed_by_the_app(module):
    lacking = (
        "import sys, multiprocessing.context as context\n"
        "sys.modules['resource'] = None; del context._concrete_contexts['forkserver']\n"
    )
    assert printed(f"{lacking}import fer.{module}") == ""


@pytest.mark.slow
def test_the_page_imports_nothing_that_only_training_and_plots_need():
    heavy = {"datasets", "evaluate", "matplotlib", "sklearn", "skimage"}
    assert printed(f"import sys, fer.ui; print({heavy} & set(sys.modules))") == "set()"


HEAVY = {"torch", "torchvision", "transformers", "gradio", "facenet_pytorch", "datasets", "onnx"}
"""What requirements-lite.txt leaves out."""


def test_the_pipeline_needs_only_the_light_libraries():
    program = (
        "import sys, fer; from skimage.data import astronaut; pipeline = fer.Pipeline.load();"
        "found = len(pipeline(astronaut())), *map(len, pipeline.stream([astronaut()] * 3));"
        f"print(found, {HEAVY} & set(sys.modules))"
    )
    assert printed(program) == "(1, 0, 1, 1) set()"


@pytest.mark.slow
def test_commands_need_only_the_light_libraries(tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(astronaut()).save(photo)
    with VideoWriter(video := tmp_path / "film.mp4", 512, 512) as writer:
        for index in range(5):
            writer.write(astronaut(), index / 5, 1 / 5)
    for command in (["photo", photo], ["video", video]):
        arguments = [*map(str, command), "--output", str(tmp_path / command[0])]
        program = (
            f"import sys; from fer.cli import main; assert not main({arguments});"
            f"print({HEAVY} & set(sys.modules))"
        )
        assert printed(program).splitlines()[-1] == "set()"
    assert (tmp_path / "photo" / "faces.csv").is_file()
    assert (tmp_path / "video" / "report.html").is_file()
