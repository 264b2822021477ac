"""The training pipeline: run the stages of a recipe, average, calibrate, write and push."""

import os
import shlex
from contextlib import nullcontext
from pathlib import Path

from fer.data.holdout import TrainingSplits
from fer.model.hub import ModelError
from fer.model.push import PushError, prepare_push, push
from fer.output_files import output_folder
from fer.threads import limit_torch_threads
from fer.training.checkpoints import find_damage
from fer.training.fit import check_preprocessing, fit
from fer.training.initial_model import build_initial_model
from fer.training.model_soup import average_students
from fer.training.options import TrainingOptions, check_base_model
from fer.training.stages import Stage, averaged_stages, check_output, stages, write_recipe
from fer.training.training_data import load_data
from fer.training.training_output import write_output


def train(options: TrainingOptions) -> Path:
    """Run the unfinished stages of a recipe, write the result, and push it with `push_to_hub`.

    Returns:
        The output folder, with the network, its preprocessor, metrics.json and curves.png.

    Raises:
        ValueError: The base model is missing, the data set can't be read, there is nothing to
            resume, the disk is full, or the Hub refuses the network.
    """
    check_base_model(options)
    output, first = Path(options.output), is_first_process()
    if first:
        check_output(options)
    if find_damage(output) is not None:  # a whole result needs no folder of a stage
        run_recipe(options, output, first)
    if first and options.push_to_hub:
        push_trained(options, output)
    return output


def run_recipe(options: TrainingOptions, output: Path, first: bool) -> None:
    """Run the unfinished stages of a recipe, and write the result.

    Args:
        options: Settings of the training.
        output: The folder of the result.
        first: Whether this is the process that writes files.

    Raises:
        ValueError: As `train`, but for the push.
    """
    limit_torch_threads()
    all_stages = stages(options)
    students = [stage for stage in all_stages if stage.start is not None]  # differ in their seed
    for stage in all_stages:
        if stage not in students[1:]:
            check_stage(stage)
    if first and options.hub_model_id:  # given if and only if `push_to_hub` is
        prepare_push(options.hub_model_id, options.hub_private, options.hub_tag)
    with output_folder(output) if first else nullcontext():
        data = load_data(options)
        if first:
            write_recipe(options)
        for stage in all_stages:
            if not stage.is_finished():
                run_stage(stage, data)
        if first:
            whole = average_students(averaged_stages(all_stages), all_stages)
            write_output(options, whole, data, output, onnx=True)


def check_stage(stage: Stage) -> None:
    """Refuse a stage that can't begin, before the earlier stages take hours.

    Raises:
        ValueError: Its network can't be loaded, or can't be trained with its settings.
    """
    check_preprocessing(stage, build_initial_model(stage.options))


def is_first_process() -> bool:
    """Return whether this is the process that writes files; torchrun numbers them."""
    return os.environ.get("RANK", "0") == "0"


def run_stage(stage: Stage, data: TrainingSplits) -> None:
    """Train a stage's network and write its folder.

    Raises:
        ValueError: See `fit`; or the folder can't be written.
    """
    trained, wait = fit(stage, data)
    if is_first_process():
        write_output(stage.options, trained, data, stage.folder)
    wait()


def push_trained(options: TrainingOptions, output: Path) -> None:
    """Push the finished folder.

    Raises:
        PushError: It failed; the message has the command that pushes without training.
    """
    repo_id = options.hub_model_id or ""  # options that push have one
    try:
        push(output, repo_id, options.hub_private, options.hub_tag)
    except (PushError, ModelError) as error:
        private, tag = options.hub_private, options.hub_tag
        words = ["python", "-m", "fer", "push", str(output), repo_id]
        again = shlex.join(
            [*words, *(["--private"] if private else []), *(["--tag", tag] if tag else [])]
        )
        raise PushError(f"{error} The network is in {output}; to push it: {again}") from error
