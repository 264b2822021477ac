"""`fer evaluate`: metrics of a network on FER2013 or on any folder of labelled faces."""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fer.help_formatter import DefaultsHelpFormatter

if TYPE_CHECKING:
    from fer.array_types import BoolArray
    from fer.data.arrays import FerArrays
    from fer.data.image_folder import LabeledFaces
    from fer.evaluation import results
    from fer.evaluation.ferplus_metrics import Logits
    from fer.model.classifier import ExpressionClassifier


def add_evaluate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="compare a network's predictions with the labels of a data set",
        description="Compare a network's predictions with labels; write evaluation.json and plots.",
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
        help="output to evaluate: the FER2013 head (fer2013; the default with --dataset), or both "
        "heads combined, as on the page (shown; the default with --folder)",
    )
    parser.add_argument(
        "--damaged", action="store_true", help="also measure robustness to corruptions"
    )
    parser.add_argument(
        "--float32",
        action="store_true",
        help="compute in float32, also where the page would use int8",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/evaluation"), help="folder for JSON and plots"
    )
    parser.set_defaults(run=run_evaluate)


def _add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options of the source of faces."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", metavar="SOURCE", help="FER2013, as train.py takes it")
    source.add_argument(
        "--folder", type=Path, help="any pictures, in one folder for each expression"
    )
    parser.add_argument("--split", help="of FER2013; validation if left out")
    parser.add_argument(
        "--ferplus",
        metavar="FILE",
        help="fer2013new.csv with FER+'s votes; found in the folder of a csv",
    )
    parser.add_argument(
        "--detect",
        action="store_true",
        help="detect and crop the largest face of each picture of --folder",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="NAME=EXPRESSION",
        help="expression of a folder; NAME=- leaves the folder out",
    )


def run_evaluate(options: argparse.Namespace) -> str:
    """Evaluate, write evaluation.json and the plots, and return the main metrics as text.

    Raises:
        ValueError: The network or the data can't be used.
    """
    from fer.data.arrays import FerArrays
    from fer.data.duplicates import has_duplicate
    from fer.evaluation.evaluate import evaluate, predict_logits
    from fer.evaluation.robustness import measure_robustness
    from fer.model.classifier import ExpressionClassifier

    check_evaluate(options)
    mapping = parse_mapping(options.map)
    classifier = ExpressionClassifier.load(options.model, int8=not options.float32)
    faces, source, training = load_faces(options, classifier, mapping)
    output = options.answers or ("shown" if options.folder else "fer2013")
    logits = predict_logits(classifier, faces.images, options.views)
    extras: results.Extras = {}
    if isinstance(faces, FerArrays) and training is not None:
        unseen = ~has_duplicate(faces.images, training.images)
        extras["without_copies"] = subset_metrics(classifier, faces, unseen, output, logits)
    if isinstance(faces, FerArrays) and options.damaged:
        extras["robustness"] = measure_robustness(classifier, faces, options.views, output)
    evaluation: results.EvaluationJson = {
        "model": classifier.name,
        "weights": classifier.fingerprint(),
        **source,
        **evaluate(classifier, faces, options.views, output, logits),
        **extras,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "evaluation.json").write_text(json.dumps(evaluation, indent=2) + "\n")
    draw_plots(evaluation, options.output)
    return summary(evaluation, options.output)


def check_evaluate(options: argparse.Namespace) -> None:
    """Refuse options of the other source of faces.

    Raises:
        ValueError: There are some.
    """
    if options.folder and options.damaged:
        raise ValueError("--damaged needs --dataset: its corruptions are for faces of 48 pixels.")
    if options.folder and options.split:
        raise ValueError("--split is for --dataset; a folder is evaluated as a whole.")
    if options.folder and options.ferplus:
        raise ValueError("--ferplus is for --dataset; FER+'s votes are for FER2013's pictures.")
    if options.dataset and (options.detect or options.map):
        raise ValueError(
            "--detect and --map are for --folder; FER2013's faces are cropped and labelled."
        )


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
) -> "tuple[FerArrays | LabeledFaces, results.Source, FerArrays | None]":
    """Return the labelled faces, their source, and the training split to find duplicates in.

    The third is None where the faces are that split themselves, or there is none.

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
    training = load_arrays(splits["train"]) if "train" in splits and split != "train" else None
    source: results.Source = {
        "dataset": options.dataset,
        "split": split,
        "label_set": label_set(split, faces.labels, options.dataset),
        "official": is_official(split, faces.labels),
    }
    return faces, source, training


def load_folder(
    options: argparse.Namespace, classifier: "ExpressionClassifier", mapping: dict[str, str]
) -> "tuple[LabeledFaces, results.Source]":
    """Read `--folder`; the source lists the files that couldn't be used."""
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


def subset_metrics(
    classifier: "ExpressionClassifier",
    faces: "FerArrays",
    chosen: "BoolArray",
    output: str,
    logits: "Logits",
) -> "results.SubsetMetrics":
    """Return number, accuracy and macro F1 of chosen faces.

    Args:
        classifier: The network.
        faces: All faces.
        chosen: Mask of the faces, bool (n,).
        output: As of `fer.evaluation.evaluate.evaluate`.
        logits: Of all faces.
    """
    from fer.evaluation.evaluate import evaluate

    if not chosen.any():
        return {"pictures": 0, "accuracy": None, "macro_f1": None}
    first, second = logits
    subset = first[chosen], None if second is None else second[chosen]
    metrics = evaluate(classifier, faces.subset(chosen), output=output, logits=subset)
    return {
        "pictures": metrics["pictures"],
        "accuracy": metrics["accuracy"],
        "macro_f1": metrics["macro_f1"],
    }


def draw_plots(evaluation: "results.EvaluationJson", folder: Path) -> None:
    """Write the plots of an evaluation as PNG into `folder`, replacing those of an earlier one."""
    from fer.evaluation import plots
    from fer.labels import EXPRESSIONS
    from fer.model.hub import EVALUATION_PLOTS

    error, uncertain = evaluation["calibration_error"], evaluation["uncertain"]
    drawn = {
        "confusion": plots.confusion_plot(evaluation["confusion_matrix"], EXPRESSIONS),
        "reliability": plots.reliability_plot(evaluation["reliability"], error),
        "risk_coverage": plots.risk_coverage_plot(evaluation["risk_coverage"], uncertain),
    }
    if "robustness" in evaluation:
        drawn["robustness"] = plots.robustness_plot(evaluation["robustness"])
    for name in EVALUATION_PLOTS:
        (folder / name).unlink(missing_ok=True)
    for name, figure in drawn.items():
        figure.savefig(folder / f"{name}.png", dpi=110)


OUTPUT_NAMES = {"fer2013": "The FER2013 head", "shown": "Both heads combined, as on the page"}
"""Descriptions of the values of `--answers`."""


def describe_share(row: "results.CombinedMetrics") -> str:
    """Return the accuracy with a weight of FER+'s head in the combined output."""
    votes = row["ferplus_answers"]
    majority = f", by FER+'s majority of seven {votes['accuracy']:.4f}" if votes else ""
    return (
        f"combined with a share of {row['ferplus_share']:g} for FER+'s head: accuracy "
        f"{row['accuracy']:.4f}, macro F1 {row['macro_f1']:.4f}{majority}"
    )


def summary(evaluation: "results.EvaluationJson", folder: Path) -> str:
    """Return the main metrics in a few lines."""
    interval = evaluation["intervals"]["accuracy"]
    within = f" (95 % interval {interval[0]:.4f} to {interval[1]:.4f})" if interval else ""
    views = "single view" if evaluation["views"] == "single" else f"{evaluation['views']} views"
    seen = sum(row["support"] > 0 for row in evaluation["per_class"].values())
    over = "" if seen == len(evaluation["per_class"]) else f" over {seen} expressions"
    lines = [
        f"{OUTPUT_NAMES[evaluation['answers']]}, {evaluation['pictures']:,} faces, {views}, "
        f"{evaluation['precision']}",
        f"accuracy {evaluation['accuracy']:.4f}{within}, macro F1 "
        f"{evaluation['macro_f1']:.4f}{over}",
        f"calibration error {evaluation['calibration_error']:.4f}",
    ]
    if evaluation["ferplus_answers"]:
        lines.append(f"by FER+'s majority of seven {evaluation['ferplus_answers']['accuracy']:.4f}")
    if evaluation["ferplus"]:
        lines.append(
            f"FER+'s head, by its majority of eight {evaluation['ferplus']['accuracy']:.4f}"
        )
    if both := evaluation["shown"]["both_label_sets"]:
        lines.append(
            f"both heads combined, by both label sets: accuracy {both['accuracy']:.4f}, macro F1 "
            f"{both['macro_f1']:.4f}, calibration error {both['calibration_error']:.4f}"
        )
    lines += [describe_share(row) for row in evaluation["by_share"]]
    if rest := evaluation.get("without_copies"):
        alone = f"{rest['accuracy']:.4f}" if rest["pictures"] else "none are left"
        lines.append(f"without duplicates of training pictures {alone}")
    left_out = {
        "unreadable": evaluation.get("unreadable", 0),
        "without face": evaluation.get("without_face", 0),
    }
    for reason, count in left_out.items():
        if count:
            pictures = "picture" if count == 1 else "pictures"
            lines.append(f"{count:,} {pictures} {reason} left out; evaluation.json lists them")
    return "\n".join([*lines, f"Everything is in {folder}."])
