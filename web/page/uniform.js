// A picture of a single colour, as a closed shutter or a switched-off camera sends: nobody is in it, but
// that is no evidence of an empty room. See fer/ui/live/camera_monitor.py.

const SAMPLE_STEP = 16; // pixels; nearly all pictures differ in a few pixels already

/** Returns whether an ImageData has a single colour, apart from `range` grey levels. */
export const isUniform = (image, range) => [SAMPLE_STEP, 1].every((step) => hasSmallRange(image, range, step));

function hasSmallRange({ data, width, height }, range, step) {
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = 4 * (y * width + x);
      for (let channel = 0; channel < 3; channel++) {
        const value = data[at + channel];
        if (value < low[channel]) low[channel] = value;
        if (value > high[channel]) high[channel] = value;
        if (high[channel] - low[channel] > range) return false;
      }
    }
  }
  return true;
}
