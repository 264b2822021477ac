"""Checkpoints: whole or not there, and the newest whole one."""

import errno
import logging
import shutil
from itertools import product

import onnx
import pytest
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException
from safetensors.torch import load_file

from fer.training import checkpoints
from fer.training.checkpoints import (
    CheckpointError,
    check_processes,
    complete_checkpoint,
    find_damage,
    newest_complete,
    write_manifest,
)
from fer.training.train import train
from tests.training.runs import fit_alone, only_stage, short

FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "ema.safetensors")
ALL_FILES = (*FILES, "trainer_state.json", "files.json")


@pytest.fixture(scope="module")
def options(tiny_fer2013, tmp_path_factory):
    return short(tiny_fer2013, tmp_path_factory.mktemp("whole") / "run", epochs=3)


@pytest.fixture(scope="module")
def expected(options):
    """The weights of a training that wasn't stopped; its two last checkpoints stay."""
    return fit_alone(options).model.state_dict()


@pytest.fixture
def stopped(options, expected, tmp_path):
    """The options of a training that was stopped after two of three epochs."""
    shutil.copytree(options.output, tmp_path / "run")
    stage = only_stage(short(options.dataset, tmp_path / "run", epochs=3))
    shutil.rmtree(stage.checkpoints / "checkpoint-9")
    shutil.copytree(stage.checkpoints / "checkpoint-6", stage.checkpoints / "checkpoint-7")
    return stage


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file):
    file.write_bytes(b"")


def remove(file):
    file.unlink()


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(("name", "spoil"), [*product(ALL_FILES, (cut, empty, remove, flip))])
def test_a_damaged_newest_checkpoint_is_passed_over(stopped, name, spoil, caplog):
    spoil(stopped.checkpoints / "checkpoint-7" / name)
    with caplog.at_level(logging.WARNING):
        assert newest_complete(stopped.checkpoints).name == "checkpoint-6"
    assert "checkpoint-7 can't be resumed from: " in caplog.text
    assert " is missing." in caplog.text or " is damaged." in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["optimizer.pt", "trainer_state.json"])
def test_training_continues_from_the_older_one_exactly(stopped, expected, name):
    (stopped.checkpoints / "checkpoint-7" / name).unlink()
    trained = fit_alone(stopped.options)
    for key, value in expected.items():
        torch.testing.assert_close(trained.model.state_dict()[key], value, rtol=0, atol=0, msg=key)
    assert [entry["epoch"] for entry in trained.history] == [1, 2, 3]
    assert find_damage(stopped.checkpoints / "checkpoint-9") is None


def test_without_a_whole_one_a_sentence_says_what_to_do(stopped):
    for checkpoint in stopped.checkpoints.glob("checkpoint-*"):
        (checkpoint / "optimizer.pt").unlink()
    with pytest.raises(CheckpointError, match=r"None of the 2 checkpoints in .* is whole; remove"):
        newest_complete(stopped.checkpoints)


def test_another_number_of_processes_is_refused(stopped, monkeypatch):
    """An epoch of two processes has half of the steps, so that it would seem to be a later one."""
    newest = stopped.checkpoints / "checkpoint-7"
    check_processes(newest)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(CheckpointError, match=r"with 1 processes, not 2; .*--nproc-per-node 1"):
        check_processes(newest)
    monkeypatch.undo()
    (newest / "rng_state.pth").rename(newest / "rng_state_0.pth")
    shutil.copyfile(newest / "rng_state_0.pth", newest / "rng_state_1.pth")
    write_manifest(newest)
    with pytest.raises(CheckpointError, match=r"with 2 processes, not 1; .*--nproc-per-node 2"):
        fit_alone(stopped.options)


def test_no_checkpoint_is_no_error(tmp_path):
    assert newest_complete(tmp_path) is None


def test_the_newest_is_that_of_the_most_steps(tmp_path):
    for step in (896, 1120):
        (tmp_path / f"checkpoint-{step}").mkdir()
        write_manifest(tmp_path / f"checkpoint-{step}")
    assert newest_complete(tmp_path).name == "checkpoint-1120"


FULL_SENTENCE = OSError(errno.ENOSPC, "No space left on device")
TORCH_FULL = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "error"), [("torch.save", TORCH_FULL), ("manifest", FULL_SENTENCE)]
)
def test_a_full_disk_is_a_sentence_and_leaves_the_older_one(
    options, expected, tmp_path, monkeypatch, error, moment
):
    def refuse_the_second(write):
        def written(*arguments, **settings):
            if any("checkpoint-6" in str(argument) for argument in arguments[:2]):
                raise error
            return write(*arguments, **settings)

        return written

    here = short(options.dataset, tmp_path / "run", epochs=3)
    with monkeypatch.context() as patched:
        owner, name = (torch, "save") if moment == "torch.save" else (checkpoints, "write_manifest")
        patched.setattr(owner, name, refuse_the_second(getattr(owner, name)))
        with pytest.raises(CheckpointError, match=r"can't be written .*make room and run the same"):
            fit_alone(here)
    folder = only_stage(here).checkpoints
    assert [path.name for path in folder.iterdir()] == ["checkpoint-3"]
    assert find_damage(folder / "checkpoint-3") is None
    trained = fit_alone(here)
    assert all(torch.equal(trained.model.state_dict()[k], v) for k, v in expected.items())


@pytest.mark.slow
def test_a_full_disk_at_the_end_costs_no_training(options, tmp_path, monkeypatch):
    def cut(prepared):
        prepared.write_bytes(prepared.read_bytes()[:-9])
        return load(prepared)

    def full(*arguments):
        raise FULL_SENTENCE

    load, resume = onnx.load, False

    def without_memory(*arguments, **values):
        raise RuntimeException("bad allocation")

    for place, failing in (
        ("fer.training.training_output.write_report", full),
        ("fer.model.quantization.onnx.load", cut),
        ("fer.model.onnx_network.OnnxNetwork.__call__", without_memory),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, failing)
            with pytest.raises(CheckpointError, match=r"can't be written to .* are whole"):
                train(short(options.dataset, tmp_path / "run", resume=resume))
        resume = True
    folder = train(short(options.dataset, tmp_path / "run", resume=True))
    assert load_file(folder / "model.safetensors")


def test_an_incomplete_checkpoint_does_not_count(tmp_path):
    class Killed(BaseException):
        pass

    with pytest.raises(Killed), complete_checkpoint(tmp_path, 7) as folder:
        (folder / "checkpoint-7").mkdir()
        raise Killed
    assert newest_complete(tmp_path) is None
    with complete_checkpoint(tmp_path, 8) as folder:
        (folder / "checkpoint-8").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-8"]


def test_the_two_newest_stay(tmp_path):
    for step in (9, 10, 11):
        with complete_checkpoint(tmp_path, step) as folder:
            (folder / f"checkpoint-{step}").mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-11"]
