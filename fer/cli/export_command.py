"""`fer export`: a trained network as ONNX, for ONNX Runtime on any machine or in a browser."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.shared_options import SOURCE_HELP, add_map
from fer.output_files import check_output_folder, output_folder

if TYPE_CHECKING:
    from transformers.image_processing_utils import BaseImageProcessor

    from fer.array_types import Float32Array
    from fer.data.label_map import LabelMap


def add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer export`."""
    parser = commands.add_parser(
        "export",
        help="write a trained network as ONNX, in float32 and in int8",
        description="Write onnx/model.onnx (float32) and, with --dataset, "
        "onnx/model_quantized.onnx (int8). train.py writes both by itself.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="what train.py has written, or a Hub id")
    parser.add_argument(
        "--dataset",
        metavar="SOURCE",
        help=f"FER2013, to whose training pictures int8 is fitted: {SOURCE_HELP}",
    )
    add_map(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where onnx/ is written; the network's own folder if left out; a Hub id needs one",
    )
    parser.set_defaults(run=run_export)


def run_export(options: argparse.Namespace) -> str:
    """Export, and return which files were written.

    Raises:
        ValueError: The network isn't one of this project, or the data set can't be read.
    """
    from fer.data.label_map import LabelMap
    from fer.model.hub import ModelError, pull
    from fer.model.modeling_fer import FerForImageClassification
    from fer.model.onnx_export import write_onnx
    from fer.model.pretrained import load_network
    from fer.training.checkpoints import refreshed_manifest

    if options.map and not options.dataset:
        raise ValueError("--map is for the labels of --dataset; leave it out.")
    labels = LabelMap.parse(options.map)
    if options.output:
        check_output_folder(options.output)
    found = pull(options.folder)
    if found.revision and not options.output:  # the Hub's cache is no place for new files
        raise ValueError(f"{found.name} is on the Hub; name a folder for onnx/ with --output.")
    if not options.output:
        check_output_folder(found.folder)
    model, processor = load_network(found)
    if not isinstance(model, FerForImageClassification):
        raise ModelError(
            f"{found.name} holds a network of another kind; transformers' own exporter, "
            "optimum-cli export onnx, writes those."
        )
    with output_folder(options.output or found.folder) as folder:
        dataset = options.dataset
        faces = typical_faces(dataset, labels, processor) if dataset else None
        own = folder.resolve() == found.folder.resolve()
        with refreshed_manifest(folder) if own else nullcontext():
            written = write_onnx(model, folder, faces)
    return "\n".join(f"{file} ({file.stat().st_size / 1e6:.1f} MB)" for file in written)


def typical_faces(
    dataset: str, labels: "LabelMap", processor: "BaseImageProcessor"
) -> "Float32Array":
    """Return the faces that `train.py` would measure the ranges of int8 on.

    Raises:
        ValueError: The data set can't be read, or has no training pictures.
    """
    from fer.data.fer2013 import load_fer2013
    from fer.data.holdout import training_splits
    from fer.training.int8_calibration import calibration_inputs

    train = training_splits(load_fer2013(dataset, label_map=labels), dataset).train
    return calibration_inputs(train, processor)
