"""Pushing and pulling with the Hub's real clients, over HTTP, against a Hub on 127.0.0.1.

The clients run in one process of their own (tests/hub_client.py), for they read HF_ENDPOINT when
they are imported.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from fer.labels import EXPRESSIONS
from tests.hub_client import ROOT, ClientError, HubClient
from tests.hub_server import TOKEN, HubServer

NETWORK = """
import json, torch
from pathlib import Path
from fer.labels import EXPRESSIONS
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification

torch.manual_seed(seed)
names = dict(enumerate(EXPRESSIONS))
config = FerConfig(id2label=names, hidden_sizes=sizes, depths=[1] * len(sizes))
FerForImageClassification(config).save_pretrained(folder)
FerImageProcessor(framing={"scale": 1.2}).save_pretrained(folder)
Path(folder, "metrics.json").write_text(json.dumps(metrics))
Path(folder, "curves.png").write_bytes(b"a picture")
"""
FINGERPRINT = """
from fer.model.classifier import ExpressionClassifier
result = ExpressionClassifier.load(folder).fingerprint()
"""
PUSH = """
from fer.model.push import push
result = vars(push(folder, repo_id, **options))
"""
PULL = """
from fer.model.hub import pull
pulled = pull(source, **options)
result = [str(pulled.folder), pulled.revision]
"""
SERVE = """
import fer.model.classifier
from pathlib import Path
fer.model.classifier.EMBEDDED = Path(embedded)
classifier = fer.model.classifier.ExpressionClassifier.load_or_embedded(source)
result = [classifier.name, classifier.revision, classifier.notice]
"""
LOAD = """
from fer.model.classifier import ExpressionClassifier
ExpressionClassifier.load(source)
"""
TOKEN_IS = """
import os
os.environ.pop("HF_TOKEN", None)
if token:
    os.environ["HF_TOKEN"] = token
"""
WHOLE = {
    ".gitattributes", "README.md", "config.json", "model.safetensors", "preprocessor_config.json",
    "metrics.json", "curves.png", "configuration_fer.py", "modeling_fer.py",
    "image_processing_fer.py", ".eval_results/fer2013_validation.yaml",
    ".eval_results/ferplus_validation.yaml",
}  # fmt: skip


@pytest.fixture(scope="module")
def hub():
    with HubServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(hub, tmp_path_factory):
    with HubClient(hub.environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


@pytest.fixture(autouse=True)
def repaired(hub):
    """Undo what a test broke."""
    yield
    hub.delay = hub.status = hub.cut_uploads = hub.cut_commits = 0
    hub.spoil.clear()


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


@contextmanager
def refused(kind, *parts):
    """Expect an error of this kind, in one line, with these words."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.kind == kind, caught.value
    assert "\n" not in caught.value.message
    for part in parts:
        assert part in caught.value.message


@contextmanager
def token(client, value):
    client.run(TOKEN_IS, token=value)
    try:
        yield
    finally:
        client.run(TOKEN_IS, token=TOKEN)


def test_ten_megabytes_there_and_back_by_branch_tag_and_commit(hub, make, push, pull):
    folder = make(sizes=(64, 128, 448))
    pushed = push(folder, "me/big", tag="v1")
    repo = hub.repos["models", "me/big"]
    assert set(repo.files) == WHOLE
    assert repo.files["model.safetensors"].lfs
    assert len(repo.files["model.safetensors"].data) > 10e6
    assert repo.tags == {"v1": pushed["commit"]}
    assert repo.messages == ["initial commit", "Release v1"]
    assert not repo.private
    repo.branches["dev"] = pushed["commit"]
    for revision in ("main", "dev", "v1", pushed["commit"]):
        pulled, commit = pull(f"me/big@{revision}")
        assert commit == pushed["commit"]
        weights = (pulled / "model.safetensors").read_bytes()
        assert weights == repo.files["model.safetensors"].data
        assert json.loads((pulled / "metrics.json").read_text())["parameters"] == 1234567
    assert {path.name for path in pulled.iterdir()} == {
        "config.json", "model.safetensors", "preprocessor_config.json", "metrics.json",
    }  # fmt: skip


def test_our_card_and_no_pickles_and_the_same_weights(hub, client, make, push):
    folder = make()
    push(folder, "me/card")
    files = hub.repos["models", "me/card"].files
    assert b"# card" in files["README.md"].data
    assert b"model-index" in files["README.md"].data
    assert not [name for name in files if name.endswith((".bin", ".pt", ".pth", ".pkl"))]
    client.run(
        "from safetensors.torch import load, load_file\n"
        "import torch\n"
        "from pathlib import Path\n"
        "one, other = load_file(here), load(Path(there).read_bytes())\n"
        "assert set(one) == set(other)\n"
        "assert all(torch.equal(one[name], other[name]) for name in one)",
        here=folder / "model.safetensors",
        there=save(folder / "pushed", files["model.safetensors"].data),
    )


def test_an_evaluation_goes_into_the_card(hub, client, make, push, tmp_path):
    folder = make()
    evaluation = tmp_path / "evaluation"
    evaluation.mkdir()
    weights = client.run(FINGERPRINT, folder=str(folder))
    figures = {"weights": weights, "split": "test", "label_set": "own", "accuracy": 0.4321}
    figures["robustness"] = [{"damage": "blur", "amount": "2 px", "accuracy": 0.1234}]
    (evaluation / "evaluation.json").write_text(json.dumps(figures))
    (evaluation / "confusion.png").write_bytes(b"a picture")
    push(folder, "me/evaluated", evaluations=[str(evaluation)])
    files = hub.repos["models", "me/evaluated"].files
    assert set(files) == WHOLE | {"test_confusion.png", ".eval_results/fer2013_test.yaml"}
    card = files["README.md"].data.decode()
    for part in ("43.2%", "| blur | 2 px | 12.3% |", "](test_confusion.png)", "67.9%"):
        assert part in card
    assert json.loads(files["metrics.json"].data)["test"]["accuracy"] == 0.4321
    (folder / "evaluation.json").write_text(json.dumps(figures | {"accuracy": 0.5678}))
    push(folder, "me/evaluated")  # what lies in the folder itself counts unasked
    card = hub.repos["models", "me/evaluated"].files["README.md"].data.decode()
    assert "56.8%" in card
    other = {"weights": "0" * 64}
    for change, part in ((other, "is about other weights than"), ({"folder": "x"}, "FER2013")):
        (evaluation / "evaluation.json").write_text(json.dumps(figures | change))
        with refused("ModelError", part):
            push(folder, "me/evaluated", evaluations=[str(evaluation)])
    with refused("ModelError", "can't be read; make it with fer evaluate"):
        push(folder, "me/evaluated", evaluations=[str(tmp_path)])


def save(path, data):
    path.write_bytes(data)
    return path


def test_a_tag_stays_where_it_is_when_main_moves(hub, make, push, pull):
    first = push(make("one", seed=1), "me/moving", tag="v1")
    assert pull("me/moving")[1] == first["commit"]
    second = push(make("two", seed=2), "me/moving", tag="v2")
    assert pull("me/moving")[1] == second["commit"] != first["commit"]
    old, commit = pull("me/moving@v1")
    assert commit == first["commit"]
    new, _ = pull("me/moving@v2")
    digests = {
        hashlib.sha256((at / "model.safetensors").read_bytes()).digest() for at in (old, new)
    }
    assert len(digests) == 2


def test_a_taken_tag_is_refused_before_anything_is_pushed(hub, make, push):
    push(make(), "me/tagged", tag="v1")
    with refused("PushError", "me/tagged already has the tag v1"):
        push(make("again"), "me/tagged", tag="v1")
    assert len(hub.repos["models", "me/tagged"].commits) == 2


def test_private(hub, client, make, push, pull):
    folder = make()
    push(folder, "me/secret", private=True)
    assert hub.repos["models", "me/secret"].private
    push(folder, "me/secret", private=True)
    assert pull("me/secret")[1]
    with token(client, None), refused("ModelError", "shows no model me/secret", "private"):
        pull("me/secret@main")


def test_a_public_repo_does_not_turn_private_unnoticed(hub, make, push):
    folder = make()
    push(folder, "me/public")
    with refused("PushError", "me/public is there already and public"):
        push(folder, "me/public", private=True)


def test_wrong_token(hub, client, make, push, pull):
    folder = make()
    with token(client, "hf_made_up"):
        with refused("PushError", "refused the token for me/wrong", "hf auth login"):
            push(folder, "me/wrong")
        with refused("ModelError", "refused the token for me/wrong"):
            pull("me/wrong")
    with token(client, None), refused("PushError", "me/wrong", "hf auth login"):
        push(folder, "me/wrong")
    with refused("PushError", "refused the token for somebody/else"):
        push(folder, "somebody/else")
    assert ("models", "me/wrong") not in hub.repos


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("me/nowhere", "shows no model me/nowhere"),
        ("me/there@v9", "me/there has no branch, tag or commit v9"),
        ("me/there@" + "a" * 40, "me/there has no branch, tag or commit aaaa"),
        ("nowhere", "'nowhere' is neither a folder here nor a Hub id"),
        ("runs/no/such/folder", "neither a folder here nor a Hub id"),
        ("me/there@", "neither a folder here nor a Hub id"),
        ("https://hub.invalid/me/there", "neither a folder here nor a Hub id"),
    ],
)
def test_what_is_not_there_is_named(hub, pull, source, part):
    hub.add("models", "me/there", {"config.json": b"{}"})
    with refused("ModelError", part):
        pull(source)


def test_an_upload_cut_off_halfway_is_repeated(hub, make, push, pull):
    hub.cut_uploads = 1
    folder = make(seed=3)
    push(folder, "me/cut")
    puts = [request for request in hub.requests if request.startswith("PUT")]
    assert puts[-1] in puts[:-1]  # the same file went up twice
    pulled, _ = pull("me/cut")
    there = hub.repos["models", "me/cut"].files["model.safetensors"].data
    assert (pulled / "model.safetensors").read_bytes() == there


def test_a_push_that_breaks_off_leaves_nothing_and_can_be_repeated(hub, make, push):
    folder = make(seed=4)
    hub.cut_commits = 1
    with refused("PushError", "didn't answer"):
        push(folder, "me/broken", tag="v1")
    repo = hub.repos["models", "me/broken"]
    assert set(repo.files) == {".gitattributes"}
    assert repo.tags == {}
    push(folder, "me/broken", tag="v1")
    assert set(repo.files) == WHOLE
    assert len(repo.commits) == 2


def test_a_damaged_download_is_thrown_away(hub, make, push, pull):
    push(make(seed=5), "me/damaged")
    hub.spoil = {"model.safetensors"}
    with refused("ModelError", "model.safetensors of me/damaged arrived damaged"):
        pull("me/damaged")
    hub.spoil = set()
    pulled, _ = pull("me/damaged")
    there = hub.repos["models", "me/damaged"].files["model.safetensors"].data
    assert (pulled / "model.safetensors").read_bytes() == there


def test_a_second_pull_downloads_nothing(hub, make, push, pull):
    push(make(), "me/cached")
    pull("me/cached")
    before = len(hub.requests)
    pull("me/cached")
    later = hub.requests[before:]
    assert later
    assert not [request for request in later if request.startswith("GET") and "resolve" in request]


@pytest.mark.parametrize(("fault", "value"), [("status", 503), ("delay", 60)], ids=["down", "slow"])
def test_a_hub_out_of_reach(hub, make, push, pull, fault, value):
    pushed = push(make(), f"me/{fault}", tag="v1")
    pull(f"me/{fault}@v1")
    setattr(hub, fault, value)
    start = time.monotonic()
    assert pull(f"me/{fault}@v1", timeout=1)[1] == pushed["commit"]  # from the cache
    with refused("ModelError", "Hub", "me/uncached"):
        pull("me/uncached", timeout=1)
    assert time.monotonic() - start < 8


def test_offline_mode_serves_from_the_cache(hub, make, push, tmp_path):
    """In a process of its own, since the mode is fixed at import."""
    pushed = push(make(), "me/offline")
    home = tmp_path / "hf"
    with HubClient(hub.environment(home)) as before:
        before.run(PULL, source="me/offline", options={})
    with HubClient(hub.environment(home) | {"HF_HUB_OFFLINE": "1"}) as offline:
        asked = len(hub.requests)
        _, revision = offline.run(PULL, source="me/offline", options={})
        assert revision == pushed["commit"]
        with refused("ModelError", "HF_HUB_OFFLINE is set and no copy of me/other"):
            offline.run(PULL, source="me/other", options={})
        assert len(hub.requests) == asked


def test_the_hub_has_ten_seconds(client):
    assert client.run("from fer.model.hub import TIMEOUT as result") == 10


def test_nobody_listens(hub, tmp_path):
    """In a process of its own, since the address is fixed at import."""
    code = (
        "from fer.model.hub import pull, ModelError\n"
        "from fer.model.push import PushError, prepare_push\n"
        "try:\n    pull('me/fer')\nexcept ModelError as error:\n    print(error)\n"
        "try:\n    prepare_push('me/fer')\nexcept PushError as error:\n    print(error)\n"
    )
    environment = os.environ | hub.environment(tmp_path) | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.count("The Hub didn't answer in 10 seconds") == 2, done.stderr
    assert time.monotonic() - start < 30


VIT = """
from pathlib import Path
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor
config = ViTConfig(image_size=32, patch_size=16, hidden_size=8, num_hidden_layers=1,
    num_attention_heads=1, intermediate_size=8, id2label=dict(enumerate(labels)))
ViTForImageClassification(config).save_pretrained(folder)
ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
result = {path.name: path.read_bytes().hex() for path in Path(folder).iterdir()}
"""
EIGHT = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise")


def vit(client, folder, labels):
    """Return the files of a small network of transformers' own with these labels."""
    folder = folder / f"vit{len(labels)}"
    found = client.run(VIT, folder=folder, labels=labels)
    return {name: bytes.fromhex(data) for name, data in found.items()}


def test_a_network_of_transformers_with_our_seven_serves(hub, client, make, tmp_path):
    repo = hub.add("models", "somebody/vit", vit(client, tmp_path, EIGHT))
    served = client.run(SERVE, source="somebody/vit", embedded=make())
    assert served == ["somebody/vit", repo.branches["main"], None]


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
    hub.add("models", "x/metrics", ours | {"metrics.json": b"{"})
    hub.add("models", "other/private", ours, private=True)
    reasons = {
        "x/cats": "doesn't name angry",
        "x/pickle": "lacks model.safetensors",
        "x/bert": "holds no network that can be loaded here",
        "x/code": "holds no network that can be loaded here",
        "x/partial": "lacks weights that its config.json asks for",
        "x/torn": "holds no network that can be loaded here",
        "x/metrics": "is no JSON",
        "x/missing": "shows no model x/missing",
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


def test_the_page_comes_up_while_the_hub_sleeps(hub, client, make):
    embedded = make("embedded")
    hub.delay = 60
    start = time.monotonic()
    name, _, notice = client.run(SERVE, source="me/asleep", embedded=embedded)
    assert name == "embedded weights"
    assert "The Hub didn't answer in 10 seconds" in notice
    assert 9 < time.monotonic() - start < 20


def test_nothing_asked_for_is_nothing_to_notice(client, make):
    assert client.run(SERVE, source=None, embedded=make()) == ["embedded weights", None, None]


@pytest.mark.parametrize(
    ("lacking", "part"),
    [("metrics.json", "only a network of this project"), ("model.safetensors", "lacks model.safe")],
)
def test_an_incomplete_folder_is_not_pushed(hub, make, push, lacking, part):
    folder = make()
    (folder / lacking).unlink()
    with refused("ModelError", part):
        push(folder, "me/incomplete")
    with refused("ModelError", "There is no folder"):
        push(folder / "nowhere", "me/incomplete")
    assert ("models", "me/incomplete") not in hub.repos


@pytest.mark.parametrize(
    ("repo_id", "tag", "part"),
    [("tiny", None, "'tiny' is not a Hub id"), ("me/tiny", "a b", "'a b' can't be a tag")],
)
def test_names_that_wont_do(make, push, repo_id, tag, part):
    with refused("PushError", part):
        push(make(), repo_id, tag=tag)


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
print("LABELS", sorted(answer["label"] for answer in read(picture)))
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
    result = classifier.model(pixels).logits.tolist()
"""


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
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line[:1].isupper())
    assert set(said) >= {"LOGITS", "LABELS", "FRAMING", "REFUSED"}, done.stderr
    assert json.loads(said["LOGITS"]) == client.run(OURS, folder=folder)
    assert said["LABELS"] == str(sorted(EXPRESSIONS))
    assert said["FRAMING"] == "{'scale': 1.2}"
    assert said["REFUSED"] == "True"


def test_our_files_travel_only_when_pushed(make, push, client):
    folder = make()
    push(folder, "me/files")
    again = make("again", seed=7)
    assert not list(folder.glob("*.py"))
    assert not list(again.glob("*.py"))  # saved after the push, by the same process
    assert "auto_map" not in (again / "config.json").read_text()


def test_the_command(hub, make, tmp_path):
    folder = make(seed=8)
    command = [sys.executable, "-m", "fer", "push", str(folder), "me/command", "--private"]
    done = [
        subprocess.run(
            [*command, "--tag", "v1"],
            cwd=ROOT,
            env=os.environ | hub.environment(tmp_path / "hf"),
            capture_output=True,
            text=True,
        )
        for _ in range(2)
    ]
    assert done[0].returncode == 0, done[0].stderr
    assert "FER_MODEL=me/command@v1" in done[0].stdout
    repo = hub.repos["models", "me/command"]
    assert repo.private
    assert set(repo.files) == WHOLE
    assert done[1].returncode == 1
    assert "fer push: me/command already has the tag v1" in done[1].stderr
    assert "Traceback" not in done[1].stderr
