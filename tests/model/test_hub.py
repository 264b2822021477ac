"""Pulling with the Hub's real clients, over HTTP, against a Hub on 127.0.0.1."""

import json
import os
import subprocess
import sys
import time

import pytest

from fer.model.hub import ModelError, hub_errors_as
from fer.model.hub import pull as pull_here
from tests.hub_client import ROOT, HubClient
from tests.model.hub_helpers import PULL, SERVE, refused, token

pytestmark = pytest.mark.slow


def test_a_private_repo_is_made_and_pulled(hub, client, make, push, pull):
    folder = make()
    push(folder, "me/secret", private=True)
    assert hub.repos["models", "me/secret"].private
    push(folder, "me/secret", private=True)
    assert pull("me/secret")[1]
    with token(client, None), refused("ModelError", "no folder me/secret here", "private"):
        pull("me/secret@main")


def test_wrong_token(hub, client, make, push, pull):
    folder = make()
    with token(client, "hf_made_up"):
        with refused("PushError", "refused the token for me/wrong", "hf auth login"):
            push(folder, "me/wrong")
        with refused("ModelError", "refused the token for me/wrong"):
            pull("me/wrong")
    with token(client, None), refused("PushError", "me/wrong", "hf auth login"):
        push(folder, "me/wrong")
    hub.add("models", "somebody/public", {})
    for repo_id in ("somebody/else", "somebody/public"):
        with refused("PushError", f"refused the token for {repo_id}"):
            push(folder, repo_id)
    assert hub.repos["models", "somebody/public"].files == {}
    assert ("models", "me/wrong") not in hub.repos


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("me/nowhere", "There is no folder me/nowhere here, and the Hub shows no such model"),
        ("me/there@v9", "me/there has no branch, tag or commit v9"),
        ("me/there@" + "a" * 40, "me/there has no branch, tag or commit aaaa"),
        ("nowhere", "'nowhere' is neither a folder here nor a Hub id"),
        ("runs/no/such/folder", "neither a folder here nor a Hub id"),
        ("me/my--model", "takes no such name as me/my--model"),
        ("me/name.", "takes no such name as me/name."),
        ("me/n\xe4me", "takes no such name as me/n\xe4me"),
        ("me/" + "a" * 99, "takes no such name"),
        ("me/there@", "neither a folder here nor a Hub id"),
        ("https://hub.invalid/me/there", "neither a folder here nor a Hub id"),
    ],
)
def test_what_is_not_there_is_named(hub, pull, source, part):
    hub.add("models", "me/there", {"config.json": b"{}"})
    with refused("ModelError", part):
        pull(source)


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


@pytest.mark.parametrize(
    ("name", "fault", "value"),
    [("down", "status", 503), ("busy", "status", 429), ("slow", "delay", 60)],
)
def test_a_hub_out_of_reach(hub, make, push, pull, name, fault, value):
    pushed = push(make(), f"me/{name}", tag="v1")
    pull(f"me/{name}@v1")
    setattr(hub, fault, value)
    start = time.monotonic()
    assert pull(f"me/{name}@v1", timeout=1)[1] == pushed["commit"]  # from the cache
    with refused("ModelError", "Hub", "me/uncached"):
        pull("me/uncached", timeout=1)
    assert time.monotonic() - start < 8


@pytest.mark.long
def test_a_download_that_breaks_off_leaves_the_network_before_it_in_use(hub, make, push, pull):
    first = push(make("one", seed=1), "me/half")["commit"]
    pull("me/half")
    second = push(make("two", seed=2), "me/half")["commit"]
    hub.missing = {"model.safetensors"}
    assert pull("me/half", timeout=1)[1] == first
    hub.status = 503
    assert pull("me/half", timeout=1)[1] == first
    with refused("ModelError", "me/half"):
        pull(f"me/half@{second}", timeout=1)
    hub.missing, hub.status = set(), 0
    assert pull("me/half")[1] == second


def test_a_login_page_in_place_of_the_hub_is_reported():
    with pytest.raises(ModelError, match="login page"), hub_errors_as(ModelError, "me/fer"):
        json.loads("<html>Welcome to our network</html>")


def test_offline_mode_serves_from_the_cache(hub, make, push, tmp_path):
    """In a process of its own, since the mode is fixed at import."""
    pushed = push(make(), "me/offline")
    home = tmp_path / "hf"
    with HubClient(hub.environment(home)) as before:
        before.run(PULL, source="me/offline", options={})
    with HubClient(hub.environment(home) | {"HF_HUB_OFFLINE": "1"}) as offline:
        requested = len(hub.requests)
        _, revision = offline.run(PULL, source="me/offline", options={})
        assert revision == pushed["commit"]
        with refused("ModelError", "HF_HUB_OFFLINE is set and no copy of me/other"):
            offline.run(PULL, source="me/other", options={})
        assert len(hub.requests) == requested


FULL_SENTENCE = """
import resource
import torch.distributed.nn
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
"""
"""Lets no file grow beyond a few bytes, as on a full disk; torch 2.8 writes one at its import."""


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("full", marks=pytest.mark.long),
        "a file in its place",
        pytest.param("a file for a home", marks=pytest.mark.long),
    ],
)
def test_a_cache_that_cant_be_written_is_a_sentence(hub, make, push, tmp_path, fault):
    push(make(), "me/fer")
    home = tmp_path / "hf"
    if fault == "a file for a home":
        home.write_text("in the way")
    elif fault == "a file in its place":
        home.mkdir()
        (home / "hub").write_text("in the way")
    with HubClient(hub.environment(home)) as client:
        if fault == "full":
            client.run(FULL_SENTENCE)
        with refused("ModelError", "me/fer can't be kept in the Hub's cache", "HF_HOME"):
            client.run(PULL, source="me/fer", options={})
        embedded = make("embedded")
        name, _, notice = client.run(SERVE, source="me/fer", embedded=embedded)
        assert name == "embedded weights" and "can't be kept" in notice


def test_a_full_cache_serves_what_it_holds(hub, make, push, tmp_path):
    first = push(make("one", seed=1), "me/kept")["commit"]
    with HubClient(hub.environment(tmp_path / "hf")) as client:
        client.run(PULL, source="me/kept", options={})
        client.run(FULL_SENTENCE)
        assert client.run(PULL, source="me/kept", options={})[1] == first
        push(make("two", seed=2), "me/kept")
        assert client.run(PULL, source="me/kept", options={})[1] == first


@pytest.mark.parametrize("source", ["a" * 5_000, "a\0b", "a/" * 3_000])
def test_a_name_that_is_no_path_is_a_sentence(source):
    with pytest.raises(ModelError, match="neither a folder here nor a Hub id"):
        pull_here(source)


def test_a_refused_connection_is_reported_at_once(hub, tmp_path):
    """In a process of its own, since the address is fixed at import."""
    code = (
        "import time\n"
        "from fer.model.hub import pull, ModelError\n"
        "from fer.model.push import PushError, prepare_push\n"
        "start = time.monotonic()\n"
        "try:\n    pull('me/fer')\nexcept ModelError as error:\n    print(error)\n"
        "try:\n    prepare_push('me/fer')\nexcept PushError as error:\n    print(error)\n"
        "print(time.monotonic() - start)"
    )
    environment = os.environ | hub.environment(tmp_path) | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.count("The Hub didn't respond in 10 seconds") == 2, done.stderr
    assert float(done.stdout.splitlines()[-1]) < 30
