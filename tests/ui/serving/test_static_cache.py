"""Static cache: files are compressed once, and pages are rendered once, a few at a time."""

import asyncio
import gzip

import brotli
import httpx
import pytest
from starlette.responses import Response

from fer.ui.serving import static_cache
from fer.ui.serving.static_cache import MAX_AT_A_TIME, RenderingTurns, StaticCache
from tests.async_runner import run_async

SCRIPT = b"let a = 1;\n" * 20_000
PAGE = SCRIPT + b"let address = '%b';\n" * 2


class Files:
    """Files of any path but one; it counts requests."""

    def __init__(self):
        self.asked, self.cached = [], StaticCache(self)

    async def __call__(self, scope, receive, send):
        self.asked.append(scope["path"])
        await asyncio.sleep(0.01)
        found = "missing" not in scope["path"]
        headers = {"content-type": "text/javascript", "cache-control": "no-cache"}
        body = SCRIPT
        if static_cache.PAGE.fullmatch(scope["path"]):
            body = PAGE % ((b"http://%b" % dict(scope["headers"])[b"host"],) * 2)
        if "icon" not in scope["path"]:
            headers |= {"etag": '"one"', "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT"}
        await Response(body, 200 if found else 404, headers)(scope, receive, send)

    async def ask(self, *paths, encoding="br", method="GET", **headers):
        async def served(scope, receive, send):
            await self.cached({**scope, "server": ("page", 80)}, receive, send)

        inside = httpx.ASGITransport(served)
        async with httpx.AsyncClient(transport=inside, base_url="http://page") as http:
            known = {"accept-encoding": encoding} | headers
            requests = (http.request(method, path, headers=known) for path in paths)
            return await asyncio.gather(*requests)

    def get(self, *paths, **request):
        return run_async(self.ask(*paths, **request))


@pytest.fixture
def files():
    return Files()


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_file_is_compressed_once_for_all_who_ask(files, encoding):
    responses = files.get(*["/assets/a.js"] * 9, encoding=f"deflate, {encoding}")
    assert len(files.asked) == 1
    for response in responses:
        assert response.content == SCRIPT and response.headers["content-encoding"] == encoding
        assert int(response.headers["content-length"]) < 5000
        assert response.headers["content-type"] == "text/javascript"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding]
    assert unpack(b"".join(files.cached._files["/assets/a.js", encoding, ""].body)) == SCRIPT


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, BR", "br"),
        ("br; q=0.9, gzip;q=1", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000", None),
        ("brand-new, zgzip", None),
        ("", None),
    ],
)
def test_only_an_encoding_that_the_browser_takes_is_used(files, accepted, encoding):
    (response,) = files.get("/", encoding=accepted)
    assert response.headers.get("content-encoding") == encoding
    assert response.content.startswith(SCRIPT)


def test_what_a_browser_has_is_not_sent_again(files):
    tags = ('"one-br"', 'W/"one-br"', '"zero", W/"one-br"', '"one"', '"one-gzip"')
    known = [{"if-none-match": tag, "range": "bytes=0-1"} for tag in tags]
    known += [{"if-modified-since": f"Mon, 02 Nov 2026 {hour}:00:00 GMT"} for hour in ("10", "09")]
    responses = [files.get("/assets/a.js", **headers)[0] for headers in known]
    assert [response.status_code for response in responses] == [304] * 3 + [200] * 2 + [304, 200]
    for response in responses:
        assert response.content == (b"" if response.status_code == 304 else SCRIPT)
        kept = [response.headers[name] for name in ("etag", "cache-control", "vary")]
        assert kept == ['"one-br"', "no-cache", "Accept-Encoding"]


def test_icons_are_made_once_and_other_things_each_time(files):
    for path in ("/pwa_icon/192", "/pwa_icon/192"):
        known = {"if-none-match": '"one"'}  # it has no such tag itself
        assert files.get(path, encoding="identity", **known)[0].content == SCRIPT
    assert len(files.asked) == 1
    others = ["/gradio_api/info", "/gradio_api/file=/assets/a.js", "/assets/a.wasm"]
    files.get(*others, *others)
    files.get("/assets/a.js", "/assets/a.js", encoding="identity")
    assert len(files.asked) == 1 + 2 * len(others) + 2


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, b"http://page"),
        ({"host": "PAGE:80"}, b"http://page"),
        ({"host": "[::1]:7860"}, b"http://[::1]:7860"),
        ({"x-forwarded-proto": "https"}, b"https://page"),
        ({"x-forwarded-host": "space.example:99, b"}, b"http://space.example:99"),
        ({"x-forwarded-host": "a.example", "x-forwarded-proto": "https"}, b"https://a.example"),
        ({"host": "a b"}, b"http://page"),
    ],
)
def test_the_page_is_rendered_once_and_has_the_address_at_which_it_is_opened(
    files, headers, address
):
    whole = PAGE % (address, address)
    for _visit in range(2):
        for path in ("/?__theme=dark", "/config"):
            for encoding in ("br", "identity"):
                response = files.get(path, encoding=encoding, **headers)[0]
                assert response.content == whole
                assert response.headers.get("content-encoding", "identity") == encoding
        assert b"http://b.example" in files.get("/", host="b.example")[0].content
    assert files.asked == ["/", "/config"]
    files.get("/?deep_link=a", "/?deep_link=a", "/config?page=b")  # for the request guard
    assert len(files.asked) == 5


def test_invented_addresses_do_not_push_out_the_real_one(files, monkeypatch):
    monkeypatch.setattr(static_cache, "MAX_KEPT_PAGES", 3)
    for number in range(6):
        files.get("/", host="page")
        files.get("/", host=f"invented-{number}")
        assert ("/", "br", "http://page") in files.cached._pages
    assert files.asked == ["/"] and len(files.cached._pages) == 3


async def test_no_visitor_waits_until_the_page_is_compressed_for_another_address(files):
    async with files.cached._compressing:
        response, again = await asyncio.wait_for(files.ask("/", "/"), 5)
    assert response.content == again.content and b"http://page'" in response.content
    assert "content-encoding" not in response.headers and not files.cached._pages


def test_what_the_request_guard_drops_has_no_page_rendered(files):
    for host in ("page", "page", "a b", "[::x]", "page/a"):
        for query in ("", "?page=" + "b" * 4000):
            files.get(f"/{query}", host=host)
    assert files.asked == ["/"]


def test_only_a_query_for_another_page_has_one_rendered(files):
    files.get("/", "/?page=", "/?page=b&page=", "/?pages=2", "/?of=page&x=deep_link", "/?%ff=\xff")
    assert files.asked == ["/"]
    files.get("/?page=&page=b", "/?p%61ge=b", "/?deep_link")  # for the request guard
    assert len(files.asked) == 4 and len(files.cached._pages) == 1


@pytest.mark.parametrize("path", ["/", "/assets/a.js"])
def test_who_asks_for_headers_gets_those_that_are_kept(files, path):
    head, again = files.get(path, path, method="HEAD")
    (whole,) = files.get(path)
    assert head.headers == again.headers == whole.headers and "content-length" in head.headers
    assert head.content == b"" and whole.content.startswith(SCRIPT) and files.asked == [path]


def test_the_page_is_made_once_for_all_who_ask_at_once(files):
    responses = files.get(*["/"] * 100)
    assert files.asked == ["/"] and len({response.content for response in responses}) == 1
    assert not files.cached._making


async def test_where_the_first_ones_leave_the_next_one_has_the_file_made():
    """A file that is cut off, as its visitor has left, would be sent to everybody else."""
    asked, sent = [], []
    cut = [None, {"body": b"", "more_body": True}, {"body": SCRIPT[:9], "more_body": True}]

    async def app(scope, receive, send):
        asked.append(scope["visitor"])
        await asyncio.sleep(0.01)
        if scope["visitor"] == len(cut):
            await Response(SCRIPT)(scope, receive, send)
        elif last := cut[scope["visitor"]]:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"} | last)

    async def send(message):
        sent.append(message.get("body"))

    cached = StaticCache(app)
    page = {"type": "http", "method": "GET", "path": "/assets/a.js", "query_string": b""}
    page["headers"] = [(b"accept-encoding", b"gzip")]
    requests = (cached({**page, "visitor": visitor}, None, send) for visitor in range(5))
    await asyncio.gather(*requests)
    assert asked == [0, 1, 2, 3]
    assert [body and gzip.decompress(body) for body in sent] == [None, SCRIPT, b""] * 2


async def test_nothing_is_sent_to_who_has_left_before_the_page_was_rendered():
    sent = []

    async def leaves(scope, receive, send):
        """End as the request guard does."""

    async def send(message):
        sent.append(message)

    request = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    await StaticCache(leaves)({**request, "headers": [(b"host", b"page")]}, None, send)
    assert sent == []


async def test_a_file_has_one_name(files):
    """Under others it would be compressed anew each time, in which nobody else is served."""
    names = "/assets/./a.js", "/assets//a.js", "/modules/b/../a.js", "/device/./a.json"
    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    for name in names:
        request = {"type": "http", "method": "GET", "path": name}
        await files.cached({**request, "headers": [(b"accept-encoding", b"br")]}, None, send)
    assert statuses == [404, None] * len(names) and not files.asked


def test_what_is_missing_is_not_kept(files):
    responses = files.get("/assets/missing.js", "/assets/missing.js")
    assert [response.status_code for response in responses] == [404] * 2
    assert not files.cached._files


async def test_a_large_file_is_sent_in_pieces(files):
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": "/pwa_icon/512", "headers": headers}
    await files.cached(scope, None, send)
    pieces = [message["body"] for message in sent[1:]]
    assert b"".join(pieces) == SCRIPT and max(map(len, pieces)) <= 65_536
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(pieces) - 1) + [False]


class Browser:
    """Asks for the page; it may leave."""

    def __init__(self) -> None:
        self.left, self.sent, self.status = asyncio.Event(), [], None

    async def receive(self):
        if not self.left.is_set():
            await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message["type"])
        self.status = message.get("status", self.status)

    def ask(self, turns):
        return asyncio.create_task(turns({"type": "http"}, self.receive, self.send))


async def test_no_page_is_rendered_for_who_has_left(monkeypatch):
    rendered, ready = [], asyncio.Event()

    async def app(scope, receive, send):
        rendered.append(receive.__self__)
        await ready.wait()
        await send({"type": "http.response.start", "status": 200})

    turns = RenderingTurns(app)
    first, leaving, last = ([Browser() for _ in range(count)] for count in (MAX_AT_A_TIME, 50, 2))
    tasks = [browser.ask(turns) for browser in (*first, *leaving, *last)]
    await asyncio.sleep(0.01)
    for browser in leaving:
        browser.left.set()
    await asyncio.wait(tasks[MAX_AT_A_TIME:-2])
    assert rendered == first and turns._known == MAX_AT_A_TIME + 2
    monkeypatch.setattr(static_cache, "MAX_WAITING", MAX_AT_A_TIME + 2)
    await (refused := Browser()).ask(turns)
    assert refused.status == 503
    ready.set()
    await asyncio.gather(*tasks)
    assert rendered == first + last
    assert turns._known == 0 and turns._turns._value == MAX_AT_A_TIME
