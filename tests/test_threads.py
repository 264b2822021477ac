"""How many threads the networks have."""

import subprocess
import sys

import pytest

from fer import threads


@pytest.fixture
def no_limit(monkeypatch):
    monkeypatch.setattr(threads, "_limits", [])


def test_without_a_limit_there_is_a_thread_for_each_core_or_as_openmp_is_set(no_limit, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.number_of_threads() == threads.number_of_cores() >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.number_of_threads() == 3
    for nonsense in ("0", "many", "2,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", nonsense)
        assert threads.number_of_threads() == threads.number_of_cores()


def test_the_limit_counts_more_and_reaches_pytorch_whenever_it_is_imported():
    program = (
        "from fer.threads import *; limit_threads(1); import torch; limit_torch_threads();"
        "print(number_of_threads(), torch.get_num_threads()); limit_threads(2);"
        "print(number_of_threads(), torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1", "2", "2"], done.stderr
