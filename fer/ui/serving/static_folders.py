"""Static folders, which the app serves as they are: the shared scripts and the device page.

The device page is the built page of `web/`, which runs in the visitor's browser; `npm run build` in
`web/` makes it. Without it there is neither its path nor a choice of place on the Live tab. Nothing
forbids that other sites frame the page: on the Hub, Spaces are in a frame.
"""

import os
import re
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

MODULES = Path(__file__).parents[1] / "shared_js"
"""Scripts of the Live tab that the device page shares, as ES modules."""

BUILT = Path(__file__).parents[3] / "web" / "dist"
"""Where the build puts the device page."""

PATH = "/device"
"""Its path."""

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".xz": "application/octet-stream",
}
"""By file name; not the system's, which knows fewer on some machines.

The page unpacks `.xz` files itself, so they travel as they are, without a content encoding.
"""

KEPT, CHECKED = "public, max-age=31536000, immutable", "no-cache"
"""How long browsers keep a file: one whose name changes with its content, and any other one."""


def device_page_folder() -> Path | None:
    """Return the folder of the device page, FER_DEVICE_PAGE where it is set; None without one."""
    name = os.environ.get("FER_DEVICE_PAGE", str(BUILT))
    return Path(name) if name and (Path(name) / "index.html").is_file() else None


def content_policy(folder: Path) -> str:
    """Return the content security policy that the device page states; "" without one.

    As a header it also covers the page's worker, which a `meta` element doesn't.
    """
    page = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return found.group(1) if found else ""


def static_folders() -> list[Middleware]:
    """Return what serves these folders."""
    layers = [Middleware(StaticFolder, folder=MODULES, path="/modules")]
    if folder := device_page_folder():
        policy = content_policy(folder)
        layers.append(Middleware(StaticFolder, folder=folder, path=PATH, policy=policy))
    return layers


class StaticFolder:
    """ASGI middleware that serves a folder; any other request is passed on.

    Args:
        app: The wrapped application.
        folder: What is served.
        path: Where, such as "/device".
        policy: The files' content security policy; empty for none.
    """

    def __init__(self, app: ASGIApp, folder: Path, path: str, policy: str = "") -> None:
        self.app, self.path = app, path
        self.files = _Files(directory=folder, html=True)
        self.files.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file or pass the request on."""
        root = scope.get("root_path", "")
        path = scope["path"].removeprefix(root) if scope["type"] == "http" else ""
        if path == self.path:
            await RedirectResponse(f"{self.path[1:]}/")(scope, receive, send)
        elif path.startswith(self.path + "/"):
            # Proxies either keep their prefix in the path or leave it out.
            response = await self.files.respond({**scope, "path": path, "root_path": self.path})
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class _Files(StaticFiles):
    policy = ""

    async def respond(self, scope: Scope) -> Response:
        """Return the response to a request, for a file or an error."""
        try:
            return await self.get_response(self.get_path(scope), scope)
        except HTTPException as error:
            return JSONResponse({"detail": error.detail}, error.status_code, error.headers)

    def file_response(self, full_path: Any, *arguments: Any, **options: Any) -> Response:
        """Return a file with its media type, and how long browsers may keep it."""
        response = super().file_response(full_path, *arguments, **options)
        path = Path(full_path)
        if path.suffix in MEDIA_TYPES and "content-type" in response.headers:
            response.headers["content-type"] = MEDIA_TYPES[path.suffix]
        response.headers["cache-control"] = KEPT if path.parent.name == "models" else CHECKED
        response.headers["x-content-type-options"] = "nosniff"
        if self.policy:
            response.headers["content-security-policy"] = self.policy
        return response
