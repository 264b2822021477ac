"""A tiny FER2013 that trainings can run on."""

import datasets
import numpy as np
import pytest
from PIL import Image

from fer.labels import EXPRESSIONS


@pytest.fixture(scope="session")
def tiny_fer2013(tmp_path_factory):
    """Write 48 noisy pictures for training and 21 for validation, as parquet files in a folder."""
    folder = tmp_path_factory.mktemp("fer2013")
    generator = np.random.default_rng(0)
    for split, count in (("train", 48), ("validation", 21)):
        labels = [index % 7 for index in range(count)]
        pixels = generator.integers(0, 256, (count, 48, 48), np.uint8)
        rows = {
            "image": [Image.fromarray(picture) for picture in pixels],
            "label": labels,
            "ferplus_votes": [[0] * label + [10] + [0] * (9 - label) for label in labels],
        }
        features = datasets.Features(
            image=datasets.Image(),
            label=datasets.ClassLabel(names=list(EXPRESSIONS)),
            ferplus_votes=datasets.List(datasets.Value("int64")),
        )
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder
