// Sliders that move a code, and the pictures that follow the hand.
//
// The code is `data.origin`, in which a slider with an `index` sets one number, one with a `vector`
// adds its value times that direction, and one with a `path` goes from code to code. The server
// hears of it when the hand lets go: of the code, or of the sliders' values (`data.sends`).

const SPREAD = 3; // standard deviations that a random code may be from the mean

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".latent");
  root.view ??= new View(root);
  root.view.update(data, setStateValue);
  return () => root.view.close();
}

class View {
  constructor(root) {
    this.root = root;
    this.pictures = new Pictures(root.querySelector(".pictures"), () => this.draw());
  }

  close() {
    this.pictures.close();
  }

  update(data, send) {
    this.send = send;
    this.data = data;
    this.pictures.show(data.models);
    const form = JSON.stringify([data.sliders, data.random, data.name]);
    if (form !== this.form) this.build();
    // What comes back of this view's own doing is old news: the hand may have moved on.
    if (form !== this.form || data.at !== this.known) this.take(data.values);
    this.form = form;
    this.known = data.at;
    this.pictures.soon();
  }

  build() {
    this.sliders = this.data.sliders.map((slider, place) => this.row(slider, place));
    const rows = this.sliders.map(({ row }) => row);
    const rest = rows.splice(this.data.shown);
    if (rest.length) {
      const more = element("details");
      more.append(element("summary", { textContent: `${rest.length} more` }), ...rest);
      rows.push(more);
    }
    this.root.querySelector(".rows").replaceChildren(...rows);
    this.root.querySelector(".buttons").replaceChildren(...this.buttons());
  }

  row(slider, place) {
    const { label, note, low, high, step, box } = slider;
    const row = element("div", { className: "row" });
    const name = element("label", { textContent: label, title: note, htmlFor: `slider-${place}` });
    const input = element("input", { type: "range", id: `slider-${place}`, min: low, max: high, step });
    const output = element("output");
    const track = element("div", { className: "track" });
    if (box) {
      const half = element("i", { className: "box" });
      half.style.left = `${(100 * (box[0] - low)) / (high - low)}%`;
      half.style.width = `${(100 * (box[1] - box[0])) / (high - low)}%`;
      track.append(half);
    }
    track.append(input);
    const weight = element("i", { className: "weight", title: note });
    weight.style.setProperty("--share", slider.weight);
    row.append(weight, name, track, output);
    const made = { slider, row, input, output, value: slider.rest };
    input.oninput = () => {
      made.value = Number(input.value);
      this.moved();
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

  buttons() {
    const button = (textContent, title, onclick) =>
      element("button", { type: "button", textContent, title, onclick });
    const reset = button(this.data.reset, "A double click on a slider resets it alone", () =>
      this.reset(this.sliders),
    );
    if (!this.data.random) return [reset];
    const heat = element("input", { type: "range", min: 0, max: 2, step: 0.05, value: 1, id: "heat" });
    const label = element("label", { htmlFor: "heat" });
    heat.oninput = () => (label.textContent = `Temperature ${Number(heat.value).toFixed(2)}`);
    heat.oninput();
    const { title } = this.data.random;
    return [reset, button("Random", title, () => this.random(Number(heat.value))), label, heat];
  }

  reset(sliders) {
    for (const slider of sliders) slider.value = slider.slider.rest;
    this.moved();
    this.settle();
  }

  random(temperature) {
    const { mean, factor } = this.data.random;
    const noise = mean.map(() => clamp(normal(), -SPREAD, SPREAD));
    for (const made of this.sliders) {
      const i = made.slider.index;
      const step = factor ? factor[i].reduce((sum, f, j) => sum + f * noise[j], 0) : noise[i];
      made.value = Number((mean[i] + temperature * step).toFixed(3)); // as the address says it
    }
    this.moved();
    this.settle();
  }

  take(values) {
    for (const [place, value] of values.entries()) this.sliders[place].value = value;
    this.say();
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

  say() {
    for (const { input, output, value } of this.sliders) {
      input.value = value;
      output.textContent = value.toFixed(2);
    }
  }

  moved() {
    this.say();
    this.pictures.soon();
  }

  settle() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const values = this.sliders.map(({ value }) => value);
      this.known = asText(this.data.sends === "values" ? values : this.code());
      this.send("code", this.known);
    }, SETTLED);
  }

  draw() {
    const complete = this.pictures.draw(this.code());
    const words = complete ? this.data.status : "Loading the decoder …";
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
