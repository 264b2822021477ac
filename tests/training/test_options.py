"""The settings of a training: recipes, the command line, and what either refuses."""

from dataclasses import asdict, fields, replace

import pytest
import yaml

from fer.training.option_checks import option_name
from fer.training.options import (
    DEFAULT_RECIPE,
    NOT_IN_RECIPES,
    RECIPES,
    CommandLineOptions,
    TrainingOptions,
    build_parser,
    parse_options,
    read_recipe,
    to_yaml,
)

ALL_RECIPES = sorted(RECIPES.glob("*.yaml"))


def test_the_command_line_has_at_most_25_options():
    assert len(fields(CommandLineOptions)) <= 25


def test_messages_name_settings_as_users_set_them():
    on_command_line = {entry.name for entry in fields(CommandLineOptions)}
    names = {entry.name for entry in fields(TrainingOptions)}
    assert {name for name in names if option_name(name).startswith("--")} == on_command_line


def test_help_shows_defaults_only_where_there_are_any():
    text = build_parser().format_help()
    assert "(default: 40)" in text
    assert "default: None" not in text and "default: False" not in text
    for name in ("--max-train-samples", "--config", "--report-to", "torchrun", "--hub-model-id"):
        assert name in text


@pytest.mark.parametrize("recipe", ALL_RECIPES, ids=lambda path: path.stem)
def test_a_recipe_writes_every_value_out(recipe):
    names = [entry.name for entry in fields(TrainingOptions) if entry.name not in NOT_IN_RECIPES]
    assert sorted(yaml.safe_load(recipe.read_text())) == sorted(names)
    assert read_recipe(recipe).output == f"runs/{recipe.stem}"


@pytest.mark.parametrize("recipe", ALL_RECIPES, ids=lambda path: path.stem)
def test_the_written_settings_are_a_recipe_of_the_same_training(recipe, tmp_path):
    base = ["--base-model=me/base"] if recipe.stem == "fine_tune" else []
    arguments = ["--config", str(recipe), "--seed=7", "--dataset=my data/fer2013.csv", *base]
    options = parse_options(arguments)
    (tmp_path / "recipe.yaml").write_text(to_yaml(options))
    again = parse_options(["--config", str(tmp_path / "recipe.yaml")])
    assert replace(again, config=None) == replace(options, config=None)
    assert to_yaml(again) == to_yaml(options)


def test_labels_are_mapped_by_one_option_or_several():
    options = parse_options(["--map", "a=sad", "b=-", "--map", "c=fear", "--epochs", "3"])
    assert options.map == ["a=sad", "b=-", "c=fear"]
    assert parse_options([]).map == []


def test_without_a_config_it_is_the_compact_recipe():
    assert parse_options([]) == read_recipe(DEFAULT_RECIPE)


def test_the_command_line_overrides_the_recipe():
    arguments = "--epochs 3 --resume --widths 8 16 32 --max-train-samples=8 --learning-rate 1e-2"
    options = parse_options(arguments.split())
    assert (options.epochs, options.resume, options.widths) == (3, True, [8, 16, 32])
    assert (options.max_train_samples, options.learning_rate) == (8, 0.01)
    rest = ("epochs", "resume", "widths", "max_train_samples", "learning_rate")
    expected = asdict(read_recipe(DEFAULT_RECIPE))
    assert {k: v for k, v in asdict(options).items() if k not in rest} == {
        k: v for k, v in expected.items() if k not in rest
    }


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--epochs=0", "--epochs must be above 0, but is 0"),
        ("--max-train-samples=-1", "--max-train-samples must be above 0, but is -1"),
        ("--learning-rate=0", "--learning-rate must be above 0"),
        ("--label-smoothing=1", "--label-smoothing must be from 0 to below 1, but is 1"),
        ("--learning-rate=nan", "--learning-rate must be above 0, but is nan"),
        ("--mixup=inf", "--mixup must be 0 or more, but is inf"),
        ("--ferplus-weight=-1", "--ferplus-weight must be 0 or more"),
        ("--seed=4294967296", "--seed must be below 2 ** 32, but is 4294967296"),
        ("--widths=0", "--widths must be 1 or more each, but has 0"),
        ("--report-to=paper", "--report-to must be none, tensorboard, trackio or wandb, but is"),
        ("--validation=all", "--validation must be train or test, but is 'all'"),
        ("--hub-private", "--hub-private needs --push-to-hub"),
        ("--hub-tag=v1", "--hub-tag needs --push-to-hub"),
        ("--push-to-hub", "--push-to-hub and --hub-model-id YOU/NAME go together"),
        ("--hub-model-id=me/fer", "--push-to-hub and --hub-model-id YOU/NAME go together"),
        ("--ferplus-share=1.1", "--ferplus-share must be from 0 to 1, but is 1.1"),
        ("--sharpness=0.2", "There is no option --sharpness=0.2; --help lists all there are"),
        ("--epoch=3", "There is no option --epoch=3"),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence(argument, sentence, capsys):
    with pytest.raises((ValueError, SystemExit)) as caught:
        parse_options([argument])
    message = str(caught.value) + capsys.readouterr().err
    if isinstance(caught.value, ValueError):
        assert sentence in message
    else:
        assert argument.split("=")[0] in message and "invalid choice" in message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("epochs: 3\nvotes_share: 0.5", "has votes_share, which can't be set there; known are"),
        ("resume: true", "has resume, which can't be set there"),
        ("learning_rate: 1e-3", "--learning-rate must be a number, such as 0.001, but is '1e-3'"),
        ("epochs: 2.5", "--epochs must be a whole number, but is 2.5"),
        ("arch: rnn", "arch must be cnn or vit, but is 'rnn'"),
        ("arch: vit\nwidths: [8]", "--widths is for the convolutional network; leave it out"),
        ("map: sad", "--map must be a list of NAME=EXPRESSION, but is 'sad'"),
        ("seed: true", "--seed must be a whole number, but is True"),
        ("widths: 64", "--widths must be a list of numbers, but is 64"),
        ("warmup: -0.1", "warmup must be from 0 to below 1"),
        ("dropout: 1", "dropout must be from 0 to below 1, but is 1"),
        ("dataset: null", "--dataset must be a name, but is None"),
        ("augmentation: {degrade: 1.1}", "augmentation: degrade must be from 0 to 1, but is 1.1"),
        ("augmentation: {blur: 1}", "augmentation has blur, which can't be set there"),
        ("augmentation: 3", "augmentation must be a table of settings, but has 3"),
        ("teachers: 3", "teachers must be a list of tables"),
        ("teachers: [3]", "teachers must be a table of settings, but has 3"),
        ("teachers: [{dataset: x}]", "teachers has dataset, which can't be set there"),
        ("soup: {epochs: 3}", "soup needs seeds, a list of numbers"),
        ("soup: {seeds: [1], output: x}", "soup has output, which can't be set there"),
        ("soup: {seeds: [1], depths: [1, 1, 1]}", "soup has depths, which can't be set there"),
        ("soup: {seeds: [1], seed: 2}", "soup has seed, which can't be set there"),
        ("epochs:", "--epochs must be a whole number, but is None"),
        ("mixup: null", "--mixup must be a number, such as 0.001, but is None"),
        ("seed: -1", "--seed must be 0 or more, but is -1"),
        ("push_to_hub: 'no'", "--push-to-hub must be true or false, but is 'no'"),
        ("hub_tag: 1.0", "--hub-tag must be a name, but is 1.0"),
        ("augmentation: {scale: }", "augmentation: scale must be a number, such as 0.001, but is"),
        ("soup: {seeds: 3}", "soup: seeds must be a list of numbers, but is 3"),
        ("soup: {seeds: [a]}", "soup: seeds must be a whole number, but is 'a'"),
        ("base_model: a\narch: vit", "arch is for networks trained from scratch"),
        ("ferplus_share: 0.5\nferplus_weight: 0", "--ferplus-weight 0 leaves untrained"),
        ("- epochs", "must hold settings, one `name: value` a line"),
        ("", "must hold settings, one `name: value` a line"),
        ("epochs: [", "can't be read as YAML"),
        ("\x00", "can't be read as YAML"),
    ],
)
def test_a_recipe_that_cannot_be_is_one_sentence(text, sentence, tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(ValueError) as caught:
        parse_options(["--config", str(file)])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"--config .*no\.yaml can't be read as YAML: .*No such"):
        parse_options(["--config", str(tmp_path / "no.yaml")])


def test_a_stage_has_the_settings_of_the_whole_but_for_its_table():
    options = TrainingOptions(augmentation={"scale": 0.1, "erase": 0.2}, teachers=[{"epochs": 3}])
    stage = options.with_overrides({"epochs": 3, "augmentation": {"erase": 0.5}, "seeds": [1]})
    assert (stage.epochs, stage.teachers, stage.soup) == (3, [], None)
    assert stage.augmentation == {"scale": 0.1, "erase": 0.5}
    with pytest.raises(ValueError, match="--epochs must be above 0"):
        options.with_overrides({"epochs": 0})
    with pytest.raises(ValueError, match="--epochs must be a whole number, but is None"):
        options.with_overrides({"epochs": None})
    with pytest.raises(ValueError, match="augmentation must be a table of settings, but has None"):
        options.with_overrides({"augmentation": None})
