"""Figures such as a training writes."""

import pytest

from fer.labels import EXPRESSIONS


@pytest.fixture
def metrics():
    per_class = {
        name: {"precision": 0.5, "recall": 0.25 + index / 100, "f1": 1 / 3, "support": 10.0}
        for index, name in enumerate(EXPRESSIONS)
    }
    return {
        "command": "python train.py --dataset data/fer2013 --epochs 2",
        "parameters": 1234567,
        "validation": {
            "label_set": "FER2013's own labels, all pictures of the split",
            "pictures": 3589,
            "accuracy": 0.6789,
            "macro_f1": 0.6543,
            "per_class": per_class,
            "confusion_matrix": [[row * 10 + column for column in range(7)] for row in range(7)],
            "ferplus_label_set": "FER+ majority of eight, without pictures voted not a face",
            "ferplus_accuracy": 0.8123,
        },
        "calibration": {
            "fitted_on": "validation",
            "temperature": 1.37,
            "calibration_error": 0.0123,
        },
        "training": {
            "dataset": "data/fer2013",
            "epochs": 2,
            "batch_size": 128,
            "learning_rate": 0.1,
            "training_pictures": 28709,
            "best_epoch": 2,
            "hours": 1.75,
            "bf16": True,
            "processes": 1,
            "device": "cpu",
            "machine": "x86_64",
            "python": "3.11.7",
            "versions": {"torch": "2.15.0", "transformers": "5.23.0"},
            "torch_threads": 2,
        },
        "history": [],
    }
