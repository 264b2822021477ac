"""The pictures of a training in memory."""

import numpy as np
import pytest
import torch

from fer.data.fer2013 import FerArrays
from fer.model.image_processing_fer import FerImageProcessor
from fer.training.training_data import FaceDataset, draw_subset, identity_collator


@pytest.fixture
def arrays():
    images = np.random.default_rng(0).integers(0, 256, (5, 48, 48), np.uint8)
    return FerArrays(images, np.arange(5), np.zeros((5, 10), np.float32))


def test_training_keeps_whole_faces(arrays):
    processor = FerImageProcessor()
    face = FaceDataset(arrays, processor, training=True)[3]
    assert face["pixel_values"].shape == (1, 48, 48)
    assert torch.equal(face["targets"], torch.eye(7)[3])
    face = FaceDataset(arrays, processor)[0]
    assert face["pixel_values"].shape == (1, 40, 40)
    assert "targets" not in face


def test_batches_keep_the_order_asked_for(arrays):
    dataset = FaceDataset(arrays, FerImageProcessor())
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, collate_fn=identity_collator)
    assert [batch["labels"].tolist() for batch in loader] == [[0, 1], [2, 3], [4]]
    assert dataset.__getitems__([3, 1])["labels"].tolist() == [3, 1]


def test_a_quick_trial_draws_from_all_labels():
    labels = np.repeat(np.arange(7), 100)  # sorted, as folder editions are
    faces = FerArrays(np.zeros((700, 48, 48), np.uint8), labels, np.zeros((700, 10), np.float32))
    drawn = draw_subset(faces, 70, seed=0).labels
    assert len(drawn) == 70
    assert set(drawn) == set(range(7))
    assert draw_subset(faces, 70, seed=0).labels.tolist() == drawn.tolist()
    assert draw_subset(faces, 70, seed=1).labels.tolist() != drawn.tolist()
    assert draw_subset(faces, None, seed=0) is draw_subset(faces, 9999, seed=0) is faces
