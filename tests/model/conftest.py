"""Figures such as a training writes, and a Hub on 127.0.0.1 with the Hub's real clients.

The clients run in one process of their own (tests/hub_client.py), for they read HF_ENDPOINT when
they are imported.
"""

from pathlib import Path

import pytest

from fer.labels import EXPRESSIONS
from tests.hub_client import HubClient
from tests.hub_server import HubServer
from tests.model.hub_helpers import NETWORK, PULL, PUSH


@pytest.fixture
def metrics():
    per_class = {
        name: {"precision": 0.5, "recall": 0.25 + index / 100, "f1": 1 / 3, "support": 10.0}
        for index, name in enumerate(EXPRESSIONS)
    }
    return {
        "command": "python train.py --dataset data/fer2013 --epochs 2",
        "parameters": 1234567,
        "validation": {
            "label_set": "FER2013's own labels, all pictures of the split",
            "pictures": 3589,
            "accuracy": 0.6789,
            "macro_f1": 0.6543,
            "per_class": per_class,
            "confusion_matrix": [[row * 10 + column for column in range(7)] for row in range(7)],
            "ferplus_label_set": "FER+ majority of eight, without pictures voted not a face",
            "ferplus_accuracy": 0.8123,
        },
        "calibration": {
            "fitted_on": "validation",
            "temperature": 1.37,
            "calibration_error": 0.0123,
        },
        "training": {
            "dataset": "data/fer2013",
            "epochs": 2,
            "batch_size": 128,
            "learning_rate": 0.1,
            "training_pictures": 28709,
            "best_epoch": 2,
            "hours": 1.75,
            "bf16": True,
            "processes": 1,
            "device": "cpu",
            "machine": "x86_64",
            "python": "3.11.7",
            "versions": {"torch": "2.15.0", "transformers": "5.23.0"},
            "torch_threads": 2,
        },
        "history": [],
    }


@pytest.fixture(scope="session")
def server():
    with HubServer() as started:
        yield started


@pytest.fixture(scope="session")
def client(server, tmp_path_factory):
    with HubClient(server.environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


@pytest.fixture
def hub(server):
    """Undo what a test broke."""
    yield server
    server.delay = server.status = server.cut_uploads = server.cut_commits = 0
    server.spoil.clear()
    server.missing = set()


@pytest.fixture
def make(client, tmp_path, metrics):
    """Return a function that makes a trained folder, about 0.3 MB unless told otherwise."""

    def folder(name="run", seed=0, sizes=(64,)):
        path = tmp_path / name
        path.mkdir()
        client.run(NETWORK, folder=path, seed=seed, sizes=sizes, metrics=metrics)
        (path / "checkpoints" / "checkpoint-1").mkdir(parents=True)
        (path / "checkpoints" / "checkpoint-1" / "optimizer.pt").write_bytes(b"a pickle")
        (path / "training_args.bin").write_bytes(b"a pickle")
        (path / "README.md").write_text("somebody else's card")
        return path

    return folder


@pytest.fixture
def push(client):
    def call(folder, repo_id, **options):
        return client.run(PUSH, folder=folder, repo_id=repo_id, options=options)

    return call


@pytest.fixture
def pull(client):
    def call(source, **options):
        folder, revision = client.run(PULL, source=source, options=options)
        return Path(folder), revision

    return call
