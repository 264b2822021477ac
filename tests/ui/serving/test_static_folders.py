"""The device page below `/device/`, the Live tab's modules, and the choice of place there."""

import re
from pathlib import Path

import gradio as gr
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from fer.ui import build_demo, launch_settings
from fer.ui.serving.request_guard import RequestGuard
from fer.ui.serving.static_folders import (
    CHECKED,
    KEPT,
    MODULES,
    PATH,
    StaticFolder,
    content_policy,
    device_page_folder,
)
from tests.fakes import fake_pipeline

FILES = {
    "index.html": ("text/html", CHECKED),
    "page.css": ("text/css", CHECKED),
    "page/main.js": ("text/javascript", CHECKED),
    "ort/ort.mjs": ("text/javascript", CHECKED),
    "page/settings.json": ("application/json", CHECKED),
    "manifest.webmanifest": ("application/manifest+json", CHECKED),
    "fonts/plex.woff2": ("font/woff2", CHECKED),
    "models/onet.0123456789.onnx.xz": ("application/octet-stream", KEPT),
    "models/runtime.0123456789.wasm.xz": ("application/octet-stream", KEPT),
}
"""Media type and caching of some files."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that looks like the built page, beside a file that isn't part of it."""
    (tmp_path / "secret.txt").write_text("secret")
    built = tmp_path / "dist"
    for name in FILES:
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).write_text(name)
    monkeypatch.setenv("FER_DEVICE_PAGE", str(built))
    return built


@pytest.fixture
def client(folder):
    return TestClient(StaticFolder(PlainTextResponse("the app"), folder, PATH))


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_its_type_and_is_cached_as_its_name_allows(client, name):
    response = client.get(f"/device/{name}")
    kind, kept = FILES[name]
    assert response.text == name
    assert response.headers["content-type"] == kind
    assert response.headers["cache-control"] == kept
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in response.headers
    again = client.get(f"/device/{name}", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.text, again.headers["cache-control"]) == (304, "", kept)


def test_the_pages_own_policy_covers_its_worker_too(folder):
    policy = "default-src 'none'; script-src 'self'"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    (folder / "index.html").write_text(f"<html><head>{meta}")
    (static,) = [
        layer
        for layer in launch_settings()["app_kwargs"]["middleware"]
        if layer.cls is StaticFolder and layer.kwargs["path"] == PATH
    ]
    client = TestClient(StaticFolder(PlainTextResponse("the app"), **static.kwargs))
    for name in FILES:
        assert client.get(f"/device/{name}").headers["content-security-policy"] == policy
    page = (Path(__file__).parents[3] / "web" / "index.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(page)
    assert content_policy(folder)  # it is found in the page as it is


def test_without_a_policy_there_is_none(client, folder):
    assert "content-security-policy" not in client.get("/device/").headers
    assert content_policy(folder) == ""


def test_the_folder_is_its_index_and_has_a_slash(client):
    assert client.get("/device/").text == "index.html"
    assert client.get("/device", follow_redirects=False).headers["location"] == "device/"
    assert client.get("/device").text == "index.html"


@pytest.mark.parametrize(
    "path",
    [
        "/device/none.js",
        "/device/page",
        "/device/%2e%2e/secret.txt",
        "/device/..%2fsecret.txt",
        "/device//etc/passwd",
        "/device/%00",
        "/device/" + 300 * "x",
    ],
)
def test_nothing_else_is_served(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response.json() == {"detail": "Not Found"}


def test_files_are_only_read(client):
    assert client.post("/device/index.html").status_code == 405
    assert client.head("/device/index.html").headers["content-length"] == str(len("index.html"))


@pytest.mark.parametrize("path", ["/", "/devices", "/config"])
def test_any_other_request_is_passed_on(client, path):
    assert client.get(path).text == "the app"


@pytest.mark.parametrize("path", ["/proxy/device/page/main.js", "/device/page/main.js"])
def test_it_works_behind_a_proxy_that_keeps_its_path_or_strips_it(folder, path):
    app = StaticFolder(PlainTextResponse("the app"), folder, PATH)
    assert TestClient(app, root_path="/proxy").get(path).text == "page/main.js"


def choices(demo):
    values = [block.value or "" for block in demo.blocks.values() if isinstance(block, gr.HTML)]
    return [value for value in values if "live-place" in value]


def served():
    """Return the paths of static folders, which come before the request guard."""
    layers = launch_settings()["app_kwargs"]["middleware"]
    guard = [layer.cls for layer in layers].index(RequestGuard)
    return [layer.kwargs["path"] for layer in layers[:guard] if layer.cls is StaticFolder]


def test_the_live_tab_offers_the_page_where_it_is_built(folder):
    (choice,) = choices(build_demo(fake_pipeline([])))
    assert 'value="device" checked' in choice
    assert served() == ["/modules", PATH]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_without_it_the_live_tab_has_no_choice(monkeypatch, name):
    monkeypatch.setenv("FER_DEVICE_PAGE", name)
    assert not choices(build_demo(fake_pipeline([])))
    assert served() == ["/modules"]


def test_the_live_tabs_modules_are_served_as_they_are():
    client = TestClient(StaticFolder(PlainTextResponse("the app"), MODULES, "/modules"))
    for path in MODULES.iterdir():
        response = client.get(f"/modules/{path.name}")
        assert response.text == path.read_text(encoding="utf-8")
        assert response.headers["content-type"] == "text/javascript"
        for name in re.findall(r'from "\./([\w.]+)"', response.text):
            assert (MODULES / name).is_file()  # none needs the built page


def test_it_is_where_the_build_puts_it(monkeypatch, tmp_path):
    monkeypatch.delenv("FER_DEVICE_PAGE")
    monkeypatch.setattr("fer.ui.serving.static_folders.BUILT", tmp_path)
    assert device_page_folder() is None
    (tmp_path / "index.html").touch()
    assert device_page_folder() == tmp_path
    build = (Path(__file__).parents[3] / "web" / "build.js").read_text()
    assert 'join(WEB, "dist")' in build
