"""Data from the Hub, a training that pushes, and the page that serves exactly these weights.

Everything goes over HTTP to a Hub on 127.0.0.1, through the real clients.
"""

import os
import shlex
import subprocess
import sys
import time

import pytest

from fer.model.push import PushError
from fer.training.options import TrainingOptions
from tests.hub_client import ROOT, ClientError, HubClient
from tests.hub_server import HubServer

pytestmark = pytest.mark.slow

IMAGE_SUFFIXES = """
import datasets, numpy as np
from PIL import Image
generator = np.random.default_rng(0)
result = {}
for split, count in counts.items():
    pixels = generator.integers(0, 256, (count, 48, 48), np.uint8)
    labels = [index % 7 for index in range(count)]
    rows = {"image": [Image.fromarray(picture) for picture in pixels], "label": labels}
    features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    if votes:
        rows["ferplus_votes"] = [[0] * label + [10] + [0] * (9 - label) for label in labels]
        features["ferplus_votes"] = datasets.List(datasets.Value("int64"))
    table = datasets.Dataset.from_dict(rows, features=datasets.Features(features))
    table.to_parquet(f"{folder}/{split}.parquet")
    with open(f"{folder}/{split}.parquet", "rb") as file:
        result[f"data/{split}-00000-of-00001.parquet"] = file.read().hex()
"""
LOAD = """
from fer.data.fer2013 import load_arrays, load_fer2013
splits = load_fer2013(source)
result = {}
for name, split in splits.items():
    shape = list(load_arrays(split).images.shape)
    result[name] = [shape, split["label"][:8], split["ferplus_votes"][0]]
"""
COUNTS = {"train": 64, "validation": 14, "test": 7}
OTHER_NAMES = ["Happiness", "Anger", "Disgust", "Fear", "Sadness", "Surprise", "Neutral"]
ALPHABETICAL = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A Hub with a tiny FER2013 under its real id, and another edition of it."""
    with HubServer() as server:
        home = tmp_path_factory.mktemp("maker")
        with HubClient(server.environment(home)) as maker:
            for name, names, votes in (
                ("AutumnQiu/fer2013", ALPHABETICAL, True),
                ("somebody/faces", OTHER_NAMES, False),
            ):
                files = maker.run(
                    IMAGE_SUFFIXES, folder=home, counts=COUNTS, names=names, votes=votes
                )
                parquet = {path: bytes.fromhex(data) for path, data in files.items()}
                server.add("datasets", name, parquet)
        yield server


@pytest.fixture(scope="module")
def client(hub, tmp_path_factory):
    with HubClient(hub.environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


def test_fer2013_by_its_id(client):
    splits = client.run(LOAD, source="AutumnQiu/fer2013")
    assert list(splits) == ["train", "validation", "test"]
    assert [shape for shape, *_ in splits.values()] == [[n, 48, 48] for n in (64, 14, 7)]
    _, labels, votes = splits["train"]
    assert labels == [0, 1, 2, 3, 6, 4, 5, 0]  # by name: neutral is 4 of the source, 6 of ours
    assert votes == [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def test_any_id_with_the_same_columns(client):
    splits = client.run(LOAD, source="somebody/faces")
    assert splits["test"] == [[7, 48, 48], [3, 0, 1, 2, 4, 5, 6], None]


def test_an_id_that_is_not_there(client):
    with pytest.raises(ClientError, match="has no data set 'somebody/nothing'") as caught:
        client.run(LOAD, source="somebody/nothing")
    assert caught.value.kind == "DatasetError"


RECIPE = "{depths: [1, 1, 1], widths: [8, 8, 16], epochs: 1, batch_size: 32, precision: fp32}"


def train(hub, folder, *options, **environment):
    (folder / "tiny.yaml").write_text(RECIPE)
    settings = [f"--config={folder / 'tiny.yaml'}", f"--output={folder / 'run'}", *options]
    return subprocess.run(
        [sys.executable, "train.py", *settings],
        cwd=ROOT,
        env=os.environ | hub.environment(folder / "hf") | environment,
        capture_output=True,
        text=True,
    )


SERVED = """
import os
import fer.ui
from fer.model.classifier import ExpressionClassifier
pipelines, build = [], fer.ui.build_demo
fer.ui.build_demo = lambda pipeline, *rest: pipelines.append(pipeline) or build(pipeline, *rest)
import app
import torch
demo = app.build()
served, trained = pipelines[0].classifier, ExpressionClassifier.load(folder)
assert served.model is not trained.model
faces = torch.randn(5, 1, 40, 40, generator=torch.Generator().manual_seed(0))
with torch.inference_mode():
    logits = [classifier.model(faces).logits for classifier in (served, trained)]
result = {
    "equal": torch.equal(*logits),
    "name": served.name,
    "revision": served.revision,
    "page": str(demo.translations().translations_dict["en"]),
    "framing": served.framing == trained.framing != {},
    "settings": [served.heads == trained.heads, served.uncertain_below],
    "metrics": served.metrics.to_json(),
}
"""


@pytest.mark.long
def test_train_push_and_serve_exactly_these_weights(hub, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "evaluation.json").write_text('{"split": "test", "accuracy": 0.999}')
    done = train(hub, tmp_path, "--push-to-hub", "--hub-model-id=me/trained", "--hub-tag=v1")
    assert done.returncode == 0, done.stderr
    repo = hub.repos["models", "me/trained"]
    assert {"model.safetensors", "metrics.json", "recipe.yaml", "README.md"} <= set(repo.files)
    assert not [name for name in repo.files if name.endswith((".bin", ".pt", ".pth"))]
    trained = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert len(repo.files["model.safetensors"].data) == len(trained)  # in half precision, too
    card = repo.files["README.md"].data.decode()
    assert "python train.py --config recipe.yaml" in card
    assert "99.9%" not in card  # figures of earlier weights
    environment = hub.environment(tmp_path / "visitor", token=None)
    with HubClient(environment | {"FER_MODEL": "me/trained@v1"}) as page:
        served = page.run(SERVED, folder=tmp_path / "run")
    assert served["equal"]
    assert (served["name"], served["revision"]) == ("me/trained", repo.tags["v1"])
    assert f"me/trained at {served['revision'][:7]}" in served["page"]
    assert served["framing"]
    assert served["settings"][0]
    assert served["metrics"]["training"]["training_pictures"] == 64


@pytest.mark.long
def test_a_wrong_token_is_noticed_before_the_training(hub, tmp_path):
    start = time.monotonic()
    options = ("--push-to-hub", "--hub-model-id=me/late")
    done = train(hub, tmp_path, *options, HF_TOKEN="hf_made_up")
    assert done.returncode == 1
    *_, last = done.stderr.strip().splitlines()
    assert last.startswith("train.py: The Hub refused the token for me/late")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
    assert time.monotonic() - start < 60


def test_a_push_that_fails_says_how_to_do_it_again(monkeypatch, tmp_path):
    from fer.training import train

    def push(*arguments):
        raise PushError("The Hub is closed today.")

    monkeypatch.setattr(train, "push", push)
    options = TrainingOptions(
        push_to_hub=True, hub_model_id="me/fer", hub_tag="v1", hub_private=True
    )
    with pytest.raises(PushError, match=r"closed today\. .* push it: ") as caught:
        train.push_trained(options, tmp_path / "of two words")
    again = shlex.split(str(caught.value).split("push it: ")[1])
    folder = str(tmp_path / "of two words")
    assert again[:6] == ["python", "-m", "fer", "push", folder, "me/fer"]
    assert again[6:] == ["--private", "--tag", "v1"]
