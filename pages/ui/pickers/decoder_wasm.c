// The layers of a decoder, for WebAssembly with SIMD; decoder_wasm.js places the buffers and calls them.
//
// Maps are float32, row by row, all channels of a pixel together (H, W, C). There is no libc. Every
// buffer has 16 bytes to spare at its end, because loops take four values at a time. After a change,
// `make wasm` compiles this file with decoder_wasm_activations.c.

#include "decoder_wasm_tile.h"

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

typedef struct {
  int i, j;  // row, column
} Place;

// The next four pixels, row by row; after the last one, it again. The place moves on: to count is
// faster than to divide.
INLINE Pixels pixels(const Convolution *c, const float *x, float *output, Place *place) {
  Pixels found;
  for (int k = 0; k < 4; k++) {
    found.x[k] = x + place->i * c->down + place->j * c->right;
    found.output[k] = output + place->i * c->below + place->j * c->beside;
    if (place->j + 1 < c->columns) place->j++;
    else if (place->i + 1 < c->rows) place->i++, place->j = 0;
  }
  return found;
}

// Weights: for each eight filters [tap][run][8]; for a rest of up to four [tap][run][4].
EXPORT("convolve") convolve(const Convolution *c, const float *x, const float *weights,
                            const float *bias, float *output) {
  int count = c->rows * c->columns;
  for (int f = 0; f < c->filters; f += 8) {
    int filters = c->filters - f < 8 ? c->filters - f : 8;
    Place place = {0, 0};
    for (int done = 0; done < count; done += 4) {
      Pixels at = pixels(c, x, output + f, &place);
      tiles_of(at, c->taps, c->run, c->line, weights, bias + f, filters);
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
    Place place = {0, 0};
    for (int done = 0; done < count; done += 4) {
      Pixels at = pixels(c, x, output + f, &place);
      Four sum[4] = {all(0), all(0), all(0), all(0)};
      const float *weight = weights;
      for (int t = 0; t < c->taps; t++) {
        for (int r = 0; r < run; r += 4, weight += 4) {
          Four four = load(weight);
          for (int k = 0; k < 4; k++) sum[k] = madd(sum[k], load(at.x[k] + r), four);
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

// Add another map of the same shape.
EXPORT("add") add_map(const float *x, float *output, int count) {
  for (int i = 0; i < count; i += 4) store(output + i, add(load(output + i), load(x + i)));
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
