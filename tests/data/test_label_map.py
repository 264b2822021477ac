"""Labels of other names."""

import pytest

from fer.data.label_map import LabelMap
from fer.data.splits import DatasetError
from fer.labels import EXPRESSIONS


def test_labels_are_translated_in_any_case():
    labels = LabelMap.parse(["Joy = Happiness", "a=b=sad", "contempt=-"])
    found = [labels.index(name) for name in ("joy", "A=B", "Contempt", "fears")]
    assert found == [EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad"), None, 2]
    assert "JOY" in labels and "fear" not in labels
    labels.check_used("it", [])


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("contempt", "--map takes NAME=EXPRESSION, or NAME=- .* not 'contempt'"),
        ("=sad", "not 'sad'|not '=sad'"),
        ("6=", "not '6='"),
        ("6=joy", "--map 6=joy: 'joy' is not one of the seven expressions"),
    ],
)
def test_what_is_no_entry_is_refused(entry, sentence):
    with pytest.raises(DatasetError, match=sentence):
        LabelMap.parse([entry])


@pytest.mark.parametrize(("name", "entry"), [("no name", "--map 'no name'"), ("-1", "--map=-1")])
def test_an_unknown_label_comes_with_its_entry(name, entry):
    with pytest.raises(DatasetError, match=f"Map it with {entry}=EXPRESSION, or {entry}=- to omit"):
        LabelMap().index(name)


def test_an_unused_entry_is_named():
    labels = LabelMap({"joy": "happy"})
    with pytest.raises(DatasetError, match="--map names joy, but the labels in it are sad, fear"):
        labels.check_used("it", ["sad", "fear"])
