"""Where a training begins or goes on, and with what settings it was begun."""

import json
from dataclasses import asdict
from pathlib import Path

from fer.training.arguments import TrainingOptions
from fer.training.checks import flag

CHECKPOINTS = "checkpoints"
"""Folder inside the output folder."""

MAY_CHANGE = (
    "epochs", "base_share", "average_with", "ferplus_share", "output", "resume",
    "push_to_hub", "hub_model_id", "hub_private", "hub_tag",
)  # fmt: skip
"""What may be another when a training goes on: how long it is, and what is done at its end."""

SETTINGS = "settings.json"
"""Beside the checkpoints: what the training was begun with."""

BEFORE = {"sharpness_from": 0.0}
"""What a training did that was begun before there was such a setting."""


def where_to_start(folder: Path, options: TrainingOptions) -> Path | None:
    """Return the checkpoint to go on from; None begins anew.

    Raises:
        ValueError: The output folder is a file; there is nothing to resume, or only with other
            settings; or there is something and it would be lost.
    """
    if folder.parent.is_file():
        raise ValueError(f"--output {folder.parent} is a file; name a folder.")
    if options.resume:
        check_same(folder, options)
        return newest_checkpoint(folder)
    if complete_checkpoints(folder):
        raise ValueError(
            f"{folder} holds a training already; add --resume to go on with it, or choose another "
            "--output."
        )
    return None


def newest_checkpoint(folder: Path) -> Path:
    """Return the newest complete checkpoint.

    Raises:
        ValueError: There is none.
    """
    complete = complete_checkpoints(folder)
    if not complete:
        raise ValueError(f"--resume found no checkpoint in {folder}; leave it out to begin anew.")
    return max(complete, key=lambda path: int(path.name.split("-")[1]))


def complete_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints that were written to their end."""
    return [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]


def keep_settings(folder: Path, options: TrainingOptions) -> None:
    """Write the settings of a training that begins beside its checkpoints, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = folder / f"{SETTINGS}.new"
    begun.write_text(json.dumps(asdict(options), indent=2) + "\n")
    begun.replace(folder / SETTINGS)


def check_same(folder: Path, options: TrainingOptions) -> None:
    """Refuse to go on with other settings: the network would be of neither.

    A training of an earlier version, which didn't keep its settings, goes on unchecked.

    Raises:
        ValueError: A setting differs from the one that the training was begun with, or nobody can
            tell.
    """
    file = folder / SETTINGS
    if not file.is_file():
        return
    try:
        begun = BEFORE | json.loads(file.read_text())
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{file} is damaged; remove it to go on with the settings given now, unchecked."
        ) from error
    now = json.loads(json.dumps(asdict(options)))  # tuples as lists
    others = [name for name in now if name not in MAY_CHANGE and now[name] != begun.get(name)]
    if others:
        said = ", ".join(f"{flag(name)} {begun.get(name)} (not {now[name]})" for name in others)
        raise ValueError(
            f"The training in {folder.parent} was begun with {said}; --resume goes on with the "
            "same command, or choose another --output."
        )
