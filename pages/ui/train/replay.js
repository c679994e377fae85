// Replays a run's epochs with a slider, or two runs at the same epoch: images, map and the place on
// the curve follow the slider. Only the epoch at its release is sent to the server.

import { Redraw } from "../widgets/canvas.js";
import { find, viewOf } from "../widgets/dom.js";
import { Panel, placeOf } from "./replay_panel.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Shown } from "./replay_panel.js" */
/** @typedef {Shown & { epoch: number, play: string, pause: string, slider: string }} Data */

const PLAYED = 8000; // ms for a whole run

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const view = viewOf(find(parentElement, ".replay", HTMLElement), (root) => new Replay(root, data));
  view.update(data, (epoch) => setTriggerValue("epoch", epoch));
  return () => view.close();
}

class Replay extends Redraw {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(() => this.show());
    this.data = data;
    this.epoch = data.epoch; // only at first: later the slider is ahead of the server
    /** @type {number[]} */
    this.epochs = [];
    /** @type {(epoch: number) => void} */
    this.send = () => {};
    /** @type {number | undefined} */
    this.timer = undefined;
    this.button = find(root, "button", HTMLButtonElement);
    this.slider = find(root, "input", HTMLInputElement);
    this.output = find(root, "output", HTMLOutputElement);
    this.place = find(root, ".runs", HTMLElement);
    /** @type {Map<string, Panel>} */
    this.panels = new Map();
    this.resized = new ResizeObserver(() => this.soon());
    this.slider.oninput = () => {
      this.stop();
      this.epoch = this.epochs[this.slider.valueAsNumber];
      this.soon();
    };
    this.slider.onchange = () => this.send(this.epoch);
    this.button.onclick = () => (this.timer ? this.pause() : this.play());
  }

  close() {
    this.stop();
    this.resized.disconnect();
    this.cancel();
  }

  /** @param {Data} data @param {(epoch: number) => void} send */
  update(data, send) {
    this.data = data;
    this.send = send;
    this.resized.observe(this.place);
    this.epochs = [...new Set(data.runs.flatMap((run) => run.epochs))].sort((a, b) => a - b);
    this.slider.max = String(this.epochs.length - 1);
    this.slider.ariaLabel = data.slider;
    /** @type {Map<string, Panel>} */
    const kept = new Map();
    for (const run of data.runs) {
      const panel = this.panels.get(run.id) ?? new Panel(run, data, () => this.soon());
      panel.update(run, data);
      panel.root.classList.toggle("alone", data.runs.length === 1);
      kept.set(run.id, panel);
    }
    this.panels = kept;
    this.place.replaceChildren(...[...kept.values()].map((panel) => panel.root));
    this.soon();
  }

  play() {
    const last = this.epochs[this.epochs.length - 1];
    if (this.epoch >= last) this.epoch = this.epochs[0];
    const pace = Math.min(500, Math.max(60, PLAYED / this.epochs.length));
    this.timer = setInterval(() => {
      this.epoch = this.epochs.find((epoch) => epoch > this.epoch) ?? this.epoch;
      if (this.epoch === last) this.pause();
      this.soon();
    }, pace);
    this.soon();
  }

  pause() {
    this.stop();
    this.send(this.epoch);
    this.soon();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  show() {
    const words = this.data.named.replace("#", String(this.epoch));
    this.slider.valueAsNumber = placeOf(this.epoch, this.epochs);
    this.slider.ariaValueText = words;
    this.output.textContent = words;
    this.button.textContent = this.timer ? this.data.pause : this.data.play;
    for (const panel of this.panels.values()) panel.draw(this.epoch);
  }
}
