"""`fer evaluate`: every figure of a network on FER2013 or on any folder of labelled faces."""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fer.help_formatter import DefaultsHelpFormatter

if TYPE_CHECKING:
    import numpy as np

    from fer.data.arrays import FerArrays
    from fer.data.image_folder import LabeledFaces
    from fer.evaluation.ferplus_metrics import Logits
    from fer.model.classifier import ExpressionClassifier


def add_evaluate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="compare a network's answers with the labels of a data set",
        description="Compare a network's answers with labels; write evaluation.json and plots.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "model", nargs="?", help="a folder or Hub id; the embedded weights if left out"
    )
    _add_source(parser)
    parser.add_argument("--views", action="store_true", help="average ten views of each face")
    parser.add_argument(
        "--answers",
        choices=("fer2013", "shown"),
        help="whose accuracy: the FER2013 head's (fer2013; with --dataset if left out), or that of "
        "both heads combined, as the page has it (shown; with --folder if left out)",
    )
    parser.add_argument("--damaged", action="store_true", help="measure damaged faces, too")
    parser.add_argument(
        "--float32",
        action="store_true",
        help="answer in float32, also where int8 would serve visitors",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/evaluation"), help="folder for JSON and plots"
    )
    parser.set_defaults(run=run_evaluate)


def _add_source(parser: argparse.ArgumentParser) -> None:
    """Add where the faces come from."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", metavar="SOURCE", help="FER2013, as train.py takes it")
    source.add_argument(
        "--folder", type=Path, help="any pictures, in one folder for each expression"
    )
    parser.add_argument("--split", help="of FER2013; validation if left out")
    parser.add_argument(
        "--ferplus",
        metavar="FILE",
        help="fer2013new.csv with FER+'s votes; found by itself beside a csv",
    )
    parser.add_argument(
        "--detect", action="store_true", help="cut the largest face out of each picture of --folder"
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="NAME=EXPRESSION",
        help="what a folder's name means; NAME=- leaves the folder out",
    )


def run_evaluate(options: argparse.Namespace) -> str:
    """Evaluate, write evaluation.json and the plots, and return the main metrics as text.

    Raises:
        ValueError: The network or the data won't do.
    """
    from fer.data.duplicates import has_duplicate
    from fer.evaluation.evaluate import evaluate, predict_logits
    from fer.evaluation.robustness import measure_robustness
    from fer.model.classifier import ExpressionClassifier

    check_evaluate(options)
    mapping = parse_mapping(options.map)
    classifier = ExpressionClassifier.load(options.model, int8=not options.float32)
    faces, source, learned = load_faces(options, classifier, mapping)
    figures = {"model": classifier.name, "weights": classifier.fingerprint(), **source}
    answers = options.answers or ("shown" if options.folder else "fer2013")
    logits = predict_logits(classifier, faces.images, options.views)
    figures |= evaluate(classifier, faces, options.views, answers, logits)
    if learned is not None:
        own = ~has_duplicate(faces.images, learned.images)
        figures["without_copies"] = metrics_of_some(classifier, faces, own, answers, logits)
    if options.damaged:
        figures["robustness"] = measure_robustness(classifier, faces, options.views, answers)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "evaluation.json").write_text(json.dumps(figures, indent=2) + "\n")
    draw_plots(figures, options.output)
    return summary(figures, options.output)


def check_evaluate(options: argparse.Namespace) -> None:
    """Refuse options that the source of the faces has no use for.

    Raises:
        ValueError: There are some.
    """
    if options.folder and options.damaged:
        raise ValueError("--damaged needs --dataset: its amounts are for faces of 48 pixels.")
    if options.folder and options.split:
        raise ValueError("--split is of --dataset; a folder is evaluated as a whole.")
    if options.folder and options.ferplus:
        raise ValueError("--ferplus is for --dataset; FER+'s votes are about FER2013's pictures.")
    if options.dataset and (options.detect or options.map):
        raise ValueError("--detect and --map are for --folder; FER2013's faces are cut and named.")


def parse_mapping(entries: list[str]) -> dict[str, str]:
    """Read `["6=anger"]` as `{"6": "anger"}`.

    Raises:
        ValueError: An entry has no "=".
    """
    wrong = [entry for entry in entries if "=" not in entry]
    if wrong:
        raise ValueError(f"--map takes NAME=EXPRESSION, not {wrong[0]!r}.")
    return dict(entry.split("=", 1) for entry in entries)


def load_faces(
    options: argparse.Namespace, classifier: "ExpressionClassifier", mapping: dict[str, str]
) -> tuple["FerArrays | LabeledFaces", dict, "FerArrays | None"]:
    """Return the labelled faces, and where they come from as entries of evaluation.json.

    The third is FER2013's training split, None where the faces are that themselves or there is
    none.

    Raises:
        ValueError: The split is missing, or the source can't be read.
    """
    if options.folder:
        return *load_folder(options, classifier, mapping), None
    from fer.data.fer2013 import load_arrays, load_fer2013
    from fer.data.splits import is_official, label_set

    splits = load_fer2013(options.dataset, options.ferplus)
    split = options.split or "validation"
    if split not in splits:
        raise ValueError(f"{options.dataset} has no split {split}; it has {', '.join(splits)}.")
    faces = load_arrays(splits[split])
    learned = load_arrays(splits["train"]) if "train" in splits and split != "train" else None
    source = {
        "dataset": options.dataset,
        "split": split,
        "label_set": label_set(split, faces.labels, options.dataset),
        "official": is_official(split, faces.labels),
    }
    return faces, source, learned


def load_folder(
    options: argparse.Namespace, classifier: "ExpressionClassifier", mapping: dict[str, str]
) -> tuple["LabeledFaces", dict]:
    """Read `--folder`; the entries also say how many pictures couldn't be used."""
    from fer.data.image_folder import load_image_folder
    from fer.vision.crops import Framing, crop_largest_face
    from fer.vision.detector import FaceDetector

    crop = None
    if options.detect:
        crop = partial(
            crop_largest_face,
            detector=FaceDetector(min_face=20),
            framing=Framing(**classifier.framing),
        )
    faces = load_image_folder(options.folder, mapping, crop)
    return faces, {
        "folder": str(options.folder),
        "detected": options.detect,
        "unreadable": len(faces.unreadable),
        "without_face": len(faces.without_face),
        "left_out": [*faces.unreadable, *faces.without_face],
    }


def metrics_of_some(
    classifier: "ExpressionClassifier",
    faces: "FerArrays",
    chosen: "np.ndarray",
    answers: str,
    logits: "Logits",
) -> dict[str, float | None]:
    """Return number, accuracy and macro F1 of chosen faces.

    Args:
        classifier: The network.
        faces: All faces.
        chosen: Which of them count, bool (n,).
        answers: As of `fer.evaluation.evaluate.evaluate`.
        logits: Of all faces.
    """
    from fer.evaluation.evaluate import evaluate

    if not chosen.any():
        return {"pictures": 0, "accuracy": None, "macro_f1": None}
    first, second = (None if head is None else head[chosen] for head in logits)
    figures = evaluate(classifier, faces.subset(chosen), answers=answers, logits=(first, second))
    return {name: figures[name] for name in ("pictures", "accuracy", "macro_f1")}


def draw_plots(figures: dict, folder: Path) -> None:
    """Write the plots of an evaluation as PNG into `folder`, in place of another one's."""
    from fer.evaluation import plots
    from fer.labels import EXPRESSIONS
    from fer.model.hub import EVALUATION_PLOTS

    error, uncertain = figures["calibration_error"], figures["uncertain"]
    drawn = {
        "confusion": plots.confusion_plot(figures["confusion_matrix"], EXPRESSIONS),
        "reliability": plots.reliability_plot(figures["reliability"], error),
        "risk_coverage": plots.risk_coverage_plot(figures["risk_coverage"], uncertain),
    }
    if "robustness" in figures:
        drawn["robustness"] = plots.robustness_plot(figures["robustness"])
    for name in EVALUATION_PLOTS:
        (folder / name).unlink(missing_ok=True)
    for name, figure in drawn.items():
        figure.savefig(folder / f"{name}.png", dpi=110)


def describe_class_count(figures: dict) -> str:
    """Return over how many expressions the macro F1 is averaged, "" for all seven."""
    seen = sum(row["support"] > 0 for row in figures["per_class"].values())
    return "" if seen == len(figures["per_class"]) else f" over {seen} expressions"


ANSWERS_LABELS = {"fer2013": "The FER2013 head", "shown": "Both heads combined, as the page has it"}
"""What `--answers` means."""


def describe_share(row: dict) -> str:
    """Return the accuracy with a share of FER+'s head in the combined output."""
    votes = row["ferplus_answers"]
    beside = f", by FER+'s majority of seven {votes['accuracy']:.4f}" if votes else ""
    return (
        f"combined with a share of {row['ferplus_share']:g} for FER+'s head: accuracy "
        f"{row['accuracy']:.4f}, macro F1 {row['macro_f1']:.4f}{beside}"
    )


def summary(figures: dict, folder: Path) -> str:
    """Return the main figures in a few lines."""
    low, high = figures["intervals"]["accuracy"]
    lines = [
        f"{ANSWERS_LABELS[figures['answers']]}, {figures['pictures']:,} faces, {figures['views']} "
        f"view{'s' * (figures['views'] != 'single')}, {figures['precision']}",
        f"accuracy {figures['accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f}), "
        f"macro F1 {figures['macro_f1']:.4f}{describe_class_count(figures)}",
        f"calibration error {figures['calibration_error']:.4f}",
    ]
    if figures["ferplus_answers"]:
        lines.append(f"by FER+'s majority of seven {figures['ferplus_answers']['accuracy']:.4f}")
    if figures["ferplus"]:
        lines.append(f"FER+'s head, by its majority of eight {figures['ferplus']['accuracy']:.4f}")
    if both := figures["shown"]["both_label_sets"]:
        lines.append(
            f"both heads combined, by both label sets: accuracy {both['accuracy']:.4f}, macro F1 "
            f"{both['macro_f1']:.4f}, calibration error {both['calibration_error']:.4f}"
        )
    lines += [describe_share(row) for row in figures["by_share"]]
    if figures.get("without_copies"):
        rest = figures["without_copies"]
        alone = f"{rest['accuracy']:.4f}" if rest["pictures"] else "none are left"
        lines.append(f"without copies of training pictures {alone}")
    for name in ("unreadable", "without_face"):
        if figures.get(name):
            pictures = "picture" if figures[name] == 1 else "pictures"
            what = f"{figures[name]:,} {pictures} {name.replace('_', ' ')}"
            lines.append(f"{what} left out; evaluation.json names them")
    return "\n".join([*lines, f"Everything is in {folder}."])
