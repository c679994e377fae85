// The noisy image and the denoised one with a line to compare them. While the visitor moves the amount of
// noise, both are made here, and the figures beside them; the server's own come when the hand rests.

import { penOf } from "../widgets/canvas.js";
import compare from "../widgets/compare_slider.js";
import { find, viewOf } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";
import { Denoising } from "./denoising_thread.js";

/** @import { Data as Compared } from "../widgets/compare_slider.js" */
/** @import { Call } from "../widgets/types.js" */
/** @import { Followed } from "./denoising_thread.js" */
/** @import { Answer } from "./denoising_worker.js" */
/**
 * @typedef {object} Shown
 * @property {number} amount of the noise in the server's images
 * @property {string[]} figures the server's PSNR of both images, and the gain
 * @property {string} equal what is written for equal images
 *
 * @typedef {Compared & { live: [] | [Followed & Shown] }} Data
 */

// Parts of the page that Streamlit draws; their keys are those of denoise.py and denoised.py.
const SLIDER = ".st-key-denoise-noise_amount";
const FIGURES = ".st-key-denoised-figures [data-testid=stMetricValue] p";
const HALF_A_STEP = 0.00501; // a link may have an amount between two steps of the slider

/** @param {Call<Data>} call */
export default function (call) {
  compare(call);
  const view = viewOf(find(call.parentElement, ".wipe", HTMLElement), (root) => new View(root));
  view.update(call.data);
  return () => view.close();
}

class View {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.images = ["img.before", "img.after"].map((name) => find(root, name, HTMLImageElement));
    this.canvases = ["canvas.noisy", "canvas.made"].map((name) => find(root, name, HTMLCanvasElement));
    this.hand = new MutationObserver(() => this.moved());
    this.thread = new Denoising((answer) => this.show(answer));
    /** @type {(Followed & Shown) | undefined} */
    this.live = undefined;
  }

  close() {
    this.hand.disconnect();
    this.thread.close();
  }

  /** Take the server's images. @param {Data} data */
  update({ live: [live] }) {
    this.live = live;
    this.hand.disconnect();
    const slider = live && document.querySelector(SLIDER);
    if (live && slider) {
      this.thread.follow(live).then(() => this.begin());
      this.hand.observe(slider, { subtree: true, attributeFilter: ["aria-valuetext"] });
    }
    this.moved();
  }

  /** The network is there, perhaps with the hand on the slider already. */
  begin() {
    this.root.toggleAttribute("data-follows", this.thread.ready);
    this.moved();
  }

  /** The amount that the hand asks for, undefined if it is that of the server's images. */
  asked() {
    const input = document.querySelector(`${SLIDER} input`);
    if (!this.live || !(input instanceof HTMLInputElement)) return undefined;
    return Math.abs(input.valueAsNumber - this.live.amount) < HALF_A_STEP ? undefined : input.valueAsNumber;
  }

  moved() {
    const amount = this.asked();
    if (amount === undefined) this.rest();
    else this.thread.ask(Number(amount.toFixed(2))); // as the server reads it
  }

  /** Show the server's images once the browser has decoded them: else there would be a gap. */
  async rest() {
    await Promise.all(this.images.map((image) => image.decode().catch(() => {})));
    if (this.asked() !== undefined) return; // moved on
    for (const canvas of this.canvases) canvas.hidden = true;
    delete this.root.dataset.shown;
    if (this.live) write(this.live.figures);
  }

  /** @param {Answer} answer */
  show({ amount, noisy, output, before, after }) {
    if (!this.live || this.asked() === undefined) return; // it comes too late
    for (const [place, image] of [noisy, output].entries()) {
      const canvas = this.canvases[place];
      if (canvas.width !== image.width || canvas.height !== image.height) {
        [canvas.width, canvas.height] = [image.width, image.height];
      }
      penOf(canvas).putImageData(image, 0, 0);
      canvas.hidden = false;
    }
    this.root.dataset.shown = String(amount);
    write(figuresOf(before, after, this.live.equal));
  }
}

/** Write the figures where Streamlit has its own; what it draws next takes their place. @param {string[]} figures */
function write(figures) {
  const places = document.querySelectorAll(FIGURES);
  for (const [place, words] of figures.entries()) {
    const text = places[place]?.firstChild;
    if (text instanceof Text && text.data !== words) text.data = words;
  }
}

/**
 * Return the PSNR of both images and the gain, as `pages/ui/pictures/denoised.py` writes them.
 *
 * @param {number} before
 * @param {number} after
 * @param {string} equal
 */
export function figuresOf(before, after, equal) {
  const [low, high] = [before, after].map((value) => Number(value.toFixed(1))); // the gain fits what is read
  return [decibels(before, equal), decibels(after, equal), decibels(high - low, equal, "+")];
}

/** @param {number} value @param {string} equal @param {string} [plus] */
function decibels(value, equal, plus = "") {
  if (!Number.isFinite(value)) return value === Infinity ? equal : "–";
  const size = localized(Math.abs(value).toFixed(1));
  return `${value < 0 ? "−" : plus}${size} dB`;
}
