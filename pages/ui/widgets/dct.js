// The transform and the rounding of a baseline JPEG (ITU T.81): 8×8 pixels, 64 waves and back.

import { clamp } from "./dom.js";

export const SIDE = 8;
export const COUNT = SIDE * SIDE;
const MIDDLE = 128; // pixels are written as their distance from it

// T.81's example for brightness (table K.1), which libjpeg scales by the quality.
export const STEPS = [
  [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
].flat();

// All matrices are 8×8, row by row. A row of this one is a wave (DCT-II, orthonormal).
const WAVES = Array.from({ length: COUNT }, (_, at) => {
  const [wave, x] = [Math.floor(at / SIDE), at % SIDE];
  return (wave ? 0.5 : Math.SQRT1_2 / 2) * Math.cos(((2 * x + 1) * wave * Math.PI) / 16);
});
const TURNED = WAVES.map((_, at) => WAVES[(at % SIDE) * SIDE + Math.floor(at / SIDE)]);

/** @param {number[]} a @param {number[]} b */
const product = (a, b) =>
  a.map((_, at) => {
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum += a[at - (at % SIDE) + k] * b[k * SIDE + (at % SIDE)];
    return sum;
  });

/** Return the 64 coefficients of pixels in 0…255, the coarsest first. @param {number[]} pixels */
export function transformed(pixels) {
  const apart = pixels.map((pixel) => pixel - MIDDLE);
  return product(product(WAVES, apart), TURNED);
}

/** Return the pixels of coefficients, whole numbers in 0…255. @param {number[]} waves */
export const restored = (waves) =>
  product(product(TURNED, waves), WAVES).map((value) => clamp(Math.round(value + MIDDLE), 0, 255));

/** Return what a quality of 1…100 leaves of coefficients: multiples of its steps. @param {number[]} waves @param {number} quality */
export function rounded(waves, quality) {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return waves.map((wave, i) => {
    const step = clamp(Math.floor((STEPS[i] * scale + 50) / 100), 1, 255);
    // Halves go away from zero, as in libjpeg; a cosine's last digits must not decide.
    return Math.sign(wave) * Math.floor(Math.abs(wave) / step + 0.5 + 1e-9) * step;
  });
}

/** Cut a picture into squares, row by row; beyond its edge the last pixels go on. @param {ArrayLike<number>} pixels @param {number} width @param {number} height */
export function squaresOf(pixels, width, height) {
  const [across, down] = [Math.ceil(width / SIDE), Math.ceil(height / SIDE)];
  return Array.from({ length: across * down }, (_, square) =>
    Array.from({ length: COUNT }, (_, i) => {
      const x = Math.min((square % across) * SIDE + (i % SIDE), width - 1);
      const y = Math.min(Math.floor(square / across) * SIDE + Math.floor(i / SIDE), height - 1);
      return pixels[y * width + x];
    }),
  );
}
