"""Files made in the server's memory and handed to the browser at once: none lies on disk."""

from fer.ui import html


def download(name: str, content: bytes, media_type: str) -> dict[str, str]:
    """Return a file as `download.js` hands it to the browser."""
    return {"name": name, "uri": html.data_uri(content, media_type)}
