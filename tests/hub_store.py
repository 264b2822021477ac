"""What the small Hub of tests/hub_server.py keeps: repos, commits, files."""

import hashlib
from dataclasses import dataclass, field

LFS_FROM = 1_000_000
"""Bytes from which a file is uploaded apart from its commit."""

LFS_SUFFIXES = (".safetensors", ".parquet", ".png")


@dataclass(frozen=True)
class Blob:
    """A file as git or, when `lfs`, as LFS stores it."""

    data: bytes
    lfs: bool = False

    @property
    def oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def entry(self, path: str) -> dict:
        """Describe it as the Hub's tree does."""
        entry = {"type": "file", "path": path, "size": len(self.data), "oid": self.oid}
        if self.lfs:
            entry["lfs"] = {"oid": self.sha256, "size": len(self.data), "pointerSize": 130}
        return entry


@dataclass
class Repo:
    """One repo: its commits, each a whole tree, and what points at them."""

    kind: str
    name: str
    private: bool = False
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, tree: dict[str, Blob], message: str) -> str:
        """Add a commit to main and return its id."""
        text = f"{self.kind} {self.name} {len(self.commits)} {message}"
        sha = hashlib.sha1(text.encode()).hexdigest()
        self.commits[sha] = tree
        self.messages.append(message)
        self.branches["main"] = sha
        return sha

    def find(self, revision: str) -> str | None:
        """Return the commit of a branch, a tag or a commit; None where there is none."""
        sha = {**self.branches, **self.tags}.get(revision, revision)
        return sha if sha in self.commits else None

    @property
    def files(self) -> dict[str, Blob]:
        """What main holds now."""
        return self.commits[self.branches["main"]]


def is_lfs(path: str, size: int) -> bool:
    """Return whether a file is uploaded apart from its commit."""
    return size >= LFS_FROM or path.endswith(LFS_SUFFIXES)
