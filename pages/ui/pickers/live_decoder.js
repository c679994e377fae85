// Runs a trained decoder in the browser: code in, picture out, no message to the server.
//
// The bytes come from `ae_core/latent/browser_decoder.py`, which describes their format. Maps are stored row
// by row, all channels of a pixel together (H, W, C), as in Keras. It knows layers, not sliders:
// views find a decoder by its id in `window.autoencoderLab` and hear of a new one by an event.

const CHANGED = "autoencoder-lab-decoder";
const KEPT = 6; // decoders
const FEW = 4; // output channels, below which a convolution adds up along the input's channels

/** Read a decoder: {id, digest, latentDim, shape: [H, W, C], scale, layers}. */
export function unpack(bytes) {
  const own = bytes.slice(); // from Streamlit they come at any address, float32 needs multiples of 4
  const header = headerOf(own);
  const start = 4 + new DataView(own.buffer).getUint32(0, true);
  const read = ([offset, size]) =>
    header.half
      ? fromHalf(new Uint16Array(own.buffer, start + offset, size))
      : new Float32Array(own.buffer, start + offset, size);
  let shape = [header.latent_dim];
  const layers = header.layers.map((layer) => {
    const activate = ACTIVATIONS[layer.activation];
    const made = { apply: prepare(layer, shape, read), addShortcut: shortcut(layer, read), activate };
    shape = layer.shape;
    return made;
  });
  const { id, digest, latent_dim: latentDim, scale } = header;
  return { id, digest, latentDim, shape: header.shape, scale, layers };
}

function headerOf(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
}

/** Decode a code; the pixels (H·W·C numbers in [0, 1]) are overwritten by the next call. */
export function decode(decoder, code) {
  const own = Float32Array.from(code);
  let x = own;
  for (const layer of decoder.layers) {
    x = layer.apply(x);
    layer.addShortcut(own, x);
    layer.activate(x);
  }
  for (let i = 0; i < x.length; i++) x[i] = Math.min(Math.max(x[i] / decoder.scale, 0), 1);
  return x;
}

/** Decode a code and draw the picture on a canvas, one canvas pixel a pixel. */
export function paint(decoder, code, canvas) {
  const [height, width, channels] = decoder.shape;
  const pixels = decode(decoder, code);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; i < image.data.length; i += 4, p += channels) {
    for (let c = 0; c < 3; c++) image.data[i + c] = Math.round(255 * pixels[channels === 3 ? p + c : p]);
    image.data[i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Take a decoder from Streamlit and tell the views. */
export default function ({ data }) {
  const { decoders } = (window.autoencoderLab ??= { decoders: new Map(), paint });
  const { id, digest } = headerOf(data);
  if (decoders.get(id)?.digest === digest) return; // Streamlit calls again after every rerun
  decoders.delete(id); // so that the newest is last
  decoders.set(id, unpack(data));
  if (decoders.size > KEPT) decoders.delete(decoders.keys().next().value);
  window.dispatchEvent(new CustomEvent(CHANGED, { detail: id }));
}

function prepare(layer, shape, read) {
  const output = new Float32Array(layer.shape.reduce((a, b) => a * b, 1));
  if (layer.kind === "reshape") return (x) => x;
  if (layer.kind === "up") return enlarging(layer.stride, shape, output);
  if (layer.kind === "pool") return pooling(layer, shape, output);
  const [kernel, bias] = [read(layer.kernel), read(layer.bias)];
  if (layer.kind === "conv" || layer.kind === "convT") return convolution(layer, shape, kernel, bias, output);
  return (x) => {
    output.set(bias);
    addProduct(x, 0, kernel, output, 0, x.length, bias.length);
    return output;
  };
}

// A linear map of the code, which some networks add to a layer.
function shortcut(layer, read) {
  if (!layer.shortcut) return () => {};
  const kernel = read(layer.shortcut);
  return (code, x) => addProduct(code, 0, kernel, x, 0, code.length, x.length);
}

// output[o] += Σ_i x[i] · matrix[i][o]: four rows at a time, none where ReLU made x zero.
function addProduct(x, from, matrix, output, to, rows, columns) {
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

// The same for few columns, with the matrix transposed.
function addDots(x, from, matrix, output, to, rows, columns) {
  for (let o = 0; o < columns; o++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += x[from + i] * matrix[o * rows + i];
    output[to + o] += sum;
  }
}

// Both kinds of convolution: an output pixel gathers input pixels through kernel taps. Of a row of
// taps the input pixels lie side by side, so a row is one product with the kernel's part for it.
// Only `taps` knows of strides and padding.
function convolution(layer, [height, width, channels], kernel, bias, output) {
  const [rows, columns] = layer.shape;
  const filters = bias.length;
  const part = kernelParts(layer, kernel, channels, filters);
  const add = filters < FEW ? addDots : addProduct;
  const vertical = taps(layer, height, rows);
  const horizontal = taps(layer, width, columns).map((row) => ({
    start: row.length ? row[0][0] * channels : 0,
    count: row.length * channels,
    parts: [0, 1, 2].map((u) => part(u, row.map(([, v]) => v))),
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

// For each output position its taps, [input position, kernel position], by input position.
function taps({ kind, stride, padding }, before, after) {
  const same = padding === "same";
  if (kind === "convT") {
    // Input i is spread over outputs i · stride + u − offset.
    const offset = same ? Math.floor(Math.max(3 - stride, 0) / 2) : 0;
    return Array.from({ length: after }, (_, p) =>
      [2, 1, 0]
        .map((u) => [(p + offset - u) / stride, u])
        .filter(([i]) => Number.isInteger(i) && i >= 0 && i < before),
    );
  }
  const offset = same ? Math.floor(Math.max((after - 1) * stride + 3 - before, 0) / 2) : 0;
  return Array.from({ length: after }, (_, p) =>
    [0, 1, 2].map((u) => [p * stride + u - offset, u]).filter(([i]) => i >= 0 && i < before),
  );
}

// Parts of a kernel: row u, some columns, all channels, as a matrix [column and channel][filter],
// transposed for few filters. Kernels are (3, 3, C, F), transposed ones (3, 3, F, C).
function kernelParts({ kind }, kernel, channels, filters) {
  const made = new Map();
  const weight = (u, v, c, f) => {
    const block = (3 * u + v) * channels * filters;
    return kernel[block + (kind === "convT" ? f * channels + c : c * filters + f)];
  };
  return (u, columns) => {
    const key = [u, ...columns].join();
    if (!made.has(key)) {
      const rows = columns.length * channels;
      const matrix = new Float32Array(rows * filters);
      for (let r = 0; r < rows; r++) {
        const [v, c] = [columns[Math.floor(r / channels)], r % channels];
        for (let f = 0; f < filters; f++) {
          matrix[filters < FEW ? f * rows + r : r * filters + f] = weight(u, v, c, f);
        }
      }
      made.set(key, matrix);
    }
    return made.get(key);
  };
}

function enlarging(factor, [height, width, channels], output) {
  return (x) => {
    let to = 0;
    for (let p = 0; p < height * factor; p++) {
      for (let q = 0; q < width * factor; q++, to += channels) {
        const from = (Math.floor(p / factor) * width + Math.floor(q / factor)) * channels;
        for (let c = 0; c < channels; c++) output[to + c] = x[from + c];
      }
    }
    return output;
  };
}

function pooling({ stride, shape }, [height, width, channels], output) {
  const [rows, columns] = shape;
  const top = Math.floor((rows * stride - height) / 2);
  const left = Math.floor((columns * stride - width) / 2);
  return (x) => {
    output.fill(-Infinity);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const to = (Math.floor((i + top) / stride) * columns + Math.floor((j + left) / stride)) * channels;
        const from = (i * width + j) * channels;
        for (let c = 0; c < channels; c++) output[to + c] = Math.max(output[to + c], x[from + c]);
      }
    }
    return output;
  };
}

const each = (f) => (x) => {
  for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
};

const ACTIVATIONS = {
  linear: () => {},
  relu: each((v) => Math.max(v, 0)),
  leaky_relu: each((v) => (v < 0 ? 0.2 * v : v)),
  elu: each((v) => (v < 0 ? Math.expm1(v) : v)),
  gelu: each((v) => 0.5 * v * (1 + erf(v / Math.SQRT2))),
  tanh: each(Math.tanh),
  sigmoid: each((v) => 1 / (1 + Math.exp(-v))),
};

// Abramowitz and Stegun 7.1.26, good to 1.5e-7.
function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(v) * (1 - sum * Math.exp(-v * v));
}

// A half's bits where a float32 has them; 2 ** 112 makes up for the exponents' different offsets.
function fromHalf(halves) {
  const bits = Uint32Array.from(halves);
  for (let i = 0; i < bits.length; i++) bits[i] = ((bits[i] & 0x8000) << 16) | ((bits[i] & 0x7fff) << 13);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] *= 2 ** 112;
  return floats;
}
