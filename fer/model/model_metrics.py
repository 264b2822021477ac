"""What metrics.json holds of a network: its metrics on each split, its calibration and training."""

import os
from dataclasses import dataclass, field
from typing import Any

from fer.i18n import format_count, localized_number
from fer.i18n import gettext as _
from fer.model.evaluation_results import CorruptionAccuracy, Evaluation
from fer.model.json_records import (
    OPEN,
    Amount,
    Count,
    JsonRecord,
    Rows,
    Setting,
    Share,
)


@dataclass(frozen=True)
class BaseNetwork:
    """A network that was fine-tuned: its name and revision on the Hub."""

    name: str
    revision: str | None


@dataclass(frozen=True)
class StageMetrics:
    """Of a stage of a training: its network's metrics on validation, and what it cost."""

    name: str
    parameters: Count | None
    accuracy: Share | None
    ferplus_accuracy: Share | None
    epochs: Count | None
    seed: int | None
    hours: Amount | None
    device: str | None


@dataclass(frozen=True)
class TrainingRun:
    """How a network was trained.

    Attributes:
        training_pictures: Number of training pictures.
        hours: Duration of all epochs without their evaluations.
        bf16: Whether it computed in bf16.
        processes: Number of processes.
        device: Its name where it is a GPU, else what torch calls it.
        machine: Its architecture.
        python: Version of Python.
        versions: Versions of libraries, by name.
        torch_threads: Number of threads of torch.
        stages: The stages of a recipe, teachers first.
        settings: The options by name, as they were used.
    """

    training_pictures: Count | None = None
    hours: Amount | None = None
    bf16: bool | None = None
    processes: Count | None = None
    device: str | None = None
    machine: str | None = None
    python: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    torch_threads: Count | None = None
    stages: list[StageMetrics] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict, metadata=OPEN)

    def trained_on(self, dataset: str | None) -> bool:
        """Return whether a data set is that of the training, a folder however it is written.

        >>> TrainingRun(settings={"dataset": "data/faces"}).trained_on("./data/faces/")
        True
        """
        own = self.settings.get("dataset")
        if not (own and dataset):
            return False
        return os.path.abspath(str(own)) == os.path.abspath(dataset)


@dataclass(frozen=True)
class ModelMetrics(JsonRecord):
    """The content of metrics.json; all of it may be missing.

    >>> metrics, left_out = ModelMetrics.from_json({"parameters": "3 million", "made_by": "x"})
    >>> metrics.made_by, left_out
    ('x', ['parameters'])

    Attributes:
        command: What trains the network again.
        made_by: How it was made, where no command does.
        architecture: Its `model_type`.
        base_model: The network that was fine-tuned; None where it was trained from scratch.
        parameters: Number of parameters.
        validation: Metrics on the validation split.
        test: Metrics on the test split.
        calibration: Settings that were fitted, and their metrics, by name.
        training: How it was trained.
        history: One entry per epoch.
        robustness: Accuracy under each corruption.
        other: Further entries of the file.
    """

    command: str | None = None
    made_by: str | None = None
    architecture: str | None = None
    base_model: BaseNetwork | None = None
    parameters: Count | None = None
    validation: Evaluation = field(default_factory=Evaluation)
    test: Evaluation = field(default_factory=Evaluation)
    calibration: dict[str, Setting] = field(default_factory=dict)
    training: TrainingRun = field(default_factory=TrainingRun)
    history: Rows = field(default_factory=list)
    robustness: list[CorruptionAccuracy] = field(default_factory=list)
    other: dict[str, Any] = field(default_factory=dict, metadata=OPEN)

    @property
    def splits(self) -> dict[str, Evaluation]:
        """The metrics on each split, by its name."""
        return {"validation": self.validation, "test": self.test}

    def describe_accuracy(self) -> str | None:
        """Return how often the network is right: on the test split if that was measured.

        Where both heads are combined it is how often they name what most people do; an example is
        "70.0% of 3,589 pictures of the test split (FER2013's own labels)".
        """
        for split, metrics in reversed(self.splits.items()):
            counted = metrics.combined_agreement or metrics
            accuracy, pictures, label_set = counted.accuracy, counted.pictures, counted.label_set
            if accuracy is not None and pictures is not None and label_set is not None:
                return _(
                    "%(accuracy)s of %(pictures)s pictures of the %(split)s split (%(labels)s)",
                    accuracy=localized_number(f"{accuracy:.1%}"),
                    pictures=format_count(pictures),
                    split=_(split),
                    labels=_(label_set),
                )
        return None
