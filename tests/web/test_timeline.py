"""The page's timeline in JavaScript counts as the Python one does, number by number."""

import json
import shutil
import subprocess

import pytest
from pandas.testing import assert_frame_equal

from fer.timeline.serialization import from_json, to_csv, to_json
from fer.timeline.summary import mean_statistics, summarise
from fer.timeline.timeline import VIEWS
from fer.vision.quality import QUALITY_COLUMNS
from tests.timeline.frames import random_frames, recorded, table_of
from web.page_settings import FILE, text

PROGRAM = """
import { readFileSync } from "node:fs";
import { Timeline } from "./page/timeline.js";
const { views, settings, frames } = JSON.parse(readFileSync(0));
const results = views.map((view) => {
  const timeline = new Timeline(settings, view, new Date("2026-11-29T14:03:05.678Z"));
  for (const [faces, time] of frames) timeline.add(faces, time);
  const refusal = (time) => {
    try { timeline.add([], time); } catch (error) { return error.message; }
  };
  const rows = [...timeline.bins.values()].map((row) => timeline.even(row));
  return {
    json: JSON.stringify(timeline), csv: timeline.toCSV(), mean: timeline.mean(),
    error: timeline.pooledError(rows), seconds: [...timeline.trackSeconds()],
    refused: [NaN, -1, Infinity].map(refusal),
  };
});
process.stdout.write(JSON.stringify(results));
"""

WEB = FILE.parents[1]


def page_face(faces, i, expressions):
    """A face as the page's pipeline returns it."""
    row = faces.data["probabilities"][i]
    return {
        "box": faces.xyxy[i].tolist(),
        "probabilities": row.tolist(),
        "expression": expressions[int(row.argmax())],
        "turnedAway": bool(faces.data["turned_away"][i]),
        "track": int(faces.tracker_id[i]),
        "quality": {name: float(faces.data[name][i]) for name in QUALITY_COLUMNS},
    }


@pytest.fixture(scope="module")
def frames():
    return random_frames(120)


@pytest.fixture(scope="module")
def results(frames):
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    settings = json.loads(FILE.read_text(encoding="utf-8"))
    names = settings["expressions"]
    rows = [([page_face(faces, i, names) for i in range(len(faces))], t) for faces, t in frames]
    call = json.dumps({"views": VIEWS, "settings": settings, "frames": rows})
    command = ["node", "--input-type=module", "-e", PROGRAM]
    done = subprocess.run(command, input=call, capture_output=True, text=True, cwd=WEB)
    assert done.returncode == 0, done.stderr
    return dict(zip(VIEWS, json.loads(done.stdout), strict=True))


def python_timeline(frames, view):
    settings = json.loads(FILE.read_text(encoding="utf-8"))
    return recorded(frames, view=view, uncertain_below=settings["uncertain_below"])


@pytest.mark.parametrize("view", VIEWS)
def test_files_of_the_page_equal_those_of_python(results, frames, view):
    timeline = python_timeline(frames, view)
    assert from_json(results[view]["json"]) == timeline
    document = json.loads(results[view]["json"])
    about = {"model": document["about"]["model"], "started": "2026-11-29T14:03:05+00:00"}
    expected = json.loads(to_json(timeline, about))
    assert document == expected
    table = table_of(results[view]["csv"])
    assert_frame_equal(table, table_of(to_csv(timeline)), check_dtype=False)  # 1 or 1.0


@pytest.mark.parametrize("view", VIEWS)
def test_means_equal_those_of_python(results, frames, view):
    timeline = python_timeline(frames, view)
    for name, value in mean_statistics(timeline).items():
        assert results[view]["mean"][name] == pytest.approx(value, rel=1e-9), name
    summary = summarise(timeline)
    assert results[view]["error"] == pytest.approx(summary.index_error, rel=1e-9)
    seconds = {track.track: track.seconds for track in summary.tracks}
    assert dict(results[view]["seconds"]) == pytest.approx(seconds)


def test_a_time_that_is_none_is_refused(results):
    assert all("0 or more seconds" in refusal for refusal in results["class"]["refused"])


def test_settings_of_the_page_are_current():
    assert FILE.read_text(encoding="utf-8") == text(), "run python -m web.page_settings"
