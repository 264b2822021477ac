"""Trainings that are small enough for tests."""

import json
from dataclasses import replace
from pathlib import Path

from fer.training.fit import fit
from fer.training.options import DEFAULT_RECIPE, TrainingOptions, read_recipe
from fer.training.stages import Stage, stages
from fer.training.training_data import load_data

TINY_BOX = {"depths": [1, 1, 1], "widths": [8, 8, 16]}


def short(dataset, output, **settings):
    """Return a training of one tiny network; a base model or a ViT brings its own shape."""
    shape = {} if settings.keys() & {"arch", "base_model"} else TINY_BOX
    values = {"epochs": 1, "batch_size": 16, "precision": "fp32", **shape, **settings}
    return TrainingOptions(dataset=str(dataset), output=str(output), **values)


def compact(dataset, output):
    """Return the published recipe with all its stages, on 32 pictures and tiny networks."""
    recipe = read_recipe(DEFAULT_RECIPE)
    tiny = {**TINY_BOX, "epochs": 1}
    return replace(
        recipe,
        dataset=str(dataset),
        output=str(output),
        max_train_samples=32,
        batch_size=16,
        precision="fp32",
        teachers=[recipe.teachers[0] | tiny | {"epochs": 2}]
        + [table | tiny for table in recipe.teachers[1:]],
        soup=recipe.soup | {"epochs": 1, "seeds": recipe.soup["seeds"][:2]},
        **tiny,
    )


def only_stage(options) -> Stage:
    """Return the one stage of a recipe without teachers and soup."""
    (stage,) = stages(options)
    return stage


def fit_alone(options):
    """Train the one stage of a recipe, without writing the result."""
    return fit(only_stage(options), load_data(options))[0]


def result_of(folder: Path) -> dict:
    """Return what a training has made: weights, configuration, and metrics but for the time."""
    metrics = json.loads((folder / "metrics.json").read_text())
    kept = ("parameters", "validation", "calibration")
    history = [
        {name: value for name, value in epoch.items() if "second" not in name}
        for epoch in metrics["history"]
    ]
    return {
        "weights": (folder / "model.safetensors").read_bytes(),
        "config": (folder / "config.json").read_bytes(),
        "history": history,
        **{name: metrics[name] for name in kept},
    }
