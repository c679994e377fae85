// A run's moments under one slider: pictures, map and place on the curve follow the hand, of two
// runs at the same epoch. Only where the hand lets go is told to the server.
//
// What is drawn of a run is in replay_panel.js, which comes before this.

const PLAYED = 8000; // ms that a whole run lasts

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".replay");
  root.view ??= new Replay(root);
  root.view.update(data, (epoch) => setTriggerValue("epoch", epoch));
  return () => root.view.close();
}

class Replay {
  constructor(root) {
    [this.button, this.slider, this.output] = ["button", "input", "output"].map((tag) => root.querySelector(tag));
    this.place = root.querySelector(".runs");
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
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    this.resized.observe(this.place);
    this.epochs = [...new Set(data.runs.flatMap((run) => run.epochs))].sort((a, b) => a - b);
    this.epoch ??= data.epoch; // later the hand knows better than what comes back of it
    this.slider.max = this.epochs.length - 1;
    this.slider.setAttribute("aria-label", data.slider);
    const kept = new Map(data.runs.map((run) => [run.id, this.panels.get(run.id) ?? new Panel(() => this.soon())]));
    for (const run of data.runs) kept.get(run.id).update(run, data);
    this.panels = kept;
    this.place.replaceChildren(...[...kept.values()].map((panel) => panel.root));
    for (const panel of kept.values()) panel.root.classList.toggle("alone", kept.size === 1);
    this.soon();
  }

  play() {
    if (this.epoch >= this.epochs.at(-1)) this.epoch = this.epochs[0];
    const pace = Math.min(500, Math.max(60, PLAYED / this.epochs.length));
    this.timer = setInterval(() => {
      this.epoch = this.epochs.find((epoch) => epoch > this.epoch) ?? this.epoch;
      if (this.epoch === this.epochs.at(-1)) this.pause();
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

  /** Draw at the next frame, however often it is asked for until then. */
  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const words = this.data.named.replace("#", this.epoch);
    this.slider.value = placeOf(this.epoch, this.epochs);
    this.slider.setAttribute("aria-valuetext", words);
    this.output.textContent = words;
    this.button.textContent = this.timer ? this.data.pause : this.data.play;
    for (const panel of this.panels.values()) panel.draw(this.epoch);
  }
}
