"""manifest.json: with which network and options the tables in a folder were made."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fer.batch.store import describe_holder
from fer.batch.tasks import BatchSettings, WorkerReady
from fer.output_files import write_file
from fer.terminal import show_notice
from fer.version import __version__

MANIFEST = "manifest.json"
FORMAT, FORMAT_VERSION = "fer-run", 2

_ENTRIES = {"network": dict, "options": dict, "versions": list}
"""What the file holds, and of which type it is."""

_PACKAGES = (
    "av",
    "facenet-pytorch",
    "numpy",
    "onnxruntime",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "torch",
)
"""On which the results depend in the last digits."""

_LOCK = ".manifest.lock"
"""Name of the lock that shards hold while they write the file."""

_NOTICE_AFTER, _LOCK_TIMEOUT = 1.0, 60.0
"""Seconds to wait for the lock before a notice, as others hold it for a moment, and then."""


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return the manifest of a folder; None if it has none yet.

    Raises:
        ValueError: There is such a file of something else.
    """
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = document["format"], document["format_version"]
        entries = {name: type(document[name]) for name in _ENTRIES}
        network = document["network"]["name"], document["network"]["fingerprint"]
        if known != (FORMAT, FORMAT_VERSION) or entries != _ENTRIES:
            raise ValueError(f"{known}, {network}, {entries}")
        return dict(document)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(
            f"{folder / MANIFEST} is not of a `fer run` that this version can read; name another "
            "folder."
        ) from error


def require_same_options(folder: Path, settings: BatchSettings, shards: int) -> None:
    """Refuse options other than those that a folder's tables were made with.

    Raises:
        ValueError: One differs.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return
    before, now = manifest["options"], {**settings.options(), "shards": shards}
    changed = [name for name in now if before.get(name) != now[name]]
    if changed:
        name = changed[0]
        raise ValueError(
            f"The tables in {folder} were made with {_describe(name, before.get(name))}, not "
            f"{_describe(name, now[name])}; give the same options, or another folder."
        )


def _describe(name: str, value: object) -> str:
    option = f"--{name.replace('_', '-')}"
    if name == "annotate":
        return option if value else f"no {option}"
    if name == "shards":
        return "no --shard" if value == 1 else f"--shard K/{value}"
    return f"{option} {value}" if value is not None else f"no {option}"


def write_manifest(
    folder: Path, settings: BatchSettings, shards: int, network: WorkerReady
) -> None:
    """Write the manifest of a folder, or add these versions to it where they are others.

    Raises:
        ValueError: The tables are of another network or of other options, or locked for long.
        fer.output_files.OutputError: It can't be written.
    """
    with _lock(FileLock(folder / _LOCK)):  # shards of other machines start as well
        require_same_options(folder, settings, shards)
        manifest = dict(read_manifest(folder) or _new_manifest(settings, shards, network))
        known = manifest["network"]
        if known["fingerprint"] != network.fingerprint:
            raise ValueError(
                f"The tables in {folder} were made by the network {known['name']!r} of other "
                f"weights than {network.name!r}; give the same --model, or another folder."
            )
        if known["precision"] != network.precision:
            raise ValueError(
                f"The tables in {folder} were made in {known['precision']}, not "
                f"{network.precision}; give the same --device, or another folder."
            )
        versions = {"fer": __version__, **_versions()}
        if versions not in manifest["versions"]:
            manifest["versions"] = [*manifest["versions"], versions]
            write_file(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def _lock(lock: FileLock) -> AbstractContextManager[object]:
    """Wait for a lock, with a notice on a terminal if that takes long.

    Raises:
        ValueError: It takes too long.
    """
    try:
        return lock.acquire(timeout=_NOTICE_AFTER)
    except Timeout:
        show_notice(describe_holder(lock))
    try:
        return lock.acquire(timeout=_LOCK_TIMEOUT)
    except Timeout:
        raise ValueError(describe_holder(lock)) from None


def _versions() -> dict[str, str]:
    """Return the versions of the packages that are installed; some may do without PyTorch."""
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _new_manifest(settings: BatchSettings, shards: int, network: WorkerReady) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "network": asdict(network),
        "options": {**settings.options(), "shards": shards},
        "versions": [],
    }
