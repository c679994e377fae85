// 3×3 convolutions of stride 1 by Winograd's method F(2×2, 3×3) (arXiv 1509.09308): 16 products of
// matrices give four output pixels, where the sum itself takes 36.
//
// A square is 2×2 output pixels; it needs 4×4 input pixels, which overlap with those of its neighbours.

#include "decoder_wasm_tile.h"

typedef struct {
  int rows, columns;  // squares
  int channels, filters;  // multiples of 4
  int line;           // values from an input row to the next one
  int below;          // the same in the output
} Squares;

// Replace four values by those that are multiplied: d0 − d2, d1 + d2, d2 − d1, d1 − d3.
INLINE void spread(Four *d, int step) {
  Four first = sub(d[0], d[2 * step]), last = sub(d[step], d[3 * step]);
  Four sum = add(d[step], d[2 * step]), difference = sub(d[2 * step], d[step]);
  d[0] = first, d[step] = sum, d[2 * step] = difference, d[3 * step] = last;
}

// Write 16 matrices (square, channel), one after the other.
INLINE void spread_squares(const Squares *s, const float *x, float *spreads) {
  long size = (long)s->rows * s->columns * s->channels;
  for (int i = 0; i < s->rows; i++) {
    for (int j = 0; j < s->columns; j++) {
      const float *from = x + 2 * i * s->line + 2 * j * s->channels;
      for (int c = 0; c < s->channels; c += 4, spreads += 4) {
        Four d[16];
        for (int p = 0; p < 16; p++) d[p] = load(from + (p >> 2) * s->line + (p & 3) * s->channels + c);
        for (int k = 0; k < 4; k++) spread(d + k, 4);
        for (int k = 0; k < 4; k++) spread(d + 4 * k, 1);
        for (int p = 0; p < 16; p++) store(spreads + p * size, d[p]);
      }
    }
  }
}

// Gather the 16 products of each square: m0 + m1 + m2 and m1 − m2 − m3, along both axes.
INLINE void gather_squares(const Squares *s, const float *products, const float *bias, float *output) {
  long size = (long)s->rows * s->columns * s->filters;
  for (int i = 0; i < s->rows; i++) {
    for (int j = 0; j < s->columns; j++) {
      float *to = output + 2 * i * s->below + 2 * j * s->filters;
      for (int f = 0; f < s->filters; f += 4, products += 4) {
        Four m[16], half[8];
        for (int p = 0; p < 16; p++) m[p] = load(products + p * size);
        for (int k = 0; k < 4; k++) {
          half[k] = add(add(m[k], m[4 + k]), m[8 + k]);
          half[4 + k] = sub(sub(m[4 + k], m[8 + k]), m[12 + k]);
        }
        Four own = load(bias + f);
        for (int k = 0; k < 2; k++) {
          const Four *h = half + 4 * k;
          store(to + k * s->below + f, add(own, add(add(h[0], h[1]), h[2])));
          store(to + k * s->below + s->filters + f, add(own, sub(sub(h[1], h[2]), h[3])));
        }
      }
    }
  }
}

// A part of the image. Each of the 16 matrices of weights is as in `convolve`, with one tap.
EXPORT("winograd") winograd(const Squares *s, const float *x, const float *weights, const float *zeros,
                            const float *bias, float *spreads, float *products, float *output) {
  spread_squares(s, x, spreads);
  int count = s->rows * s->columns;
  float *to = products;
  for (int p = 0; p < 16; p++, spreads += (long)count * s->channels, to += (long)count * s->filters) {
    for (int f = 0; f < s->filters; f += 8, weights += s->channels * 8) {
      int filters = s->filters - f < 8 ? s->filters - f : 8;
      for (int square = 0; square < count; square += 4) {
        Pixels at;
        for (int k = 0; k < 4; k++) {  // after the last one, it again
          int own = square + k < count ? square + k : count - 1;
          at.x[k] = spreads + own * s->channels;
          at.output[k] = to + own * s->filters + f;
        }
        tiles_of(at, 1, s->channels, 0, weights, zeros, filters);
      }
      if (filters < 8) weights -= s->channels * 4;
    }
  }
  gather_squares(s, products, bias, output);
}
