"""The `fer` command's form, and how it reports."""

import io
import os
import signal
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from fer.__main__ import run
from fer.cli import main
from fer.model.push import PushedModel, PushError
from fer.vision.face_sizes import SMALLEST_FACE
from fer.vision.pyramid import PNET_WINDOW

ROOT = Path(__file__).parents[2]
CLI = ROOT / "fer" / "cli"


@pytest.fixture
def pushes(monkeypatch):
    """Replace the push; the list holds what it was called with."""
    calls = []

    def push(folder, repo_id, private, tag, evaluations):
        calls.append((folder, repo_id, private, tag, evaluations))
        return PushedModel(repo_id, "abc123", tag)

    monkeypatch.setattr("fer.model.push.push", push)
    return calls


@pytest.mark.parametrize(
    ("arguments", "call", "source"),
    [
        (["runs/fer", "me/fer"], ("runs/fer", "me/fer", False, None, []), "me/fer@abc123"),
        (
            ["runs/fer", "me/fer", "--private", "--tag", "v1", "--evaluation=a", "--evaluation=b"],
            ("runs/fer", "me/fer", True, "v1", ["a", "b"]),
            "me/fer@v1",
        ),
    ],
)
def test_push(pushes, capsys, arguments, call, source):
    assert main(["push", *arguments]) == 0
    assert pushes == [call]
    assert f"FER_MODEL={source} " in capsys.readouterr().out


def test_an_error_is_one_sentence(monkeypatch, capsys):
    def push(*arguments, **options):
        raise PushError("The Hub is closed today.")

    monkeypatch.setattr("fer.model.push.push", push)
    assert main(["push", "runs/fer", "me/fer"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "fer push: The Hub is closed today.\n"
    assert printed.out == ""


@pytest.mark.usefixtures("pushes")
def test_what_the_terminal_cannot_write_is_no_error(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "cp1252"))
    assert main(["push", "runs/\u0424", "me/fer", "--tag", "\u2212"]) == 0
    sys.stdout.flush()
    assert "?" in written.getvalue().decode("cp1252")


def test_a_library_that_is_left_out_of_the_light_installation_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.delitem(sys.modules, "fer.data.fer2013", raising=False)
    assert main(["evaluate", "--dataset", "you/fer2013"]) == 1
    printed = capsys.readouterr().err
    assert printed == (
        "fer evaluate: It needs datasets, which is not installed here; install requirements.txt.\n"
    )


def test_an_error_of_the_system_is_one_sentence_too(tmp_path, capsys, monkeypatch):
    def push(*arguments, **options):
        (tmp_path / "file").mkdir()

    (tmp_path / "file").touch()
    monkeypatch.setattr("fer.model.push.push", push)
    assert main(["push", "runs/fer", "me/fer"]) == 1
    assert capsys.readouterr().err == f"fer push: {tmp_path / 'file'}: File exists.\n"


def test_without_a_command_the_usage_is_shown_and_the_help_lists_all_commands(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "COMMAND" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    names = [path.name.removesuffix("_command.py") for path in CLI.glob("*_command.py")]
    printed = capsys.readouterr().out
    assert len(names) > 8 and [name for name in names if f"\n    {name} " not in printed] == []


@pytest.mark.usefixtures("pushes")
@pytest.mark.parametrize(
    ("broken", "status", "sentence"),
    [
        (BrokenPipeError(), 141, ""),
        (OSError(28, "No space left"), 1, "fer push: The output can't be written: No space left."),
    ],
)
def test_an_output_that_cannot_be_written_is_no_traceback(
    monkeypatch, capfd, broken, status, sentence
):
    class Closed(io.StringIO):
        def write(self, text):
            raise broken

        def fileno(self):
            return spare

    spare = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr("sys.stdout", Closed())
    assert main(["push", "runs/fer", "me/fer"]) == status
    assert capfd.readouterr().err.strip() == sentence
    os.close(spare)


def test_a_command_needs_no_stdout_or_stderr_nor_do_its_workers():
    code = (
        "import os, subprocess, sys, fer.cli\n"
        "from fer.__main__ import run\n"
        "def main():\n"
        "    sys.stdout.write('\\u2212'); sys.stderr.write('\\u2212')\n"
        "    child = subprocess.run([sys.executable, '-c', 'import os; os.fstat(2)'])\n"
        "    return child.returncode or os.open(os.devnull, os.O_RDONLY) + 40\n"
        "fer.cli.main = main\n"
        "sys.exit(run())"
    )
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(shell, cwd=ROOT, env=os.environ | {"PYTHONPATH": "."}).returncode == 43


def test_the_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("fer ")


def test_help_is_quick_and_imports_nothing_heavy():
    code = (
        "import sys, fer.cli\n"
        "try:\n    fer.cli.main(['push', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'supervision', 'cv2', 'torch', 'gradio'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert SMALLEST_FACE == PNET_WINDOW
    for word in ("FOLDER", "--private", "--tag", "HF_TOKEN"):
        assert word in done.stdout


def test_the_script_and_the_module_are_the_same_command():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts["fer"].split(":")
    assert getattr(import_module(module), function) is run


def test_ctrl_c_while_it_starts_is_one_line(monkeypatch, capsys):
    class Interrupted(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "fer.cli", Interrupted("fer.cli"))
    assert run() == 130
    assert capsys.readouterr().err == "fer: Interrupted.\n"


def test_sigterm_ends_a_command_as_ctrl_c_does(monkeypatch, capsys, sigterm):
    steps = []

    def collect(options):
        try:
            signal.raise_signal(sigterm)
        finally:
            signal.raise_signal(sigterm)  # as `timeout` does
            steps.append("removed")

    monkeypatch.setattr(sys, "argv", ["fer", "collect", "results"])
    monkeypatch.setattr("fer.cli.collect_command.run_collect", collect)
    assert run() == 143 and steps == ["removed"]
    assert capsys.readouterr().err == "fer collect: Interrupted.\n"


@pytest.mark.parametrize("words", [["photo", ""], ["video", "a.mp4", "--output="]])
def test_an_empty_argument_is_not_the_folder_one_is_in(capsys, words):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "an argument is empty; check the variable that it comes from" in capsys.readouterr().err
