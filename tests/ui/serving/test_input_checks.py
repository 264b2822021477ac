"""Inputs of handlers: each wrong one gives one sentence, and Gradio never sees it."""

import pytest

from fer.ui import build_demo
from fer.ui.serving.input_checks import InputChecks, InputError
from fer.ui.serving.request_checks import RequestError
from tests.fakes import fake_pipeline

FILE = {"path": "/tmp/one.png", "meta": {"_type": "gradio.FileData"}}
TOKEN = "0" * 32


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("page")))
        yield build_demo(fake_pipeline())


@pytest.fixture(scope="module")
def checks(demo):
    return InputChecks(demo)


def handler(demo, checks, name):
    index = next(key for key, known in demo.fns.items() if known.api_name == name)
    return checks.handler(index)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("photo", "file", "`data` is a list"),
        ("photo", ["one.png"], "picture is a file .*, as handle_file of Gradio's clients does"),
        ("photo", [{"url": "data:image/png;base64,"}], "picture is a file"),
        ("photo", [FILE, "30"], "min_face is a number from 16 to 200"),
        ("photo", [FILE, True], "min_face is a number"),
        ("photo", [FILE, None], "min_face is a number"),
        ("photo", [FILE, 9], "min_face is a number"),
        ("photo", [FILE, float("inf")], "min_face is a number"),
        ("photo", [FILE, 20, "yes"], "whole_picture is true or false"),
        ("photo", [FILE, 20, True, 1], r"Expected 3 inputs \(picture, min_face"),
        ("recording", [FILE, "room"], "view is one of: person, class"),
        ("recording", [FILE, ["person"]], "view is one of"),
        ("recording", [FILE, "person", 16], "rate is a number from 1 to 15"),
        ("load_example", ["0"], "photo-examples is a number from 0 to"),
        ("load_example", [99], "photo-examples is a number from 0 to"),
        ("load_example", [], r"Expected 1 inputs \("),
        ("read", [FILE, "x", False, False, TOKEN], "photo-min-face is a number"),
        ("choose", [1, TOKEN], "recording-input is a list of files"),
        ("start_1", [FILE, 5, 5, "", "", TOKEN], "recording-view is one of"),
        ("compare", [[FILE, "x"], "recordings", TOKEN], "comparison-input is a list of files"),
        ("compare", [[FILE], "all", TOKEN], "comparison-way is one of"),
        ("start_1", [[FILE], "person", 5, 7, "", TOKEN], "is text"),
    ],
)
def test_a_wrong_input_is_named_in_a_sentence(demo, checks, name, data, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        handler(demo, checks, name).complete(data)
    assert error.value.status == 422 and error.value.detail()[0]["message"].endswith(".")


def test_inputs_that_end_early_are_completed_for_programs(checks):
    assert checks.endpoint("photo").complete([FILE]) == [FILE, 20, False]
    assert checks.endpoint("recording").complete([FILE, "class"]) == [FILE, "class", 5]


def test_a_field_of_the_page_may_be_incomplete(demo, checks):
    data = [[FILE], "person", 5, None, "0:05", TOKEN]
    assert handler(demo, checks, "start_1").complete(data) == data
    for typed in (None, 4, 900):
        data = [FILE, typed, False, False, TOKEN]
        assert handler(demo, checks, "read").complete(data) == data


def test_names_are_checked_as_well(checks):
    photo = checks.endpoint("photo")
    photo.check_named({"picture": FILE, "min_face": 40})
    for values, sentence in (
        ({"picture": FILE, "minimum": 40}, "minimum is no input; there are: picture, min_face"),
        ({"picture": FILE, "min_face": "40"}, "min_face is a number"),
        ({"min_face": 40}, "picture is missing; the inputs are: picture, min_face"),
        ({}, "picture is missing"),
    ):
        with pytest.raises(InputError, match=sentence):
            photo.check_named(values)


@pytest.mark.parametrize("name", ["read", "choose", "", "x" * 50])
def test_only_endpoints_have_names(checks, name):
    with pytest.raises(RequestError, match=r"this page has /photo, /predict, /recording"):
        checks.endpoint(name)


@pytest.mark.parametrize("index", [None, -1, 10**6, True, "0", [0]])
def test_an_unknown_handler_is_of_another_page(checks, index):
    with pytest.raises(RequestError, match="out of date"):
        checks.complete_call({"fn_index": index, "data": []}, None)


def test_only_known_functions_of_components_are_called(demo, checks):
    component = next(key for key, names in checks._functions.items() if "save" in names)
    checks.check_function(component, "save")
    for wrong in ((component, "preprocess"), (-1, "save"), (10**6, "save")):
        with pytest.raises(RequestError, match="out of date"):
            checks.check_function(*wrong)


def test_a_list_of_files_is_taken_where_several_can_be_chosen(demo, checks):
    wanted = [[FILE, FILE], "stretches", TOKEN]
    assert handler(demo, checks, "compare").complete(wanted) == wanted
    with pytest.raises(InputError, match="is a file that was"):
        checks.endpoint("recording").complete([[FILE], "person"])
