"""Atomic checkpoints with checksums, and the newest complete one to resume from.

A folder is complete once it has a manifest with the checksum of each of its files, its last file.
A checkpoint is saved under a temporary name and renamed, so that an interruption or a full disk
leaves the previous one intact.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no types
from safetensors import SafetensorError

from fer.output_files import OutputError, write_file

logger = logging.getLogger(__name__)

CHECKPOINTS_FOLDER = "checkpoints"
"""Folder inside a stage's folder."""

MANIFEST = "files.json"
"""Checksums of the other files of a folder."""

UNFINISHED = "unfinished"
"""Folder in which a checkpoint is saved before it is renamed."""

KEPT = 2
"""Checkpoints of a stage that are kept, the newest ones."""

WRITE_ERRORS = (OSError, OutputError, SafetensorError, RuntimeError, DecodeError)
"""What is raised when the disk is full: by safetensors and torch the third and fourth, and the last
where a quantizer reads a file that it could write in part."""


class CheckpointError(ValueError):
    """A checkpoint can't be saved, or none can be read."""


def write_manifest(folder: Path, names: list[str] | None = None) -> None:
    """Complete a folder with the checksums of its files, flushed to the disk.

    Args:
        folder: The folder.
        names: The files; None takes all of the folder.
    """
    found = sorted(path.name for path in folder.iterdir() if path.is_file())
    sums = {name: checksum(folder / name) for name in names or found if name != MANIFEST}
    write_file(folder / MANIFEST, json.dumps(sums, indent=2) + "\n")


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file, which is flushed to the disk first."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()


def find_damage(folder: Path) -> str | None:
    """Return the fault of a folder, such as "optimizer.pt is missing"; None if it is complete.

    Args:
        folder: One that `write_manifest` completes.
    """
    try:
        sums = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(sums, dict):
            return f"{MANIFEST} is damaged"
        for name, expected in sums.items():
            if not (folder / name).is_file():
                return f"{name} is missing"
            if checksum(folder / name) != expected:
                return f"{name} is damaged"
    except FileNotFoundError:
        return f"{MANIFEST} is missing"
    except (OSError, ValueError):
        return f"{MANIFEST} is damaged"
    return None


@contextmanager
def refreshed_manifest(folder: Path) -> Iterator[None]:
    """Renew the checksums of a folder that is complete, for files that the block writes again."""
    complete = find_damage(folder) is None
    yield
    if complete:
        write_manifest(folder, [*json.loads((folder / MANIFEST).read_text(encoding="utf-8"))])


def newest_complete(folder: Path) -> Path | None:
    """Return the newest complete checkpoint in a folder; None without any checkpoint.

    Raises:
        CheckpointError: There are some, but none is complete.
    """
    found = sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True)
    for checkpoint in found:
        reason = find_damage(checkpoint)
        if reason is None:
            return checkpoint
        logger.warning("%s can't be resumed from: %s.", checkpoint, reason)
    if found:
        raise CheckpointError(
            f"None of the {len(found)} checkpoints in {folder} is whole; remove that folder to "
            "train this stage anew, with --resume for the stages before it."
        )
    return None


def check_processes(checkpoint: Path) -> None:
    """Refuse to continue from a checkpoint with another number of processes than it was saved by.

    An epoch would have another number of steps, so that a wrong epoch would be the next one.

    Raises:
        CheckpointError: There are more or fewer; torchrun numbers them.
    """
    saved = len([*checkpoint.glob("rng_state*.pth")])  # each process has one
    running = int(os.environ.get("WORLD_SIZE", "1"))
    if saved != running:
        raise CheckpointError(
            f"{checkpoint} is of a training with {saved} processes, not {running}; continue it by "
            f"torchrun --nproc-per-node {saved} train.py ..., or choose another --output."
        )


def step_of(checkpoint: Path) -> int:
    """Return the step of a checkpoint, -1 for a folder of another name."""
    number = checkpoint.name.removeprefix("checkpoint-")
    return int(number) if number.isdecimal() else -1


@contextmanager
def complete_checkpoint(folder: Path, step: int) -> Iterator[Path]:
    """Yield a folder to save a checkpoint in, and rename it when the block is done.

    Args:
        folder: Folder of the checkpoints.
        step: Step of this checkpoint.

    Raises:
        CheckpointError: It can't be saved; the earlier checkpoints are intact.
    """
    unfinished = folder / UNFINISHED
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        yield unfinished
        complete = unfinished / f"checkpoint-{step}"
        write_manifest(complete)
        final = folder / complete.name
        shutil.rmtree(final, ignore_errors=True)  # a damaged one, where training was resumed before
        complete.replace(final)
    except WRITE_ERRORS as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        reason = " ".join(str(error).split()).rstrip(".")
        raise CheckpointError(
            f"The checkpoint at step {step} can't be written to {folder} ({reason}). The one "
            "before it is whole: make room and run the same command with --resume."
        ) from error
    shutil.rmtree(unfinished, ignore_errors=True)
    for older in sorted(folder.glob("checkpoint-*"), key=step_of)[:-KEPT]:
        shutil.rmtree(older, ignore_errors=True)
