import numpy as np
import pytest
from supervision import Detections

from fer.ui.photo.tab import EXAMPLES
from web import agreement, javascript
from web.agreement import Agreement, find_files, pair_faces

NEUTRAL = [0.0] * 6 + [1.0]


def faces(*boxes, tracks=None):
    return Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        tracker_id=tracks and np.array(tracks),
        data={"probabilities": np.array([NEUTRAL] * len(boxes), np.float32).reshape(-1, 7)},
    )


def answer(*boxes, expression="neutral", track=1, row=NEUTRAL):
    face = {"expression": expression, "track": track, "probabilities": row}
    return {"milliseconds": 2.0, "faces": [{**face, "box": box} for box in boxes]}


def test_faces_are_paired_by_place():
    theirs = answer([100, 0, 140, 40], [1, 0, 41, 40])["faces"]
    assert pair_faces(np.array([[0.0, 0, 40, 40], [300, 0, 340, 40]]), theirs) == [(0, 1)]
    assert pair_faces(np.empty((0, 4)), theirs) == []


def test_what_differs_is_counted():
    found = Agreement()
    found.add(faces([0, 0, 40, 40], tracks=[1]), answer([0, 0, 40, 40]))
    other = [0.1] + [0.0] * 5 + [0.9]
    found.add(
        faces([0, 0, 40, 40], tracks=[2]), answer([0, 3, 40, 40], expression="sad", row=other)
    )
    text = found.text()
    assert "2 faces in Python, 2 in JavaScript, 2 in both; same label 1/2, same track 1" in text
    assert "at most 0.1000 (50.0% within 0.02), boxes by at most 3.00 pixels (50.0%" in text
    assert (found + found).pairs == 4


def test_pictures_and_videos_are_found_in_folders(tmp_path):
    for name in ("a.JPG", "sub/b.mp4", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in find_files([tmp_path])] == ["a.JPG", "b.mp4"]


def test_missing_node_is_explained(monkeypatch):
    monkeypatch.setattr(javascript, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"Node\.js is not installed; install"):
        javascript.JavaScriptPipeline()


def test_missing_packages_are_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(javascript, "which", lambda name: name)
    monkeypatch.setattr(javascript, "WEB", tmp_path)
    with pytest.raises(RuntimeError, match="run npm ci in web/"):
        javascript.JavaScriptPipeline()


@pytest.mark.slow
def test_both_read_the_same_in_a_photo(web_packages, capsys):
    agreement.main([str(EXAMPLES[0])])
    text = capsys.readouterr().out
    assert "1 in both; same label 1/1" in text
    assert "(100.0% within 0.02)" in text
    assert "(100.0% within 1)" in text
