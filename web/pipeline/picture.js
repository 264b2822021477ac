// Pictures as bytes in the order of an ImageData: red, green, blue and a fourth byte that isn't read.
//
// A picture is {data, width, height, offset, stride}. A view of a part shares the bytes of the whole, so
// that nothing is copied to read a part.

/** Returns a new picture; its bytes are 0. */
export function create(width, height) {
  return { data: new Uint8Array(4 * width * height), width, height, offset: 0, stride: 4 * width };
}

/** Returns an ImageData as a picture, which shares its bytes. */
export function fromImageData({ data, width, height }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { data: bytes, width, height, offset: 0, stride: 4 * width };
}

/** Returns the part of a picture from left and top up to right and bottom, in whole pixels inside it. */
export function view(picture, left, top, right, bottom) {
  const offset = picture.offset + top * picture.stride + 4 * left;
  return { ...picture, offset, width: right - left, height: bottom - top };
}

/** Returns a mirrored copy. */
export function mirror({ data, width, height, offset, stride }) {
  const mirrored = create(width, height);
  const target = mirrored.data;
  for (let y = 0, to = 0; y < height; y++) {
    for (let from = offset + y * stride + 4 * (width - 1), x = 0; x < width; x++, from -= 4, to += 4) {
      target[to] = data[from];
      target[to + 1] = data[from + 1];
      target[to + 2] = data[from + 2];
    }
  }
  return mirrored;
}

/** Returns a copy turned clockwise by 90, 180 or 270 degrees; see `rotate_image` in fer/vision/rotation.py. */
export function quarterTurn(picture, degrees) {
  const { data, width, height, offset, stride } = picture;
  const turned = degrees % 180 ? create(height, width) : create(width, height);
  const target = turned.data;
  const [start, acrossStep, downStep] = {
    90: [(height - 1) * stride, -stride, 4],
    180: [(height - 1) * stride + 4 * (width - 1), -4, -stride],
    270: [4 * (width - 1), stride, -4],
  }[degrees];
  for (let y = 0, to = 0; y < turned.height; y++) {
    for (let from = offset + start + y * downStep, x = 0; x < turned.width; x++, from += acrossStep, to += 4) {
      target[to] = data[from];
      target[to + 1] = data[from + 1];
      target[to + 2] = data[from + 2];
    }
  }
  return turned;
}

/** Returns a copy of a square that may leave the picture, whose border pixels then go on. */
export function cutSquare({ data, width, height, offset, stride }, left, top, side) {
  const square = create(side, side);
  const target = square.data;
  for (let y = 0, to = 0; y < side; y++) {
    const row = offset + Math.min(Math.max(top + y, 0), height - 1) * stride;
    for (let x = 0; x < side; x++, to += 4) {
      const from = row + 4 * Math.min(Math.max(left + x, 0), width - 1);
      target[to] = data[from];
      target[to + 1] = data[from + 1];
      target[to + 2] = data[from + 2];
    }
  }
  return square;
}

/** Returns the luminance of each pixel as OpenCV computes it, a byte each. */
export function luminance({ data, width, height, offset, stride }) {
  return weighted(data, width, height, offset, stride, 9798, 19235, 3735, 15);
}

/** Returns the luminance of each pixel as Pillow computes it, a byte each. */
export function grey({ data, width, height, offset, stride }) {
  return weighted(data, width, height, offset, stride, 19595, 38470, 7471, 16);
}

function weighted(data, width, height, offset, stride, red, green, blue, bits) {
  const values = new Uint8Array(width * height);
  const half = 1 << (bits - 1);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = offset + y * stride; x < width; x++, from += 4) {
      values[to++] = (red * data[from] + green * data[from + 1] + blue * data[from + 2] + half) >> bits;
    }
  }
  return values;
}
