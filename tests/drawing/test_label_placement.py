"""Captions beside faces: on random layouts, in a corner, and from one frame to the next."""

import numpy as np
import pytest

from fer.drawing.label_placement import LabelPlacer

FRAME = 1920, 1080
TEXT, NUMBER = (130, 27), (28, 27)
GAP = 4


def layout(faces, seed):
    """Boxes of faces at random places, overlapping by a tenth of their side at most."""
    rng = np.random.default_rng(seed)
    side = 0.5 * np.sqrt(FRAME[0] * FRAME[1] / faces)
    boxes = np.empty((0, 4), np.float32)
    while len(boxes) < faces:
        width = rng.uniform(0.5, 1) * side
        corner = rng.uniform((0, 0), np.array(FRAME) - width)
        box = np.concatenate([corner, corner + width])
        if shared(box, boxes, 0.1 * width) == 0:
            boxes = np.vstack([boxes, box]).astype(np.float32)
    return boxes


def shared(box, others, tolerance=0.0):
    """Return the pixels of others that a box covers, each overlap less a margin on each side."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    return np.maximum(high - low - tolerance, 0).prod(axis=1).sum()


def place(boxes, placer=None, ids=None, frame=FRAME, text=TEXT):
    sizes = np.tile(np.array([text, NUMBER]), (len(boxes), 1, 1))
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return (placer or LabelPlacer()).place(boxes, sizes, frame, GAP, ids)


def rectangles(placements):
    return np.array([placement.xyxy for placement in placements])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("faces", [5, 27, 100])
def test_captions_cover_neither_faces_nor_each_other(faces, seed):
    boxes = layout(faces, seed)
    captions = rectangles(place(boxes))
    assert (captions[:, :2] >= 0).all() and (captions[:, 2:] <= FRAME).all()
    others = [np.delete(boxes, face, axis=0) for face in range(faces)]
    covered = sum(map(shared, captions, others))
    assert covered < 0.02 * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1).sum()
    assert sum(shared(box, np.delete(captions, i, axis=0)) for i, box in enumerate(captions)) == 0


def test_faces_wall_to_wall_have_their_numbers_in_their_own_corners():
    boxes = [[x, y, x + 120, y + 108] for x in range(0, 1920, 120) for y in range(0, 1080, 108)]
    placements = place(boxes)
    assert all(placement.number_only for placement in placements)
    captions = rectangles(placements)
    assert (captions[:, :2] >= np.array(boxes)[:, :2]).all()
    assert (captions[:, 2:] <= np.array(boxes)[:, 2:]).all()


@pytest.mark.parametrize(
    ("box", "place_of_it"),
    [
        ([500, 500, 600, 600], (500, 473)),  # above
        ([500, 10, 600, 110], (500, 110)),  # no room above: below
        ([1850, 500, 1900, 600], (1790, 473)),  # moved to the left
        ([500, 5, 700, 1075], (700, 5)),  # no room above or below: to the right
        ([0, 0, 1920, 1080], (0, 0)),  # no room at all: within
    ],
)
def test_a_lone_face_has_its_whole_caption(box, place_of_it):
    (placement,) = place([box])
    assert placement.xyxy[:2] == place_of_it and not placement.number_only


def test_a_face_that_fills_a_tiny_picture_is_not_hidden_by_its_caption():
    (placement,) = place([[6, 2, 44, 48]], frame=(48, 48), text=(76, 16))
    assert placement.number_only
    (placement,) = place([[0, 0, 110, 110]], frame=(110, 110), text=(76, 16))
    assert not placement.number_only  # here it hides a tenth


def test_a_face_walled_in_by_others_has_a_number_with_a_line():
    walls = [[480, 480, 500, 560], [540, 480, 560, 560], [500, 480, 540, 500], [500, 540, 540, 560]]
    *_, middle = place([*walls, [500, 500, 540, 540]])
    assert middle.number_only and middle.leader
    assert shared(np.array(middle.xyxy), np.array(walls)) == 0


def test_a_caption_keeps_its_side_while_its_face_moves():
    """A face that comes up to the edge and goes down again: its caption changes sides once."""
    placer, offsets = LabelPlacer(), []
    for top in [*range(60, 5, -1), *range(5, 60)]:
        boxes = [[500, top, 600, top + 100], [1000, 500, 1100, 600]]
        offsets.append(place(boxes, placer, ids=[1, 2])[0].xyxy[1] - top)
    assert np.count_nonzero(np.diff(offsets)) == 1


def test_noise_moves_no_caption_to_another_side():
    placer, rng = LabelPlacer(), np.random.default_rng(0)
    boxes, before, jumps = layout(27, 0), None, 0
    for _ in range(40):
        noisy = boxes + rng.normal(0, 1, boxes.shape).astype(np.float32)
        order = rng.permutation(27)
        placed = rectangles(place(noisy[order], placer, ids=[int(i) for i in order]))
        offsets = (placed[:, :2] - noisy[order, :2])[order.argsort()]
        if before is not None:
            jumps += int((np.abs(offsets - before).max(axis=1) > 10).sum())
        before = offsets
    assert jumps <= 3


def test_a_caption_makes_room_for_a_new_face():
    placer = LabelPlacer()
    first = [500, 500, 600, 600]
    assert place([first], placer, ids=[1])[0].xyxy == (500, 473, 630, 500)
    newcomer = [520, 400, 600, 480]
    placed = rectangles(place([first, newcomer], placer, ids=[1, 2]))
    assert shared(placed[0], np.array([newcomer])) == 0


def test_a_wide_caption_is_cut_to_its_number_when_a_fifth_face_comes():
    placer, boxes = LabelPlacer(), [[200 * x, 500, 200 * x + 30, 540] for x in range(1, 6)]
    assert not any(each.number_only for each in place(boxes[:4], placer, ids=[1, 2, 3, 4]))
    assert all(each.number_only for each in place(boxes, placer, ids=[1, 2, 3, 4, 5]))


def test_the_caption_of_a_lone_face_stays_when_another_comes_back_whose_number_is_lower():
    placer, boxes = LabelPlacer(), [[500, 500, 600, 600], [600, 500, 700, 600]]
    before = place(boxes[:1], placer, ids=[9])
    assert place(boxes, placer, ids=[9, 3])[0] == before[0]
