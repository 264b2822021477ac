"""A small Hub on 127.0.0.1 for the real clients: repos, commits, tags, uploads, downloads.

    with HubServer() as hub:
        subprocess.run([...], env=os.environ | hub.environment(tmp_path))

It keeps everything in memory, knows one user, and fails on demand; see `HubServer`. The clients
read their settings when they are imported, so they have to run in a process of their own.
"""

import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.hub_api import HubApi
from tests.hub_handler import TOKEN
from tests.hub_store import LFS_SUFFIXES, Blob, Repo


class HubServer:
    """The server and its faults, which a test may change at any time.

    Attributes:
        repos: By kind and name: `repos["models", "me/fer"]`.
        requests: "METHOD path" of every request so far.
        delay: Seconds of silence after each request; then the connection is closed.
        status: An HTTP status that answers every request, such as 503; 0 for none.
        cut_uploads: So many uploads are cut off after half of their bytes.
        cut_commits: So many commits are cut off before they are made.
        refused_tags: So many tags are answered with 500.
        spoil: Files that are sent with their last byte changed.
        missing: Files that are answered with 503.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.delay = 0.0
        self.status = 0
        self.cut_uploads = 0
        self.cut_commits = 0
        self.refused_tags = 0
        self.spoil: set[str] = set()
        self.missing: set[str] = set()
        self.closing = threading.Event()
        self.lock = threading.Lock()
        handler = type("Handler", (HubApi,), {"hub": self})
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
