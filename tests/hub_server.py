"""A small Hub on 127.0.0.1 for the real clients: repos, commits, tags, uploads, downloads.

    with HubServer() as hub:
        subprocess.run([...], env=os.environ | hub.environment(tmp_path))

It keeps everything in memory, knows one user, and fails on demand; see `HubServer`. The clients
read their settings when they are imported, so they have to run in a process of their own.
"""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_store import Blob, Repo

USER = "me"
TOKEN = "hf_test_that_may_write"
LFS_FROM = 1_000_000
"""Bytes from which a file is uploaded apart from its commit."""

LFS_SUFFIXES = (".safetensors", ".parquet", ".png")


class HubServer:
    """The server and its faults, which a test may change at any time.

    Attributes:
        repos: By kind and name: `repos["models", "me/fer"]`.
        requests: "METHOD path" of every request so far.
        delay: Seconds of silence after each request; then the connection is closed.
        status: An HTTP status that answers every request, such as 503; 0 for none.
        cut_uploads: So many uploads are cut off after half of their bytes.
        cut_commits: So many commits are cut off before they are made.
        spoil: Files that are sent with their last byte changed.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.delay = 0.0
        self.status = 0
        self.cut_uploads = 0
        self.cut_commits = 0
        self.spoil: set[str] = set()
        self.closing = threading.Event()
        self.lock = threading.Lock()
        handler = type("Handler", (HubHandler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def environment(self, home: Path, token: str | None = TOKEN) -> dict[str, str]:
        """Return the variables that make the clients use this Hub, with their cache in `home`."""
        settings = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
            "OMP_NUM_THREADS": "1",
        }
        return settings | ({"HF_TOKEN": token} if token else {})

    def add(self, kind: str, name: str, files: dict[str, bytes], private: bool = False) -> Repo:
        """Put a repo on the Hub without a client."""
        repo = self.repos[kind, name] = Repo(kind, name, private)
        tree = {path: Blob(data, path.endswith(LFS_SUFFIXES)) for path, data in files.items()}
        repo.commit(tree, "initial commit")
        return repo

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class HubHandler(BaseHTTPRequestHandler):
    """One connection; `ROUTES` at the end says which method answers what."""

    protocol_version = "HTTP/1.1"
    hub: HubServer

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
            if self.hub.status:
                raise Refusal(self.hub.status, "out of order")
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
        for method, pattern, name in ROUTES:
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

    # Answers

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

    # The API

    def whoami(self) -> None:
        if not self.known:
            raise Refusal(401, "Invalid username or password.")
        self.send_json({"type": "user", "name": USER, "orgs": [], "auth": {"type": "access_token"}})

    def validate_yaml(self) -> None:
        self.send_json({"errors": [], "warnings": []})

    def create(self) -> None:
        wanted = json.loads(self.body)
        name = f"{wanted.get('organization') or USER}/{wanted['name']}"
        self.need_writer(name)
        kind = wanted.get("type", "model") + "s"
        url = f"{self.hub.url}/{'' if kind == 'models' else kind + '/'}{name}"
        if (kind, name) in self.hub.repos:
            self.send_json({"error": "You already created this repo", "url": url}, 409)
            return
        private = wanted.get("private", wanted.get("visibility") == "private")
        self.hub.add(kind, name, {".gitattributes": b"*.safetensors filter=lfs\n"}, private)
        self.send_json({"url": url, "name": name})

    def info(self, kind: str, repo_id: str, revision: str | None = None) -> None:
        sha, tree = self.tree(kind, repo_id, revision or "main")
        about = {"id": repo_id, "sha": sha, "private": self.repo(kind, repo_id).private}
        files = [{"rfilename": path} for path in sorted(tree)]
        self.send_json(
            about | {"siblings": files, "tags": [], "downloads": 0, "likes": 0, "gated": False}
        )

    def refs(self, kind: str, repo_id: str) -> None:
        repo = self.repo(kind, repo_id)
        self.send_json(
            {
                "branches": named_refs("heads", repo.branches),
                "tags": named_refs("tags", repo.tags),
                "converts": [],
            }
        )

    def list_tree(self, kind: str, repo_id: str, revision: str, folder: str | None = None) -> None:
        _, tree = self.tree(kind, repo_id, revision)
        prefix = f"{folder}/" if folder else ""
        inside = {path: blob for path, blob in tree.items() if path.startswith(prefix)}
        if folder and not inside:
            raise Refusal(404, f"{folder} does not exist", "EntryNotFound")
        folders = {p for path in inside for p in parents(path) if p.startswith(prefix)}
        entries = [{"type": "directory", "path": p, "size": 0, "oid": "0" * 40} for p in folders]
        entries += [blob.entry(path) for path, blob in inside.items()]
        if self.query.get("recursive", ["false"])[0].lower() != "true":
            entries = [entry for entry in entries if "/" not in entry["path"][len(prefix) :]]
        self.send_json(entries)

    def paths_info(self, kind: str, repo_id: str, revision: str) -> None:
        _, tree = self.tree(kind, repo_id, revision)
        text = self.body.decode()
        asked = json.loads(text) if text.startswith("{") else parse_qs(text)
        folders = {folder for path in tree for folder in parents(path)}
        found = []
        for path in asked["paths"]:
            if path in tree:
                found.append(tree[path].entry(path))
            elif path in folders:
                found.append({"type": "directory", "path": path, "size": 0, "oid": "0" * 40})
        self.send_json(found)

    def preupload(self, kind: str, repo_id: str, revision: str) -> None:
        self.need_writer(repo_id)
        self.tree(kind, repo_id, revision)
        self.send_json(
            {
                "files": [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if is_lfs(file["path"], file["size"]) else "regular",
                        "shouldIgnore": False,
                        "oid": None,
                    }
                    for file in json.loads(self.body)["files"]
                ]
            }
        )

    def lfs_batch(self, repo_id: str, prefix: str | None = None) -> None:
        self.need_writer(repo_id)
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            entry = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.hub.objects:
                entry["actions"] = {
                    "upload": {"href": f"{self.hub.url}/objects/{wanted['oid']}"},
                    "verify": {"href": f"{self.hub.url}/objects/verify"},
                }
            objects.append(entry)
        self.send_json({"transfer": "basic", "objects": objects})

    def put_object(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refusal(400, "checksum mismatch")
        self.hub.objects[oid] = self.body
        self.send(b"")

    def verify_object(self) -> None:
        if json.loads(self.body)["oid"] not in self.hub.objects:
            raise Refusal(404, "no such object")
        self.send(b"")

    def commit(self, kind: str, repo_id: str, revision: str) -> None:
        self.need_writer(repo_id)
        if self.fault("cut_commits"):
            self.close_connection = True
            return
        _, tree = self.tree(kind, repo_id, revision)
        tree, message = dict(tree), ""
        for line in filter(None, self.body.decode().splitlines()):
            step = json.loads(line)
            value = step["value"]
            if step["key"] == "header":
                message = value["summary"]
            elif step["key"] == "file":
                tree[value["path"]] = Blob(base64.b64decode(value["content"]))
            elif step["key"] == "lfsFile":
                tree[value["path"]] = Blob(self.hub.objects[value["oid"]], lfs=True)
            elif step["key"] == "deletedFile":
                tree.pop(value["path"])
        sha = self.repo(kind, repo_id).commit(tree, message)
        url = f"{self.hub.url}/{repo_id}/commit/{sha}"
        self.send_json({"success": True, "commitOid": sha, "commitUrl": url})

    def tag(self, kind: str, repo_id: str, revision: str) -> None:
        self.need_writer(repo_id)
        sha, _ = self.tree(kind, repo_id, revision)
        tags, name = self.repo(kind, repo_id).tags, json.loads(self.body)["tag"]
        if name in tags:
            raise Refusal(409, f"Tag {name} exists")
        tags[name] = sha
        self.send_json({})

    def resolve(self, repo_id: str, revision: str, path: str, prefix: str | None = None) -> None:
        sha, tree = self.tree((prefix or "models/").rstrip("/"), repo_id, revision)
        if path not in tree:
            raise Refusal(404, "Entry not found", "EntryNotFound")
        blob = tree[path]
        etag = f'"{blob.sha256 if blob.lfs else blob.oid}"'
        headers = {"X_Repo_Commit": sha, "ETag": etag, "Accept_Ranges": "bytes"}
        if blob.lfs:
            headers |= {"X_Linked_ETag": etag, "X_Linked_Size": len(blob.data)}
        data = spoilt(blob.data) if path in self.hub.spoil else blob.data
        given = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not given:
            self.send(data, **headers)
            return
        first, last = int(given[1]), int(given[2] or len(data) - 1)
        part = data[first : last + 1]
        where = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        self.send(part, 206, Content_Range=where, **headers)


def is_lfs(path: str, size: int) -> bool:
    return size >= LFS_FROM or path.endswith(LFS_SUFFIXES)


def spoilt(data: bytes) -> bytes:
    """Return data with its last byte changed."""
    return data[:-1] + bytes([data[-1] ^ 1])


def named_refs(kind: str, refs: dict[str, str]) -> list[dict]:
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha}
        for name, sha in refs.items()
    ]


def parents(path: str) -> list[str]:
    """Return the folders above a path, outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: index + 1]) for index in range(len(parts))]


API = r"/api/(?P<kind>models|datasets|spaces)/(?P<repo_id>[^/]+/[^/]+)"
PREFIX = r"/(?P<prefix>(?:datasets|spaces)/)?(?P<repo_id>[^/]+/[^/]+)"
REVISION = r"(?P<revision>[^/]+)"
ROUTES = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/validate-yaml", "validate_yaml"),
    ("POST", r"/api/repos/create", "create"),
    ("PUT", r"/objects/(?P<oid>[0-9a-f]{64})", "put_object"),
    ("POST", r"/objects/verify", "verify_object"),
    ("POST", PREFIX + r"\.git/info/lfs/objects/batch", "lfs_batch"),
    ("GET", API, "info"),
    ("GET", f"{API}/revision/{REVISION}", "info"),
    ("GET", f"{API}/refs", "refs"),
    ("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.+))?", "list_tree"),
    ("POST", f"{API}/paths-info/{REVISION}", "paths_info"),
    ("POST", f"{API}/preupload/{REVISION}", "preupload"),
    ("POST", f"{API}/commit/{REVISION}", "commit"),
    ("POST", f"{API}/tag/{REVISION}", "tag"),
    ("GET HEAD", f"{PREFIX}/resolve/{REVISION}/(?P<path>.+)", "resolve"),
)
"""Method, path, and the method of `HubHandler` that answers."""
