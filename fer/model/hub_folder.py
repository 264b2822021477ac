"""The folder that is pushed to the Hub, with the code that makes its network load anywhere."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from fer.model.auto_classes import custom_code_registered
from fer.model.card import model_card
from fer.model.classifier import ExpressionClassifier
from fer.model.evaluation_results import COMBINED, Evaluation
from fer.model.hub import EVALUATION_FILE, INT8_ONNX, METRICS_FILE, RECIPE, ModelError
from fer.model.model_metrics import ModelMetrics
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import write_onnx
from fer.model.pretrained import save_network
from fer.paths import without_folders

PLOT_PATTERNS = ("*.png", "*.svg")
"""Pictures at the top of the folder that are pushed too."""

HANDLER, HANDLER_REQUIREMENTS = "handler.py", "transformers>=5.23,<6\npillow>=12\n"
"""What Inference Endpoints look for, and what they install for it: the network's code needs
transformers 5."""

PUSH_SETTINGS = ("push_to_hub", "hub_model_id", "hub_private", "hub_tag")
"""Keys of recipes that aren't published: whoever trains the network again has a repo of their own.
"""

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "fer2013.ipynb"
"""The story of FER2013, which goes with networks that learned from it; in a clone only."""


def write_hub_folder(
    folder: Path, target: Path, repo_id: str, evaluations: Sequence[Path] = ()
) -> None:
    """Write into `target` all that is to be on the Hub as `repo_id`.

    That is the network and its processor, saved anew together with the Python files that
    `trust_remote_code=True` needs; ONNX files; the handler of Inference Endpoints; metrics.json,
    recipe and plots; card and results; the notebook about FER2013.

    Args:
        folder: An output folder of `train.py`.
        target: Where to write.
        repo_id: Such as "you/name"; used in the card.
        evaluations: Output folders of `fer evaluate` for `folder`; results in `folder` itself are
            included anyway.

    Raises:
        ModelError: `folder` holds no network that can be loaded, another kind of network, or no
            metrics.json to make the card of; an evaluation is of something else; or its recipe
            can't be read.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}; give one that train.py has written.")
    classifier = ExpressionClassifier.load(folder)
    metrics, model = classifier.metrics, classifier.model
    if not isinstance(model, FerForImageClassification):
        raise ModelError(
            f"{folder} holds a network of another kind; only this project's own can be pushed, "
            "others by transformers' push_to_hub."
        )
    if metrics == ModelMetrics():
        raise ModelError(
            f"{folder} has no {METRICS_FILE} of train.py, which the model card is made from."
        )
    plots = {path.name: path for path in find_plots(folder)}
    inside = [folder] if (folder / EVALUATION_FILE).is_file() else []
    for evaluation in (*inside, *evaluations):
        evaluated = read_evaluation(evaluation, classifier)
        metrics = add_evaluation(metrics, evaluated)
        if evaluation != folder:
            drawn = find_plots(evaluation)
            plots |= {f"{evaluated.split}_{path.name}": path for path in drawn}
    with custom_code_registered():
        save_network(model, classifier.processor, target)
    for name, path in plots.items():
        shutil.copyfile(path, target / name)
    write_onnx(model, target)
    if classifier.precision == "int8":  # the file is there, and of these weights
        shutil.copyfile(folder / INT8_ONNX, target / INT8_ONNX)
    if (folder / RECIPE).is_file():
        (target / RECIPE).write_text(public_recipe(folder / RECIPE), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("endpoint_handler.py"), target / HANDLER)
    (target / "requirements.txt").write_text(HANDLER_REQUIREMENTS)
    if metrics.validation.is_official and NOTEBOOK.is_file():
        shutil.copyfile(NOTEBOOK, target / NOTEBOOK.name)
    metrics, _ = ModelMetrics.from_json(without_folders(metrics.to_json()))
    (target / METRICS_FILE).write_text(json.dumps(metrics.to_json(), indent=2) + "\n")
    model_card(metrics, repo_id, list(plots)).save(target / "README.md")


def public_recipe(file: Path) -> str:
    """Return a recipe as it is published.

    Raises:
        ModelError: It can't be read.
    """
    try:
        settings = dict(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise ModelError(f"{file} holds no YAML settings; remove it to push without.") from error
    kept = {key: value for key, value in settings.items() if key not in PUSH_SETTINGS}
    return yaml.safe_dump(without_folders(kept), sort_keys=False, allow_unicode=True)


def find_plots(folder: Path) -> list[Path]:
    """Return the pictures at the top of a folder, by name."""
    return sorted(path for pattern in PLOT_PATTERNS for path in folder.glob(pattern))


def read_evaluation(evaluation: Path, classifier: ExpressionClassifier) -> Evaluation:
    """Return the metrics of `fer evaluate` for a network.

    Raises:
        ModelError: There are none, they are about another network, or not about FER2013.
    """
    file = evaluation / EVALUATION_FILE
    try:
        evaluated, _ = Evaluation.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{file} can't be read; make it with fer evaluate {classifier.name}."
        ) from error
    if evaluated.weights != classifier.fingerprint():
        raise ModelError(
            f"{file} is about other weights than {classifier.name}; run fer evaluate again."
        )
    if evaluated.folder is not None:
        raise ModelError(f"{file} is not about FER2013; the card takes fer evaluate --dataset ...")
    training = classifier.metrics.training
    if not evaluated.is_official and not training.trained_on(evaluated.dataset):
        raise ModelError(
            f"{file} is about neither FER2013's official splits nor "
            f"{training.settings.get('dataset')}."
        )
    if evaluated.output == COMBINED:
        raise ModelError(
            f"{file} is of both heads combined, and the card's figures are of FER2013's head; "
            "run fer evaluate again without --head combined."
        )
    return evaluated


def add_evaluation(metrics: ModelMetrics, evaluated: Evaluation) -> ModelMetrics:
    """Return the metrics with an evaluation of one of the splits."""
    if evaluated.split in metrics.splits:
        split = {evaluated.split: metrics.splits[evaluated.split].updated(evaluated)}
        metrics = replace(metrics, **split)  # type: ignore[arg-type]  # of a name among the splits
    elif evaluated.split:
        other = metrics.other | {evaluated.split: evaluated.to_json()}
        metrics = replace(metrics, other=other)
    if evaluated.robustness:
        rows = [replace(row, split=evaluated.split) for row in evaluated.robustness]
        metrics = replace(metrics, robustness=rows)
    return metrics
