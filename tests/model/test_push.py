"""Pushing with the Hub's real clients, over HTTP, against a Hub on 127.0.0.1."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.hub_client import ROOT
from tests.model.hub_helpers import FINGERPRINT, WHOLE, refused

pytestmark = pytest.mark.slow


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


def save(path, data):
    path.write_bytes(data)
    return path


def test_an_evaluation_goes_into_the_card(hub, client, make, push, tmp_path):
    folder = make()
    evaluation = tmp_path / "evaluation"
    evaluation.mkdir()
    weights = client.run(FINGERPRINT, folder=str(folder))
    figures = {"weights": weights, "split": "test", "label_set": "own", "accuracy": 0.4321}
    figures["robustness"] = [{"corruption": "blur", "severity": "2 px", "accuracy": 0.1234}]
    (evaluation / "evaluation.json").write_text(json.dumps(figures))
    (evaluation / "confusion.png").write_bytes(b"a picture")
    push(folder, "me/evaluated", evaluations=[str(evaluation)])
    files = hub.repos["models", "me/evaluated"].files
    assert set(files) == WHOLE | {"test_confusion.png"}
    card = files["README.md"].data.decode()
    for part in ("43.2%", "| blur | 2 px | 12.3% |", "](test_confusion.png)", "67.9%"):
        assert part in card
    assert json.loads(files["metrics.json"].data)["test"]["accuracy"] == 0.4321
    (folder / "evaluation.json").write_text(json.dumps(figures | {"accuracy": 0.5678}))
    push(folder, "me/evaluated")  # what lies in the folder itself counts unasked
    card = hub.repos["models", "me/evaluated"].files["README.md"].data.decode()
    assert "56.8%" in card
    assert "test_confusion.png" not in hub.repos["models", "me/evaluated"].files
    changes = (
        ({"weights": "0" * 64}, "is about other weights than"),
        ({"folder": "x"}, "is not about FER2013"),
        ({"official": False, "dataset": "me/rafdb"}, "about neither FER2013's official splits"),
        ({"output": "combined"}, "run fer evaluate again without --head combined"),
    )
    for change, part in changes:
        (evaluation / "evaluation.json").write_text(json.dumps(figures | change))
        with refused("ModelError", part):
            push(folder, "me/evaluated", evaluations=[str(evaluation)])
    with refused("ModelError", "can't be read; make it with fer evaluate"):
        push(folder, "me/evaluated", evaluations=[str(tmp_path)])


def test_the_folders_around_data_and_networks_are_not_pushed(hub, client, make, push, metrics):
    sources = {"dataset": "/home/jane/faces", "base_model": "../jane/base", "output": "~/jane/run"}
    metrics["training"] |= sources
    metrics["base_model"] = {"name": sources["base_model"], "revision": None}
    metrics["validation"] |= {"official": False, "label_set": "labels of /home/jane/faces, all"}
    folder = make()
    recipe = sources | {"teachers": [{"seed": 71, "base_model": sources["base_model"]}]}
    pushing = {"push_to_hub": True, "hub_model_id": "me/private", "hub_tag": "v1"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe | pushing))
    evaluated = {"model": str(folder), "dataset": sources["dataset"], "split": "test"}
    evaluated |= {"weights": client.run(FINGERPRINT, folder=str(folder)), "accuracy": 0.4321}
    (folder / "evaluation.json").write_text(json.dumps(evaluated | {"official": False}))
    push(folder, "me/private")
    files = hub.repos["models", "me/private"].files
    texts = {name: file.data.decode("utf-8", "replace") for name, file in files.items()}
    assert not [name for name, text in texts.items() if "jane" in text or str(folder) in text]
    assert "| `dataset` | faces |" in texts["README.md"] and "`base`" in texts["README.md"]
    assert json.loads(texts["metrics.json"])["test"]["dataset"] == "faces"
    named = {"dataset": "faces", "base_model": "base", "output": "run"}
    teacher = {"seed": 71, "base_model": "base"}
    assert yaml.safe_load(texts["recipe.yaml"]) == named | {"teachers": [teacher]}
    (folder / "recipe.yaml").write_text("epochs: [")
    with refused("ModelError", "recipe.yaml holds no YAML settings; remove it"):
        push(folder, "me/private")


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


def test_a_public_repo_does_not_turn_private_unnoticed(hub, make, push):
    folder = make()
    push(folder, "me/public")
    with refused("PushError", "me/public is there already and public"):
        push(folder, "me/public", private=True)


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
    with refused("PushError", "didn't respond"):
        push(folder, "me/broken", tag="v1")
    repo = hub.repos["models", "me/broken"]
    assert set(repo.files) == {".gitattributes"}
    assert repo.tags == {}
    push(folder, "me/broken", tag="v1")
    assert set(repo.files) == WHOLE
    assert len(repo.commits) == 2


def test_a_push_without_its_tag_says_where_it_is(hub, make, push):
    hub.refused_tags = 1
    with refused("PushError", "The weights are on the Hub, as me/untagged@", "only the tag v1 is"):
        push(make(), "me/untagged", tag="v1")
    repo = hub.repos["models", "me/untagged"]
    assert set(repo.files) == WHOLE and repo.tags == {}


def test_other_people_s_pictures_stay_on_the_hub_and_earlier_results_go(hub, make, push):
    theirs = {"docs/banner.png": b"1", "demo.png": b"2"}
    earlier = dict.fromkeys(("test_confusion.png", "robustness.png", "recipe.yaml"), b"3")
    hub.add("models", "me/shared", theirs | earlier)
    push(make(), "me/shared")
    files = hub.repos["models", "me/shared"].files
    assert {name: files[name].data for name in theirs} == theirs
    assert not earlier.keys() & files.keys()


@pytest.mark.parametrize(
    ("lacking", "part"),
    [
        ("metrics.json", "has no metrics.json of"),
        ("model.safetensors", "lacks model.safe"),
    ],
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


def test_our_files_travel_only_when_pushed(make, push, client):
    folder = make()
    push(folder, "me/files")
    again = make("again", seed=7)
    assert not list(folder.glob("*.py"))
    assert not list(again.glob("*.py"))  # saved after the push, by the same process
    assert "auto_map" not in (again / "config.json").read_text()


@pytest.mark.long
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
