// How decoder_wasm_winograd.c is used: for which convolutions, with which weights, in which parts.

/** @import { Layer } from "./decoder_layers.js" */
/** @import { Address, Memory } from "./decoder_wasm.js" */
/** @import { Part } from "./decoder_wasm_threads.js" */

const SIDE = 3; // rows and columns of the kernel
const AT_ONCE = 32; // squares: what is computed of them stays in a processor's cache

// A line of the kernel becomes four numbers: this matrix times the line.
const SPREAD = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]];

/** @param {Layer} layer @param {number} channels of its input */
export function suits({ stride, size, shape: [rows, columns, filters] }, channels) {
  return stride === 1 && size === SIDE
    && rows % 2 === 0 && columns % 2 === 0 && channels % 4 === 0 && filters % 4 === 0;
}

/**
 * Place the weights of a convolution that `suits` and return its parts.
 *
 * @param {Memory} memory
 * @param {number} threads how many there are, each of which needs buffers of its own
 * @param {Layer} layer
 * @param {number} channels
 * @param {number} line values from a row of the input, which has its padding, to the next one
 * @param {Float32Array} kernel
 * @param {Address} x
 * @param {Address} bias
 * @param {Address} output
 * @returns {Part[]}
 */
export function inSquares(memory, threads, { kind, shape }, channels, line, kernel, x, bias, output) {
  const [rows, columns, filters] = shape;
  const [down, across] = [rows / 2, columns / 2];
  const part = Math.min(down, Math.ceil(AT_ONCE / across));
  const below = columns * filters;
  const weights = memory.keep(spread(kind, kernel, channels, filters));
  const zeros = memory.take(filters);
  const size = 16 * part * across;
  const lent = memory.lend(threads * size * (channels + filters));
  const buffers = Array.from({ length: threads }, (_, thread) => lent + 4 * thread * size * (channels + filters));
  return Array.from({ length: Math.ceil(down / part) }, (_, place) => {
    const first = place * part;
    const plan = memory.keep(Int32Array.of(Math.min(part, down - first), across, channels, filters, line, below));
    const [from, to] = [x + 4 * 2 * first * line, output + 4 * 2 * first * below];
    const args = buffers.map((own) => [plan, from, weights, zeros, bias, own, own + 4 * size * channels, to]);
    return { name: "winograd", args };
  });
}

/**
 * Return 16 matrices, each for eight filters [channel][8] and for a rest of four [channel][4].
 *
 * @param {Layer["kind"]} kind
 * @param {Float32Array} kernel (3, 3, C, F), or of a transposed convolution (3, 3, F, C)
 * @param {number} channels
 * @param {number} filters
 */
function spread(kind, kernel, channels, filters) {
  const size = channels * filters;
  const all = new Float32Array(16 * size);
  const transposed = kind === "convT";
  for (let c = 0; c < channels; c++) {
    for (let f = 0; f < filters; f++) {
      const first = f - (f % 8);
      const width = Math.min(8, filters - first);
      const place = first * channels + c * width + (f % 8);
      for (let p = 0; p < 16; p++) {
        const [down, across] = [SPREAD[p >> 2], SPREAD[p & 3]];
        let sum = 0;
        for (let tap = 0; tap < SIDE * SIDE; tap++) {
          // A transposed convolution of stride 1 is one with its kernel turned by 180°.
          const weight = transposed
            ? kernel[(SIDE * SIDE - 1 - tap) * size + f * channels + c]
            : kernel[tap * size + c * filters + f];
          sum += down[Math.floor(tap / SIDE)] * across[tap % SIDE] * weight;
        }
        all[p * size + place] = sum;
      }
    }
  }
  return all;
}
