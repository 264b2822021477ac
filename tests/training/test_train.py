"""A whole training, small: its stages, what it writes, and resuming it after a stop anywhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor
from transformers.training_args import ParallelMode

from fer.data.fer2013 import load_arrays, load_fer2013
from fer.evaluation.calibration import SETTINGS
from fer.evaluation.evaluate import evaluate
from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.hub import ONNX_FILES
from fer.model.modeling_fer import FerForImageClassification
from fer.training.checkpoints import MANIFEST, find_damage
from fer.training.fit import build_trainer, training_arguments
from fer.training.initial_model import build_initial_model
from fer.training.options import RECIPES, parse_options, read_recipe, to_yaml
from fer.training.stages import check_output, stages
from fer.training.train import train
from fer.training.trainer import FerTrainer
from fer.training.training_data import load_data
from tests.training.runs import compact, only_stage, result_of, short

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def options(tiny_fer2013, tmp_path_factory):
    return short(tiny_fer2013, tmp_path_factory.mktemp("whole") / "run", epochs=2)


@pytest.fixture(scope="module")
def trained(options):
    return train(options)


def test_the_folder_loads(trained):
    classifier = ExpressionClassifier.load(trained)
    assert classifier.model.config.id2label == dict(enumerate(EXPRESSIONS))
    assert classifier.metrics.parameters == classifier.model.num_parameters()
    assert AutoImageProcessor.from_pretrained(trained).framing["scale"] > 0


def test_the_network_serves_in_int8_with_its_final_calibration(trained):
    classifier = ExpressionClassifier.load(trained)
    assert classifier.precision == "int8"
    faces = torch.randn(8, 1, 40, 40)
    with torch.inference_mode():
        float32 = classifier.model(faces).logits.numpy()
    int8 = classifier.network(pixel_values=faces.numpy())["logits"]
    np.testing.assert_allclose(int8, float32, rtol=0, atol=0.05)
    assert {*json.loads((trained / MANIFEST).read_text())} >= {*ONNX_FILES}


def test_kernels_are_stored_in_half_precision_and_loaded_in_single(trained):
    stored = load_file(trained / "model.safetensors")
    assert stored["trunk.stem.0.0.weight"].dtype == torch.float16
    assert stored["trunk.stem.0.1.running_var"].dtype == torch.float32
    model = FerForImageClassification.from_pretrained(trained)
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_metrics_json_has_all_metrics(trained, options):
    metrics = json.loads((trained / "metrics.json").read_text())
    validation = metrics["validation"]
    assert validation["pictures"] == 21
    assert sum(map(sum, validation["confusion_matrix"])) == 21
    assert set(validation["per_class"]) == set(EXPRESSIONS)
    assert metrics["training"]["seed"] == options.seed
    assert metrics["training"]["training_pictures"] == 48
    assert [epoch["epoch"] for epoch in metrics["history"]] == [1, 2]
    config = ExpressionClassifier.load(trained).model.config
    for name in SETTINGS:
        assert getattr(config, name) == metrics["calibration"][name]
    assert validation["combined"]["ferplus_agreement"]["pictures"] > 0


def test_the_last_epoch_is_kept(trained, options):
    (first, last) = sorted(
        only_stage(options).checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name[11:])
    )
    kept = load_file(trained / "model.safetensors")
    for name, value in load_file(last / "ema.safetensors").items():
        torch.testing.assert_close(kept[name].to(value), value, rtol=1e-3, atol=1e-6, msg=name)
    assert not torch.equal(
        *(load_file(c / "ema.safetensors")["ferplus.bias"] for c in (first, last))
    )
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["validation"]["accuracy"] == pytest.approx(metrics["history"][-1]["accuracy"])


def test_the_settings_are_a_recipe_that_makes_the_same(trained, options, tmp_path):
    written = trained / "recipe.yaml"
    assert written.read_text() == to_yaml(options)
    again = parse_options(["--config", str(written), f"--output={tmp_path / 'again'}"])
    assert result_of(train(again)) == result_of(trained)


def test_curves_are_a_picture(trained):
    with Image.open(trained / "curves.png") as curves:
        assert curves.width > 800


@pytest.fixture(scope="module")
def whole(tiny_fer2013, tmp_path_factory):
    """The published recipe, all stages at once; small."""
    return train(compact(tiny_fer2013, tmp_path_factory.mktemp("compact") / "run"))


def test_every_stage_of_the_published_recipe_has_its_folder(whole, tiny_fer2013):
    options = compact(tiny_fer2013, whole)
    names = [stage.name for stage in stages(options)]
    teachers = [f"teachers/{number}" for number in range(1, len(options.teachers) + 1)]
    assert names == [*teachers, "student/1", "student/2", "student/3"]
    assert all(find_damage(whole / name) is None for name in ["", *names])
    metrics = json.loads((whole / "metrics.json").read_text())
    assert [stage["name"] for stage in metrics["training"]["stages"]] == names
    assert metrics["training"]["hours"] == pytest.approx(
        sum(stage["hours"] for stage in metrics["training"]["stages"])
    )
    seeds = {stage["seed"] for stage in metrics["training"]["stages"]}
    assert len(seeds) == len(names)


def test_the_result_is_the_mean_of_the_soup(whole):
    first, second, mean = (
        load_file(whole / name / "model.safetensors") for name in ("student/2", "student/3", ".")
    )
    for name, value in mean.items():
        if value.is_floating_point():
            expected = (first[name].float() + second[name].float()) / 2
            torch.testing.assert_close(value.float(), expected, rtol=1e-3, atol=1e-5, msg=name)
    assert not torch.equal(first["classifier.weight"], second["classifier.weight"])


class Killed(BaseException):
    """What ends a training at once, as SIGKILL does."""


def killed_once(monkeypatch, events, options):
    """Run until the first event of `events`, which ends it; False when it came to its end."""
    with monkeypatch.context() as patched:
        for owner, name, after in events:
            patched.setattr(owner, name, killing(getattr(owner, name), after))
        try:
            train(options)
        except Killed:
            return True
    return False


def killing(function, after):
    """Return a function that ends the training before or after it does its work."""

    def ended(*arguments, **settings):
        if after:
            function(*arguments, **settings)
        raise Killed

    return ended


def test_killed_between_and_inside_all_stages_the_result_is_equal(
    whole, tiny_fer2013, tmp_path, monkeypatch
):
    from fer.training import train, training_output

    options, kills = compact(tiny_fer2013, tmp_path / "run"), 0
    moments = [
        (FerTrainer, "_write_checkpoint", True),  # while a checkpoint is written
        (FerTrainer, "_save_checkpoint", True),  # inside a stage
        (training_output, "write_report", True),  # while a stage's network is written
        (train, "run_stage", True),  # between stages
    ]
    for moment in moments:
        assert killed_once(monkeypatch, [moment], replace(options, resume=kills > 0))
        kills += 1
    while killed_once(monkeypatch, moments[3:], replace(options, resume=True)):
        kills += 1
    assert kills >= len(stages(options)) + 2
    assert result_of(tmp_path / "run") == result_of(whole)


def test_a_finished_stage_is_not_trained_again(whole, tiny_fer2013, tmp_path, monkeypatch):
    shutil.copytree(whole, tmp_path / "run")
    (tmp_path / "run" / "files.json").unlink()
    monkeypatch.setattr("fer.training.train.run_stage", None)
    train(replace(compact(tiny_fer2013, tmp_path / "run"), resume=True))
    assert result_of(tmp_path / "run") == result_of(whole)


def test_a_whole_result_needs_no_stage(whole, tiny_fer2013, tmp_path, monkeypatch):
    shutil.copytree(whole, tmp_path / "run", ignore=shutil.ignore_patterns("teachers", "student"))
    monkeypatch.setattr("fer.training.train.run_stage", None)
    train(replace(compact(tiny_fer2013, tmp_path / "run"), resume=True))
    assert result_of(tmp_path / "run") == result_of(whole)


def test_a_finished_training_is_not_run_again_for_a_changed_file(options, trained, tmp_path):
    moved = shutil.copytree(trained, tmp_path / "run", ignore=shutil.ignore_patterns("student"))
    with (moved / "config.json").open("a") as file:
        file.write(" ")
    with pytest.raises(ValueError, match=r"config\.json is damaged, and student/1, of which"):
        train(replace(options, output=str(moved), resume=True))


def test_a_damaged_stage_is_finished_again_from_its_checkpoint(options, trained, tmp_path, caplog):
    moved = Path(shutil.copytree(trained, tmp_path / "run"))
    (moved / "student" / "1" / "model.safetensors").write_bytes(b"")
    (moved / "model.safetensors").unlink()
    train(replace(options, output=str(moved), resume=True))
    assert result_of(moved) == result_of(trained)
    assert "model.safetensors is damaged of stage student/1; it is finished again." in caplog.text


EVALUATED = ("evaluation", "confusion")


def test_evaluations_of_earlier_weights_are_removed(options, trained, tmp_path):
    moved = Path(shutil.copytree(trained, tmp_path / "moved"))
    (moved / "model.safetensors").unlink()
    for folder, about in {"views": moved, "another": tmp_path, ".": moved}.items():
        (moved / folder).mkdir(exist_ok=True)
        (moved / folder / "evaluation.json").write_text(json.dumps({"model": str(about)}))
        (moved / folder / "confusion.png").write_text("of other weights")
    train(replace(options, output=str(moved), resume=True))
    left = {path.relative_to(moved) for path in moved.rglob("*") if path.stem in EVALUATED}
    assert left == {Path("another/evaluation.json"), Path("another/confusion.png")}


def test_a_training_is_not_written_over_another(trained, options):
    with pytest.raises(ValueError, match="holds a training already; add --resume to continue it"):
        train(options)
    with pytest.raises(ValueError, match="holds a training already"):
        train(replace(options, output=str(trained / "student" / "1")))
    with pytest.raises(ValueError, match=r"--resume found no training in .*; leave it out"):
        check_output(replace(options, output=str(trained / "student" / "1"), resume=True))
    assert (trained / "model.safetensors").is_file()


def test_every_setting_reaches_the_trainer(options, tmp_path):
    views = {"rotation": 15.0, "scale": 0.16, "shift": 0.17, "erase": 0.18, "degrade": 0.19}
    odd = replace(
        options, output=str(tmp_path), label_smoothing=0.11, mixup=0.12, ferplus_weight=0.13,
        augmentation=views, warmup=0.21, weight_decay=0.22, learning_rate=0.23, ema_decay=0.24,
        dropout=0.25, batch_size=26,
    )  # fmt: skip
    start = build_initial_model(odd)
    trainer = build_trainer(only_stage(odd), start, load_data(odd))
    view, args = trainer.augmentation, trainer.args
    assert (trainer.label_smoothing, trainer.mixup) == (0.11, 0.12)
    assert trainer.ferplus_weight == 0.13
    assert (view.rotation, view.scale, view.shift, view.erase) == (15.0, 0.16, 0.17, 0.18)
    assert (view.degradation.probability, trainer.averaged.decay) == (0.19, 0.24)
    assert (args.warmup_steps, args.weight_decay, args.learning_rate) == (0.21, 0.22, 0.23)
    assert (start.model.dropout.p, args.per_device_train_batch_size) == (0.25, 26)
    assert args.per_device_eval_batch_size == 104  # it fits where the training does
    assert args.tf32 is False  # fp32 is what was asked for
    decayed = trainer.get_decay_parameter_names(start.model)
    assert "trunk.stem.0.0.weight" in decayed and "trunk.stem.0.1.weight" not in decayed


def test_one_process_trains_on_one_gpu_of_several(options, tmp_path):
    start = build_initial_model(options)
    args = training_arguments(only_stage(replace(options, output=str(tmp_path))), start)
    args._n_gpu = 8  # as many as transformers has found
    assert args.n_gpu == 1 and args.train_batch_size == options.batch_size
    assert args.parallel_mode == ParallelMode.NOT_PARALLEL


def test_training_in_bf16_saves_float32_weights(options, tmp_path):
    output = train(replace(options, output=str(tmp_path), precision="bf16", epochs=1))
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["training"]["bf16"] is True
    assert 0 < metrics["history"][0]["train_loss"] < 10
    weights = load_file(output / "model.safetensors")
    assert weights["trunk.stem.0.1.weight"].dtype == torch.float32
    classifier = ExpressionClassifier.load(output, int8=False)
    splits = load_fer2013(options.dataset)
    figures = evaluate(classifier, load_arrays(splits["validation"]))  # in single precision
    assert metrics["validation"]["confusion_matrix"] == figures.confusion_matrix


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.02}, r"--learning-rate None \(not 0\.02\)"),
        ({"batch_size": 3}, r"--batch-size 16 \(not 3\)"),
        ({"epochs": 5}, r"--epochs 2 \(not 5\)"),
        ({"augmentation": {"erase": 0.5}}, r"augmentation {} \(not {'erase': 0\.5}\)"),
        ({"hub_model_id": "me/x", "push_to_hub": True, "report_to": "wandb"}, None),
    ],
)
def test_a_training_is_resumed_with_its_own_settings_only(trained, options, change, message):
    resumed = replace(options, resume=True, **change)
    if message is None:
        return check_output(resumed)
    with pytest.raises(ValueError, match=f"was begun with {message}; --resume needs the same"):
        check_output(resumed)


def test_damaged_settings_are_a_sentence(trained, options, tmp_path):
    (tmp_path / "recipe.yaml").write_text("epochs: [")
    with pytest.raises(ValueError, match=r"resumed from: .* Write the recipe there again"):
        check_output(replace(options, output=str(tmp_path), resume=True))


def test_an_output_that_is_a_file_is_refused_at_once(options, tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(ValueError, match=r"--output .*run is a file; name a folder"):
        train(replace(options, output=str(tmp_path / "run"), dataset="no/where"))


def test_a_training_out_of_bounds_ends_with_what_to_do(options, tmp_path):
    with pytest.raises(
        ValueError, match=r"The loss is (nan|inf) after epoch \d; use a lower --lear"
    ):
        train(replace(options, output=str(tmp_path / "run"), learning_rate=1e6, epochs=3))


def full_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory.")


@pytest.mark.parametrize(
    "allocate", [full_gpu, lambda: torch.empty(10**14), lambda: np.empty(10**15)]
)
def test_a_memory_that_is_full_ends_it_with_what_to_do(options, tmp_path, monkeypatch, allocate):
    monkeypatch.setattr(FerTrainer, "compute_loss", lambda *args, **settings: allocate())
    with pytest.raises(ValueError, match=r"too small for batches of 16; take a smaller --batch"):
        train(replace(options, output=str(tmp_path / "run")))


def run(*command):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )


KILL_IN_A_CHECKPOINT = """
import os, signal, sys
from fer.training import checkpoints
write = checkpoints.write_manifest
def killed(folder, *names):
    if "checkpoint-6" in str(folder):
        os.kill(os.getpid(), signal.SIGKILL)
    write(folder, *names)
checkpoints.write_manifest = killed
sys.argv[0] = "train.py"
import train
train.set_allocator = lambda: None
train.main()
"""


@pytest.mark.long
def test_sigkill_while_a_checkpoint_is_written(trained, tmp_path):
    command = [f"--config={trained / 'recipe.yaml'}", f"--output={tmp_path / 'run'}"]
    result = run("-c", KILL_IN_A_CHECKPOINT, *command)
    assert result.returncode == -signal.SIGKILL, result.stderr
    folder = tmp_path / "run" / "student" / "1" / "checkpoints"
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-3", "unfinished"]
    result = run("train.py", *command, "--resume")
    assert result.returncode == 0, result.stderr
    assert "continues from checkpoint-3" in result.stderr
    assert "model shards" not in result.stderr
    assert result_of(tmp_path / "run") == result_of(trained)


@pytest.mark.long
def test_two_processes_train_one_network(trained, tmp_path):
    result = run(
        "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", "train.py",
        f"--config={trained / 'recipe.yaml'}", f"--output={tmp_path / 'run'}", "--epochs=1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["training"]["processes"] == 2
    assert metrics["validation"]["pictures"] == 21
    stage = tmp_path / "run" / "student" / "1" / "checkpoints"
    (checkpoint,) = stage.iterdir()
    assert checkpoint.name == "checkpoint-2"  # 48 pictures, 16 a process
    states = ["rng_state_0.pth", "rng_state_1.pth"]
    assert {*states} <= set(json.loads((checkpoint / "files.json").read_text()))
    first, second = (torch.load(checkpoint / name, weights_only=False) for name in states)
    assert not torch.equal(first["cpu"], second["cpu"])  # so each has drawn views of its own


@pytest.mark.long
def test_without_network_one_sentence_says_what_to_do(tmp_path):
    result = run("train.py", f"--output={tmp_path / 'run'}")
    assert result.returncode == 1
    *_, last = result.stderr.strip().splitlines()
    assert last.startswith("train.py: ")
    assert "--dataset" in last
    assert "Traceback" not in result.stderr


def test_a_tracker_that_is_not_installed_is_a_sentence(options, tmp_path, monkeypatch):
    monkeypatch.setattr("fer.training.fit.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"--report-to wandb needs its package: pip install wandb"):
        train(replace(options, output=str(tmp_path / "run"), report_to="wandb"))


def test_votes_without_weight_are_not_learned(options, tmp_path):
    output = train(replace(options, output=str(tmp_path / "run"), epochs=1, ferplus_weight=0.0))
    classifier = ExpressionClassifier.load(output)
    assert classifier.heads.ferplus_share == 0
    assert classifier.metrics.validation.ferplus_accuracy is None  # and the card has no second head


def test_without_votes_the_second_head_has_no_share(options, tmp_path, caplog):
    bare = tmp_path / "bare"
    for file in Path(options.dataset).glob("*.parquet"):
        table = datasets.Dataset.from_parquet(str(file)).remove_columns("ferplus_votes")
        table.to_parquet(bare / file.name)
    without = replace(options, dataset=str(bare), output=str(tmp_path / "run"), epochs=1)
    with pytest.raises(ValueError, match=r"has no votes of FER\+ to train the second head"):
        train(replace(without, output=str(tmp_path / "refused"), ferplus_share=0.1))
    output = train(without)
    assert "only FER2013's labels are used" in caplog.text
    classifier = ExpressionClassifier.load(output)
    assert classifier.model.config.ferplus_share == 0
    voted = load_arrays(load_fer2013(options.dataset)["validation"])
    measured = evaluate(classifier, voted)
    assert measured.ferplus_agreement is not None  # of FER2013's head, by the votes
    assert measured.ferplus is None and measured.by_share == []  # its second head learned none


@pytest.mark.parametrize(
    "read", [read_recipe, lambda file: parse_options(["--config", str(file)])], ids=["API", "shell"]
)
def test_a_recipe_to_fine_tune_with_needs_a_base_model(read, tmp_path):
    recipe = replace(read(RECIPES / "fine_tune.yaml"), output=str(tmp_path / "run"))
    with pytest.raises(ValueError, match="name it with --base-model, a folder or a Hub id"):
        train(recipe)


def test_a_missing_base_model_is_refused(options, tmp_path):
    with pytest.raises(ValueError, match="is neither a folder here nor a Hub id"):
        train(replace(options, output=str(tmp_path / "run"), base_model="no where"))


def test_each_stage_is_a_run_of_its_own_for_a_tracker(options, tmp_path, monkeypatch):
    from transformers import TrainingArguments

    from fer.training import fit

    finished, names = [], []
    module = SimpleNamespace(finish=lambda: finished.append(True))
    arguments = fit.training_arguments

    def untracked(stage, start):
        names.append(stage.folder.name)
        args = arguments(replace(stage, options=replace(stage.options, report_to="none")), start)
        assert isinstance(args, TrainingArguments) and args.run_name == str(stage.folder)
        return args

    monkeypatch.setattr(fit, "training_arguments", untracked)
    monkeypatch.setattr(fit, "import_module", lambda name: module if name == "wandb" else None)
    train(replace(options, output=str(tmp_path / "run"), epochs=1, report_to="wandb"))
    assert names == ["1"] and finished == [True]
