"""MTCNN's three networks, one stage at a time, each on a whole batch.

Zhang et al. 2016, https://arxiv.org/abs/1604.02878. The arithmetic on boxes is that of
facenet-pytorch (MIT), from where the networks come; what differs is how pictures are brought to
size (by OpenCV, from bytes), and that each stage can be run by itself, so that a known face needs
only the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from supervision import OverlapMetric, box_non_max_suppression

from fer.array_types import BoolArray, Float32Array, Int64Array, UInt8Array
from fer.vision.boxes import box_centers, square_boxes
from fer.vision.mtcnn_input import crop_boxes, crop_tilted, resize, to_pixels
from fer.vision.mtcnn_networks import STRIDE, Stage
from fer.vision.pyramid import PNET_WINDOW, Tile
from fer.vision.rotation import rotate_boxes, rotate_points

REFINEMENT_SIDE, OUTPUT_SIDE = 24, 48
"""Side of the input of the second and of the third network, in pixels."""

BATCH_SIZE = 256
"""Windows per batch of a network: those of a crowd at once would take gigabytes."""

CENTER_SCALE = 0.8
"""Side of the middle of a face that is scored again, over the face's side."""

TILE_IOU, STAGE_IOU, FACE_CONTAINMENT = 0.5, 0.7, 0.7
"""Overlap with a better box above which a box goes: over union in a tile and after the first two
networks, over the smaller one of the two among faces."""

EMPTY_PROPOSALS = (
    np.empty((0, 4), np.float32),
    np.empty(0, np.float32),
    np.empty((0, 4), np.float32),
)


@dataclass(frozen=True)
class Candidates:
    """Boxes on their way through the stages.

    Attributes:
        xyxy: float32 (n, 4) in the picture's pixels; they may leave it.
        score: float32 (n,) of the stage before.
        landmarks: float32 (n, 5, 2) after the last stage, (0, 5, 2) before.
    """

    xyxy: Float32Array
    score: Float32Array
    landmarks: Float32Array = field(default_factory=lambda: np.empty((0, 5, 2), np.float32))

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.xyxy)

    def __getitem__(self, selected: BoolArray | Int64Array) -> "Candidates":
        """Return the boxes that a mask or an array of indices chooses."""
        landmarks = self.landmarks[selected] if len(self.landmarks) else self.landmarks
        return Candidates(self.xyxy[selected], self.score[selected], landmarks)

    def with_replaced(self, which: BoolArray, others: "Candidates") -> "Candidates":
        """Return a copy with the boxes that a mask chooses replaced by others, in their order."""
        copy = Candidates(self.xyxy.copy(), self.score.copy(), self.landmarks.copy())
        copy.xyxy[which], copy.score[which] = others.xyxy, others.score
        copy.landmarks[which] = others.landmarks
        return copy


class MtcnnCascade:
    """The three networks; read only, so threads may share it.

    Args:
        proposal: P-Net; maps (n, 3, h, w) to box corrections (n, 4, h', w') and scores.
        refinement: R-Net; maps (n, 3, 24, 24) to box corrections (n, 4) and scores (n, 2).
        output: O-Net; maps (n, 3, 48, 48) to corrections, landmarks (n, 10) and scores.
    """

    def __init__(self, proposal: Stage, refinement: Stage, output: Stage) -> None:
        """Take the networks over."""
        self._proposal, self._refinement, self._output = proposal, refinement, output

    def propose(self, image: UInt8Array, tiles: Sequence[Tile], threshold: float) -> Candidates:
        """Search tiles of a picture with the first network.

        Args:
            image: RGB uint8 (h, w, 3).
            tiles: The regions to search, each at its scale.
            threshold: Least score, 0 to 1.
        """
        found = [EMPTY_PROPOSALS, *(self._propose_tile(image, tile, threshold) for tile in tiles)]
        windows, scores, corrections = (np.concatenate(rows) for rows in zip(*found, strict=True))
        kept = _non_max_suppression(windows, scores, STAGE_IOU)
        windows = windows[kept]
        xyxy = windows + corrections[kept] * np.tile(windows[:, 2:] - windows[:, :2], 2)
        return Candidates(square_boxes(xyxy), scores[kept])

    def refine(self, image: UInt8Array, candidates: Candidates, threshold: float) -> Candidates:
        """Correct boxes and drop those that the second network scores below `threshold`."""
        inside, crops = crop_boxes(image, candidates.xyxy, REFINEMENT_SIDE)
        candidates = candidates[inside]
        if not len(candidates):
            return candidates
        corrections, scores = _run(self._refinement, crops)
        scores = scores[:, 1]
        passed = scores > threshold
        squares, scores = candidates.xyxy[passed], scores[passed]
        kept = _non_max_suppression(squares, scores, STAGE_IOU)
        xyxy = _regress_boxes(squares[kept], corrections[passed][kept])
        return Candidates(square_boxes(xyxy), scores[kept])

    def finalize(
        self,
        image: UInt8Array,
        candidates: Candidates,
        threshold: float,
        rolls: Float32Array | None = None,
    ) -> Candidates:
        """Return final boxes with landmarks, as `score_faces` has them, the `best_of` them."""
        return best_of(self.score_faces(image, candidates, rolls), threshold)

    def score_faces(
        self, image: UInt8Array, candidates: Candidates, rolls: Float32Array | None = None
    ) -> Candidates:
        """Return the third network's output for squares that are in the picture at least partly.

        Args:
            image: RGB uint8 (h, w, 3).
            candidates: n squares.
            rolls: Degrees (n,) by which the faces are known to be tilted; tilted squares are
                turned upright before they are scored. None are upright.

        Returns:
            Boxes, scores and landmarks in the picture, one a square and in their order.
        """
        inside, crops = crop_boxes(image, candidates.xyxy, OUTPUT_SIDE)
        squares = candidates.xyxy[inside]
        if not len(squares):
            return Candidates(squares, candidates.score[inside])
        if rolls is not None:
            rolls = rolls[inside]
            crop_tilted(crops, image, squares, rolls)
        corrections, points, scores = _run(self._output, crops)
        boxes, landmarks = _regress_boxes(squares, corrections), _to_landmarks(squares, points)
        found = Candidates(boxes, scores[:, 1], landmarks)
        return found if rolls is None else _turn_back(found, squares, rolls)

    def rescore(
        self,
        image: UInt8Array,
        found: Candidates,
        squares: Float32Array,
        rolls: Float32Array | None = None,
    ) -> Candidates:
        """Score faces again by a mean of three: their score, their middle's, and mirrored.

        What is mistaken for a face seldom is so mirrored. A face that is cut off or fills its
        frame keeps its score by its middle. What is outside of the picture scores 0.

        Args:
            image: RGB uint8 (h, w, 3).
            found: n faces with the scores so far.
            squares: Squares (n, 4) that are mirrored.
            rolls: Degrees (n,) by which the faces are tilted; None are upright.
        """
        middles = square_boxes(found.xyxy, CENTER_SCALE)
        mirrored = self._score(image, squares, rolls, mirrored=True)
        scores = np.stack([found.score, self._score(image, middles, rolls), mirrored])
        return replace(found, score=scores.mean(axis=0, dtype=np.float32))

    def _score(
        self,
        image: UInt8Array,
        squares: Float32Array,
        rolls: Float32Array | None,
        mirrored: bool = False,
    ) -> Float32Array:
        """Return the third network's scores of squares (n,), 0 outside of the picture."""
        inside, crops = crop_boxes(image, squares, OUTPUT_SIDE)
        scores = np.zeros(len(squares), np.float32)
        if not inside.any():
            return scores
        if rolls is not None:
            crop_tilted(crops, image, squares[inside], rolls[inside])
        seen = np.ascontiguousarray(crops[:, :, ::-1]) if mirrored else crops
        scores[inside] = _run(self._output, seen)[2][:, 1]
        return scores

    def _propose_tile(
        self, image: UInt8Array, tile: Tile, threshold: float
    ) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Return one part's windows (n, 4), their scores (n,) and corrections (n, 4)."""
        region = image[tile.top : tile.bottom, tile.left : tile.right]
        height, width = region.shape[:2]
        size = (
            max(PNET_WINDOW, round(width * tile.scale)),
            max(PNET_WINDOW, round(height * tile.scale)),
        )
        small = resize(region, size)[None]
        corrections, scores = _run(self._proposal, small)
        scores = scores[0, 1]  # (h', w')
        rows, columns = np.nonzero(scores >= threshold)
        ratio = np.array([width / size[0], height / size[1]], np.float32)
        corner = STRIDE * np.column_stack([columns, rows]).astype(np.float32)
        first = np.floor((corner + 1) * ratio)
        last = np.floor((corner + PNET_WINDOW) * ratio)
        windows = np.column_stack([first, last]) + np.array([tile.left, tile.top] * 2, np.float32)
        scores = scores[rows, columns]
        kept = _non_max_suppression(windows, scores, TILE_IOU)
        return windows[kept], scores[kept], corrections[0, :, rows[kept], columns[kept]]


def _run(network: Stage, pictures: UInt8Array) -> list[Float32Array]:
    """Return a network's output for uint8 (n, h, w, 3), n at least 1, batch by batch."""
    batches = [pictures[i : i + BATCH_SIZE] for i in range(0, len(pictures), BATCH_SIZE)]
    outputs = [network(to_pixels(batch)) for batch in batches]
    return [np.concatenate(rows) for rows in zip(*outputs, strict=True)]


def best_of(found: Candidates, threshold: float) -> Candidates:
    """Return the faces that score above `threshold`.

    Of boxes of which one covers the other, see `FACE_CONTAINMENT`, the better one stays.
    """
    found = found[found.score > threshold]
    scored = np.column_stack([found.xyxy, found.score])
    return found[box_non_max_suppression(scored, FACE_CONTAINMENT, OverlapMetric.IOS)]


def _turn_back(found: Candidates, squares: Float32Array, rolls: Float32Array) -> Candidates:
    """Return faces that were found in tilted squares where they are in the picture."""
    centers = box_centers(squares)
    return Candidates(
        np.where(rolls[:, None], rotate_boxes(found.xyxy, centers, rolls), found.xyxy),
        found.score,
        rotate_points(found.landmarks, centers, rolls),
    )


def _non_max_suppression(xyxy: Float32Array, scores: Float32Array, overlap: float) -> Int64Array:
    """Return the indices that non-maximum suppression keeps, best first.

    Args:
        xyxy: Boxes (n, 4).
        scores: Above 0, (n,).
        overlap: Overlap over union up to which both of two boxes are kept.
    """
    if len(xyxy) < 2:
        return np.arange(len(xyxy))
    # OpenCV's, as supervision's computes the overlap of all pairs first: with the same boxes,
    # detection in a crowd took half as long again.
    xywh = np.column_stack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]]).astype(np.float64)
    kept = cv2.dnn.NMSBoxes(xywh, scores, 0, overlap)  # type: ignore[arg-type]  # takes arrays
    return np.asarray(kept, np.int64)


def _regress_boxes(xyxy: Float32Array, corrections: Float32Array) -> Float32Array:
    """Move each edge by its correction, which is in sides of the box."""
    return xyxy + corrections * np.tile(_box_extents(xyxy), 2)


def _to_landmarks(xyxy: Float32Array, points: Float32Array) -> Float32Array:
    """Turn the third network's (n, 10), x before y and in sides of the box, into (n, 5, 2)."""
    points_xy = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    return points_xy * _box_extents(xyxy)[:, None] + xyxy[:, None, :2] - 1


def _box_extents(xyxy: Float32Array) -> Float32Array:
    """Return widths and heights (n, 2), both edges counted."""
    return xyxy[:, 2:] - xyxy[:, :2] + 1
