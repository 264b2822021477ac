"""Every edition of FER2013 gives the same columns, and never a label under another's name."""

import io

import datasets
import numpy as np
import pytest
from PIL import Image

from fer.labels import EXPRESSIONS
from fer.training.fer2013 import FEATURES, load_arrays, load_fer2013

ALPHABETICAL = sorted(EXPRESSIONS)


def shade(name: str) -> int:
    """The grey value that a picture of this expression is painted with."""
    return 20 + 30 * EXPRESSIONS.index(name)


def jpeg(name: str) -> bytes:
    file = io.BytesIO()
    Image.new("L", (48, 48), shade(name)).save(file, "JPEG", quality=95)
    return file.getvalue()


def save_parquet(folder, split, names, classes):
    folder.mkdir(parents=True, exist_ok=True)
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=classes))
    rows = {
        "image": [{"bytes": jpeg(name), "path": None} for name in names],
        "label": [classes.index(name) for name in names],
    }
    datasets.Dataset.from_dict(rows, features=features).to_parquet(
        folder / f"{split}-00000-of-00001.parquet"
    )


def assert_by_name(split):
    arrays = load_arrays(split)
    shades = [shade(EXPRESSIONS[label]) for label in arrays.labels]
    np.testing.assert_allclose(arrays.images.mean((1, 2)), shades, atol=2)


@pytest.mark.parametrize("classes", [list(EXPRESSIONS), ALPHABETICAL], ids=["own", "alphabetical"])
def test_parquet_labels_are_matched_by_name(tmp_path, classes):
    for split in ("train", "valid"):
        save_parquet(tmp_path / "data", split, EXPRESSIONS[::-1], classes)
    loaded = load_fer2013(str(tmp_path))
    assert list(loaded) == ["train", "validation"]
    for split in loaded.values():
        assert split.features == FEATURES
        assert_by_name(split)
