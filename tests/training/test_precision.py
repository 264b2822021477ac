"""In what a training computes."""

import pytest
import torch

from fer.training.arguments import TrainingOptions
from fer.training.precision import has_bf16, precision


@pytest.mark.parametrize("able", ["amx_bf16", "avx512_bf16", None])
def test_bf16_is_taken_where_the_processor_has_it(monkeypatch, able):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: True, "avx512_f": True})
    assert has_bf16() is (able is not None)


@pytest.mark.parametrize(
    ("wanted", "able", "dtype"),
    [
        ("auto", True, torch.bfloat16),
        ("auto", False, torch.float32),
        ("bf16", False, torch.bfloat16),
        ("fp32", True, torch.float32),
    ],
)
def test_what_is_wanted_goes_before_what_is_fast(monkeypatch, wanted, able, dtype):
    monkeypatch.setattr("fer.training.precision.has_bf16", lambda: able)
    assert precision(TrainingOptions(precision=wanted)) == dtype
