// The fast engine of a decoder: its layers are in decoder_wasm.c, ten to thirty times as fast as those of
// decoder_layers.js, which remain for browsers without WebAssembly, or without its SIMD.

import { planned } from "./decoder_wasm_convolution.js";
import { Alone, Pair, SHARED } from "./decoder_wasm_threads.js";

/** @import { Network, Run } from "./decoder.js" */
/** @import { Layer } from "./decoder_layers.js" */
/** @import { Threads } from "./decoder_wasm_threads.js" */
/** @typedef {number} Address of float32 values in an engine's memory */
/**
 * @typedef {(x: Address, count: number) => void} Activate in place
 * @typedef {Record<Exclude<Layer["activation"], "linear">, Activate>} Activations
 * @typedef {object} Layers
 * @property {WebAssembly.Memory} memory
 * @property {WebAssembly.Global} __heap_base
 * @property {WebAssembly.Global} __stack_pointer only with shared memory
 * @property {(x: Address, rows: number, matrix: Address, output: Address, columns: number) => void} dense
 * @property {(plan: Address, x: Address, weights: Address, bias: Address, output: Address) => void} convolve
 * @property {Layers["convolve"]} convolve_few
 * @property {(plan: Address, x: Address, weights: Address, zeros: Address, bias: Address, spreads: Address,
 *   products: Address, output: Address) => void} winograd
 * @property {(x: Address, output: Address, rows: number, length: number, line: number) => void} pad
 * @property {(x: Address, output: Address, count: number) => void} add
 * @property {(x: Address, output: Address, height: number, width: number, channels: number, factor: number) => void} enlarge
 * @property {(x: Address, output: Address, height: number, width: number, channels: number, stride: number,
 *   columns: number, top: number, left: number) => void} pool
 * @property {(x: Address, count: number, scale: number) => void} finish
 *
 * @typedef {Layers & Activations} Exports what decoder_wasm.wasm exports
 * @typedef {"convolve" | "convolve_few" | "winograd"} Parted a function that computes parts of a layer
 */

const PAGE = 65536; // bytes; WebAssembly's memory grows by pages
const SPARE = 16; // bytes after each buffer, which loops over four values touch
const SHARED_PAGES = { least: 2, most: 8192 }; // as tests/helpers/compiled_engine.py says
const SHARED_SPARE = 256; // pages for what several layers lend each other
const LARGE = 20e6; // multiply-adds from which two threads are worth while

// A browser accepts a module with one function only if it has the function's instructions.
// prettier-ignore
const START = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10];
const ONES = [65, 1, 253, 15]; // i32.const 1, i8x16.splat
const MADD = [253, 133, 2]; // f32x4.relaxed_madd
const [DROP, END] = [26, 11];

/** Whether the browser can run a function of few instructions, without locals. @param {number[]} body */
const runs = (body) =>
  WebAssembly.validate(new Uint8Array([...START, body.length + 4, 1, body.length + 2, 0, ...body, END]));

/** The engine, compiled once for the page; undefined in a browser that cannot run it. */
export const engine = compiled();

async function compiled() {
  if (typeof WebAssembly === "undefined" || !runs([...ONES, DROP])) return undefined;
  try {
    const answer = await fetch(file());
    return await WebAssembly.compile(await answer.arrayBuffer());
  } catch {
    return undefined; // offline, or a browser that forbids WebAssembly
  }
}

/** Return the build of the source for this browser. */
function file() {
  // Products and sums in one instruction.
  const fused = runs([...ONES, ...ONES, ...ONES, ...MADD, DROP]);
  if (!fused) return new URL("./decoder_wasm.wasm", import.meta.url);
  if (!SHARED) return new URL("./decoder_wasm_fused.wasm", import.meta.url);
  return new URL("./decoder_wasm_shared.wasm", import.meta.url);
}

/** An engine's memory, in which buffers are placed one after the other and stay. */
export class Memory {
  /** @param {Exports} exports */
  constructor({ memory, __heap_base }) {
    this.memory = memory;
    this.end = __heap_base.value;
    this.lent = { place: 0, count: 0 };
  }

  /** Lend room until the next layer is computed, which may get the same. @param {number} count @returns {Address} */
  lend(count) {
    if (count > this.lent.count) this.lent = { place: this.take(count), count };
    return this.lent.place;
  }

  /** Take room for values, all 0. @param {number} count @returns {Address} */
  take(count) {
    const place = Math.ceil(this.end / SPARE) * SPARE;
    this.end = place + 4 * count + SPARE;
    const missing = this.end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return place;
  }

  /** Keep values. @param {Float32Array | Int32Array} values @returns {Address} */
  keep(values) {
    const place = this.take(values.length);
    const Same = values instanceof Int32Array ? Int32Array : Float32Array;
    new Same(this.memory.buffer, place, values.length).set(values);
    return place;
  }
}

/**
 * Place a network in a memory of its own; return the function that gives an image.
 *
 * @param {WebAssembly.Module} module
 * @param {Network} network
 * @returns {Run}
 * @throws {RangeError} there is not that much memory
 */
export function assembled(module, network) {
  const shared = WebAssembly.Module.imports(module).length > 0;
  const { multiplications, pages } = effort(network);
  /** @type {WebAssembly.ModuleImports} */
  const given = shared ? { memory: sharedMemory(pages) } : {};
  const instance = new WebAssembly.Instance(module, { env: given });
  const exports = /** @type {Exports} */ (/** @type {unknown} */ ({ ...instance.exports, ...given }));
  const memory = new Memory(exports);
  const threads = shared && multiplications > LARGE ? new Pair(module, exports, memory) : new Alone(exports);
  const inputs = sizeOf(network.input);
  const input = memory.take(inputs);
  /** @type {(() => void)[]} */
  const steps = [];
  const maps = [input];
  let [x, shape] = [input, network.input];
  for (const layer of network.layers) {
    const { output, apply } = prepared(exports, memory, threads, network, layer, x, shape);
    steps.push(apply);
    if (layer.shortcut) {
      const kernel = memory.keep(network.read(layer.shortcut));
      steps.push(() => exports.dense(input, inputs, kernel, output, sizeOf(layer.shape)));
    }
    if (layer.add !== undefined) {
      const earlier = maps[layer.add];
      steps.push(() => exports.add(earlier, output, sizeOf(layer.shape)));
    }
    if (layer.activation !== "linear") {
      const activate = exports[layer.activation];
      steps.push(() => activate(output, sizeOf(layer.shape)));
    }
    maps.push(output);
    [x, shape] = [output, layer.shape];
  }
  const size = sizeOf(shape);
  steps.push(() => exports.finish(x, size, network.scale));
  const code = new Float32Array(memory.memory.buffer, input, inputs);
  const pixels = new Float32Array(memory.memory.buffer, x, size);
  threads.begin();
  return (values) => {
    code.set(values);
    for (const step of steps) step();
    return pixels;
  };
}

/**
 * Return about how many multiply-adds an image takes, and in how many pages a network has room: Winograd's
 * weights are nearly twice as many, a map may have padding, and all of it is float32.
 *
 * @param {Network} network
 */
function effort({ input, layers }) {
  let [multiplications, weights, values, before] = [0, 0, sizeOf(input), input];
  for (const { kind, kernel, shape } of layers) {
    const [rows, columns] = kind === "conv" ? shape : kind === "convT" ? before : [1, 1];
    multiplications += rows * columns * (kernel?.[1] ?? 0);
    weights += kernel?.[1] ?? 0;
    values += sizeOf(shape);
    before = shape;
  }
  return { multiplications, pages: Math.ceil((4 * (3 * weights + 6 * values)) / PAGE) + SHARED_SPARE };
}

/** A browser may set all of it aside at once. @param {number} pages the most @throws {RangeError} that is too much */
function sharedMemory(pages) {
  return new WebAssembly.Memory({ initial: SHARED_PAGES.least, maximum: Math.min(pages, SHARED_PAGES.most), shared: true });
}

/** Return how many values a shape has. @param {number[]} shape */
export const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/**
 * Return a layer's function, without its activation, and where its output is.
 *
 * @param {Exports} exports
 * @param {Memory} memory
 * @param {Threads} threads
 * @param {Network} network
 * @param {Layer} layer
 * @param {Address} x
 * @param {number[]} shape the input's shape
 * @returns {{ output: Address, apply: () => void }}
 */
function prepared(exports, memory, threads, { read }, layer, x, shape) {
  if (layer.kind === "reshape") return { output: x, apply: () => {} };
  const { stride } = layer;
  const [height, width, channels] = shape;
  const size = sizeOf(layer.shape);
  const output = memory.take(size);
  if (layer.kind === "up") return { output, apply: () => exports.enlarge(x, output, height, width, channels, stride) };
  if (layer.kind === "pool") {
    const [rows, columns] = layer.shape;
    const top = Math.floor((rows * stride - height) / 2);
    const left = Math.floor((columns * stride - width) / 2);
    return { output, apply: () => exports.pool(x, output, height, width, channels, stride, columns, top, left) };
  }
  const [kernel, bias] = [read(layer.kernel), memory.keep(read(layer.bias))];
  if (layer.kind === "dense") {
    const [matrix, rows] = [memory.keep(kernel), sizeOf(shape)];
    const apply = () => {
      exports.pad(bias, output, 1, size, size);
      exports.dense(x, rows, matrix, output, size);
    };
    return { output, apply };
  }
  return { output, apply: planned(exports, memory, threads, layer, shape, kernel, x, bias, output) };
}
