"""How many threads the networks have."""

import subprocess
import sys

import pytest
import torch

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


def test_without_a_limit_pytorch_has_no_more_threads_than_a_containers_quota(no_limit, monkeypatch):
    monkeypatch.setattr(threads, "number_of_cores", lambda: 2)
    before, found = torch.get_num_threads(), []
    for number in (1, 3):
        torch.set_num_threads(number)
        threads.limit_torch_threads()
        found.append(torch.get_num_threads())
    torch.set_num_threads(before)
    assert found == [1, 2]


@pytest.fixture
def cgroups(tmp_path, monkeypatch):
    """Where the control groups of Linux would be; on a machine of eight cores."""
    monkeypatch.setattr(threads, "_CGROUPS", tmp_path)
    monkeypatch.setattr(threads, "_OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda process: range(8), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),  # a container
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # of 1.5 cores
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "1600000 100000\n"}, 8),
        ("0::/docker/1f\n", {"cpu.max": "200000 100000\n"}, 2),  # its path on the host
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        (
            "4:memory:/\n2:cpu,cpuacct:/pod/1f\n0::/\n",
            {"cpu/pod/cpu.cfs_quota_us": "400000\n", "cpu/pod/cpu.cfs_period_us": "100000\n"},
            4,
        ),
        ("2:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ("", {}, 8),
        ("0::/\udcff\nno group\n", {"cpu.max": "200000 100000\n"}, 2),
    ],
)
def test_a_containers_quota_counts_as_cores(cgroups, own, files, cores):
    (cgroups / "own").write_text(own, errors="surrogateescape")
    for name, content in files.items():
        (cgroups / name).parent.mkdir(parents=True, exist_ok=True)
        (cgroups / name).write_text(content)
    assert threads.number_of_cores() == cores


def test_other_systems_have_no_control_groups(cgroups):
    assert threads.number_of_cores() == 8
