"""What is written down in half precision, and that nothing is lost by it."""

import torch

from fer.model.half_precision import compress_weights, round_to_half

VALUES = {
    "kernel": torch.tensor([[0.1, 1e-3], [3.0, -2.5]]),
    "norm": torch.tensor([0.1, 0.2]),
    "table": torch.tensor([[4099, 1], [2, 3]]),
}


def test_kernels_are_rounded_and_nothing_else():
    short = round_to_half(VALUES)
    assert short["kernel"].dtype == torch.float32
    assert (short["kernel"] - VALUES["kernel"]).abs().max() < 1e-4
    assert not torch.equal(short["kernel"], VALUES["kernel"])
    for name in ("norm", "table"):
        assert torch.equal(short[name], VALUES[name])


def test_what_is_rounded_is_stored_in_half_without_loss():
    short = round_to_half(VALUES)
    stored = compress_weights(short)
    assert stored["kernel"].dtype == torch.float16
    assert stored["table"].dtype == torch.int64 and stored["norm"].dtype == torch.float32
    assert all(torch.equal(stored[name].to(short[name].dtype), short[name]) for name in short)


def test_what_would_lose_something_is_stored_as_it_is():
    assert compress_weights(VALUES)["kernel"] is VALUES["kernel"]
