// Turning pictures, faces, boxes and points; degrees are clockwise as seen. Mirrors fer/vision/rotation.py.

import { boxCenter, boxHeight, boxWidth, clipBox } from "./boxes.js";
import { create, quarterTurn, view } from "./picture.js";
import { clip, modulo, radians, round } from "./math.js";

const GREY = 128; // of what lies outside of a picture

/** Returns a point turned about a centre. */
export function rotatePoint([x, y], [centerX, centerY], degrees) {
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  const [dx, dy] = [x - centerX, y - centerY];
  return [cosine * dx - sine * dy + centerX, sine * dx + cosine * dy + centerY];
}

/** Turns what a box holds, taken for the ellipse in it, and returns the box of that. */
export function rotateBox(box, center, degrees) {
  const [x, y] = rotatePoint(boxCenter(box), center, degrees);
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  const [width, height] = [boxWidth(box) / 2, boxHeight(box) / 2];
  const [dx, dy] = [Math.hypot(cosine * width, sine * height), Math.hypot(sine * width, cosine * height)];
  return [x - dx, y - dy, x + dx, y + dy];
}

/** Turns faces with their picture about its middle, on a canvas of another size; both have {width, height}. */
export function rotateFaces(faces, degrees, from, to) {
  const middle = [from.width / 2, from.height / 2];
  const shift = [to.width / 2 - middle[0], to.height / 2 - middle[1]];
  const shifted = (place) => place.map((value, i) => Math.fround(value + shift[i % 2]));
  return faces.map((face) => ({
    ...face,
    box: clipBox(shifted(rotateBox(face.box, middle, degrees)), to.width, to.height),
    landmarks: face.landmarks.map((point) => shifted(rotatePoint(point, middle, degrees))),
  }));
}

/** Turns a picture about its middle, on a canvas that holds all of it. */
export function rotateImage(picture, degrees) {
  if (degrees % 90 === 0) {
    const quarter = modulo(round(degrees / 90), 4) * 90;
    return quarter ? quarterTurn(picture, quarter) : picture;
  }
  const { width, height } = picture;
  const [cosine, sine] = [Math.abs(Math.cos(radians(degrees))), Math.abs(Math.sin(radians(degrees)))];
  const [newWidth, newHeight] = [round(width * cosine + height * sine), round(width * sine + height * cosine)];
  const turn = warpMatrix([width / 2, height / 2], [newWidth / 2, newHeight / 2], -degrees);
  return warp(picture, turn, newWidth, newHeight, false);
}

/** Cuts a tilted square out and turns it upright; where it leaves the picture, border pixels go on. */
export function cutRotatedSquare(picture, [x, y], side, degrees, outputSide) {
  const [region, left, top] = cutRegion(picture, [x, y], side, degrees);
  const middle = outputSide / 2;
  const turn = warpMatrix([x - left, y - top], [middle, middle], degrees, side / outputSide);
  return warp(region, turn, outputSide, outputSide, true);
}

function cutRegion(picture, [x, y], side, degrees) {
  const { width, height } = picture;
  const turn = radians(degrees);
  const reach = (side / 2) * (Math.abs(Math.cos(turn)) + Math.abs(Math.sin(turn))) + 2;
  const within = (value, limit) => Math.trunc(clip(value, 0, limit));
  const left = Math.min(within(x - reach, width), width - 1);
  const top = Math.min(within(y - reach, height), height - 1);
  const right = Math.max(within(x + reach + 1, width), left + 1);
  const bottom = Math.max(within(y + reach + 1, height), top + 1);
  return [view(picture, left, top, right, bottom), left, top];
}

/** Returns the rows of the matrix from target to source pixels, whose middles have whole numbers. */
function warpMatrix(source, target, degrees, scale = 1) {
  const [cosine, sine] = [scale * Math.cos(radians(degrees)), scale * Math.sin(radians(degrees))];
  const [x, y] = [target[0] - 0.5, target[1] - 0.5];
  return [
    [cosine, -sine, source[0] - 0.5 - (cosine * x - sine * y)],
    [sine, cosine, source[1] - 0.5 - (sine * x + cosine * y)],
  ];
}

/**
 * OpenCV's warpAffine, interpolated between pixels; outside of the picture are its border pixels or grey. Places are
 * of 32 bits, as there: else one pixel in 2,000 is rounded otherwise.
 */
function warp(picture, matrix, width, height, replicate) {
  const [[xx, xy, x0], [yx, yy, y0]] = matrix.map((row) => row.map(Math.fround));
  const warped = create(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    const [startX, startY] = [Math.fround(xy * y + x0), Math.fround(yy * y + y0)];
    for (let x = 0; x < width; x++, to += 4) {
      sample(picture, Math.fround(xx * x + startX), Math.fround(yx * x + startY), replicate, warped.data, to);
    }
  }
  return warped;
}

function sample({ data, width, height, offset, stride }, x, y, replicate, target, to) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [x - left, y - top];
  const inside = left >= 0 && top >= 0 && left < width - 1 && top < height - 1;
  for (let channel = 0; channel < 3; channel++) {
    let one, two, three, four;
    if (inside) {
      const at = offset + top * stride + 4 * left + channel;
      [one, two, three, four] = [data[at], data[at + 4], data[at + stride], data[at + stride + 4]];
    } else {
      const value = (column, row) => {
        if (!replicate && (column < 0 || row < 0 || column >= width || row >= height)) return GREY;
        return data[offset + clip(row, 0, height - 1) * stride + 4 * clip(column, 0, width - 1) + channel];
      };
      [one, two, three, four] = [value(left, top), value(left + 1, top), value(left, top + 1), value(left + 1, top + 1)];
    }
    const upper = one + across * (two - one);
    target[to + channel] = round(upper + down * (three + across * (four - three) - upper));
  }
}
