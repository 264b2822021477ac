"""The package as a program uses it: `from fer import Pipeline`."""

import pickle

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

import fer
from fer.images import ImageError
from fer.labels import EXPRESSIONS

PHOTO = astronaut()


@pytest.fixture(scope="module")
def pipeline():
    return fer.Pipeline.load()


@pytest.fixture(scope="module")
def expected(pipeline):
    return pipeline(PHOTO)


def test_a_photo_s_face_is_found_and_classified(expected):
    assert len(expected) == 1
    np.testing.assert_allclose(expected.xyxy[0], [179, 60, 269, 176], atol=8)
    assert EXPRESSIONS[expected.data["probabilities"][0].argmax()] == "happy"


@pytest.mark.parametrize(
    "form",
    [
        Image.fromarray(PHOTO),
        np.dstack([PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)]),  # RGBA
        PHOTO / 255.0,  # float, 0 to 1
        PHOTO.astype(np.uint16) * 257,  # 16 bit
        PHOTO.astype(np.int64),
    ],
    ids=["PIL", "RGBA", "float", "16 bit", "int64"],
)
def test_every_form_of_a_picture_gives_the_same_faces(pipeline, expected, form):
    faces = pipeline(form)
    np.testing.assert_array_equal(faces.xyxy, expected.xyxy)
    np.testing.assert_array_equal(faces.data["probabilities"], expected.data["probabilities"])


def test_a_path_and_a_list(pipeline, expected, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(PHOTO).save(path)
    faces = pipeline([path, str(path), np.zeros((100, 100), np.uint8)])
    assert [len(one) for one in faces] == [1, 1, 0]
    np.testing.assert_array_equal(faces[0].xyxy, expected.xyxy)


@pytest.mark.parametrize("picture", [np.full((9, 9), 7.5), np.zeros((2, 3, 4, 5)), "absent.jpg"])
def test_what_is_no_picture_is_refused_with_a_sentence(pipeline, picture):
    with pytest.raises(ImageError, match=r"^[A-Z].*[.;]"):
        pipeline(picture)


def test_a_pickled_pipeline_gives_the_same_faces(pipeline, expected):
    copied = pickle.loads(pickle.dumps(pipeline))
    faces = pickle.loads(pickle.dumps(copied(PHOTO)))
    np.testing.assert_array_equal(faces.xyxy, expected.xyxy)
    np.testing.assert_array_equal(faces.data["probabilities"], expected.data["probabilities"])
    assert copied.classifier.fingerprint() == pipeline.classifier.fingerprint()


def test_a_stream_numbers_its_faces(pipeline):
    tracks = [faces.tracker_id.tolist() for faces in pipeline.stream([PHOTO] * 3, rate=10)]
    assert tracks == [[], [1], [1]]  # it counts when it is detected again


def test_a_table_has_a_row_a_face(pipeline, expected):
    table = fer.to_dataframe([expected, expected[:0], expected])
    assert table["picture"].tolist() == [0, 2]
    assert table["face"].tolist() == [1, 1]
    assert table["expression"].tolist() == ["happy", "happy"]
    np.testing.assert_array_equal(
        table[list(EXPRESSIONS)].to_numpy()[1], expected.data["probabilities"][0]
    )
    assert table["right"][0] == expected.xyxy[0, 2]
    tracked = fer.to_dataframe(pipeline.stream([PHOTO] * 3))
    assert tracked["track"].tolist() == [1, 1]
    assert tracked["picture"].tolist() == [1, 2]


@pytest.mark.parametrize("nothing", [[], "no face"])
def test_a_table_without_faces_has_its_columns(expected, nothing):
    table = fer.to_dataframe(expected[:0] if nothing == "no face" else nothing)
    assert len(table) == 0
    assert {"picture", "face", "expression", "happy", "left"} <= set(table.columns)


def test_pictures_without_faces_leave_the_columns_types(expected):
    tables = [fer.to_dataframe(faces) for faces in (expected, [expected[:0], expected], [])]
    assert tables[1].dtypes.equals(tables[0].dtypes) and tables[2].dtypes.equals(tables[0].dtypes)


def test_public_names_are_listed_before_they_are_imported():
    assert set(fer.__all__) <= set(dir(fer))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="pipline"):
        fer.pipline  # noqa: B018
