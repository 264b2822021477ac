"""Which trainings came before: what one goes on from, learns from or takes the mean with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from fer.model.hub import ModelError, Pulled, pull
from fer.model.loading import read_metrics
from fer.training.arguments import TrainingOptions


def lineage(options: TrainingOptions) -> list[dict[str, str | None]]:
    """Return the trainings that have to be made before this one, in an order that works.

    What came before those is looked up in their metrics.json, as long as their folders are here.

    Returns:
        For each its name (folder or Hub id) and command; None where that isn't known.

    Raises:
        ModelError: A network that the options name can't be had.
    """
    found: dict[str, str | None] = {}
    for name in needed(asdict(options)):
        _add(name, read_metrics(pull(name)), found)
    return [{"name": name, "command": command} for name, command in found.items()]


def needed(training: Mapping) -> list[str]:
    """Return the names of the networks that a training's settings ask for."""
    base = training.get("base_model")
    several = (training.get(name) or () for name in ("teachers", "average_with"))
    return [*([base] if base else []), *chain(*several)]


def _add(name: str, metrics: Mapping, found: dict[str, str | None], later: Sequence = ()) -> None:
    """Add a training to `found`, after those that it needs itself.

    Args:
        name: What it is called.
        metrics: Its metrics.json.
        found: Commands by name, in order; added to.
        later: Those that led here; a folder that was written again may have learned from its heir.
    """
    if name in found:
        return
    for earlier in _kept(metrics):
        found.setdefault(earlier["name"], earlier["command"])
    training = metrics.get("training")
    for earlier in needed(training if isinstance(training, Mapping) else {}):
        if earlier not in (*later, name):
            _add(earlier, _metrics_here(earlier), found, (*later, name))
    found[name] = metrics.get("command")


def _kept(metrics: Mapping) -> list[Mapping[str, str | None]]:
    """Return the lineage in a metrics.json; it may be anybody's, and hold anything."""
    rows = metrics.get("lineage")
    rows = rows if isinstance(rows, list) else []
    return [row for row in rows if isinstance(row, Mapping) and {"name", "command"} <= row.keys()]


def _metrics_here(folder: str) -> Mapping:
    """Return the metrics.json of a training, {} where it is gone."""
    try:
        return read_metrics(Pulled(Path(folder), folder))
    except ModelError:
        return {}
