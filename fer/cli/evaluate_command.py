"""`fer evaluate`: metrics of a network on FER2013 or on any folder of labelled faces."""

import argparse
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.shared_options import SOURCE_HELP, add_device, add_map, check_model
from fer.output_files import output_folder, write_file
from fer.terminal import DefaultsHelpFormatter
from fer.torch_device import check_device

if TYPE_CHECKING:
    from fer.data.holdout import EvaluationSplit
    from fer.data.image_folder import LabeledFaces
    from fer.data.label_map import LabelMap
    from fer.model.classifier import ExpressionClassifier
    from fer.model.evaluation_results import Evaluation


def add_evaluate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="compare a network's predictions with the labels of a data set",
        description="Compare a network's predictions with labels; write evaluation.json and plots.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "model",
        nargs="?",
        metavar="FOLDER_OR_ID",
        help="a folder that train.py has written, or a Hub id such as you/name; the embedded "
        "weights if left out",
    )
    _add_source(parser)
    _add_measures(parser)
    add_device(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs/evaluation"),
        metavar="FOLDER",
        help="folder for JSON and plots; created if missing",
    )
    parser.set_defaults(run=run_evaluate)


def _add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options of the source of faces."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", metavar="SOURCE", help=f"FER2013: {SOURCE_HELP}")
    source.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help="any pictures, in one folder for each expression",
    )
    parser.add_argument(
        "--split",
        metavar="NAME",
        help="of --dataset; validation if left out, or test where there is no validation",
    )
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
    add_map(parser)


def _add_measures(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is measured, and how."""
    parser.add_argument("--views", action="store_true", help="average ten views of each face")
    parser.add_argument(
        "--head",
        choices=("fer2013", "combined"),
        help="what to evaluate: the FER2013 head (the default with --dataset), or both heads "
        "combined, as on the page (the default with --folder)",
    )
    parser.add_argument(
        "--corruptions",
        "--damaged",  # its older name
        action="store_true",
        help="also measure robustness to corruptions",
    )
    parser.add_argument(
        "--float32",
        action="store_true",
        help="compute in float32, also where the page would use int8",
    )


def run_evaluate(options: argparse.Namespace) -> str:
    """Evaluate, write evaluation.json and the plots, and return the main metrics as text.

    Raises:
        ValueError: The network or the data can't be used.
    """
    from fer.cli.evaluation_summary import draw_plots, summary
    from fer.data.label_map import LabelMap

    check_evaluate(options)
    labels = LabelMap.parse(options.map)
    with output_folder(options.output):
        check_source(options, labels)
        evaluation = evaluate_classifier(options, labels)
        write_file(
            options.output / "evaluation.json", json.dumps(evaluation.to_json(), indent=2) + "\n"
        )
        draw_plots(evaluation, options.output)
    return summary(evaluation, options.output)


def evaluate_classifier(options: argparse.Namespace, labels: "LabelMap") -> "Evaluation":
    """Return the metrics of the network on the faces that the options name.

    Raises:
        ValueError: See `run_evaluate`.
    """
    from fer.data.arrays import FerArrays
    from fer.data.duplicates import has_duplicate_in
    from fer.evaluation.evaluate import (
        check_not_trained_on,
        evaluate,
        predict_logits,
        subset_metrics,
    )
    from fer.evaluation.robustness import measure_robustness
    from fer.model.classifier import ExpressionClassifier
    from fer.model.evaluation_results import COMBINED, FER2013_HEAD

    dataset = None if options.folder else load_dataset(options, labels)  # it may be missing
    classifier = ExpressionClassifier.load(options.model, not options.float32, options.device)
    faces: FerArrays | LabeledFaces
    if dataset:
        split, source = dataset
        check_not_trained_on(options.dataset, split, classifier)
        faces, training = split.faces, split.train
    else:
        (faces, source), training = load_folder(options, classifier, labels), None
    head = options.head or ("combined" if options.folder else "fer2013")
    output = COMBINED if head == "combined" else FER2013_HEAD
    logits = predict_logits(classifier, faces.images, options.views)
    evaluation = evaluate(classifier, faces, options.views, output, logits)
    if isinstance(faces, FerArrays) and training is not None:
        unseen = ~has_duplicate_in(faces.images, training.images)
        metrics = subset_metrics(classifier, faces, unseen, output, logits)
        evaluation = replace(evaluation, without_duplicates=metrics)
    if isinstance(faces, FerArrays) and options.corruptions:
        rows = measure_robustness(classifier, faces, options.views, output)
        evaluation = replace(evaluation, robustness=rows)
    source = replace(source, model=classifier.name, weights=classifier.fingerprint())
    return source.updated(evaluation)


def check_source(options: argparse.Namespace, labels: "LabelMap") -> None:
    """Refuse a folder of faces or a network that isn't there, before the network is loaded.

    Raises:
        ValueError: It isn't.
    """
    check_model(options.model)
    check_device(options.device)
    if options.folder:
        from fer.data.image_folder import labeled_files

        labeled_files(options.folder, labels)


def check_evaluate(options: argparse.Namespace) -> None:
    """Refuse options of the other source of faces.

    Raises:
        ValueError: There are some.
    """
    if options.folder and options.corruptions:
        raise ValueError("--corruptions needs --dataset: they are for faces of 48 pixels.")
    if options.folder and options.split:
        raise ValueError("--split is for --dataset; a folder is evaluated as a whole.")
    if options.folder and options.ferplus:
        raise ValueError("--ferplus is for --dataset; FER+'s votes are for FER2013's pictures.")
    if options.dataset and options.detect:
        raise ValueError("--detect is for --folder; FER2013's faces are cropped.")


def load_dataset(
    options: argparse.Namespace, labels: "LabelMap"
) -> "tuple[EvaluationSplit, Evaluation]":
    """Read `--dataset`; return the split, and its source as an evaluation without metrics.

    Raises:
        ValueError: The split is missing, or the source can't be read.
    """
    from fer.data.fer2013 import load_fer2013
    from fer.data.holdout import evaluation_split
    from fer.data.splits import is_official, label_set
    from fer.model.evaluation_results import Evaluation

    splits = load_fer2013(options.dataset, options.ferplus, labels)
    chosen = evaluation_split(splits, options.dataset, options.split)
    name = label_set(chosen.name, chosen.faces.labels, options.dataset)
    source = Evaluation(
        dataset=options.dataset,
        split=chosen.name,
        label_set=f"{name}, {chosen.origin}" if chosen.origin else name,
        official=is_official(chosen.name, chosen.faces.labels),
    )
    return chosen, source


def load_folder(
    options: argparse.Namespace, classifier: "ExpressionClassifier", labels: "LabelMap"
) -> "tuple[LabeledFaces, Evaluation]":
    """Read `--folder`; the source lists the files that couldn't be used."""
    from fer.data.image_folder import load_image_folder
    from fer.model.evaluation_results import Evaluation
    from fer.vision.crops import CropFraming, crop_largest_face
    from fer.vision.detector import FaceDetector
    from fer.vision.face_sizes import PHOTO_MIN_FACE

    crop = None
    if options.detect:
        crop = partial(
            crop_largest_face,
            detector=FaceDetector(min_face=PHOTO_MIN_FACE, device=options.device),
            framing=CropFraming(**classifier.framing),
        )
    faces = load_image_folder(options.folder, labels, crop)
    return faces, Evaluation(
        folder=str(options.folder),
        detected=options.detect,
        unreadable=len(faces.unreadable),
        without_face=len(faces.without_face),
        left_out=[*faces.unreadable, *faces.without_face],
    )
