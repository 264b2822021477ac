"""What the hardware can do; there is no GPU here, so that its compiler is played."""

import sys
from pathlib import Path
from subprocess import CalledProcessError

import pytest
import torch

from fer.training import fit, hardware
from fer.training.hardware import can_compile, compiles_on, device_name, has_bf16
from tests.training.runs import fit_alone, short


@pytest.fixture(autouse=True)
def _forget():
    compiles_on.cache_clear()
    yield
    compiles_on.cache_clear()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Failed to find C compiler.\nPlease specify one via CC."),
        FileNotFoundError(2, "No such file", "cc"),
        CalledProcessError(1, ["cc", "Python.h"]),
    ],
)
def test_a_network_that_cannot_be_compiled_is_trained_as_it_is(error, monkeypatch, caplog):
    def compiled(function):
        def run(values):
            raise error

        return run

    monkeypatch.setattr(torch, "compile", compiled)
    assert not compiles_on("cpu")
    assert not compiles_on("cpu")  # it is tried and logged once, not in each stage
    (line,) = caplog.messages
    assert line.startswith("The network isn't compiled, so that training takes longer: ")
    assert " ".join(str(error).split()) in line


def test_it_is_tried_on_the_gpu_of_the_process(monkeypatch):
    monkeypatch.setattr(hardware, "compiles_on", lambda device: device == "cuda:1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not can_compile()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert can_compile()
    monkeypatch.delenv("LOCAL_RANK")
    assert not can_compile()


def test_a_gpu_has_a_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", {torch.device("cuda", 0): "Tesla T4"}.get)
    assert device_name(torch.device("cuda", 0)) == "Tesla T4"
    assert device_name(torch.device("cpu")) == "cpu"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_bf16_is_known_by_the_instructions_of_the_processor(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert has_bf16() == ("avx512_bf16" in Path("/proc/cpuinfo").read_text().split())


@pytest.mark.slow
def test_full_precision_stays_full_where_accelerate_compiles(tiny_fer2013, tmp_path, monkeypatch):
    """It turns TF32 on for a compiled network on CUDA."""

    def built(*arguments):
        torch.backends.cuda.matmul.allow_tf32 = True
        return build(*arguments)

    build = fit.build_trainer
    monkeypatch.setattr(fit, "build_trainer", built)
    fit_alone(short(tiny_fer2013, tmp_path, max_train_samples=16))
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.long
@pytest.mark.slow
def test_each_stage_is_compiled_however_many_there_are(tiny_fer2013, tmp_path, monkeypatch):
    """Else the second stage hits the limit of one version, which is an error here."""
    arguments, compiled = fit.training_arguments, []

    def compiling(stage, start):
        compiled.append(stage.name)
        args = arguments(stage, start)
        args.torch_compile, args.torch_compile_backend = True, "eager"  # traces, without a compiler
        return args

    monkeypatch.setattr(fit, "training_arguments", compiling)
    one_version = {"recompile_limit": 1, "fail_on_recompile_limit_hit": True}
    with torch._dynamo.config.patch(one_version):
        for width in (8, 16):
            sizes = {"widths": [8, 8, width], "max_train_samples": 32}
            fit_alone(short(tiny_fer2013, tmp_path / str(width), **sizes))
    assert len(compiled) == 2
