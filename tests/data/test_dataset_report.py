"""The description of a data set, in words and as a page."""

import re

from fer.data.dataset_report import HEADINGS, dataset_report_html, describe_dataset
from fer.labels import EXPRESSIONS


def split(**changed):
    counts = dict(zip(EXPRESSIONS, (10, 2, 20, 50, 8, 5, 5), strict=True))
    duplicates = {"groups": 0, "redundant": 0, "conflicting": 0, "rows": []}
    plain = {"pictures": 100, "counts": counts, "blank": 0, "duplicates": duplicates}
    return plain | {"in_train": None, "ferplus": None} | changed


def test_counts_and_blanks():
    assert describe_dataset({"train": split(blank=1)})["counts"] == [
        "train has 100 faces: the largest class is happy (50, 50.0%), the smallest disgust (2, "
        "2.0%). 1 picture is blank."
    ]


def test_duplicates():
    duplicates = {"groups": 1070, "redundant": 1292, "conflicting": 49, "rows": []}
    figures = {
        "train": split(duplicates=duplicates),
        "validation": split(in_train=8),
        "test": split(),
    }
    assert describe_dataset(figures)["duplicates"] == [
        "In train, 1,292 pictures duplicate another one; in 49 of 1,070 groups of duplicates the "
        "labels differ.",
        "8 pictures of validation (8.0%) have a duplicate in train, which inflates accuracies on "
        "validation.",
        "test has no duplicates.",
    ]


def test_singular_forms():
    duplicates = {"groups": 1, "redundant": 1, "conflicting": 1, "rows": []}
    texts = describe_dataset({"validation": split(duplicates=duplicates, in_train=1)})["duplicates"]
    assert texts[0].startswith("In validation, 1 picture duplicates another one; in 1 of 1 group ")
    assert texts[1].startswith("1 picture of validation (1.0%) has a duplicate in train")


def test_votes():
    matrix = [[0] * 10 for _ in EXPRESSIONS]
    matrix[3][1], matrix[3][0], matrix[2][6], matrix[2][0] = 3, 1, 1, 4  # happy, fear
    votes = {"matrix": matrix, "agreement": 4 / 9, "voter_agreement": 0.4, "pictures": 9}
    assert describe_dataset({"train": split(ferplus=votes)})["votes"] == [
        "In train, the majority of FER+'s votes agrees with the label on 44% of the 9 faces with "
        "votes, a single vote on 40%. Agreement is highest for happy (75%) and lowest for fear "
        "(20%)."
    ]
    assert describe_dataset({"train": split()})["votes"] == [
        "This edition comes without FER+'s votes."
    ]


def test_the_page_holds_everything_and_escapes_names():
    texts = describe_dataset({"train": split()})
    page = dataset_report_html("<b>mine</b>", texts, {"counts": [(b"\x89PNG", "so <many>")]})
    assert "<b>" not in page and "&lt;b&gt;mine" in page and "so &lt;many&gt;" in page
    assert re.findall(r"<h2>(.*?)</h2>", page) == list(HEADINGS.values())
    assert page.count("data:image/png") == page.count("data:image/png;base64,iVBORw==") == 1
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
