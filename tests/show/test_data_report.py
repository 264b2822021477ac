"""What is said about a data set, in words and as a page."""

import re

from fer.labels import EXPRESSIONS
from fer.show.data_report import HEADINGS, data_html, findings


def split(**changed):
    counts = dict(zip(EXPRESSIONS, (10, 2, 20, 50, 8, 5, 5), strict=True))
    copies = {"groups": 0, "extra": 0, "differing": 0, "rows": []}
    plain = {"pictures": 100, "counts": counts, "blank": 0, "copies": copies}
    return plain | {"in_train": None, "ferplus": None} | changed


def test_counts_and_blanks():
    assert findings({"train": split(blank=1)})["counts"] == [
        "train has 100 faces: most are happy (50, 50.0%), fewest disgust (2, 2.0%). "
        "1 picture is blank."
    ]


def test_copies():
    copies = {"groups": 1070, "extra": 1292, "differing": 49, "rows": []}
    figures = {"train": split(copies=copies), "validation": split(in_train=8), "test": split()}
    assert findings(figures)["copies"] == [
        "In train, 1,292 pictures are copied from another one; of the 1,070 groups of copies, 49 "
        "have differing labels.",
        "8 of validation's pictures (8.0%) have a copy in train, so accuracies on validation are a "
        "little too high.",
        "test has no picture twice.",
    ]


def test_votes():
    matrix = [[0] * 10 for _ in EXPRESSIONS]
    matrix[3][1], matrix[3][0], matrix[2][6], matrix[2][0] = 3, 1, 1, 4  # happy, fear
    votes = {"matrix": matrix, "agreement": 4 / 9, "voter_agreement": 0.4}
    assert findings({"train": split(ferplus=votes)})["votes"] == [
        "In train, the majority of FER+'s voters names the label's expression for 44% of the "
        "faces, a single voter for 40%. They agree most with happy (75%) and least with fear (20%)."
    ]
    assert findings({"train": split()})["votes"] == ["This edition comes without FER+'s votes."]


def test_the_page_holds_everything_and_escapes_names():
    said = findings({"train": split()})
    page = data_html("<b>mine</b>", said, {"counts": [(b"\x89PNG", "so <many>")]})
    assert "<b>" not in page and "&lt;b&gt;mine" in page and "so &lt;many&gt;" in page
    assert re.findall(r"<h2>(.*?)</h2>", page) == list(HEADINGS.values())
    assert page.count("data:image/png") == page.count("data:image/png;base64,iVBORw==") == 1
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
