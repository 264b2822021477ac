"""Headers of requests by which Gradio fails with a traceback; they are dropped."""

import ipaddress
import re

from starlette.types import Scope

HOST = re.compile(r"([\w.-]{1,255}|\[(?P<address>[\da-f:.]{2,45})\])(:\d{1,5})?", re.ASCII | re.I)

RANGE = re.compile(rb"bytes=\d{0,15}-\d{0,15}")
"""One range of a file's bytes; any other may be ignored."""


def drop_unusable_headers(scope: Scope) -> None:
    """Drop hosts that are none, all but simple ranges, and what only Gradio's own proxy may set."""
    scope["headers"] = [pair for pair in scope["headers"] if _is_usable(*pair)]


def _is_usable(name: bytes, value: bytes) -> bool:
    if name in (b"host", b"x-forwarded-host"):
        return _is_host(value.decode("latin-1").split(",")[0].strip())
    if name == b"range":
        return RANGE.fullmatch(value.strip()) is not None
    return name != b"x-gradio-server"


def _is_host(text: str) -> bool:
    found = HOST.fullmatch(text)
    if found is None or found["address"] is None:
        return found is not None
    try:
        ipaddress.IPv6Address(found["address"])
    except ValueError:
        return False
    return True
