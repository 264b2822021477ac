"""The stages of a recipe: teachers from scratch, a student distilled from them, and its model soup.

Each is a training of its own in a folder of its own inside the output.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from fer.model.hub import RECIPE
from fer.output_files import write_file
from fer.training.checkpoints import CHECKPOINTS_FOLDER, MANIFEST, find_damage
from fer.training.option_checks import option_name
from fer.training.options import TrainingOptions, read_recipe, to_yaml

logger = logging.getLogger(__name__)

CHANGEABLE_ON_RESUME = (
    "output", "report_to", "push_to_hub", "hub_model_id", "hub_private",
    "hub_tag", "config", "resume",
)  # fmt: skip
"""Settings that may differ when a training is resumed: they don't change how it trains."""

TEACHER_DEFAULTS = {
    "base_model": None, "ferplus_share": None,
    "push_to_hub": False, "hub_model_id": None, "hub_private": False, "hub_tag": None,
}  # fmt: skip
"""Settings that teachers don't share with the student: its base model, and those of the result."""


@dataclass(frozen=True)
class Stage:
    """One training.

    Attributes:
        name: Such as "teachers/1"; its folder inside the output.
        options: Its settings, without tables of other stages.
        teachers: Folders of the networks that it is distilled from.
        start: Folder of the network whose weights it starts with; None starts from scratch, or from
            the settings' `base_model`.
    """

    name: str
    options: TrainingOptions
    teachers: tuple[Path, ...] = ()
    start: Path | None = None

    @property
    def is_teacher(self) -> bool:
        """Whether it trains a teacher."""
        return self.name.startswith("teachers/")

    @property
    def folder(self) -> Path:
        """Its folder."""
        return Path(self.options.output, self.name)

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.folder / CHECKPOINTS_FOLDER

    def is_finished(self) -> bool:
        """Return whether its folder is complete."""
        reason = find_damage(self.folder)
        if reason and (self.folder / MANIFEST).exists():
            logger.warning("%s of stage %s; it is finished again.", reason, self.name)
        return reason is None


def stages(options: TrainingOptions) -> list[Stage]:
    """Return the stages of a recipe in their order.

    Raises:
        ValueError: A stage's table has an invalid setting.
    """
    output, seeds = Path(options.output), (options.soup or {}).get("seeds", ())
    teachers = [
        Stage(f"teachers/{number}", options.with_overrides({**TEACHER_DEFAULTS, **table}))
        for number, table in enumerate(options.teachers, 1)
    ]
    teacher_folders = tuple(output / stage.name for stage in teachers)
    first = Stage("student/1", options.with_overrides({}), teacher_folders)
    soup = [
        Stage(
            f"student/{number}",
            options.with_overrides({**(options.soup or {}), "seed": seed}),
            teacher_folders,
            first.folder,
        )
        for number, seed in enumerate(seeds, 2)
    ]
    return [*teachers, first, *soup]


def averaged_stages(all_stages: list[Stage]) -> list[Stage]:
    """Return the stages whose weights are averaged: those of the soup, or the student alone."""
    students = [stage for stage in all_stages if stage.name.startswith("student/")]
    return students[1:] or students


def check_output(options: TrainingOptions) -> None:
    """Refuse an output folder in which the training can't begin or be resumed.

    Raises:
        ValueError: It is a file; it holds a training that would be lost; there is nothing to
            resume, or only with other settings, or by training all stages again.
    """
    output = Path(options.output)
    if output.is_file():
        raise ValueError(f"--output {output} is a file; name a folder.")
    begun, whole = ((output / name).is_file() for name in (RECIPE, MANIFEST))
    if options.resume and not begun:
        raise ValueError(f"--resume found no training in {output}; leave it out to begin one.")
    if options.resume:
        check_same_settings(output / RECIPE, options)
        gone = [stage.name for stage in stages(options) if not stage.folder.is_dir()]
        if whole and gone and (reason := find_damage(output)):
            raise ValueError(
                f"{output} holds a finished training, but {reason}, and {', '.join(gone)}, of "
                f"which it was made, can't be found; remove {MANIFEST} there to train again."
            )
    elif begun or whole:
        raise ValueError(
            f"{output} holds a training already; add --resume to continue it, or choose another "
            "--output."
        )


def write_recipe(options: TrainingOptions) -> None:
    """Write the effective settings into the output folder, unless they are there."""
    file = Path(options.output, RECIPE)
    if not file.is_file():
        write_file(file, to_yaml(options))


def check_same_settings(file: Path, options: TrainingOptions) -> None:
    """Refuse to resume with other settings: the network would be of neither.

    Raises:
        ValueError: A setting differs from the one that the training was begun with, or the file
            is damaged.
    """
    try:
        begun = read_recipe(file)
    except ValueError as error:
        raise ValueError(
            f"{file} can't be resumed from: {error} Write the recipe there again, or choose "
            "another --output."
        ) from error
    others = [
        f"{option_name(name)} {getattr(begun, name)} (not {getattr(options, name)})"
        for name in vars(begun)
        if name not in CHANGEABLE_ON_RESUME and getattr(begun, name) != getattr(options, name)
    ]
    if others:
        raise ValueError(
            f"The training in {file.parent} was begun with {', '.join(others)}; --resume needs "
            "the same settings, or choose another --output."
        )
