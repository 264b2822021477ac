"""What teachers say of the training pictures."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fer.training.teachers import ViewTeachers, taught, view_teachers

from fer.model.classifier import EMBEDDED, ExpressionClassifier, ModelError
from fer.model.heads import Heads
from fer.model.modeling_fer import FerOutput
from fer.training.arguments import TrainingOptions
from fer.training.evaluation import BATCH
from fer.training.networks import build_start


@pytest.fixture
def other(tmp_path):
    """A folder with the embedded network, but for its temperature; its first head is shown."""
    folder = shutil.copytree(EMBEDDED, tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    config |= {"temperature": 5.0, "ferplus_share": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_teachers_are_averaged_over_both_sides(other):
    faces = np.random.default_rng(0).integers(0, 256, (BATCH + 2, 48, 48), np.uint8)
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    teachers = [ExpressionClassifier.load(), ExpressionClassifier.load(other)]
    teachers[0].heads = replace(teachers[0].heads, ferplus_share=0.0)
    expected = [(each.classify(faces[-2:]) + each.classify(mirrored[-2:])) / 2 for each in teachers]
    answer = taught([str(EMBEDDED), other], faces)
    assert answer.dtype == torch.float32 and answer.shape == (BATCH + 2, 7)
    np.testing.assert_allclose(answer[-2:], sum(expected) / 2, atol=1e-5)
    both_sides = taught([str(EMBEDDED)], mirrored[-2:])
    np.testing.assert_allclose(both_sides, expected[0], atol=1e-5)


def test_a_teacher_that_is_none():
    with pytest.raises(ModelError, match="is neither a folder here nor a Hub id"):
        taught(["no where"], np.zeros((1, 48, 48), np.uint8))


class Told(torch.nn.Module):
    """Answers with what it was told."""

    def __init__(self, expression, other):
        super().__init__()
        self.expression, self.other = expression, other
        self.nothing = torch.nn.Parameter(torch.zeros(()))

    def forward(self, pixel_values):
        self.seen = pixel_values.dtype
        first, second = torch.zeros(len(pixel_values), 7), torch.zeros(len(pixel_values), 8)
        first[:, self.expression] = 2.0
        second[:, self.other] = 3.0
        return FerOutput(logits=first, ferplus_logits=second)


def told(expression, other, **heads):
    return SimpleNamespace(network=Told(expression, other), heads=Heads(**heads))


def test_both_heads_teach_by_their_calibrated_logits():
    twice, once = told(3, 1, temperature=0.5), told(6, 0, ferplus_temperature=3.0)
    teachers = ViewTeachers([(twice, 2), (once, 1)], share=0.25)
    labels, votes = torch.eye(7)[[3, 4]], torch.stack([torch.eye(8)[2], torch.zeros(8)])
    first, second = teachers(torch.zeros(2, 1, 40, 40), labels, votes)
    says = torch.zeros(7)
    says[3], says[6] = 2 / 3 * 2 / 0.5, 1 / 3 * 2
    torch.testing.assert_close(first, 0.75 * labels + 0.25 * says.softmax(0))
    says = torch.zeros(8)
    says[1], says[0] = 2 / 3 * 3, 1 / 3 * 3 / 3
    torch.testing.assert_close(second[0], 0.75 * votes[0] + 0.25 * says.softmax(0))
    torch.testing.assert_close(second[1], says.softmax(0))  # nobody voted


def test_who_stands_there_twice_is_asked_once_and_counts_twice(other):
    options = TrainingOptions(
        teachers=(str(EMBEDDED), other, str(EMBEDDED)),
        teach_views=True, view_size=44, teacher_share=0.3,
    )  # fmt: skip
    taught_by = view_teachers(options, build_start(options).processor)
    assert [(one.name, weight) for one, weight in taught_by.teachers] == [
        (str(EMBEDDED), 2),
        (other, 1),
    ]
    assert taught_by.share == 0.3 and taught_by.asked is None
    assert view_teachers(replace(options, teach_views=False), None) is None


def test_drawn_teachers_count_in_the_long_run_as_if_all_were_asked():
    people = [(told(n, n), times) for n, times in ((0, 1), (1, 1), (2, 3))]
    torch.manual_seed(0)
    for asked in (1, 2):
        teachers, counted, most = ViewTeachers(people, share=0.5, asked=asked), np.zeros(3), 0
        for _ in range(400):
            drawn = teachers._drawn()
            assert sum(weight for _, weight in drawn) == pytest.approx(1)
            most = max(most, len(drawn))
            for person, weight in drawn:
                counted[person.network.expression] += weight / 400
        assert most == asked
        np.testing.assert_allclose(counted, [0.2, 0.2, 0.6], atol=0.06)


def test_only_who_is_drawn_is_heard():
    teachers = ViewTeachers([(told(0, 0), 1), (told(1, 1), 1)], share=0.5, asked=1)
    answer, _ = teachers(torch.zeros(1, 1, 40, 40), torch.zeros(1, 7), torch.zeros(1, 8))
    assert int((answer[0, :2] > answer[0, 2]).sum()) == 1
    with pytest.raises(ValueError, match="--teachers-asked needs --teach-views"):
        TrainingOptions(teachers=(str(EMBEDDED),), teachers_asked=1)


def test_teachers_compute_in_what_the_training_does():
    teacher = told(0, 0)
    teachers = ViewTeachers([(teacher, 1)], share=0.5, dtype=torch.bfloat16)
    answer, _ = teachers(torch.zeros(1, 1, 40, 40), torch.zeros(1, 7), torch.zeros(1, 8))
    assert teacher.network.seen == teacher.network.nothing.dtype == torch.bfloat16
    assert answer.dtype == torch.float32


def test_a_teacher_of_views_sees_what_is_learned():
    options = TrainingOptions(teachers=(str(EMBEDDED),), teach_views=True, view_size=40)
    with pytest.raises(ValueError, match="sees the middle 44 pixels of a face, the network"):
        view_teachers(options, build_start(options).processor)


def test_a_teacher_of_views_has_two_heads(tmp_path):
    options = TrainingOptions(teachers=(str(tmp_path),), teach_views=True)
    start = build_start(TrainingOptions(arch="vit"))
    start.model.save_pretrained(tmp_path)
    start.processor.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="has no two heads; leave it or --teach-views out"):
        view_teachers(options, build_start(options).processor)


def test_views_are_taught_by_teachers_to_a_network_of_this_project():
    with pytest.raises(ValueError, match="--teach-views needs --teachers"):
        TrainingOptions(teach_views=True)
    with pytest.raises(ValueError, match="has views to teach; leave --teach-views out"):
        build_start(TrainingOptions(teachers=(str(EMBEDDED),), teach_views=True, arch="vit"))
