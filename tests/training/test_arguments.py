"""What `python train.py` can be told, and how it is written down."""

import shlex
from dataclasses import replace

import pytest

from fer.training.arguments import TrainingOptions, build_parser, command_line, parse_options


def test_help_shows_defaults_only_where_there_are_any():
    text = build_parser().format_help()
    assert "(default: 40)" in text
    assert "default: None" not in text and "default: False" not in text


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--epochs=0", "--epochs must be above 0, but is 0"),
        ("--max-train-samples=-1", "--max-train-samples must be above 0, but is -1"),
        ("--learning-rate=0", "--learning-rate must be above 0"),
        ("--dropout=1", "--dropout must be from 0 to below 1, but is 1"),
        ("--warmup=-0.1", "--warmup must be from 0 to below 1"),
        ("--sharpness-from=1", "--sharpness-from must be from 0 to below 1, but is 1"),
        ("--degrade=1.1", "--degrade must be from 0 to 1, but is 1.1"),
        ("--learning-rate=nan", "--learning-rate must be above 0, but is nan"),
        ("--rotation=inf", "--rotation must be 0 or more, but is inf"),
        ("--ferplus-weight=-1", "--ferplus-weight must be 0 or more"),
    ],
)
def test_numbers_out_of_range_are_refused(argument, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_options([argument])


def test_options_from_the_command_line():
    options = parse_options(["--epochs", "3", "--resume", "--max-train-samples=8", "--dataset=x"])
    assert (options.epochs, options.resume, options.max_train_samples) == (3, True, 8)
    assert parse_options([]) == TrainingOptions()


def test_the_recorded_command_makes_the_same_training():
    options = TrainingOptions(dataset="my data/fer2013.csv", epochs=3, resume=True)
    command = command_line(options)
    assert command == "python train.py --dataset 'my data/fer2013.csv' --epochs 3"
    assert parse_options(shlex.split(command)[2:]) == replace(options, resume=False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--base-share=0.5"], "--base-share needs --base-model"),
        (["--teach-views"], "--teach-views needs --teachers"),
        (["--teacher-share=0.9"], "--teacher-share needs --teachers"),
        (["--teachers", "a", "--teachers-asked=1"], "--teachers-asked needs --teach-views"),
        (["--sharpness-from=0.5"], "--sharpness-from needs --sharpness"),
        (["--hub-private"], "--hub-private needs --push-to-hub"),
        (["--hub-tag", "v1"], "--hub-tag needs --push-to-hub"),
        (["--push-to-hub"], "--push-to-hub and --hub-model-id YOU/NAME go together"),
        (["--arch", "vit", "--dropout=0.5"], "--dropout is of this project's network"),
        (["--arch", "vit", "--base-model", "a"], "--arch is for untrained networks"),
    ],
)
def test_what_would_be_ignored_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_options(arguments)
