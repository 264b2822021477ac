// Numbers as Python has them.

/** Rounds halves to even, as Python's `round` and NumPy do. */
export function round(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Returns the remainder with the sign of the divisor, as Python's `%`. */
export const modulo = (value, divisor) => ((value % divisor) + divisor) % divisor;

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

export const radians = (degrees) => (degrees * Math.PI) / 180;

export const degrees = (angle) => (angle * 180) / Math.PI;

export const sum = (values) => values.reduce((total, value) => total + value, 0);

export const mean = (values) => sum(values) / values.length;

export const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Returns the index of the largest value, the first of equal ones. */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
