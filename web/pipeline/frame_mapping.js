// Mapping of coordinates to the next frame when the frame's size changes in mid-stream.
// Mirrors fer/vision/frame_mapping.py.
//
// A mapping is {scale, offset}, factors of x and y and what is added to them then; a rectangle is a box.

import { boxCenter, boxHeight, boxWidth } from "./boxes.js";

/** Returns a box of the first frame in the second. */
export const mapBox = ({ scale, offset }, box) => box.map((edge, i) => Math.fround(edge * scale[i % 2] + offset[i % 2]));

/** Returns the ways in which one picture may have become another, the most likely first. */
export function frameMappings(before, now, { SAME_FORM }) {
  const ratios = [boxWidth(now) / boxWidth(before), boxHeight(now) / boxHeight(before)];
  const [middle, newMiddle] = [boxCenter(before), boxCenter(now)];
  const mapping = (scale) => ({ scale, offset: newMiddle.map((place, axis) => place - scale[axis] * middle[axis]) });
  const stretched = mapping(ratios);
  if (Math.abs(ratios[0] / ratios[1] - 1) < SAME_FORM) return [stretched];
  const turned = Math.sqrt(ratios[0] * ratios[1]); // of turned pictures, as fitted in
  const centred = [turned, Math.min(...ratios), Math.max(...ratios)].map((factor) => mapping([factor, factor]));
  return [...centred, stretched];
}

/** Returns the part of a picture that isn't black bars of equal width on two sides. */
export function contentRectangle(picture, { BAR_STEP }) {
  const { data, width, height, offset, stride } = picture;
  const isLit = (x, y) => {
    const at = offset + y * stride + 4 * x;
    return data[at] > 0 || data[at + 1] > 0 || data[at + 2] > 0;
  };
  const any = (count, test) => {
    for (let i = 0; i < count; i += BAR_STEP) if (test(i)) return true;
    return false;
  };
  const [left, right] = bars(width, (x) => any(height, (y) => isLit(x, y)));
  const [top, bottom] = bars(height, (y) => any(width, (x) => isLit(x, y)));
  return [left, top, width - right, height - bottom];
}

/** Returns the widths of the bars before and after what isn't black; else 0 and 0. */
function bars(length, hasContent) {
  let before = 0;
  while (before < length && !hasContent(before)) before++;
  if (before === length) return [0, 0];
  let after = 0;
  while (!hasContent(length - 1 - after)) after++;
  return Math.abs(before - after) <= 1 ? [before, after] : [0, 0];
}
