"""The photo tool for programs that speak MCP: used by the real client, and attacked.

It needs requirements-mcp.txt, which CI installs in a job of its own.
"""

import asyncio
import base64
import json
import re
from pathlib import Path

import httpx
import pytest

from fer.ui.photo.tab import TOOL_DESCRIPTION
from fer.ui.serving import mcp_route
from fer.ui.serving.mcp_route import MAX_PICTURE_BYTES, MAX_REQUEST_BYTES, TOOL
from tests.security.page import files_in, picture, served

mcp = pytest.importorskip("mcp", reason="an extra: pip install -r requirements-mcp.txt")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_MCP_SERVER", "True")
        with served(tmp_path_factory.mktemp("uploads")) as demo:
            yield demo


@pytest.fixture
def address(demo):
    return f"{demo.local_url}gradio_api/mcp/"


def with_client(address, work):
    """Run what needs a session of the protocol's own client."""
    from mcp.client.streamable_http import streamable_http_client

    async def connect():
        async with (
            streamable_http_client(address) as (receive, send, _),
            mcp.ClientSession(receive, send) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(asyncio.wait_for(connect(), 60))


def call(address, arguments, name=TOOL):
    return with_client(address, lambda session: session.call_tool(name, arguments))


def data_url(content, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_there_is_one_tool(address):
    """With a name and inputs that a program can make sense of."""
    (tool,) = with_client(address, lambda session: session.list_tools()).tools
    assert tool.name == TOOL and tool.description == TOOL_DESCRIPTION
    inputs = tool.inputSchema["properties"]
    assert list(inputs) == ["picture", "min_face", "whole_picture"]
    assert tool.inputSchema["required"] == ["picture"]
    assert inputs["picture"]["type"] == "string" and "data URL" in inputs["picture"]["description"]
    assert inputs["min_face"]["type"] == "number" and inputs["min_face"]["default"] == 20
    assert inputs["whole_picture"]["type"] == "boolean"
    schema = httpx.get(address + "schema").json()
    assert [entry["name"] for entry in schema] == [TOOL]


def test_a_photo_is_read(demo, address):
    before = files_in(demo.store.folder.path)
    found = call(address, {"picture": data_url(picture()), "min_face": 40})
    (text,) = found.content
    assert not found.isError
    document = json.loads(text.text)
    (face,) = document["faces"]
    assert (document["width"], face["expression"]) == (120, "happy")
    assert files_in(demo.store.folder.path) == before


def test_other_endpoints_stay_available(demo):
    from gradio_client import Client

    described = Client(demo.local_url, verbose=False).view_api(return_format="dict")
    assert {"/photo", "/recording"} < described["named_endpoints"].keys()


SERVER_FILE = str(ROOT / "fer/ui/photo/examples/astronaut.jpg")


@pytest.mark.parametrize(
    "sent",
    [
        SERVER_FILE,
        f"file://{SERVER_FILE}",
        "http://127.0.0.1:9/secret.png",
        "https://example.org/a.png",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,!!!",
        "data:image/png,plain",
        "",
    ],
)
def test_only_data_urls_are_read(address, sent):
    found = call(address, {"picture": sent})
    assert found.isError
    assert found.content[0].text.startswith("`picture` is the picture itself as a data URL")


def test_what_is_no_picture_gets_a_sentence(address):
    for content in (b"", b"no picture", picture()[:60]):
        found = call(address, {"picture": data_url(content)})
        assert found.isError and re.search(r"picture|file|photo", found.content[0].text)
        assert "Traceback" not in found.content[0].text


def refused(address, arguments, name=TOOL):
    """Return the sentence with which a call is refused."""
    from mcp.shared.exceptions import McpError

    async def fail(session):
        with pytest.raises(McpError) as caught:
            await session.call_tool(name, arguments)
        return caught.value.error.message

    return with_client(address, fail)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"min_face": 5}, "min_face is a number from 16 to 200."),
        ({"min_face": "x"}, "min_face is a number from 16 to 200."),
        ({"whole_picture": "x"}, "whole_picture is true or false."),
        ({"path": "/etc/passwd"}, "path is no input; there are: picture, min_face, whole_picture."),
    ],
)
def test_wrong_inputs_get_a_sentence(address, arguments, sentence):
    assert refused(address, {"picture": data_url(picture()), **arguments}) == sentence


@pytest.mark.parametrize("picture", [None, 5, ["a"], {"path": SERVER_FILE}])
def test_a_picture_of_another_type(address, picture):
    assert refused(address, {"picture": picture}) == "picture is text."


@pytest.mark.parametrize("name", ["photo", "recording", "predict", "read", "", "../photo"])
def test_no_other_tool_is_there(address, name):
    assert refused(address, {"picture": SERVER_FILE}, name) == f"There is one tool here: {TOOL}."
    assert refused(f"{address}?tools={name}", {}, name) == f"There is one tool here: {TOOL}."


JSON = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def post(address, content, **headers):
    return httpx.post(address, content=content, headers={**JSON, **headers}, timeout=60)


@pytest.mark.parametrize("method", ["resources/read", "prompts/get", "completion/complete", "x"])
def test_other_methods_are_refused(address, method):
    known = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"uri": "file:///etc/passwd"}}
    reply = post(address, json.dumps(known))
    assert reply.json()["error"] == {"code": -32601, "message": "There is no such method here."}
    assert reply.json()["id"] == 7


def test_large_and_malformed_bodies(address):
    for body, status in (
        (b" " * (MAX_REQUEST_BYTES + 1), 413),
        (b"[" * 1000, 400),
        (b"[]", 400),
        (b'{"a":' + b"[1]," * 6000, 413),
        (b"", 400),
    ):
        reply = post(address, body)
        assert reply.status_code == status and reply.json()["error"]["message"]
    assert post(address, b"{}").status_code == 202  # nobody waits for a reply


def test_the_largest_picture_arrives(address):
    """Though what is sent here is none."""
    found = call(address, {"picture": data_url(bytes(MAX_PICTURE_BYTES))})
    assert found.isError and "picture" in found.content[0].text


def test_a_page_of_another_site_cannot_send(address):
    known = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert post(address, json.dumps(known), **{"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize("path", ["sse", "messages/", "http/x", "../mcp/sse", "%2e%2e/"])
def test_nothing_else_is_served_there(demo, path):
    for method in ("GET", "POST", "DELETE", "PUT"):
        status = httpx.request(method, f"{demo.local_url}gradio_api/mcp/{path}").status_code
        assert status in (404, 405)


def test_get_and_delete_are_refused_as_the_protocol_has_it(address):
    for method in ("GET", "DELETE"):
        headers = {"Accept": "text/event-stream"}
        assert httpx.request(method, address, headers=headers).status_code == 405


def post_all(address, contents):
    """Return the replies to messages that are sent at the same time."""

    async def send():
        async with httpx.AsyncClient(timeout=60) as web:
            return await asyncio.gather(
                *(web.post(address, content=content, headers=JSON) for content in contents)
            )

    return asyncio.run(send())


def test_silent_senders_do_not_take_the_turns(address, monkeypatch):
    monkeypatch.setattr(mcp_route, "MAX_WAIT", 0.2)

    async def slow():
        yield b"{"
        await asyncio.sleep(3)
        yield b"}"

    replies = post_all(address, [slow() for _ in range(mcp_route.MAX_REQUESTS + 2)])
    assert {reply.status_code for reply in replies} == {202}


def test_few_pictures_are_read_at_a_time(address, monkeypatch):
    monkeypatch.setattr(mcp_route, "MAX_WAIT", 0.0)
    called = {"name": TOOL, "arguments": {"picture": data_url(picture())}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
    replies = post_all(address, [json.dumps(message)] * (mcp_route.MAX_REQUESTS + 8))
    statuses = [reply.status_code for reply in replies]
    assert statuses.count(200) >= mcp_route.MAX_REQUESTS
    assert set(statuses) == {200, 503}


def test_the_configuration_in_the_docs(demo):
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    address = json.loads(block)["mcpServers"]["fer"]["url"]
    here = address.replace("http://127.0.0.1:7860/", demo.local_url)
    tools = with_client(here, lambda session: session.list_tools()).tools
    assert f"`{tools[0].name}`" in page
    assert f"at most {MAX_PICTURE_BYTES / 1e6:.0f} MB" in page
    assert (
        f"at most {MAX_PICTURE_BYTES / 1e6:.0f} MB"
        in tools[0].inputSchema["properties"]["picture"]["description"]
    )


def test_the_requirements_are_those_of_gradio():
    """Gradio's own extra, of the version that the page runs with."""
    lines = (ROOT / "requirements-mcp.txt").read_text().splitlines()
    (pinned,) = re.findall(r"gradio==(\S+)", (ROOT / "requirements.txt").read_text())
    assert f"gradio[mcp]=={pinned}" in lines
