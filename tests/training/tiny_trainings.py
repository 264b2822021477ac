"""Tiny editions of FER2013 for tests.

Their pictures are plain, in a grey that stands for their expression, so that the picture itself
tells which label it must come out with.
"""

import io

import datasets
import numpy as np
import pytest
from PIL import Image

from fer.data.fer2013 import FEATURES, DatasetError, load_arrays, load_fer2013
from fer.labels import EXPRESSIONS

ALL_SPLITS = ["train", "validation", "test"]


def shade(name):
    """The grey value that a picture of this expression is painted with."""
    return 20 + 30 * EXPRESSIONS.index(name)


def picture(name, file_format="JPEG", side=48, mode="L"):
    file = io.BytesIO()
    Image.new("L", (side, side), shade(name)).convert(mode).save(file, file_format)
    return file.getvalue()


def assert_uniform(loaded, splits, rows):
    """The columns are ours, and each picture's shade is that of the label's name."""
    assert list(loaded) == list(splits)
    for split in loaded.values():
        assert split.features == FEATURES
        assert len(split) == rows
        arrays = load_arrays(split)
        names = [split.features["label"].int2str(label) for label in split["label"][:]]
        np.testing.assert_allclose(arrays.images.mean((1, 2)), [*map(shade, names)], atol=2)
        np.testing.assert_array_equal(arrays.labels, [*map(EXPRESSIONS.index, names)])
        if rows == len(EXPRESSIONS):
            assert sorted(names) == sorted(EXPRESSIONS)


def refused(message, source, **options):
    with pytest.raises(DatasetError, match=message) as caught:
        load_fer2013(source, **options)
    assert "\n" not in str(caught.value)


def labelled(names, label, **more):
    """A dataset of these expressions; `label` is the column's feature and a name's value in it."""
    feature, value = label
    columns = {"image": [{"bytes": picture(name), "path": None} for name in names]}
    columns |= {"label": [value(name) for name in names], **more}
    features = datasets.Features(image=datasets.Image(), label=feature)
    if "ferplus_votes" in more:
        features["ferplus_votes"] = datasets.List(datasets.Value("uint8"))
    return datasets.Dataset.from_dict(columns, features=features)


def named(classes):
    return datasets.ClassLabel(names=list(classes)), list(classes).index


def save(dataset, folder, split, shard="00000-of-00001"):
    folder.mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(folder / f"{split}-{shard}.parquet")
