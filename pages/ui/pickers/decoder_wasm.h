// What the files of decoder_wasm.c share: four float32 values at a time, by short names.

#pragma once
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name))) void
#define INLINE static inline __attribute__((always_inline))

typedef v128_t Four;  // four float32
INLINE Four load(const float *from) { return wasm_v128_load(from); }
INLINE void store(float *to, Four value) { wasm_v128_store(to, value); }
INLINE Four all(float value) { return wasm_f32x4_splat(value); }
INLINE Four add(Four a, Four b) { return wasm_f32x4_add(a, b); }
INLINE Four sub(Four a, Four b) { return wasm_f32x4_sub(a, b); }
#ifdef __wasm_relaxed_simd__
INLINE Four madd(Four sum, Four a, Four b) { return wasm_f32x4_relaxed_madd(a, b, sum); }
#else
INLINE Four madd(Four sum, Four a, Four b) { return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b)); }
#endif
INLINE Four mul(Four a, Four b) { return wasm_f32x4_mul(a, b); }
INLINE Four divided(Four a, Four b) { return wasm_f32x4_div(a, b); }
// The pseudo-minimum and -maximum are one instruction of a processor; the others are several.
INLINE Four least(Four a, Four b) { return wasm_f32x4_pmin(a, b); }
INLINE Four most(Four a, Four b) { return wasm_f32x4_pmax(a, b); }
