"""The settings of a training: one dataclass, read from a YAML recipe and from the command line."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from fer.labels import FER2013_DATASET_ID
from fer.terminal import DefaultsHelpFormatter
from fer.training.option_checks import (
    check_augmentation,
    check_combinations,
    check_known,
    check_ranges,
    check_types,
)

if TYPE_CHECKING:
    from transformers import HfArgumentParser

RECIPES = Path(__file__).parents[2] / "recipes"
DEFAULT_RECIPE = RECIPES / "compact.yaml"

REQUIRED = "required"
"""Value of `base_model` in a recipe that needs one from the command line."""

NOT_IN_RECIPES = ("config", "resume")
"""Options of the command line alone: the resulting network doesn't depend on them."""

RUN_OPTIONS = (
    "dataset", "map", "validation", "ferplus", "max_train_samples", "ferplus_share", "output",
    "resume", "precision",
    "report_to", "push_to_hub", "hub_model_id", "hub_private", "hub_tag", "config",
    "teachers", "teacher_weight", "soup",
)  # fmt: skip
"""Settings that all stages share; a stage's table can change the others."""

NOT_IN_SOUP = ("seed", "arch", "depths", "widths", "base_model")
"""Further settings that the soup's table can't change: it has `seeds`, and starts at the student's
weights."""


def help_metadata(text: str) -> dict[str, str]:
    """Return a field's metadata: its line in `--help`."""
    return {"help": text}


@dataclass(frozen=True)
class CommandLineOptions:
    """The settings that are options of `train.py` as well as keys of a recipe."""

    dataset: str = field(
        default=FER2013_DATASET_ID,
        metadata=help_metadata(
            "Hub id, folder of parquet files, folders of expressions with or without splits, or "
            "fer2013.csv"
        ),
    )
    map: list[str] = field(
        default_factory=list,
        metadata={  # the arguments of argparse's add_argument
            "help": "expressions of labels or folders of other names, such as joy=happy; "
            "NAME=- leaves one out",
            "metavar": "NAME=EXPRESSION",
            "action": "extend",
        },
    )
    validation: Literal["train", "test"] = field(
        default="train",
        metadata=help_metadata(
            "what a data set without a validation split is validated on: a tenth of train, held "
            "out, or test"
        ),
    )
    ferplus: str | None = field(
        default=None,
        metadata=help_metadata("fer2013new.csv with FER+'s votes; found in the folder of a csv"),
    )
    max_train_samples: int | None = field(
        default=None,
        metadata=help_metadata("use only so many training pictures, for a quick trial"),
    )
    depths: list[int] | None = field(
        default=None,
        metadata=help_metadata("residual blocks of each stage of the convolutional network"),
    )
    widths: list[int] | None = field(
        default=None, metadata=help_metadata("channels of each stage of the convolutional network")
    )
    base_model: str | None = field(
        default=None,
        metadata=help_metadata(
            "fine-tune this image classifier of transformers: a folder or Hub id"
        ),
    )
    epochs: int = field(default=40, metadata=help_metadata("passes over the training pictures"))
    batch_size: int = field(default=256, metadata=help_metadata("pictures per step and process"))
    learning_rate: float | None = field(
        default=None, metadata=help_metadata("highest rate; None takes what suits the network")
    )
    label_smoothing: float = field(
        default=0.1,
        metadata=help_metadata("share of each of FER2013's labels spread over all classes"),
    )
    mixup: float = field(
        default=0.0,
        metadata=help_metadata("both parameters of mixup's Beta distribution; 0 is none"),
    )
    ferplus_weight: float = field(
        default=0.5,
        metadata=help_metadata("weight of the FER+ head's loss, relative to the FER2013 head's"),
    )
    ferplus_share: float | None = field(
        default=None,
        metadata=help_metadata("weight of the FER+ head in the combined logits; None is 0.7"),
    )
    output: str = field(
        default="runs/fer",
        metadata=help_metadata("folder for the network, its metrics and all stages"),
    )
    resume: bool = field(
        default=False,
        metadata=help_metadata("continue the training in the output folder after a stop"),
    )
    precision: Literal["auto", "bf16", "fp32"] = field(
        default="auto", metadata=help_metadata("auto takes bf16 where the hardware has it")
    )
    seed: int = field(default=0, metadata=help_metadata("of the weights, the order and the views"))
    report_to: Literal["none", "tensorboard", "trackio", "wandb"] = field(
        default="none", metadata=help_metadata("experiment tracker, which has to be installed")
    )
    push_to_hub: bool = field(
        default=False,
        metadata=help_metadata("push the output folder at the end; needs a write token"),
    )
    hub_model_id: str | None = field(
        default=None, metadata=help_metadata("where to push: you/name")
    )
    hub_private: bool = field(default=False, metadata=help_metadata("make a new repo private"))
    hub_tag: str | None = field(
        default=None, metadata=help_metadata("name of the release, such as v1.0")
    )
    config: str | None = field(
        default=None,
        metadata=help_metadata("recipe to run, a YAML file; None is recipes/compact.yaml"),
    )


@dataclass(frozen=True)
class TrainingOptions(CommandLineOptions):
    """All settings of a training; those added here are keys of recipes only.

    Args:
        arch: Untrained network: "cnn", this project's own, or "vit", a compact vision transformer,
            transformers' Swin.
        view_size: Side in pixels of the middle of a 48-pixel face to train on; None is 40 of a new
            convolutional network, all of a transformer, and what a base model takes.
        warmup: Share of the steps in which the learning rate rises; then it follows a cosine to 0.
        weight_decay: On kernels and matrices, not on norms and biases; None takes what suits the
            network.
        ema_decay: Decay per step of the exponential moving average of the weights, which is kept.
        dropout: Probability of dropping a pooled feature, in the convolutional network.
        augmentation: `rotation` in degrees, `scale` and `shift` as shares, and the probabilities
            `erase` and `degrade`; see `fer.training.augmentation`.
        teachers: For each teacher a table of the settings in which it differs.
        teacher_weight: Weight of the teachers' probabilities in the targets.
        soup: None, or short trainings that start at the student and of whose weights the mean is
            kept: `seeds`, and the settings in which they differ from it.
    """

    arch: Literal["cnn", "vit"] = "cnn"
    view_size: int | None = None
    warmup: float = 0.15
    weight_decay: float | None = None
    ema_decay: float = 0.998
    dropout: float = 0.2
    augmentation: dict[str, float] = field(default_factory=dict)
    teachers: list[dict[str, Any]] = field(default_factory=list)
    teacher_weight: float = 0.7
    soup: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Check types, ranges and combinations.

        Raises:
            ValueError: One is of another type or out of its range, or would be ignored.
        """
        settings = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        defaults = {entry.name: entry.default for entry in fields(self)}
        check_types(settings, defaults)
        check_ranges(settings)
        check_combinations(settings, defaults)
        known = [entry.name for entry in fields(self) if entry.name not in RUN_OPTIONS]
        for table in self.teachers:
            check_known("teachers", table, known)
        if self.soup is not None:
            changeable = [name for name in known if name not in NOT_IN_SOUP]
            check_known("soup", self.soup, [*changeable, "seeds"])

    def with_overrides(self, table: dict[str, Any]) -> "TrainingOptions":
        """Return the settings of a single stage: without teachers and soup, changed by its table.

        Raises:
            ValueError: A setting of the table is invalid.
        """
        changes = {name: value for name, value in table.items() if name != "seeds"}
        if "augmentation" in changes:
            check_augmentation(changes["augmentation"])
            changes["augmentation"] = {**self.augmentation, **changes["augmentation"]}
        return replace(self, teachers=[], soup=None, **changes)


def build_parser() -> "HfArgumentParser":
    """Return the parser of the command line."""
    from transformers import HfArgumentParser  # heavy, and not needed for DefaultsHelpFormatter

    return HfArgumentParser(
        CommandLineOptions,  # type: ignore[arg-type]  # it is annotated as a NewType of Any
        prog="train.py",
        description="Train a compact expression network by a recipe of recipes/.\n"
        "An option overrides the recipe's value; teachers and other stages keep theirs.",
        epilog="Several processes: torchrun --nproc-per-node 2 train.py ...",
        formatter_class=DefaultsHelpFormatter,
        allow_abbrev=False,
    )


def parse_options(arguments: Sequence[str] | None = None) -> TrainingOptions:
    """Return the settings of the recipe that the command line names, with its other options.

    Args:
        arguments: The command line; None takes that of the process.

    Raises:
        ValueError: The recipe can't be read, or a setting is invalid.
    """
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument("--config", type=Path, default=DEFAULT_RECIPE)
    recipe = read_recipe(finder.parse_known_args(arguments)[0].config)
    parser = build_parser()
    names = {entry.name for entry in fields(CommandLineOptions)}
    parser.set_defaults(**{name: value for name, value in asdict(recipe).items() if name in names})
    words = None if arguments is None else list(arguments)
    given, unknown = parser.parse_args_into_dataclasses(
        words, look_for_args_file=False, return_remaining_strings=True
    )
    if unknown:
        raise ValueError(f"There is no option {' '.join(unknown)}; --help lists all there are.")
    return replace(recipe, **asdict(given))


def check_base_model(options: TrainingOptions) -> None:
    """Refuse the settings of a recipe to fine-tune with, as long as they name no network.

    Raises:
        ValueError: They name none.
    """
    if options.base_model == REQUIRED:
        raise ValueError(
            "This recipe fine-tunes a network: name it with --base-model, a folder or a Hub id."
        )


def read_recipe(file: Path) -> TrainingOptions:
    """Return the settings in a YAML file; what it leaves out has its default.

    Raises:
        ValueError: It can't be read, or has invalid keys or values.
    """
    from transformers import HfArgumentParser  # heavy, and not needed for DefaultsHelpFormatter

    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"--config {file} can't be read as YAML: {reason}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"--config {file} must hold settings, one `name: value` a line.")
    known = [entry.name for entry in fields(TrainingOptions) if entry.name not in NOT_IN_RECIPES]
    check_known(str(file), settings, known)
    parser = HfArgumentParser(TrainingOptions)  # type: ignore[arg-type]  # a NewType of Any
    (options,) = parser.parse_dict(settings)
    return options


def to_yaml(options: TrainingOptions) -> str:
    """Return the settings as a recipe; `read_recipe` returns the same settings from it."""
    settings = {name: v for name, v in asdict(options).items() if name not in NOT_IN_RECIPES}
    return yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
