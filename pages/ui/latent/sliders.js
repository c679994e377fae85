// Sliders that move a code, and the pictures that follow the hand.
//
// The code is `data.origin`, in which a slider with an `index` sets one number, one with a `vector`
// adds its value times that direction, and one with a `path` goes from code to code. The server
// hears of it when the hand lets go: of the code, or of the sliders' values (`data.sends`).

const SPREAD = 3; // standard deviations that a random code may be from the mean

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".latent");
  root.view ??= new View(root);
  root.view.update(data, (text) => setTriggerValue("code", text));
  return () => root.view.close();
}

class View {
  constructor(root) {
    this.root = root;
    this.pictures = new Pictures(root.querySelector(".pictures"), () => this.draw());
    this.settling = new Settling();
  }

  close() {
    this.settling.flush();
    this.pictures.close();
  }

  update(data, send) {
    this.settling.send = send;
    this.data = data;
    this.words = Object.fromEntries(data.words);
    this.pictures.show(data.models, this.words, data.target);
    const form = JSON.stringify([data.name, data.sliders.map(({ label }) => label)]);
    const isNews = this.settling.isNews(data.at);
    if (form !== this.form) this.build();
    data.sliders.forEach((slider, place) => this.fit(this.sliders[place], slider));
    if (form !== this.form || isNews) this.take(data.values);
    this.form = form;
    this.pictures.soon();
  }

  build() {
    this.sliders = this.data.sliders.map((slider, place) => this.row(slider, place));
    const rows = this.sliders.map(({ row }) => row);
    const rest = rows.splice(this.data.shown);
    if (rest.length) {
      const more = element("details");
      const textContent = filled(this.words.rest, "count", rest.length);
      more.append(element("summary", { textContent }), ...rest);
      rows.push(more);
    }
    this.root.querySelector(".rows").replaceChildren(...rows);
    this.root.querySelector(".buttons").replaceChildren(...this.buttons());
  }

  row(slider, place) {
    const row = element("div", { className: "row" });
    const name = element("label", { textContent: slider.label, htmlFor: `slider-${place}` });
    const input = element("input", { type: "range", id: `slider-${place}` });
    const output = element("output");
    const track = element("div", { className: "track" });
    const [half, middle] = [element("i", { className: "half" }), element("i", { className: "middle" })];
    track.append(half, middle, input);
    const weight = element("i", { className: "weight" });
    row.append(weight, name, track, output);
    const made = { slider, row, input, output, half, middle, weight, value: slider.rest };
    input.oninput = () => {
      made.value = Number(input.value);
      this.moved([made]);
    };
    input.onchange = () => this.settle();
    row.ondblclick = () => this.reset([made]);
    input.onkeydown = (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      this.reset([made]);
    };
    return made;
  }

  // Ranges follow the code, and widen under a hand that has left them.
  fit(made, slider) {
    const { low, high, step, quartiles } = slider;
    const { input, row, weight, half, middle } = made;
    made.slider = slider;
    Object.assign(input, { min: low, max: high, step, value: made.value });
    row.title = slider.note;
    weight.style.setProperty("--share", slider.weight);
    half.hidden = middle.hidden = !quartiles;
    if (!quartiles) return;
    const share = (value) => (100 * (value - low)) / (high - low);
    half.style.left = `${share(quartiles[0])}%`;
    half.style.width = `${share(quartiles[2]) - share(quartiles[0])}%`;
    middle.style.left = `${share(quartiles[1])}%`;
  }

  buttons() {
    const button = (textContent, title, onclick) =>
      element("button", { type: "button", textContent, title, onclick });
    const { words } = this;
    const reset = button(this.data.reset, words.reset_one, () => this.reset(this.sliders));
    const [random] = this.data.random;
    if (!random) return [reset];
    const { title, hottest: max } = random;
    const heat = element("input", { type: "range", min: 0, max, step: 0.05, value: 1, id: "heat" });
    const label = element("label", { htmlFor: "heat" });
    heat.oninput = () => {
      label.textContent = filled(words.temperature, "value", Number(heat.value).toFixed(2));
    };
    heat.oninput();
    return [reset, button(words.random, title, () => this.random(Number(heat.value))), label, heat];
  }

  reset(sliders) {
    for (const slider of sliders) slider.value = slider.slider.rest;
    this.moved(sliders);
    this.settle();
  }

  random(temperature) {
    const [{ mean, factor }] = this.data.random;
    const noise = mean.map(() => clamp(normal(), -SPREAD, SPREAD));
    for (const made of this.sliders) {
      const i = made.slider.index;
      const step = factor ? factor[i].reduce((sum, f, j) => sum + f * noise[j], 0) : noise[i];
      made.value = Number((mean[i] + temperature * step).toPrecision(4)); // as the address says it
    }
    this.moved(this.sliders);
    this.settle();
  }

  take(values) {
    for (const [place, value] of values.entries()) this.sliders[place].value = value;
    this.say(this.sliders);
  }

  code() {
    const code = Float32Array.from(this.data.origin);
    for (const { slider, value } of this.sliders) {
      if (slider.path) return along(slider.path, value);
      if (slider.vector) slider.vector.forEach((step, i) => (code[i] += value * step));
      else code[slider.index] = value;
    }
    return code;
  }

  say(sliders) {
    for (const { input, output, value } of sliders) {
      input.value = value;
      output.textContent = Math.abs(value) < 100 ? value.toFixed(2) : value.toFixed(0);
    }
  }

  moved(sliders) {
    this.say(sliders);
    this.pictures.soon();
  }

  settle() {
    this.settling.soon(() => {
      const values = this.sliders.map(({ value }) => value);
      return asText(this.data.sends === "values" ? values : this.code());
    });
  }

  draw() {
    const complete = this.pictures.draw(this.code());
    const likeness = this.pictures.likeness();
    const near = isNaN(likeness) ? "" : filled(this.data.target[2], "psnr", likeness.toFixed(1));
    const words = complete ? this.data.status || near : this.words.loading;
    this.root.querySelector(".status").textContent = words;
  }
}

// A code between the codes of a path, at a share of the way; the ends are the ends exactly.
function along(path, share) {
  const at = clamp(share, 0, 1) * (path.length - 1);
  const first = Math.min(Math.floor(at), path.length - 2);
  const rest = at - first;
  return Float32Array.from(path[first], (v, i) => v * (1 - rest) + path[first + 1][i] * rest);
}

// Box and Muller.
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
