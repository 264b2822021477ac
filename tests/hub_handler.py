"""How the small Hub of tests/hub_server.py takes requests and sends answers or refusals."""

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_store import Blob, Repo

USER = "me"
TOKEN = "hf_test_that_may_write"


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class HubHandler(BaseHTTPRequestHandler):
    """One connection.

    Attributes:
        hub: The `tests.hub_server.HubServer` that it is a connection to.
        routes: Method, path as a regular expression, and the method of the class that answers.
    """

    protocol_version = "HTTP/1.1"
    hub: Any
    routes: tuple[tuple[str, str, str], ...] = ()

    def log_message(self, *arguments) -> None:
        pass

    def answer(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        path = unquote(url.path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.delay:  # longer than the client waits for
            self.hub.closing.wait(self.hub.delay)
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        if self.command == "PUT" and self.fault("cut_uploads"):
            self.rfile.read(length // 2)
            self.connection.close()
            self.close_connection = True
            return
        self.body = self.rfile.read(length)
        try:
            status = 503 if path.split("/")[-1] in self.hub.missing else self.hub.status
            if status:
                raise Refusal(status, "out of order")
            self.check_token()
            self.route(path)
        except Refusal as refusal:
            self.refuse(refusal)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def fault(self, name: str) -> bool:
        """Return whether this request is one of those that are to fail."""
        with self.hub.lock:
            left = getattr(self.hub, name)
            setattr(self.hub, name, max(0, left - 1))
            return left > 0

    def route(self, path: str) -> None:
        for method, pattern, name in self.routes:
            match = re.fullmatch(pattern, path)
            if match and self.command in method:
                getattr(self, name)(**match.groupdict())
                return
        raise Refusal(501, f"{self.command} {path} is not part of this Hub")

    def check_token(self) -> None:
        """Refuse a token that this Hub hasn't given out."""
        given = self.headers.get("Authorization")
        self.known = given == f"Bearer {TOKEN}"
        if given and not self.known:
            raise Refusal(401, "Invalid credentials in Authorization header")

    def need_writer(self, repo_id: str) -> None:
        if not self.known:
            raise Refusal(401, "Invalid username or password.")
        if repo_id.split("/")[0] != USER:
            raise Refusal(403, f"You don't have the rights to write to {repo_id}")

    def repo(self, kind: str, repo_id: str) -> Repo:
        repo = self.hub.repos.get((kind, repo_id))
        if repo is None or (repo.private and not self.known):
            status = 404 if self.known else 401
            raise Refusal(status, "Repository not found", "RepoNotFound")
        return repo

    def tree(self, kind: str, repo_id: str, revision: str) -> tuple[str, dict[str, Blob]]:
        repo = self.repo(kind, repo_id)
        sha = repo.find(revision)
        if sha is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha, repo.commits[sha]

    def send(self, data: bytes, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_json(self, content: object, status: int = 200) -> None:
        self.send(json.dumps(content).encode(), status, Content_Type="application/json")

    def refuse(self, refusal: Refusal) -> None:
        headers = {"X_Error_Message": refusal.message, "Content_Type": "application/json"}
        if refusal.code:
            headers["X_Error_Code"] = refusal.code
        self.send(json.dumps({"error": refusal.message}).encode(), refusal.status, **headers)
