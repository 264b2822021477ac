"""Downloads made in the server's memory, without a file on disk."""

from fer.ui import html


def download(name: str, content: bytes, media_type: str) -> dict[str, str]:
    """Return a file as `download.js` passes it to the browser."""
    return {"name": name, "uri": html.data_uri(content, media_type)}
