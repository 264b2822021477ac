"""Averaging of students that started from the same weights, and the report on all stages.

Model soups: Wortsman et al. (2022), https://arxiv.org/abs/2203.05482.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from fer.model.half_precision import round_to_half
from fer.model.hub import pull
from fer.model.json_files import read_metrics
from fer.model.model_metrics import ModelMetrics, StageMetrics
from fer.training.fit import FittedStage
from fer.training.initial_model import load_uncalibrated
from fer.training.stages import Stage

CHOSEN_BY_OPTIMIZER = ("optimizer", "learning_rate", "weight_decay")
"""Settings that are recorded as they were used, for their defaults depend on the network's kind."""


def average_students(students: Sequence[Stage], all_stages: Sequence[Stage]) -> FittedStage:
    """Return the network with the mean of the students' weights.

    Args:
        students: One or more.
        all_stages: The students and their teachers, whose hours are added.
    """
    reports = {stage.name: read_metrics(pull(stage.folder)) for stage in all_stages}
    loaded = [load_uncalibrated(stage.folder) for stage in students]
    model, processor = loaded[0]
    weights = [one.state_dict() for one, _ in loaded]
    mean = {
        name: torch.stack([each[name] for each in weights]).mean(dim=0)  # over (students, ...)
        if value.is_floating_point()
        else value  # batch norm's counter of batches
        for name, value in weights[0].items()
    }
    model.load_state_dict(round_to_half(mean))
    first = reports["student/1"]
    chosen = {name: first.training.settings[name] for name in CHOSEN_BY_OPTIMIZER}
    run = replace(
        first.training,
        settings=chosen,
        hours=sum(report.training.hours or 0.0 for report in reports.values()),
        stages=[summarize_stage(name, report) for name, report in reports.items()],
    )
    return FittedStage(model, processor, first.base_model, first.history, run)


def summarize_stage(name: str, report: ModelMetrics) -> StageMetrics:
    """Return the entry of a stage in the result's metrics.json."""
    run, settings = report.training, report.training.settings
    return StageMetrics(
        name=name,
        parameters=report.parameters,
        accuracy=report.validation.accuracy,
        ferplus_accuracy=report.validation.ferplus_accuracy,
        epochs=settings["epochs"],
        seed=settings["seed"],
        hours=run.hours,
        device=run.device,
    )
