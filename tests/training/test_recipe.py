"""A whole training, small: what it leaves behind, going on after a stop, two processes."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor

from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.modeling_fer import FerForImageClassification
from fer.model.preprocessing import pixel_values
from fer.model.quantizing import measure_peaks
from fer.training.arguments import TrainingOptions, command_line, parse_options
from fer.training.calibration import PRIOR_CORRECTION, SETTINGS
from fer.training.checkpoints import CHECKPOINTS, newest_checkpoint, where_to_start
from fer.training.evaluation import evaluate
from fer.training.fer2013 import load_arrays, load_fer2013
from fer.training.ferplus import FERPLUS_SHARE
from fer.training.networks import build_start
from fer.training.recipe import build_trainer, load_datasets, train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def options(tiny_fer2013, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "run"
    return TrainingOptions(
        dataset=str(tiny_fer2013), output=str(output), epochs=2, batch_size=16, precision="fp32"
    )


@pytest.fixture(scope="module")
def trained(options):
    return train(options)


def test_the_folder_loads(trained):
    classifier = ExpressionClassifier.load(trained)
    assert classifier.model.config.id2label == dict(enumerate(EXPRESSIONS))
    assert classifier.metrics["parameters"] == classifier.model.num_parameters()
    assert AutoImageProcessor.from_pretrained(trained).framing["scale"] > 0


def test_the_network_knows_its_peaks(trained):
    config = ExpressionClassifier.load(trained).model.config
    assert config.activation_peaks["trunk.stem.1"] > 0


def test_kernels_are_stored_in_half_precision_and_loaded_in_single(trained):
    stored = load_file(trained / "model.safetensors")
    assert stored["trunk.stem.0.0.weight"].dtype == torch.float16
    assert stored["trunk.stem.0.1.running_var"].dtype == torch.float32
    model = FerForImageClassification.from_pretrained(trained)
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_figures(trained, options):
    metrics = json.loads((trained / "metrics.json").read_text())
    validation = metrics["validation"]
    assert validation["pictures"] == 21
    assert sum(map(sum, validation["confusion_matrix"])) == 21
    assert set(validation["per_class"]) == set(EXPRESSIONS)
    assert metrics["training"]["seed"] == options.seed
    assert metrics["training"]["training_pictures"] == 48
    assert [epoch["epoch"] for epoch in metrics["history"]] == [1, 2]
    calibration = metrics["calibration"]
    config = ExpressionClassifier.load(trained).model.config
    for name in SETTINGS:
        assert getattr(config, name) == calibration[name]
    assert calibration["ferplus_share"] == validation["shown"]["ferplus_share"] == FERPLUS_SHARE
    assert calibration["prior_correction"] == PRIOR_CORRECTION
    assert validation["shown"]["ferplus_answers"]["pictures"] > 0
    best = max(epoch["accuracy"] for epoch in metrics["history"])
    assert validation["accuracy"] == pytest.approx(best)


def test_curves_are_a_picture(trained):
    with Image.open(trained / "curves.png") as curves:
        assert curves.width > 800


def test_going_on_gives_the_weights_of_a_run_without_a_stop(trained, options, tmp_path):
    first, last = sorted(
        trained.glob("checkpoints/checkpoint-*"), key=lambda path: int(path.name[11:])
    )
    stopped = tmp_path / "run"
    shutil.copytree(first, stopped / "checkpoints" / first.name)
    train(replace(options, output=str(stopped), resume=True))
    for name in ("model.safetensors", "averaged.safetensors"):
        expected = load_file(last / name)
        went_on = load_file(stopped / "checkpoints" / last.name / name)
        for key, value in expected.items():
            torch.testing.assert_close(went_on[key], value, rtol=0, atol=0, msg=key)
    epochs = json.loads((stopped / "metrics.json").read_text())["history"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]


def test_resuming_a_finished_run_that_was_moved_writes_the_same_again(options, tmp_path):
    first = train(replace(options, output=str(tmp_path / "first")))
    names = ("model.safetensors", "config.json")
    before = [(first / name).read_bytes() for name in names]
    moved = first.rename(tmp_path / "moved")
    (moved / "model.safetensors").unlink()
    (moved / "views").mkdir()
    (moved / "another").mkdir()
    (moved / "views" / "evaluation.json").write_text(json.dumps({"model": str(moved)}))
    (moved / "another" / "evaluation.json").write_text(json.dumps({"model": str(tmp_path)}))
    for name in (
        "evaluation.json",
        "confusion.png",
        "views/confusion.png",
        "another/confusion.png",
    ):
        (moved / name).write_text("of other weights")
    train(replace(options, output=str(moved), resume=True))
    assert [(moved / name).read_bytes() for name in names] == before
    left = {path.relative_to(moved) for path in moved.rglob("*") if path.stem in EVALUATED}
    assert left == {Path("another/evaluation.json"), Path("another/confusion.png")}


def test_a_training_is_not_written_over_another(trained, options):
    with pytest.raises(ValueError, match="holds a training already; add --resume to go on"):
        train(options)
    assert (trained / "model.safetensors").is_file()


def test_a_seed_decides(options, tmp_path):
    key, weights = "trunk.stem.0.0.weight", []
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        folder = train(replace(options, output=str(tmp_path / name), seed=seed, epochs=1))
        weights.append(load_file(folder / "model.safetensors")[key])
    one, same, other = weights
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_every_setting_reaches_the_trainer(options, tmp_path):
    odd = replace(
        options, output=str(tmp_path), label_smoothing=0.11, mixup=0.12, ferplus_weight=0.13,
        sharpness=0.14, sharpness_from=0.15, rotation=15.0, scale=0.16, shift=0.17, erase=0.18,
        degrade=0.19, warmup=0.21, weight_decay=0.22, learning_rate=0.23, averaging=0.24,
    )  # fmt: skip
    start = build_start(odd)
    trainer = build_trainer(odd, start, *load_datasets(odd, start.processor))
    view, args = trainer.augmentation, trainer.args
    assert (trainer.label_smoothing, trainer.mixup) == (0.11, 0.12)
    assert trainer.ferplus_weight == 0.13
    assert (trainer.sharpness, trainer.sharpness_from) == (0.14, 0.15)
    assert (view.rotation, view.scale, view.shift, view.erase) == (15.0, 0.16, 0.17, 0.18)
    assert (view.degradation.probability, trainer.averaged.decay) == (0.19, 0.24)
    assert (args.warmup_steps, args.weight_decay, args.learning_rate) == (0.21, 0.22, 0.23)
    decayed = trainer.get_decay_parameter_names(start.model)
    assert "trunk.stem.0.0.weight" in decayed and "trunk.stem.0.1.weight" not in decayed


def test_bf16(options, tmp_path):
    output = train(replace(options, output=str(tmp_path), precision="bf16", epochs=1))
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["training"]["bf16"] is True
    assert 0 < metrics["history"][0]["train_loss"] < 10
    weights = load_file(output / "model.safetensors")
    assert weights["trunk.stem.0.1.weight"].dtype == torch.float32
    classifier = ExpressionClassifier.load(output, int8=False)
    splits = load_fer2013(options.dataset)
    figures = evaluate(classifier, load_arrays(splits["validation"]))  # in single precision
    assert metrics["validation"]["confusion_matrix"] == figures["confusion_matrix"]
    faces = pixel_values(classifier.processor, load_arrays(splits["train"]).images)
    assert measure_peaks(classifier.model, faces) == classifier.model.config.activation_peaks


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learning_rate": 0.02}, r"--learning-rate .* \(not 0\.02\)"),
        ({"batch_size": 3}, r"--batch-size 16 \(not 3\)"),
        ({"widths": (8, 16)}, r"--widths .*"),
        ({"epochs": 5, "hub_model_id": "me/x", "push_to_hub": True}, None),
    ],
)
def test_a_training_goes_on_with_its_own_settings_only(trained, options, change, said):
    resumed = replace(options, resume=True, **change)
    if said is None:
        assert where_to_start(trained / CHECKPOINTS, resumed).name.startswith("checkpoint-")
        return
    with pytest.raises(
        ValueError, match=f"was begun with .*{said}; --resume goes on with the same"
    ):
        where_to_start(trained / CHECKPOINTS, resumed)


def test_a_training_goes_on_that_was_begun_before_there_was_a_setting(trained, options, tmp_path):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / CHECKPOINTS / "settings.json"
    begun = json.loads(settings.read_text())
    settings.write_text(json.dumps({k: v for k, v in begun.items() if k != "sharpness_from"}))
    resumed = replace(options, resume=True)
    assert where_to_start(tmp_path / CHECKPOINTS, resumed)
    settings.write_text(json.dumps(begun | {"sharpness_from": 0.5}))
    with pytest.raises(ValueError, match=r"--sharpness-from 0\.5 \(not 0\.0\)"):
        where_to_start(tmp_path / CHECKPOINTS, resumed)
    settings.write_text("")
    with pytest.raises(ValueError, match=r"settings\.json is damaged; remove it to go on"):
        where_to_start(tmp_path / CHECKPOINTS, resumed)


def test_an_output_that_is_a_file_is_refused_at_once(options, tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(ValueError, match=r"--output .*run is a file; name a folder"):
        train(replace(options, output=str(tmp_path / "run"), dataset="no/where"))


def test_the_newest_checkpoint_is_that_of_the_most_steps(tmp_path):
    for step in (896, 1120):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").touch()
    assert newest_checkpoint(tmp_path).name == "checkpoint-1120"


def test_a_checkpoint_that_was_cut_off_keeps_nobody_from_beginning_anew(options, tmp_path):
    (tmp_path / "checkpoint-7").mkdir()
    (tmp_path / "checkpoint-7" / "averaged.safetensors").touch()
    assert where_to_start(tmp_path, options) is None


def test_a_training_out_of_bounds_ends_with_what_to_do(options, tmp_path):
    with pytest.raises(
        ValueError, match=r"The loss is (nan|inf) after epoch \d; take a lower --lear"
    ):
        train(replace(options, output=str(tmp_path / "run"), learning_rate=1e6, epochs=3))


def test_nothing_to_resume(tmp_path):
    (tmp_path / "checkpoint-7").mkdir()  # cut off while it was written
    with pytest.raises(ValueError, match=r"--resume found no checkpoint in .*; leave it out"):
        newest_checkpoint(tmp_path)


EVALUATED = ("evaluation", "confusion")


def run(*command):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_two_processes(tiny_fer2013, tmp_path):
    result = run(
        "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", "train.py",
        f"--dataset={tiny_fer2013}", f"--output={tmp_path}", "--epochs=1", "--batch-size=8",
        "--precision=fp32",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["training"]["processes"] == 2
    assert metrics["validation"]["pictures"] == 21
    state = json.loads((tmp_path / "checkpoints/checkpoint-3/trainer_state.json").read_text())
    assert state["global_step"] == 3  # 48 pictures, 8 a process


def test_without_network_one_sentence_says_what_to_do(tmp_path):
    result = run("train.py", f"--output={tmp_path}")
    assert result.returncode == 1
    *_, last = result.stderr.strip().splitlines()
    assert last.startswith("train.py: ")
    assert "--dataset" in last
    assert "Traceback" not in result.stderr


def test_help_is_a_form():
    result = run("train.py", "--help")
    for heading in ("data:", "recipe:", "run:", "--max-train-samples", "torchrun"):
        assert heading in result.stdout


def test_going_on_from_a_trained_network(trained, options, tmp_path):
    still = replace(options, learning_rate=1e-12, degrade=0.5, averaging=0.0)
    output = train(replace(still, output=str(tmp_path), base_model=str(trained), epochs=1))
    ours, theirs = (ExpressionClassifier.load(folder).model for folder in (output, trained))
    for name, value in ours.named_parameters():
        torch.testing.assert_close(value, theirs.get_parameter(name), rtol=0, atol=1e-6, msg=name)
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["base_model"]["name"] == str(trained)
    assert metrics["base_model"]["command"] == command_line(options)
    assert f"--base-model {trained}" in metrics["command"]


def test_a_share_of_the_base_stays_in_the_weights(trained, options, tmp_path):
    moved = replace(options, averaging=0.0, base_model=str(trained), epochs=1)
    base, alone, mixed = (
        ExpressionClassifier.load(folder).model.state_dict()
        for folder in (
            trained,
            train(replace(moved, output=str(tmp_path / "alone"))),
            train(replace(moved, output=str(tmp_path / "mixed"), base_share=0.25)),
        )
    )
    weights = [name for name in base if base[name].is_floating_point()]
    assert any((alone[name] - base[name]).abs().max() > 1e-2 for name in weights)
    for name in weights:
        expected = 0.25 * base[name] + 0.75 * alone[name]
        torch.testing.assert_close(mixed[name], expected, rtol=1e-3, atol=1e-4, msg=name)


def test_a_training_that_looks_for_flat_places(options, tmp_path):
    plain, looking, again = (
        ExpressionClassifier.load(
            train(replace(options, epochs=1, sharpness=sharpness, output=str(tmp_path / name)))
        ).fingerprint()
        for name, sharpness in {"plain": 0.0, "looking": 0.1, "again": 0.1}.items()
    )
    assert plain != looking == again


def test_the_mean_with_another_training_is_kept(trained, options, tmp_path):
    told = replace(options, epochs=1, seed=1)
    averaged = replace(told, average_with=(str(trained),), output=str(tmp_path / "mean"))
    assert parse_options(shlex.split(command_line(averaged))[2:]) == averaged
    other, alone, mean = (
        ExpressionClassifier.load(folder).model.state_dict()
        for folder in (trained, train(replace(told, output=str(tmp_path))), train(averaged))
    )
    for name in (name for name in mean if mean[name].is_floating_point()):
        expected = (other[name] + alone[name]) / 2
        torch.testing.assert_close(mean[name], expected, rtol=1e-3, atol=1e-4, msg=name)
    lineage = json.loads((tmp_path / "mean" / "metrics.json").read_text())["lineage"]
    assert lineage == [{"name": str(trained), "command": command_line(options)}]


def test_teachers_are_recorded_and_learned_from(trained, options, tmp_path):
    told = replace(options, epochs=1, teachers=(str(trained), str(trained)))
    command = command_line(told)
    assert f"--teachers {trained} {trained} --epochs 1" in command
    assert parse_options(shlex.split(command)[2:]) == told
    alone, half, none, views = (
        ExpressionClassifier.load(train(replace(moved, output=str(tmp_path / name)))).fingerprint()
        for name, moved in {
            "alone": replace(told, teachers=None),
            "half": told,
            "none": replace(told, teacher_share=0.0),
            "views": replace(told, teach_views=True),
        }.items()
    )
    assert half != alone == none
    assert views not in (half, alone)


def test_without_votes_the_second_head_is_not_to_have_a_say(options, tmp_path, caplog):
    bare = tmp_path / "bare"
    for file in Path(options.dataset).glob("*.parquet"):
        table = datasets.Dataset.from_parquet(str(file)).remove_columns("ferplus_votes")
        table.to_parquet(bare / file.name)
    told = replace(options, dataset=str(bare), output=str(tmp_path / "run"), epochs=1)
    with pytest.raises(ValueError, match=r"has no votes of FER\+ for a second head"):
        train(replace(told, ferplus_share=0.1))
    with pytest.raises(ValueError, match=r"has no votes of FER\+ that say something"):
        train(replace(told, votes_share=0.5))
    train(told)
    assert "only FER2013's labels are learned" in caplog.text


def test_a_base_that_is_none(options, tmp_path):
    with pytest.raises(ValueError, match="is neither a folder here nor a Hub id"):
        train(replace(options, output=str(tmp_path), base_model="no where"))
