"""Files: a visitor reaches their own uploads, and nothing else on the machine."""

import json
import os
import statistics
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import gradio as gr
import httpx
import pytest
from PIL import Image

from fer.ui.photo.tab import EXAMPLES
from fer.ui.serving.request_checks import NO_FILE
from tests.security.page import Visitor, file, picture

pytestmark = pytest.mark.slow

FILE_HANDLERS = ("read", "predict", "choose", "start", "analyse_recording")
"""Every handler that takes a file, private ones as well."""


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    """A picture on the server that nobody uploaded, and that could be shown."""
    path = tmp_path_factory.mktemp("secret") / "secret.png"
    path.write_bytes(picture(value=200))
    return path


def arguments(demo, name, value):
    """The inputs of a handler with a file for its first one."""
    (fn,) = [fn for fn in demo.fns.values() if fn.api_name == name]
    return [value, *[None if isinstance(b, gr.State) else b.value for b in fn.inputs[1:]]]


def refused(response):
    return response.status_code == 400 and response.json() == {"detail": NO_FILE}


def fetched_raw(demo, path):
    """Fetch a file by its path as it is; most clients would tidy it up."""
    connection = HTTPConnection(urlsplit(demo.local_url).netloc, timeout=30)
    connection.request("GET", f"/gradio_api/file={path}")
    response = connection.getresponse()
    return response.status, response.read()


def strange_paths(secret, foreign):
    yield from (str(secret), "/etc/passwd", "/proc/self/environ", "/dev/zero", "/dev/stdin")
    yield from (f"/proc/self/fd/{number}" for number in (0, 1, 2, 3, 9))
    yield from ("..", "/", ".", "~", "etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.png")
    yield from (f"{foreign}/", f"/{foreign}", foreign.replace("/", "//"), quote(foreign, safe=""))
    yield from (f"{foreign}\0", f"{foreign}\0.png", foreign[:-1], foreign.upper(), f" {foreign}")
    folder = str(Path(foreign).parent)
    yield from (folder, f"{folder}/../{Path(folder).name}/one.png", f"{folder}/./one.png")
    yield from (
        f"{folder}/%2e%2e",
        f"{folder}/\u2025/x",
        f"{folder}\\one.png",
        "\ud7ff",
        "x" * 9000,
    )
    yield from (1, 0, 3.5, True, False, [], [foreign], {}, {"path": foreign}, [[foreign]])


@pytest.mark.parametrize("name", [*FILE_HANDLERS, "read_frame"])
def test_no_handler_takes_a_path_that_was_not_uploaded(demo, visitor, secret, name):
    foreign = Visitor(demo).uploaded()
    demo.store.claim(foreign, "somebody else's")
    for path in strange_paths(secret, foreign):
        for value in ({"path": path}, file(path), {"path": path, "meta": 1, "is_stream": True}):
            if name == "read_frame":  # a server function
                response = visitor.read_frame(value)
            else:
                response = visitor.join(name, arguments(demo, name, value))
            assert refused(response), (path, response.status_code, response.text)


@pytest.mark.parametrize("route", ["queue/join", "run/predict", "call/{}", "call/v2/{}"])
@pytest.mark.parametrize("name", FILE_HANDLERS)
def test_no_route_takes_a_path_that_was_not_uploaded(demo, visitor, secret, route, name):
    data = arguments(demo, name, {"path": str(secret)})
    body = {"data": data, "fn_index": visitor.number(name), "session_hash": visitor.session}
    if "v2" in route:
        body = {"picture": {"path": str(secret)}, "recording": {"path": str(secret)}}
    response = visitor.web.post("gradio_api/" + route.format(name), json=body)
    assert refused(response), response.text
    assert visitor.web.post(f"gradio_api/api/{name}", json=body).status_code == 404
    if name != "predict":  # that name is the page's own, for every handler without a queue
        assert visitor.web.post(f"gradio_api/run/{name}", json=body).status_code == 404


@pytest.mark.parametrize(
    "wrap",
    [
        lambda path: [{"path": path}],
        lambda path: {"image": {"path": path}},
        lambda path: {"video": {"path": path}, "subtitles": None},
        lambda path: {"meta": {"_type": "gradio.FileData", "path": path}},
        lambda path: {"path": "", "url": None, "x": {"path": path}},
        lambda path: [[[{"a": [{"path": path}]}]]],
        lambda path: {"__type__": "update", "value": {"path": path}},
    ],
)
def test_a_path_nested_in_a_value_or_another_input_is_refused(demo, visitor, secret, wrap):
    data = arguments(demo, "read", wrap(str(secret)))
    assert refused(visitor.join("read", data))
    in_another = [None, *data[1:-1], wrap(str(secret))]
    assert refused(visitor.join("read", in_another))


def test_links_and_pipes_in_the_own_folder_are_refused(demo, visitor, secret):
    for make in (lambda path: path.symlink_to(secret), os.mkfifo, Path.mkdir):
        path = Path(visitor.uploaded())
        path.unlink()
        make(path)
        assert refused(visitor.join("read", arguments(demo, "read", file(str(path)))))
        assert visitor.web.get(f"gradio_api/file={quote(str(path))}").status_code == 404
    moved = Path(visitor.uploaded())
    moved.parent.rename(moved.parent.with_name("elsewhere"))
    moved.parent.symlink_to("elsewhere")
    assert refused(visitor.join("read", arguments(demo, "read", file(str(moved)))))


def test_an_upload_belongs_to_the_first_session_that_uses_it(demo):
    owner, other = Visitor(demo), Visitor(demo)
    path = owner.uploaded()
    data = arguments(demo, "read", file(path))
    assert owner.ask("read", data)["success"]
    assert refused(other.join("read", data))
    assert refused(other.join("predict", arguments(demo, "predict", file(path))))
    assert refused(other.web.post("gradio_api/call/predict", json={"data": [file(path)]}))
    assert owner.ask("read", data)["success"]


def test_a_program_needs_no_session(demo, visitor):
    body = {"data": [file(visitor.uploaded()), 40, False]}
    for _ in range(2):
        event = visitor.web.post("gradio_api/call/predict", json=body).json()["event_id"]
        answer = visitor.web.get(f"gradio_api/call/predict/{event}").text
        assert "happy" in answer.partition("event: complete")[2]  # after heartbeats, if it is slow
    named = {"picture": file(visitor.uploaded()), "min_face": 40}
    event = visitor.web.post("gradio_api/call/v2/predict", json=named).json()["event_id"]
    assert "happy" in visitor.web.get(f"gradio_api/call/v2/predict/{event}").text


def test_the_same_bytes_twice_are_two_files(demo):
    content = picture(value=7)
    paths = {Visitor(demo).uploaded(content) for _ in range(5)}
    assert len(paths) == 5 and len({Path(path).parent for path in paths}) == 5
    assert all(len(Path(path).parent.name) >= 22 for path in paths)  # 128 bits


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("größe 日本 (1).png", "größe 日本 (1).png"),
        ("<img src=x onerror=alert(1)>.png", None),
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\x.png", "x.png"),
        ("..", "file"),
        (".", "file"),
        ("a\0b.png", "ab.png"),
        ("x" * 3000 + ".png", None),
    ],
)
def test_any_name_is_kept_in_the_uploads_own_folder(demo, visitor, sent, kept):
    head = f'Content-Disposition: form-data; name="files"; filename="{sent}"'
    body = f"--x\r\n{head}\r\n\r\n".encode() + picture() + b"\r\n--x--\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    (path,) = visitor.web.post("gradio_api/upload", content=body, headers=form).json()
    assert Path(path).parent.parent == demo.store.uploads and len(Path(path).name) <= 200
    assert kept is None or Path(path).name == kept
    shown = visitor.ask("read", arguments(demo, "read", file(path)))
    assert shown["success"] and "<img src=x" not in json.dumps(shown)


def test_urls_are_never_fetched(demo, visitor, monkeypatch):
    fetched = []

    class Listener(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            fetched.append(request.url)
            return httpx.Response(200)

    monkeypatch.setattr(
        "httpx.AsyncHTTPTransport.handle_async_request", Listener.handle_async_request
    )
    for url in ("http://127.0.0.1:9/x.png", "https://example.com/x.png", "file:///etc/passwd"):
        assert refused(visitor.join("read", arguments(demo, "read", file(url))))
        for value in ({"url": url}, file("", url=url), file(None, url=url)):
            assert "No picture is read" in visitor.read_frame(value).text
        path = visitor.uploaded()
        assert visitor.ask("read", arguments(demo, "read", file(path, url=url)))["success"]
        assert visitor.web.get(f"gradio_api/file={url}").status_code == 404
    assert fetched == []


def test_examples_are_for_everybody(demo, visitor):
    path = str(EXAMPLES[0])
    assert visitor.ask("read", arguments(demo, "read", file(path)))["success"]
    assert visitor.web.get(f"gradio_api/file={path}").status_code == 200
    assert visitor.web.get(f"gradio_api/file={EXAMPLES[0].parent}/README.md").status_code == 404


def test_what_is_not_the_visitors_cannot_be_fetched(demo, visitor, secret):
    own = visitor.uploaded()
    content = visitor.web.get(f"gradio_api/file={quote(own)}")
    assert content.status_code == 200 and Image.open(content).size == (120, 120)
    lying = demo.store.folder.path / "state.json"
    lying.write_text("{}")
    made = demo.store.recordings / "token"
    (made / "source").mkdir(parents=True)
    (made / "source" / "film.mp4").write_bytes(b"a")
    (made / "film.mp4").write_bytes(b"a")
    (made / "link.mp4").symlink_to(secret)
    assert visitor.web.get(f"gradio_api/file={made}/film.mp4").status_code == 200
    paths = [secret, lying, made, made / "source" / "film.mp4", made / "link.mp4", __file__]
    paths += [demo.store.uploads, Path(own).parent, f"{own}/..", f"{made}/../token/film.mp4"]
    paths += ["/etc/passwd", "/proc/self/fd/0", "/proc/self/environ", Path.cwd() / "README.md"]
    paths += [f"{own}%00", f"/{own}", str(demo.store.folder.path / ".lock")]
    for path in paths:
        assert fetched_raw(demo, path) == (404, b'{"detail":"There is nothing here."}'), path


def test_an_uploaded_page_runs_no_script(visitor):
    script = b"<script>document.title = 1</script>"
    for name, content in (
        ("x.html", script),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
    ):
        response = visitor.web.get(f"gradio_api/file={visitor.uploaded(content, name)}")
        assert response.headers["content-security-policy"].startswith("sandbox;")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["content-disposition"].startswith("attachment")


def test_no_header_of_a_request_comes_back_with_a_file(visitor):
    """Those that a proxy adds are none of a visitor's business."""
    path = visitor.uploaded()
    for part in ("bytes=0-9", "bytes=0-", ""):
        headers = {"range": part, "x-token-of-the-proxy": "secret", "set-cookie": "a=b"}
        response = visitor.web.get(f"gradio_api/file={quote(path)}", headers=headers)
        assert response.status_code == (206 if part else 200)
        assert not {"x-token-of-the-proxy", "set-cookie", "range"} & response.headers.keys()


def test_a_refusal_tells_nothing_of_the_disk(demo, visitor, secret, tmp_path):
    """Existing, missing, unreadable and foreign: one sentence, and the same time."""
    unreadable = tmp_path / "unreadable.png"
    unreadable.write_bytes(b"x")
    unreadable.chmod(0)
    foreign = Visitor(demo).uploaded()
    demo.store.claim(foreign, "somebody else's")
    near = str(Path(foreign).with_name("two.png"))
    paths = (secret, tmp_path / "missing.png", unreadable, tmp_path, foreign, near, "/dev/zero")
    times = {}
    answers = set()
    for path in [*paths] * 12:
        begun = time.perf_counter()
        response = visitor.join("predict", arguments(demo, "predict", file(str(path))))
        times.setdefault(path, []).append(time.perf_counter() - begun)
        answers.add((response.status_code, response.text, str(sorted(response.headers))))
    assert len(answers) == 1
    medians = [statistics.median(each) for each in times.values()]
    assert max(medians) - min(medians) < 0.05


def test_errors_name_no_path_of_the_server(demo, visitor):
    path = visitor.uploaded(b"no picture")
    message = visitor.ask("predict", arguments(demo, "predict", file(path)))
    assert not message["success"] and str(Path(path).parent) not in json.dumps(message)


@pytest.mark.parametrize("path", ["mcp/", "mcp", "mcp/http/", "mcp/schema", "mcp/sse"])
def test_mcp_is_off_unless_it_is_wanted(visitor, path):
    for method in ("GET", "POST"):
        assert visitor.web.request(method, f"gradio_api/{path}").status_code == 404
