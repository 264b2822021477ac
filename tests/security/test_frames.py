"""Camera frames: whatever is sent as one, nothing but a small JPEG is decoded."""

import asyncio
import io
import struct
import zlib

import httpx
import pytest
from PIL import Image, ImageFile

from fer.ui.live.camera_frames import MAX_SCANS, frame_bytes
from tests.async_runner import run_async
from tests.security._live import FRAME, Visitor, allowed, client, data_url, jpeg, serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("frames")) as served:
        yield served


def picture(kind: str, size=(64, 64), **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind, **options)
    return file.getvalue()


def png_bomb(side: int = 13_000) -> bytes:
    """A grey picture of 169 million pixels in 20 KB, made without holding its pixels."""
    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(side + 1)) for _ in range(side)) + packed.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def two_sizes() -> bytes:
    """A JPEG of 9 million pixels that states a small size before."""
    content, small = picture("JPEG", (3000, 3000)), picture("JPEG")
    at = small.index(b"\xff\xc0")
    return content[:2] + small[at : at + 19] + content[2:]


def claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = jpeg(progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * (MAX_SCANS + 1) + content[-2:]


def segments(count: int) -> bytes:
    """A JPEG with so many comments before its size."""
    content = jpeg()
    return content[:2] + b"\xff\xfe\x00\x02" * count + content[2:]


def exif_bomb() -> bytes:
    """A JPEG whose EXIF data is copied for each of 500 entries: 100 KB make 50 MB."""
    size = 100_000
    entries = b"".join(struct.pack("<HHII", 40_000 + n, 7, size, 10 + n) for n in range(500))
    tags = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 500) + entries
    tags += bytes(10 + 500 + size - len(tags))
    parts = (b"Exif\x00\x00" + tags[at : at + 60_000] for at in range(0, len(tags), 60_000))
    content = jpeg()
    segments = (struct.pack(">BBH", 0xFF, 0xE1, len(part) + 2) + part for part in parts)
    return content[:2] + b"".join(segments) + content[2:]


def comments(count: int) -> bytes:
    """A JPEG with so many comments between its size and its picture."""
    content = jpeg()
    at = content.index(b"\xff\xda")
    return content[:at] + b"\xff\xfe\x00\x02" * count + content[at:]


def tables(count: int) -> bytes:
    """A JPEG with its first table of quantization so many times in a segment."""
    content = jpeg()
    at = content.index(b"\xff\xdb")
    table = content[at + 4 : at + 69]
    more = struct.pack(">BBH", 0xFF, 0xDB, 2 + len(table) * count) + table * count
    return content[:at] + more + content[at:]


def hidden_size() -> bytes:
    """A JPEG of 9 million pixels; who doesn't pass over the fill byte finds a small size."""
    content = picture("JPEG", (3000, 3000))
    content = content[:2] + b"\xff" + content[2:]  # a decoder passes over it
    begin = content.index(b"\xff\xdb")
    small = struct.pack(">BBHBHHB", 0xFF, 0xC0, 17, 8, 64, 64, 3)
    at = 4 + struct.unpack_from(">H", content, 4)[0]  # what the marker and the length seem to be
    comment = bytes(at - begin - 4) + small + bytes(9)
    segment = struct.pack(">BBH", 0xFF, 0xFE, len(comment) + 2) + comment
    return content[:begin] + segment + content[begin:]


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
GIF = picture("GIF", save_all=True, append_images=[Image.new("RGB", (64, 64), "blue")] * 3)
CUT_OFF = "a JPEG that is cut off"
META = {"meta": {"_type": "gradio.FileData"}}

REFUSED = {
    "a PNG of 169 million pixels": lambda: data_url(png_bomb(), "image/png"),
    "it posing as a JPEG": lambda: data_url(png_bomb()),
    "PostScript": lambda: data_url(EPS, "image/x-eps"),
    "PostScript posing as a JPEG": lambda: data_url(EPS),
    "an animation": lambda: data_url(GIF, "image/gif"),
    "a PNG": lambda: data_url(picture("PNG"), "image/png"),
    "WebP": lambda: data_url(picture("WEBP"), "image/webp"),
    "TIFF posing as a JPEG": lambda: data_url(picture("TIFF")),
    "an SVG": lambda: data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "a JPEG of 9 million pixels": lambda: data_url(picture("JPEG", (3000, 3000))),
    "a JPEG of 9 million pixels that hides them": lambda: data_url(hidden_size()),
    "a JPEG that claims 4 billion": lambda: data_url(claiming(65_000, 65_000)),
    "a JPEG without pixels": lambda: data_url(claiming(0, 0)),
    "a JPEG of many scans": lambda: data_url(many_scans()),
    "a JPEG of many segments": lambda: data_url(segments(5000)),
    "a JPEG of many comments": lambda: data_url(comments(5000)),
    "a JPEG of many comments in its picture": lambda: data_url(jpeg() + b"\xff\xfe\0\2" * 5000),
    "a JPEG of many tables": lambda: data_url(tables(900)),
    "a JPEG of two sizes": lambda: data_url(two_sizes()),
    "a JPEG padded by filling bytes": lambda: data_url(jpeg()[:2] + b"\xff" * 9 + jpeg()[2:]),
    "a JPEG of 2 MB": lambda: data_url(jpeg() + bytes(2_000_000)),
    CUT_OFF: lambda: data_url(jpeg()[:400]),
    "a JPEG's first bytes": lambda: data_url(b"\xff\xd8\xff\xe0"),
    "nothing": lambda: data_url(b""),
    "a broken data URL": lambda: {"url": "data:image/jpeg;base64,###"},
    "a data URL with letters beyond ASCII": lambda: {"url": "data:image/jpeg;base64,ä"},
    "a text as data URL": lambda: {"url": "data:text/plain,hello"},
    "a web address": lambda: {"url": "http://127.0.0.1:9/one.jpg"},
    "a file's address": lambda: {"url": "file:///etc/passwd"},
    "no address": lambda: {"path": None, "url": None},
    "a path": lambda: {"path": "/etc/passwd"},
    "a path beside a good frame": lambda: {**FRAME, "path": "/etc/passwd"},
    "a path to a pipe": lambda: {"path": "/proc/self/fd/1"},
    "a path with its type": lambda: {"path": "/etc/passwd", **META},
    "a text": lambda: "/etc/passwd",
    "a number": lambda: 7,
    "a list": lambda: [FRAME],
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED.keys())
def test_nothing_else_than_a_small_jpeg_is_decoded(page, made, monkeypatch):
    payload, loaded, before = made(), [], page.followed
    load = ImageFile.ImageFile.load

    def noted(image):
        loaded.append(image)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_: loaded.append("gs"))
    files = list_files(page)

    async def scenario():
        async with client() as http:
            try:
                return await Visitor(page, http).read_frame(payload)
            except httpx.HTTPStatusError as error:  # the guard's refusal
                return {"panel": f"No picture is read: {error.response.text}", "faces": []}
            except (httpx.ReadError, httpx.WriteError):  # it closed before all had been sent
                assert made is REFUSED["a JPEG of 2 MB"]
                return {"panel": "No picture is read: the connection was closed", "faces": []}

    reading = run_async(scenario())
    assert reading["faces"] == [] and "No picture is read" in reading["panel"]
    assert "root:" not in reading["panel"] and "passwd" not in reading["panel"]
    assert page.followed == before
    assert loaded == [] or made is REFUSED[CUT_OFF]
    assert list_files(page) == files


def list_files(page):
    """Return what is in the page's folder but the film with which its workers warm up."""
    found = {path.relative_to(page.uploads) for path in page.uploads.rglob("*")}
    return {path for path in found if not path.parts[0].startswith("warm-up-")}


@pytest.mark.parametrize("view", ["everybody", "", None, 7, "person' or"])
def test_only_the_two_views_are_taken(page, view):
    async def scenario():
        async with client() as http:
            return await Visitor(page, http).read_frame(FRAME, view)

    assert "out of date" in run_async(scenario())["panel"]


@pytest.mark.parametrize(
    "content",
    [
        jpeg(),
        jpeg(960, 540),
        jpeg(progressive=True),
        jpeg(icc_profile=b"\xff\xda" * 8),
        jpeg(1920, 1080),
        jpeg(comment=bytes(60_000)),
        exif_bomb(),
    ],
    ids=["640", "class", "progressive", "profile", "1080p", "comment", "EXIF"],
)
def test_frames_as_browsers_send_them_are_read(page, content):
    """Beside them, those with metadata, of which nothing reaches a decoder."""

    async def scenario():
        async with client() as http:
            visitor = Visitor(page, http)
            await visitor.read_frame(data_url(content))  # a face counts from the second picture
            return await visitor.read_frame(data_url(content))

    assert frame_bytes(data_url(content)).count(b"\xff\xe1") == 0
    reading = run_async(scenario())
    assert len(reading["faces"]) == 1 and "Your expression" in reading["panel"]


async def test_hostile_frames_cost_honest_visitors_nothing(page):
    """Refused frames wait; the decoders' threads stay free."""
    bomb = data_url(png_bomb(), "image/png")
    async with client() as http:
        hostile = [Visitor(page, http) for _ in range(12)]
        tasks = [asyncio.create_task(one.read_frame(bomb)) for one in hostile]
        await asyncio.sleep(0.2)
        assert await Visitor(page, http).first_frame() < allowed(3)
        await asyncio.gather(*tasks)
