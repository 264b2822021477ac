"""The README's figures."""

from docs import figures


def test_weights_of_an_earlier_version_are_named_as_such():
    text = figures._made_by({"made_by": "an earlier version of the training code"})
    assert text == "The present weights were made by an earlier version of the training code."


def test_weights_of_a_recipe_have_its_command():
    text = figures._made_by({"command": "python train.py --config recipe.yaml"})
    assert "`python train.py --config recipe.yaml` made them" in text
