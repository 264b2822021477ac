"""Headers of requests by which Gradio fails with a traceback or works in vain; they are dropped."""

import ipaddress
import re

from starlette.types import Scope

HOST = re.compile(r"([\w.-]{1,255}|\[(?P<address>[\da-f:.]{2,45})\])(:\d{1,5})?", re.ASCII | re.I)

RANGE = re.compile(rb"bytes=\d{0,15}-\d{0,15}")
"""One range of a file's bytes; any other may be ignored."""

MAX_QUERY = 4000
"""Bytes of an address's query; the Hub adds some hundred to the page's own."""


def drop_unusable_headers(scope: Scope) -> None:
    """Drop hosts that are none, all but simple ranges, and what only Gradio's own proxy may set.

    And cookies, for there is no log-in, and long queries: both are parsed however long they are.
    """
    scope["headers"] = [pair for pair in scope["headers"] if _is_usable(*pair)]
    if len(scope["query_string"]) > MAX_QUERY:
        scope["query_string"] = b""


def _is_usable(name: bytes, value: bytes) -> bool:
    if name in (b"host", b"x-forwarded-host"):
        return _is_host(value.decode("latin-1").split(",")[0].strip())
    if name == b"range":
        return RANGE.fullmatch(value.strip()) is not None
    return name not in (b"x-gradio-server", b"cookie")


def _is_host(text: str) -> bool:
    found = HOST.fullmatch(text)
    if found is None or found["address"] is None:
        return found is not None
    try:
        ipaddress.IPv6Address(found["address"])
    except ValueError:
        return False
    return True
