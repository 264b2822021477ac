"""The tables of README and docs."""

from docs import tables
from fer.model.model_metrics import ModelMetrics


def test_weights_of_an_earlier_version_are_named_as_such():
    text = tables._made_by(ModelMetrics(made_by="an earlier version of the training code"))
    assert text == "The present weights were made by an earlier version of the training code."


def test_weights_of_a_recipe_have_its_command():
    text = tables._made_by(ModelMetrics(command="python train.py --config recipe.yaml"))
    assert "`python train.py --config recipe.yaml` made them" in text
