"""Which networks from a Hub serve, on the page and away from this package."""

import ast
import json
import os
import subprocess
import sys
import time

import pytest

from fer.labels import EXPRESSIONS
from tests.model.hub_helpers import EIGHT, LOAD, SERVE, refused, token, vit


@pytest.mark.slow
def test_a_network_of_transformers_with_our_seven_serves(hub, client, make, tmp_path):
    repo = hub.add("models", "somebody/vit", vit(client, tmp_path, EIGHT))
    served = client.run(SERVE, source="somebody/vit", embedded=make())
    assert served == ["somebody/vit", repo.branches["main"], None]


@pytest.mark.slow
def test_what_cant_serve_is_replaced_by_the_embedded_weights(hub, client, make, tmp_path):
    """Each one is an error where it is asked for strictly, and a notice on the page."""
    embedded = make("embedded")
    ours = vit(client, tmp_path, EIGHT)
    cats = vit(client, tmp_path, ("cat", "dog"))
    pickled = {name: data for name, data in ours.items() if name != "model.safetensors"}
    bert = json.loads(ours["config.json"]) | {"model_type": "bert"}
    code = f"open({str(tmp_path / 'ran')!r}, 'w').write('code of a stranger')\n".encode()
    stranger = json.loads(ours["config.json"]) | {
        "model_type": "stranger",
        "auto_map": {"AutoConfig": "evil.Config", "AutoModelForImageClassification": "evil.Model"},
    }
    (tmp_path / "vit8" / "config.json").write_text(json.dumps(stranger))
    (tmp_path / "vit8" / "evil.py").write_bytes(code)
    wider = json.loads(ours["config.json"]) | {"num_hidden_layers": 2}
    hub.add("models", "x/cats", cats)
    hub.add("models", "x/pickle", pickled | {"pytorch_model.bin": b"a pickle"})
    hub.add("models", "x/bert", ours | {"config.json": json.dumps(bert).encode()})
    hub.add(
        "models", "x/code", ours | {"config.json": json.dumps(stranger).encode(), "evil.py": code}
    )
    hub.add("models", "x/partial", ours | {"config.json": json.dumps(wider).encode()})
    hub.add("models", "x/torn", ours | {"model.safetensors": ours["model.safetensors"][:-99]})
    hub.add("models", "other/private", ours, private=True)
    reasons = {
        "x/cats": "doesn't name angry",
        "x/pickle": "lacks model.safetensors",
        "x/bert": "holds no network that can be loaded here",
        "x/code": "holds no network that can be loaded here",
        "x/partial": "lacks weights that its config.json asks for",
        "x/torn": "holds no network that can be loaded here",
        "x/missing": "There is no folder x/missing here",
        "x/cats@v1": "no branch, tag or commit v1",
        "no/such/folder": "neither a folder here nor a Hub id",
    }
    for source, reason in reasons.items():
        with refused("ModelError", reason):
            client.run(LOAD, source=source)
        name, revision, notice = client.run(SERVE, source=source, embedded=embedded)
        assert (name, revision) == ("embedded weights", None), source
        assert notice.startswith(f"The embedded weights serve, not {source}."), source
        assert reason in notice
    with token(client, None):
        _, _, notice = client.run(SERVE, source="other/private", embedded=embedded)
    assert "missing, or private" in notice
    with refused("ModelError", "holds no network that can be loaded here"):
        client.run(LOAD, source=tmp_path / "vit8")
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_network_serves_without_metrics_that_cant_be_read(hub, client, make):
    ours = {path.name: path.read_bytes() for path in make("ours").iterdir() if path.is_file()}
    hub.add("models", "x/metrics", ours | {"metrics.json": b"{"})
    served = client.run(SERVE, source="x/metrics", embedded=make("embedded"))
    assert (served[0], served[2]) == ("x/metrics", None)


@pytest.mark.slow
def test_the_page_comes_up_while_the_hub_is_down(hub, client, make):
    embedded = make("embedded")
    hub.delay = 60
    start = time.monotonic()
    name, _, notice = client.run(SERVE, source="me/asleep", embedded=embedded)
    assert name == "embedded weights"
    assert "The Hub didn't respond in 10 seconds" in notice
    assert 9 < time.monotonic() - start < 20


@pytest.mark.slow
def test_the_embedded_network_gives_no_notice(client, make):
    assert client.run(SERVE, source=None, embedded=make()) == ["embedded weights", None, None]


STRANGER = """
import sys
sys.modules["fer"] = None  # importing it fails from here on, even where it is installed
import numpy as np, torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline
repo, revision = sys.argv[1:]
trusted = {"revision": revision, "trust_remote_code": True}
model = AutoModelForImageClassification.from_pretrained(repo, **trusted).eval()
processor = AutoImageProcessor.from_pretrained(repo, **trusted)
picture = Image.fromarray(np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8))
with torch.inference_mode():
    logits = model(**processor(images=[picture], return_tensors="pt")).logits
print("LOGITS", logits.tolist())
read = pipeline("image-classification", repo, device="cpu", top_k=7, **trusted)
print("SCORES", sorted((answer["label"], answer["score"]) for answer in read(picture)))
print("FRAMING", processor.framing)
try:
    AutoModelForImageClassification.from_pretrained(repo, revision=revision)
except ValueError as error:
    print()
    print("REFUSED", "trust_remote_code" in str(error))
"""
OURS = """
import numpy as np, torch
from fer.model.classifier import ExpressionClassifier
classifier = ExpressionClassifier.load(folder)
picture = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8)
with torch.inference_mode():
    pixels = classifier.processor(images=[picture], return_tensors="pt")["pixel_values"]
    logits = classifier.model(pixels).logits.tolist()
result = [logits, classifier.classify([picture])[0].tolist()]
"""


@pytest.mark.slow
def test_somebody_without_our_package_can_load_it(hub, client, make, push, tmp_path):
    folder = make(seed=6)
    push(folder, "me/travels", tag="v1")
    home = tmp_path / "elsewhere"
    home.mkdir()
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", STRANGER, "me/travels", "v1"],
        cwd=home,
        env=without | hub.environment(home / "hf", token=None),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line[:1].isupper())
    assert set(printed) >= {"LOGITS", "SCORES", "FRAMING", "REFUSED"}, done.stderr
    logits, page = client.run(OURS, folder=folder)
    assert json.loads(printed["LOGITS"]) == logits
    scores = dict(ast.literal_eval(printed["SCORES"]))
    assert scores == pytest.approx(dict(zip(EXPRESSIONS, page, strict=True)), abs=1e-5)
    assert len({round(score, 2) for score in page}) > 3  # the priors make a difference
    assert printed["FRAMING"] == "{'scale': 1.2}"
    assert printed["REFUSED"] == "True"
