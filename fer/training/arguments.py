"""What `python train.py` can be told: one dataclass, and the form made from it."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import Field, asdict, dataclass, field, fields

from fer.labels import FER2013_EDITION
from fer.training.checks import check_numbers, check_together, flag

DATA, RECIPE, RUN, HUB = "data", "recipe", "run", "hub"

ABOUT_GROUPS = {
    HUB: """After the training, put the network with its card on the Hugging Face Hub:
train.py --push-to-hub --hub-model-id you/name --hub-tag v1.0
It needs a token that may write (`hf auth login` or HF_TOKEN), tried out beforehand."""
}
"""What the form says about a group beyond its options."""


def option(default: object, group: str, text: str, **argparse_settings: object) -> Field:
    """Return a dataclass field that is also an option on the command line."""
    metadata = {"group": group, "help": text, "argparse": argparse_settings}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainingOptions:
    """All settings of a training; the defaults train a first network from nothing."""

    dataset: str = option(
        FER2013_EDITION,
        DATA,
        "Hub id, folder of parquet files, the Kaggle folders, fer2013.csv or icml_face_data.csv",
    )
    ferplus: str | None = option(
        None, DATA, "fer2013new.csv with FER+'s votes; found by itself beside a csv", metavar="FILE"
    )
    max_train_samples: int | None = option(
        None, DATA, "use only so many training pictures, for a quick trial", type=int, metavar="N"
    )
    drop_conflicting_copies: bool = option(
        False,
        DATA,
        "leave out training pictures of which a copy is labelled otherwise",
        action="store_true",
    )

    arch: str = option(
        "cnn",
        RECIPE,
        "untrained network: this project's own, or transformers' ViT",
        choices=("cnn", "vit"),
    )
    depths: tuple[int, ...] | None = option(
        None,
        RECIPE,
        "residual blocks of each stage of this project's network; otherwise 1 2 1, or those of the "
        "network gone on from, which may get more",
        nargs="+",
        type=int,
        metavar="N",
    )
    widths: tuple[int, ...] | None = option(
        None,
        RECIPE,
        "channels of each stage of this project's network; otherwise 64 128 256, or those of the "
        "network gone on from, which may get more",
        nargs="+",
        type=int,
        metavar="N",
    )
    base_model: str | None = option(
        None,
        RECIPE,
        "go on from a trained network instead: one of train.py's or any image classifier of "
        "transformers, as a folder or Hub id, you/name@revision",
        metavar="ID",
    )
    base_share: float = option(
        0.0,
        RECIPE,
        "share of the network gone on from in the weights that are kept, where train.py made it",
    )
    average_with: tuple[str, ...] | None = option(
        None,
        RECIPE,
        "trained networks of the same shape, such as those of other seeds: the mean of their "
        "weights and this training's is kept",
        nargs="+",
        metavar="ID",
    )
    view_size: int | None = option(
        None,
        RECIPE,
        "side in pixels of the middle of a 48-pixel face that this project's network sees; "
        "otherwise 40, or what the network gone on from sees",
        type=int,
        metavar="PIXELS",
    )
    teachers: tuple[str, ...] | None = option(
        None,
        RECIPE,
        "trained networks, whose mean answer to each training picture is learned beside its label",
        nargs="+",
        metavar="ID",
    )
    teacher_share: float = option(0.5, RECIPE, "weight of the teachers' answer beside the label")
    teach_views: bool = option(
        False,
        RECIPE,
        "ask the teachers, which are then this project's own, about each view as it is learned, "
        "and about FER+'s votes, too, instead of once about each picture",
        action="store_true",
    )
    teachers_asked: int | None = option(
        None,
        RECIPE,
        "how many of --teach-views' teachers are drawn for each batch; all if left out",
        type=int,
        metavar="N",
    )
    votes_share: float = option(
        0.0,
        RECIPE,
        "weight, 0 to below 1, of the label that FER+'s votes make likely beside the picture's own",
    )
    epochs: int = option(40, RECIPE, "passes over the training pictures")
    batch_size: int = option(128, RECIPE, "pictures a step and process")
    learning_rate: float | None = option(
        None,
        RECIPE,
        "highest rate; otherwise 0.1 of SGD for this project's network, 5e-4 of AdamW for a ViT "
        "and 5e-5 of AdamW for another trained network",
        type=float,
        metavar="RATE",
    )
    warmup: float = option(
        0.15, RECIPE, "share of the steps in which the rate rises; then a cosine to 0"
    )
    weight_decay: float | None = option(
        None,
        RECIPE,
        "on kernels and matrices, not on norms and biases; otherwise 5e-4 of SGD, 0.05 of AdamW",
        type=float,
        metavar="DECAY",
    )
    label_smoothing: float = option(
        0.1, RECIPE, "share of each of FER2013's labels that is spread over all expressions"
    )
    ferplus_weight: float = option(
        0.5, RECIPE, "weight of the FER+ head's loss, in this project's network"
    )
    ferplus_share: float | None = option(
        None,
        RECIPE,
        "weight of the FER+ head in the combined output; otherwise 0.7 where it learned votes",
        type=float,
    )
    averaging: float = option(0.999, RECIPE, "decay a step of the weights' moving average")
    dropout: float = option(
        0.2, RECIPE, "probability of leaving out a pooled feature, in this project's network"
    )
    rotation: float = option(12.0, RECIPE, "largest turn of a view in degrees")
    scale: float = option(0.12, RECIPE, "largest relative change of size of a view")
    shift: float = option(0.08, RECIPE, "largest shift of a view, as a share of the side")
    erase: float = option(0.25, RECIPE, "probability, 0 to 1, of erasing a box of a view")
    degrade: float = option(
        0.0, RECIPE, "probability, 0 to 1, of a face of few pixels, out of focus or moved"
    )
    mixup: float = option(
        0.0,
        RECIPE,
        "strength of mixing two faces and their labels, both parameters of Beta; 0 is never",
    )
    sharpness: float = option(
        0.0,
        RECIPE,
        "radius of SAM's step up the gradient before a step down; 0 is none, more takes twice the "
        "time",
    )
    sharpness_from: float = option(
        0.0, RECIPE, "share of the training, 0 to below 1, after which --sharpness begins"
    )

    output: str = option(
        "runs/fer", RUN, "folder for the network, metrics.json, curves and checkpoints"
    )
    resume: bool = option(
        False, RUN, "go on from the newest checkpoint in the output folder", action="store_true"
    )
    precision: str = option(
        "auto", RUN, "auto takes bf16 where the hardware has it", choices=("auto", "bf16", "fp32")
    )
    seed: int = option(
        0,
        RUN,
        "for the weights, the order of the pictures and the views; a training that goes on from "
        "another one wants one of its own, or sees the same views again",
    )

    push_to_hub: bool = option(
        False, HUB, "push the output folder when it is done", action="store_true"
    )
    hub_model_id: str | None = option(None, HUB, "where to; created if need be", metavar="YOU/NAME")
    hub_private: bool = option(False, HUB, "only you may see a new repo", action="store_true")
    hub_tag: str | None = option(None, HUB, "name of the release", metavar="NAME")

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            ValueError: A number out of its range, or a setting that would be ignored.
        """
        settings = asdict(self)
        check_numbers(settings)
        check_together(settings, {entry.name: entry.default for entry in fields(self)})


class FormFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows defaults where there are any, and descriptions line by line as they are written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        nothing = action.default is None or action.default is False or action.default == []
        return action.help if nothing else super()._get_help_string(action)


def build_parser() -> argparse.ArgumentParser:
    """Return the form: one option for each field, in groups."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train a compact expression network on FER2013 for from_pretrained to load.",
        epilog="Several processes: torchrun --nproc-per-node 2 train.py ...",
        formatter_class=FormFormatter,
    )
    groups = {
        name: parser.add_argument_group(name, ABOUT_GROUPS.get(name))
        for name in (DATA, RECIPE, RUN, HUB)
    }
    for entry in fields(TrainingOptions):
        settings = dict(entry.metadata["argparse"])
        if "action" not in settings and "type" not in settings and entry.default is not None:
            settings["type"] = type(entry.default)
        group = groups[entry.metadata["group"]]
        group.add_argument(
            flag(entry.name), default=entry.default, help=entry.metadata["help"], **settings
        )
    return parser


def parse_options(arguments: Sequence[str] | None = None) -> TrainingOptions:
    """Read the options from the command line, or from `arguments`."""
    read = vars(build_parser().parse_args(arguments))
    return TrainingOptions(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
    )


def command_line(options: TrainingOptions) -> str:
    """Return the command that makes this training from its start, with what isn't a default.

    >>> command_line(TrainingOptions(epochs=3, resume=True))
    'python train.py --epochs 3'
    """
    words = ["python", "train.py"]
    for entry in fields(options):
        value = getattr(options, entry.name)
        # Neither going on after a stop nor pushing makes it another training.
        same = entry.name == "resume" or entry.metadata["group"] == HUB
        if value != entry.default and not same:
            values = value if isinstance(value, tuple) else [value]
            words += [flag(entry.name)] if value is True else [flag(entry.name), *map(str, values)]
    return shlex.join(words)
