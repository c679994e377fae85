// Helpers for drawing once per frame, on a canvas with the screen's own pixels.

/** Draws once at the next frame, even after several requests. */
export class Redraw {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.frame = 0;
  }

  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  cancel() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}

/** @param {HTMLCanvasElement | OffscreenCanvas} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function penOf(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (context) return /** @type {CanvasRenderingContext2D} */ (context);
  throw new Error("The browser gives no canvas to draw on.");
}

/**
 * Clear a canvas and fit it to its displayed size; return its context and its size in CSS pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {[context: CanvasRenderingContext2D, width: number, height: number]}
 */
export function sized(canvas) {
  const scale = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = penOf(canvas);
  context.scale(scale, scale);
  return [context, width, height];
}

/** Decode base64 to float32 numbers. @param {string} text */
export const floats = (text) =>
  new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
