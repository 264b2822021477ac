"""Device page: the built page of `web/`, which runs in the visitor's browser, below `/device/`.

`npm run build` in `web/` makes it. Without it there is neither this path nor a choice of place on
the Live tab. Nothing forbids that other sites frame the page: on the Hub, Spaces are in a frame.
"""

import os
import re
from pathlib import Path

BUILT = Path(__file__).parents[2] / "web" / "dist"
"""Where the build puts it."""

PATH = "/device"


def device_page_folder() -> Path | None:
    """Return the folder of the built page, FER_DEVICE_PAGE where it is set; None without one."""
    name = os.environ.get("FER_DEVICE_PAGE", str(BUILT))
    return Path(name) if name and (Path(name) / "index.html").is_file() else None


def content_policy(folder: Path) -> str:
    """Return the content security policy that the page states of itself, empty without one.

    As a header it also covers the page's worker, which a `meta` element doesn't.
    """
    page = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return found.group(1) if found else ""
