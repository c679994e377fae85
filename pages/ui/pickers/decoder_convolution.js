// Convolutions, and the vector-matrix product that they consist of.

/** @import { Apply, Layer } from "./decoder_layers.js" */
/** @typedef {[input: number, kernel: number]} Tap */

export const FEW = 4; // output channels; with fewer, a convolution sums along the input's channels

/**
 * output[o] += Σ_i x[i] · matrix[i][o], four rows at a time; rows with x = 0 (ReLU) are skipped.
 *
 * @param {Float32Array} x
 * @param {number} from the offset of its rows
 * @param {Float32Array} matrix
 * @param {Float32Array} output
 * @param {number} to the offset of its columns
 * @param {number} rows
 * @param {number} columns
 */
export function addProduct(x, from, matrix, output, to, rows, columns) {
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const a = x[from + i];
    const b = x[from + i + 1];
    const c = x[from + i + 2];
    const d = x[from + i + 3];
    if (a === 0 && b === 0 && c === 0 && d === 0) continue;
    let first = i * columns;
    let second = first + columns;
    let third = second + columns;
    let fourth = third + columns;
    for (let o = to; o < to + columns; o++) {
      output[o] += a * matrix[first++] + b * matrix[second++] + c * matrix[third++] + d * matrix[fourth++];
    }
  }
  for (; i < rows; i++) {
    const a = x[from + i];
    for (let o = 0; o < columns; o++) output[to + o] += a * matrix[i * columns + o];
  }
}

/** The same product for few columns, with a transposed matrix. @type {typeof addProduct} */
function addDots(x, from, matrix, output, to, rows, columns) {
  for (let o = 0; o < columns; o++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += x[from + i] * matrix[o * rows + i];
    output[to + o] += sum;
  }
}

/**
 * Apply both kinds of convolution: an output pixel gathers input pixels through kernel taps. The
 * input pixels of a row of taps are adjacent, so a row is one product with its part of the kernel.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 * @param {Float32Array} kernel
 * @param {Float32Array} bias
 * @param {Float32Array} output
 * @returns {Apply}
 */
export function convolution(layer, [height, width, channels], kernel, bias, output) {
  const [rows, columns] = layer.shape;
  const filters = bias.length;
  const part = kernelParts(layer, kernel, channels, filters);
  const add = filters < FEW ? addDots : addProduct;
  const vertical = taps(layer, height, rows);
  const horizontal = taps(layer, width, columns).map((row) => ({
    start: row.length ? row[0][0] * channels : 0,
    count: row.length * channels,
    parts: places(layer).map((u) => part(u, row.map(([, v]) => v))),
  }));
  return (x) => {
    let to = 0;
    for (let p = 0; p < rows; p++) {
      const down = vertical[p];
      for (let q = 0; q < columns; q++, to += filters) {
        const { start, count, parts } = horizontal[q];
        for (let f = 0; f < filters; f++) output[to + f] = bias[f];
        for (let t = 0; t < down.length; t++) {
          const [i, u] = down[t];
          add(x, i * width * channels + start, parts[u], output, to, count, filters);
        }
      }
    }
    return output;
  };
}

/**
 * Return, for each output position along one axis, its taps by input position.
 *
 * @param {Layer} layer
 * @param {number} before the number of input positions
 * @param {number} after the number of output positions
 * @returns {Tap[][]}
 */
function taps(layer, before, after) {
  const { kind, stride } = layer;
  const offset = offsetOf(layer, before, after);
  const rows = places(layer);
  if (kind === "convT") {
    rows.reverse();
    return Array.from({ length: after }, (_, p) =>
      rows
        .map((u) => /** @type {Tap} */ ([(p + offset - u) / stride, u]))
        .filter(([i]) => Number.isInteger(i) && i >= 0 && i < before),
    );
  }
  return Array.from({ length: after }, (_, p) =>
    rows
      .map((u) => /** @type {Tap} */ ([p * stride + u - offset, u]))
      .filter(([i]) => i >= 0 && i < before),
  );
}

/**
 * Return the offset along one axis: tap u leads from output p to input p · stride + u − offset, or
 * in a transposed convolution from input i to output i · stride + u − offset.
 *
 * @param {Layer} layer
 * @param {number} before the number of input positions
 * @param {number} after the number of output positions
 */
export function offsetOf({ kind, stride, padding, size }, before, after) {
  if (padding !== "same") return 0;
  const over = kind === "convT" ? size - stride : (after - 1) * stride + size - before;
  return Math.floor(Math.max(over, 0) / 2);
}

/** The rows of a kernel, or its columns. @param {Layer} layer @returns {number[]} */
export const places = ({ size }) => Array.from({ length: size }, (_, place) => place);

/**
 * Return a function that cuts a part out of a kernel: row u, some columns, all channels, as a
 * matrix [column and channel][filter], transposed for few filters. Kernels are (size, size, C, F),
 * those of transposed convolutions (size, size, F, C).
 *
 * @param {Layer} layer
 * @param {Float32Array} kernel
 * @param {number} channels
 * @param {number} filters
 * @returns {(u: number, columns: number[]) => Float32Array}
 */
function kernelParts({ kind, size }, kernel, channels, filters) {
  /** @type {Map<string, Float32Array>} */
  const made = new Map();
  /** @param {number} u @param {number} v @param {number} c @param {number} f */
  const weight = (u, v, c, f) => {
    const block = (size * u + v) * channels * filters;
    return kernel[block + (kind === "convT" ? f * channels + c : c * filters + f)];
  };
  return (u, columns) => {
    const key = [u, ...columns].join();
    const known = made.get(key);
    if (known) return known;
    const rows = columns.length * channels;
    const matrix = new Float32Array(rows * filters);
    for (let r = 0; r < rows; r++) {
      const [v, c] = [columns[Math.floor(r / channels)], r % channels];
      for (let f = 0; f < filters; f++) {
        matrix[filters < FEW ? f * rows + r : r * filters + f] = weight(u, v, c, f);
      }
    }
    made.set(key, matrix);
    return matrix;
  };
}
