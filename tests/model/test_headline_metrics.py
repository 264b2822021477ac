"""What metrics.json says of the answers that are shown."""

import pytest

from fer.model.headline_metrics import combined_agreement

AGREEMENT = {"accuracy": 0.8, "pictures": 3500, "label_set": "majority"}


def test_where_both_heads_are_shown():
    figures = {"shown": {"ferplus_share": 0.5, "ferplus_answers": AGREEMENT}}
    assert combined_agreement(figures) == AGREEMENT


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"shown": None},
        {"shown": {"ferplus_share": 0.0, "ferplus_answers": AGREEMENT}},
        {"shown": {"ferplus_share": 0.5, "ferplus_answers": None}},
    ],
)
def test_where_the_first_heads_own_figures_count(figures):
    assert combined_agreement(figures) is None
