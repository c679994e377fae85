// The activations of decoder_layers.js for decoder_wasm.c, four values at a time, and its last step.

#include "decoder_wasm.h"

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
