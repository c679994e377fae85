// Two threads for one large network: both take parts of a layer, as soon as they are free, from memory that
// they share. A part is a call of a function of decoder_wasm.c; no two parts write to the same place.
//
// Browsers share memory between threads only on pages that are isolated from other sites, see
// pages/ui/shell/protection.py. A page may not sleep until a thread is done: it computes meanwhile, and
// the end of the last part is awaited in a loop. A thread that the system does not let run takes no part.

/** @import { Address, Exports, Memory, Parted } from "./decoder_wasm.js" */
/**
 * @typedef {object} Part
 * @property {Parted} name of the function
 * @property {number[][]} args for each thread, which may have buffers of its own
 *
 * @typedef {object} Help what the second thread needs
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {Address} stack its end
 * @property {Address} flags
 * @property {Part[][]} layers
 */

// Two threads beside a page that is drawn need three processors: with two, the denoiser was slower by a third.
const BUSY = typeof document === "undefined" ? 2 : 1;

/** Whether this browser shares memory, and has a processor for a second thread. */
export const SHARED = typeof crossOriginIsolated !== "undefined" && crossOriginIsolated
  && typeof Worker !== "undefined" && navigator.hardwareConcurrency > BUSY;

const STACK = 16384; // bytes
// The flags: which layer is computed; the number of this computation, with the number of its next part in the
// last bits; how many parts are done.
const [LAYER, NEXT, DONE, FLAGS] = [0, 1, 2, 3];
const BITS = 12;
const MOST_PARTS = 2 ** BITS - 1;
const COMPUTATIONS = 2 ** 19; // numbers of computations, then they begin again
const SPINS = 100_000; // looks at the flags, half a millisecond, before the second thread sleeps

/** One thread: each part after the other. @implements {Threads} */
export class Alone {
  count = 1;

  /** @param {Exports} exports */
  constructor(exports) {
    this.exports = exports;
  }

  /** @param {Part[]} parts @returns {() => void} */
  layer(parts) {
    return () => parts.forEach((part) => run(this.exports, part, 0));
  }

  begin() {}
}

/** @typedef {{ count: number, layer: (parts: Part[]) => () => void, begin: () => void }} Threads */

/** @type {FinalizationRegistry<Worker>} */
const workers = new FinalizationRegistry((worker) => worker.terminate());

/** This thread and a second one. @implements {Threads} */
export class Pair {
  count = 2;

  /** @param {WebAssembly.Module} module @param {Exports} exports @param {Memory} memory */
  constructor(module, exports, memory) {
    this.exports = exports;
    const stack = memory.take(STACK / 4) + STACK;
    const flags = memory.take(FLAGS);
    /** @type {Help} */
    this.help = { module, memory: exports.memory, stack, flags, layers: [] };
    this.flags = new Int32Array(exports.memory.buffer, flags, FLAGS);
    this.number = 0;
  }

  /** Return the function that computes all parts. @param {Part[]} parts @returns {() => void} */
  layer(parts) {
    if (parts.length > MOST_PARTS) return new Alone(this.exports).layer(parts);
    const { flags, exports } = this;
    const layer = this.help.layers.push(parts) - 1;
    return () => {
      this.number = (this.number + 1) % COMPUTATIONS;
      Atomics.store(flags, LAYER, layer);
      Atomics.store(flags, DONE, 0);
      Atomics.store(flags, NEXT, this.number << BITS);
      Atomics.notify(flags, NEXT);
      takePart(exports, flags, this.number, parts, 0);
      while (Atomics.load(flags, DONE) < parts.length);
    };
  }

  /** Start the second thread; until it is there, this one computes all. It ends with this object. */
  begin() {
    const worker = new Worker(new URL("./decoder_wasm_second.js", import.meta.url), { type: "module" });
    worker.postMessage(this.help);
    workers.register(this, worker);
  }
}

/** Compute what is left of a layer. @param {Exports} exports @param {Int32Array} flags @param {number} number
 * @param {Part[]} parts @param {number} thread */
function takePart(exports, flags, number, parts, thread) {
  for (;;) {
    const word = Atomics.load(flags, NEXT);
    const next = word & MOST_PARTS;
    if (word >>> BITS !== number || next >= parts.length) return;
    if (Atomics.compareExchange(flags, NEXT, word, word + 1) !== word) continue;
    run(exports, parts[next], thread);
    Atomics.add(flags, DONE, 1);
  }
}

/** @param {Exports} exports @param {Part} part @param {number} thread */
function run(exports, { name, args }, thread) {
  /** @type {(...values: number[]) => void} */
  const compute = exports[name];
  compute(...args[thread]);
}

/** Be the second thread, until its worker is ended. @param {Help} help */
export function helpForEver({ module, memory, stack, flags: place, layers }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const own = /** @type {Exports} */ (/** @type {unknown} */ (exports));
  own.__stack_pointer.value = stack;
  const flags = new Int32Array(memory.buffer, place, FLAGS);
  for (let [seen, looks] = [0, 0]; ; looks++) {
    const word = Atomics.load(flags, NEXT);
    const number = word >>> BITS;
    if (number !== seen) {
      // If the first thread is further by now, it is another number, under which there is no part to take.
      takePart(own, flags, number, layers[Atomics.load(flags, LAYER)], 1);
      [seen, looks] = [number, 0];
    } else if (looks > SPINS) {
      Atomics.wait(flags, NEXT, word);
      looks = 0;
    }
  }
}
