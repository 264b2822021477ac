"""Devices that can't be used are refused in one sentence by all that take one."""

import pytest

from fer import Pipeline
from fer.model.classifier import ExpressionClassifier
from fer.vision.detector import FaceDetector


@pytest.mark.parametrize("name", ["toaster", "cuda:77", "meta"])
@pytest.mark.parametrize("load", [Pipeline.load, ExpressionClassifier.load, FaceDetector])
def test_an_unusable_device_is_refused(load, name):
    with pytest.raises(ValueError, match=f"^Device {name} can't be used on this machine; leave"):
        load(device=name)
