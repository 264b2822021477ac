"""Outputs of single steps of `fer` for a picture, for the golden files."""

from typing import Any

import cv2
import numpy as np
from supervision import Detections

from fer.array_types import Float64Array, Int64Array, UInt8Array
from fer.drawing.label_placement import LabelPlacer
from fer.model.classifier import ExpressionClassifier
from fer.pipeline import Pipeline
from fer.ui.photo.handlers import MIN_FACE_RANGE
from fer.vision.appearance import compute_descriptors
from fer.vision.crops import CropFraming, crop_faces, roll_correction
from fer.vision.detections import boxes, confidences
from fer.vision.detector import PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD, FaceDetector
from fer.vision.mtcnn import Candidates
from fer.vision.mtcnn_input import brighten, resize
from fer.vision.pyramid import pyramid_scales, split_into_tiles, tiles_around
from fer.vision.quality import QUALITY_COLUMNS
from fer.vision.rotation import cut_rotated_square, rotate_image
from fer.vision.scene_change import subsample

FACE = (95.0, 55.0, 195.0, 185.0)
"""A box about the picture's face."""

SMALL = (20, 15)
"""Width and height of the copies that the files hold."""

GAINS = (256, 96, 40, 12)
"""Factors, over 256, by which the picture is darkened."""

LAYOUTS, FRAME, GAP = 50, (480, 270), 4
"""Layouts of faces, width and height of their frame, and pixels between their captions."""


def pixels(image: UInt8Array) -> dict[str, Any]:
    """Return what becomes of pixels: copies at other sizes, crops, brightness, descriptions."""
    area, linear = cv2.INTER_AREA, cv2.INTER_LINEAR
    odd = image[: 256 - 7, : 256 - 20]
    return {
        "mtcnn": resize(image, SMALL),
        "linear": cv2.resize(image[:9, :13], SMALL, interpolation=linear),
        "area": cv2.resize(odd, SMALL, interpolation=area),
        "enlarged": cv2.resize(image[:9, :13], SMALL, interpolation=area),
        "turned": resize(rotate_image(image, 90), SMALL),
        "tilted": resize(rotate_image(image, 30), SMALL),
        "square": cut_rotated_square(image, (200.0, 40.0), 90.0, -25.0, 16),
        "subsample": subsample(odd)[::4, ::4],
        "description": compute_descriptors(image, np.array([FACE]))[0],
        "brightest": [brighten(darkened(image, gain)).max() for gain in GAINS],
        "roll_correction": [
            [degrees, roll_correction(degrees)] for degrees in (0, 2.5, 4.2, -3.5, 30, 100, -176)
        ],
    }


def darkened(image: UInt8Array, gain: int) -> UInt8Array:
    """Return the picture with `gain` / 256 of its light."""
    return (image.astype(int) * gain // 256).astype(np.uint8)


def detection(image: UInt8Array) -> dict[str, Any]:
    """Return where faces are searched and found, stage by stage, and what is read of photos."""
    detector = FaceDetector(min_face=MIN_FACE_RANGE[1])
    pipeline = Pipeline(detector, ExpressionClassifier.load())
    cascade, tiles = detector.cascade, detector._whole_image_tiles(image)
    proposed = cascade.propose(image, tiles, PROPOSAL_THRESHOLD)
    refined = cascade.refine(image, proposed, REFINEMENT_THRESHOLD)
    return {
        **search_tiles(),
        "proposed": candidates(proposed),
        "refined": candidates(refined),
        "final": candidates(cascade.finalize(image, refined, 0.5)),
        "photos": {name: photo(pipeline, each) for name, each in photos(image).items()},
    }


def search_tiles() -> dict[str, Any]:
    """Return the pyramid of a picture of 640 by 480 pixels, its tiles and those around a face."""
    scales = pyramid_scales((640, 480), 40)
    around = tiles_around((640, 480), np.array([[600.0, 300.0, 650.0, 370.0]]))
    tiles = split_into_tiles((640, 480), scales, 10_000)
    return {
        "scales": scales,
        "tiles": [list(vars(tile).values()) for tile in tiles],
        "around": [list(vars(tile).values()) for tile in around],
    }


def candidates(found: Candidates) -> list[dict[str, Any]]:
    """Return the boxes of a stage and their scores."""
    return [
        {"box": box, "score": score} for box, score in zip(found.xyxy, found.score, strict=True)
    ]


def photos(image: UInt8Array) -> dict[str, UInt8Array]:
    """Return photos by name: upright, lying on its side, tilted, dark and without a face."""
    return {
        "upright": image,
        "lying": np.ascontiguousarray(np.rot90(image)),
        "tilted": rotate_image(image, 30),
        "dark": darkened(image, 24),
        "empty": image[176:, :96],
    }


def photo(pipeline: Pipeline, image: UInt8Array) -> list[dict[str, Any]]:
    """Return the faces of a photo, and for each its crop's size and some of its pixels."""
    found = pipeline(image)
    crops = crop_faces(image, found, CropFraming(**pipeline.classifier.framing))
    rows = faces(found)
    for row, crop in zip(rows, crops, strict=True):
        row["crop"] = {"side": len(crop), "pixels": resize(crop, (12, 12))}
    return rows


def faces(found: Detections) -> list[dict[str, Any]]:
    """Return faces as the files have them."""
    return [
        {
            "box": box,
            "score": score,
            "landmarks": found.data["landmarks"][index],
            "probabilities": found.data["probabilities"][index],
            "turned_away": bool(found.data["turned_away"][index]),
            "quality": {name: found.data[name][index] for name in QUALITY_COLUMNS},
        }
        for index, (box, score) in enumerate(zip(boxes(found), confidences(found), strict=True))
    ]


def label_placement() -> list[list[dict[str, Any]]]:
    """Return layouts of one to twelve faces in two frames, and where their captions go.

    Between the frames all move by a few pixels; one leaves where there are two or more, two come.
    """
    generator, layouts = np.random.default_rng(4), []
    for index in range(LAYOUTS):
        placer, count, total = LabelPlacer(), 1 + index % 10, 3 + index % 10
        sides = generator.uniform(15, 70, (total, 1)) * (1, 1.25)
        corners = generator.uniform(-10, FRAME, (total, 2))
        moved = corners + generator.normal(0, 4, corners.shape)
        texts = generator.integers((40, 14), (130, 22), (total, 2))
        sizes = np.stack([texts, np.column_stack([texts[:, 1] + 4, texts[:, 1]])], axis=1)
        tracks, leaders = 1 + generator.permutation(total), index % 3 > 0
        frames = [(corners, np.arange(count)), (moved, np.arange(int(count > 1), total))]
        layouts.append(
            [
                place_labels(
                    placer, np.hstack([at, at + sides])[seen], sizes[seen], tracks[seen], leaders
                )
                for at, seen in frames
            ]
        )
    return layouts


def place_labels(
    placer: LabelPlacer, places: Float64Array, sizes: Int64Array, tracks: Int64Array, leaders: bool
) -> dict[str, Any]:
    """Place the captions of a frame; return what was given and the values of each placement."""
    found = (np.round(4 * places) / 4).astype(np.float32)  # exact, so that all round alike
    placed = placer.place(found, sizes, FRAME, GAP, tracks.tolist(), leaders)
    given = {"boxes": found, "sizes": sizes, "tracks": tracks, "leaders": leaders}
    return {**given, "placements": [list(vars(each).values()) for each in placed]}
