// The layers of a decoder, for WebAssembly with SIMD; decoder_wasm.js places the buffers and calls them.
//
// Maps are float32, row by row, all channels of a pixel together (H, W, C). No libc: `make wasm`
// compiles this file alone. Every buffer has 16 bytes to spare at its end, because loops take four
// values at a time.

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name))) void
#define INLINE static inline __attribute__((always_inline))

typedef v128_t Four;  // four float32
INLINE Four load(const float *from) { return wasm_v128_load(from); }
INLINE void store(float *to, Four value) { wasm_v128_store(to, value); }
INLINE Four all(float value) { return wasm_f32x4_splat(value); }
INLINE Four add(Four a, Four b) { return wasm_f32x4_add(a, b); }
INLINE Four sub(Four a, Four b) { return wasm_f32x4_sub(a, b); }
INLINE Four mul(Four a, Four b) { return wasm_f32x4_mul(a, b); }
INLINE Four divided(Four a, Four b) { return wasm_f32x4_div(a, b); }
// The pseudo-minimum and -maximum are one instruction of a processor; the others are several.
INLINE Four least(Four a, Four b) { return wasm_f32x4_pmin(a, b); }
INLINE Four most(Four a, Four b) { return wasm_f32x4_pmax(a, b); }

// output[o] += Σ_i x[i] · matrix[i][o]. The time goes into reading the matrix: rows with x = 0
// (ReLU) are left out, and four others at a time share the reading of the output.
EXPORT("dense") dense(const float *x, int rows, const float *matrix, float *output, int columns) {
  for (int i = 0; i < rows;) {
    float a[4] = {0, 0, 0, 0};
    const float *row[4] = {matrix, matrix, matrix, matrix};
    int found = 0;
    for (; i < rows && found < 4; i++) {
      if (x[i] == 0) continue;
      a[found] = x[i];
      row[found++] = matrix + (long)i * columns;
    }
    if (!found) return;
    int o = 0;
    for (; o + 3 < columns; o += 4) {
      Four first = add(mul(all(a[0]), load(row[0] + o)), mul(all(a[1]), load(row[1] + o)));
      Four second = add(mul(all(a[2]), load(row[2] + o)), mul(all(a[3]), load(row[3] + o)));
      store(output + o, add(load(output + o), add(first, second)));
    }
    for (; o < columns; o++)
      for (int k = 0; k < 4; k++) output[o] += a[k] * row[k][o];
  }
}

// A convolution, or one phase of a transposed one: the output pixels whose taps are the same rows
// and columns of the kernel. The input has its padding, so a tap never lies outside of it.
typedef struct {
  int rows, columns;  // output pixels
  int taps;           // rows of the kernel
  int run;            // values of one of these: its columns × the input's channels
  int line;           // values from an input row to the next one
  int down, right;    // values in the input from one output pixel to the one below, beside it
  int below, beside;  // the same in the output
  int filters;
} Convolution;

// Four output pixels: where their input begins, and their output.
typedef struct {
  const float *x[4];
  float *output[4];
} Pixels;

// The pixels from a place on, row by row; after the last one, it again.
INLINE Pixels pixels(const Convolution *c, const float *x, float *output, int place) {
  Pixels found;
  int last = c->rows * c->columns - 1;
  for (int k = 0; k < 4; k++) {
    int pixel = place + k < last ? place + k : last;
    int i = pixel / c->columns, j = pixel % c->columns;
    found.x[k] = x + i * c->down + j * c->right;
    found.output[k] = output + i * c->below + j * c->beside;
  }
  return found;
}

// A tile of the product of matrices: four pixels × `vectors` (1 or 2) times four filters, all sums in
// registers. The weights are [tap][run][4 · vectors].
INLINE void tile(const Convolution *c, Pixels at, const float *weights, const float *bias,
                 int vectors, int filters) {
  Four sum[4][2];
  for (int k = 0; k < 4; k++)
    for (int v = 0; v < vectors; v++) sum[k][v] = load(bias + 4 * v);
  for (int t = 0; t < c->taps; t++) {
    for (int r = 0; r < c->run; r++, weights += 4 * vectors) {
      Four weight[2];
      for (int v = 0; v < vectors; v++) weight[v] = load(weights + 4 * v);
      for (int k = 0; k < 4; k++) {
        Four value = wasm_v128_load32_splat(at.x[k] + r);
        for (int v = 0; v < vectors; v++) sum[k][v] = add(sum[k][v], mul(value, weight[v]));
      }
    }
    for (int k = 0; k < 4; k++) at.x[k] += c->line;
  }
  for (int k = 0; k < 4; k++) {
    float kept[8];
    for (int v = 0; v < vectors; v++) {
      if (4 * v + 4 <= filters) store(at.output[k] + 4 * v, sum[k][v]);
      else store(kept + 4 * v, sum[k][v]);
    }
    for (int f = filters & ~3; f < filters; f++) at.output[k][f] = kept[f];
  }
}

// Weights: for each eight filters [tap][run][8]; for a rest of up to four [tap][run][4].
EXPORT("convolve") convolve(const Convolution *c, const float *x, const float *weights,
                            const float *bias, float *output) {
  int count = c->rows * c->columns;
  for (int f = 0; f < c->filters; f += 8) {
    int filters = c->filters - f < 8 ? c->filters - f : 8;
    for (int place = 0; place < count; place += 4) {
      Pixels at = pixels(c, x, output + f, place);
      if (filters == 8) tile(c, at, weights, bias + f, 2, 8);  // known when compiled: a third faster
      else if (filters > 4) tile(c, at, weights, bias + f, 2, filters);
      else tile(c, at, weights, bias + f, 1, filters);
    }
    weights += c->taps * c->run * 8;
  }
}

// The same for one to three filters, of which a tile would compute four: sums along the input's
// channels instead. The weights are [filter][tap][run], each run filled with zeros to fours.
EXPORT("convolve_few") convolve_few(const Convolution *c, const float *x, const float *weights,
                                    const float *bias, float *output) {
  int count = c->rows * c->columns, run = (c->run + 3) & ~3;
  for (int f = 0; f < c->filters; f++, weights += c->taps * run) {
    for (int place = 0; place < count; place += 4) {
      Pixels at = pixels(c, x, output + f, place);
      Four sum[4] = {all(0), all(0), all(0), all(0)};
      const float *weight = weights;
      for (int t = 0; t < c->taps; t++) {
        for (int r = 0; r < run; r += 4, weight += 4) {
          Four four = load(weight);
          for (int k = 0; k < 4; k++) sum[k] = add(sum[k], mul(load(at.x[k] + r), four));
        }
        for (int k = 0; k < 4; k++) at.x[k] += c->line;
      }
      for (int k = 0; k < 4; k++)
        *at.output[k] = bias[f] + (wasm_f32x4_extract_lane(sum[k], 0) + wasm_f32x4_extract_lane(sum[k], 1)) +
                        (wasm_f32x4_extract_lane(sum[k], 2) + wasm_f32x4_extract_lane(sum[k], 3));
    }
  }
}

INLINE void copy(const float *from, float *to, int count) {
  int i = 0;
  for (; i + 3 < count; i += 4) store(to + i, load(from + i));
  for (; i < count; i++) to[i] = from[i];
}

// Copy a map's rows into one with padding, whose rows are `line` values apart.
EXPORT("pad") pad(const float *x, float *output, int rows, int length, int line) {
  for (int i = 0; i < rows; i++) copy(x + i * length, output + i * line, length);
}

// Repeat every pixel.
EXPORT("enlarge") enlarge(const float *x, float *output, int height, int width, int channels, int factor) {
  for (int p = 0; p < height * factor; p++)
    for (int q = 0; q < width * factor; q++, output += channels)
      copy(x + (p / factor * width + q / factor) * channels, output, channels);
}

// Take the maximum of each square; (top, left) is the padding before the input.
EXPORT("pool") pool(const float *x, float *output, int height, int width, int channels, int stride,
                    int columns, int top, int left) {
  for (int i = 0; i < height; i++) {
    for (int j = 0; j < width; j++, x += channels) {
      int row = (i + top) / stride, column = (j + left) / stride;
      // The first pixel of a square is not compared with what an earlier picture left there.
      int first = (i == 0 || (i + top) % stride == 0) && (j == 0 || (j + left) % stride == 0);
      float *to = output + (row * columns + column) * channels;
      for (int c = 0; c < channels; c++) to[c] = first || x[c] > to[c] ? x[c] : to[c];
    }
  }
}

// e^x − 1, to a relative 3e-7: x = n · ln 2 + r, a Taylor series in r, and 2^n from its bits.
INLINE Four expm1(Four x) {
  x = least(most(x, all(-87)), all(88));
  Four n = wasm_f32x4_nearest(mul(x, all(1.44269504f)));
  Four r = sub(sub(x, mul(n, all(0.693359375f))), mul(n, all(-2.12194440e-4f)));
  Four sum = all(1.0f / 5040);
  const float factors[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2, 1};
  for (int k = 0; k < 6; k++) sum = add(mul(sum, r), all(factors[k]));
  v128_t exponent = wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127));
  Four power = wasm_i32x4_shl(exponent, 23);
  return add(mul(power, mul(sum, r)), sub(power, all(1)));
}

INLINE Four sigmoid(Four x) { return divided(all(1), add(all(2), expm1(wasm_f32x4_neg(x)))); }

INLINE Four hyperbolic_tangent(Four x) {
  Four grown = expm1(least(add(x, x), all(40)));
  return divided(grown, add(grown, all(2)));
}

// With the error function of decoder_layers.js, as the tail that is missing to 1 or −1.
INLINE Four gelu(Four x) {
  Four size = mul(wasm_f32x4_abs(x), all(0.70710678f));
  Four t = divided(all(1), add(all(1), mul(all(0.3275911f), size)));
  Four sum = all(1.061405429f);
  const float factors[] = {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f};
  for (int k = 0; k < 4; k++) sum = add(mul(sum, t), all(factors[k]));
  Four tail = mul(mul(sum, t), add(expm1(wasm_f32x4_neg(mul(size, size))), all(1)));
  Four twice = wasm_v128_bitselect(tail, sub(all(2), tail), wasm_f32x4_lt(x, all(0)));
  return mul(mul(all(0.5f), x), twice);
}

#define EACH(name, result)                                       \
  EXPORT(#name) each_##name(float *x, int count) {               \
    for (float *end = x + count; x < end; x += 4) {              \
      Four v = load(x);                                          \
      store(x, result);                                          \
    }                                                            \
  }
EACH(relu, most(v, all(0)))
EACH(leaky_relu, most(v, mul(v, all(0.2f))))
EACH(elu, wasm_v128_bitselect(expm1(v), v, wasm_f32x4_lt(v, all(0))))
EACH(gelu, gelu(v))
EACH(tanh, hyperbolic_tangent(v))
EACH(sigmoid, sigmoid(v))

// Pixels in [0, 1] from those in [0, scale].
EXPORT("finish") finish(float *x, int count, float scale) {
  for (int i = 0; i < count; i += 4)
    store(x + i, least(most(divided(load(x + i), all(scale)), all(0)), all(1)));
}
