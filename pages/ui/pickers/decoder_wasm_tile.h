// The tile that the products of matrices in decoder_wasm.c and decoder_wasm_winograd.c consist of.

#pragma once
#include "decoder_wasm.h"

// Four output pixels: where their input begins, and their output.
typedef struct {
  const float *x[4];
  float *output[4];
} Pixels;

// A tile of the product of matrices: four pixels × `vectors` (1 or 2) times four filters, all sums in
// registers. The input of each pixel is `taps` times `run` values, `line` apart; the weights are
// [tap][run][4 · vectors].
INLINE void tile(Pixels at, int taps, int run, int line, const float *weights, const float *bias,
                 int vectors, int filters) {
  Four sum[4][2];
  for (int k = 0; k < 4; k++)
    for (int v = 0; v < vectors; v++) sum[k][v] = load(bias + 4 * v);
  for (int t = 0; t < taps; t++) {
    for (int r = 0; r < run; r++, weights += 4 * vectors) {
      Four weight[2];
      for (int v = 0; v < vectors; v++) weight[v] = load(weights + 4 * v);
      for (int k = 0; k < 4; k++) {
        Four value = wasm_v128_load32_splat(at.x[k] + r);
        for (int v = 0; v < vectors; v++) sum[k][v] = madd(sum[k][v], value, weight[v]);
      }
    }
    for (int k = 0; k < 4; k++) at.x[k] += line;
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

// The same for up to eight filters; what is known when compiled is a third faster.
INLINE void tiles_of(Pixels at, int taps, int run, int line, const float *weights, const float *bias, int filters) {
  if (filters == 8) tile(at, taps, run, line, weights, bias, 2, 8);
  else if (filters > 4) tile(at, taps, run, line, weights, bias, 2, filters);
  else tile(at, taps, run, line, weights, bias, 1, filters);
}
