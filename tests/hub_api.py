"""What the small Hub of tests/hub_server.py answers to the clients' requests."""

import base64
import hashlib
import json
import re
from urllib.parse import parse_qs

from tests.hub_handler import USER, HubHandler, Refusal
from tests.hub_store import Blob, is_lfs

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
    ("GET", f"{API}/auth-check/write", "check_writer"),
    ("GET", f"{API}/revision/{REVISION}", "info"),
    ("GET", f"{API}/refs", "refs"),
    ("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.+))?", "list_tree"),
    ("POST", f"{API}/paths-info/{REVISION}", "paths_info"),
    ("POST", f"{API}/preupload/{REVISION}", "preupload"),
    ("POST", f"{API}/commit/{REVISION}", "commit"),
    ("POST", f"{API}/tag/{REVISION}", "tag"),
    ("GET HEAD", f"{PREFIX}/resolve/{REVISION}/(?P<path>.+)", "resolve"),
)
"""As `HubHandler.routes`."""


class HubApi(HubHandler):
    """One connection, and the answers that `ROUTES` names."""

    routes = ROUTES

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

    def check_writer(self, kind: str, repo_id: str) -> None:
        self.repo(kind, repo_id)
        self.need_writer(repo_id)
        self.send_json({})

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
        requested = json.loads(text) if text.startswith("{") else parse_qs(text)
        folders = {folder for path in tree for folder in parents(path)}
        found = []
        for path in requested["paths"]:
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
        if self.fault("refused_tags"):
            raise Refusal(500, "out of order")
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
