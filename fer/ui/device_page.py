"""Device page: the built page of `web/`, which runs in the visitor's browser, below `/device/`.

`npm run build` in `web/` makes it. Without it there is neither this path nor a choice of place on
the Live tab.
"""

import os
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).parents[2] / "web" / "dist"
"""Where the build puts it."""

PATH = "/device"

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
    """Return the folder of the built page, FER_DEVICE_PAGE where it is set; None without one."""
    name = os.environ.get("FER_DEVICE_PAGE", str(BUILT))
    return Path(name) if name and (Path(name) / "index.html").is_file() else None


class DevicePage:
    """ASGI middleware that serves the built page; any other request is passed on.

    Nothing here forbids that other sites frame the page: on the Hub, Spaces are in a frame.

    Args:
        app: The wrapped application.
        folder: Of the built page.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app, self.files = app, _Files(directory=folder, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file or pass the request on."""
        root = scope.get("root_path", "")
        path = scope["path"].removeprefix(root) if scope["type"] == "http" else ""
        if path == PATH:
            await RedirectResponse("device/")(scope, receive, send)
        elif path.startswith(PATH + "/"):
            # Proxies either keep their prefix in the path or leave it out.
            response = await self.files.respond({**scope, "path": path, "root_path": PATH})
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class _Files(StaticFiles):
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
        return response
