// The pictures of a code, one for each model, shared by the views (latent/component.py puts this
// file before theirs). Decoders come from live_decoder.js, which may load later than a view.

const CHANGED = "autoencoder-lab-decoder";
const SETTLED = 150; // ms without a further change: the code goes to the server

class Pictures {
  constructor(place, redraw) {
    this.place = place;
    this.redraw = redraw;
    this.frame = 0;
    this.hear = () => this.soon();
  }

  close() {
    window.removeEventListener(CHANGED, this.hear);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /**
   * Say which models there are: {id, title, still}, `still` being a picture or "". A target is
   * shown before them: its picture's address and its name. `words` are the view's.
   */
  show(models, words, [target, targetName] = []) {
    window.addEventListener(CHANGED, this.hear); // again after `close`; twice counts once
    const known = this.known;
    this.models = models;
    this.known = models.map((model) => model.id + model.title).join() + (target ?? "");
    if (known === this.known) return;
    this.shown = models.map(({ title }) => {
      const alt = filled(words.drawn, "model", title);
      const canvas = element("canvas", { role: "img", ariaLabel: alt });
      const still = element("img", { alt, hidden: true });
      const figure = element("figure");
      figure.append(canvas, still, element("figcaption", { textContent: title }));
      return { figure, canvas, still };
    });
    this.place.replaceChildren(...this.shown.map(({ figure }) => figure));
    this.target = target && element("img", { src: target, alt: targetName, onload: () => this.soon() });
    if (!target) return;
    const figure = element("figure");
    figure.append(this.target, element("figcaption", { textContent: targetName }));
    this.place.prepend(figure);
  }

  /** PSNR in dB of the first picture against the target, as far as both are there. */
  likeness() {
    const { canvas } = this.shown[0];
    if (!this.target?.naturalWidth || canvas.width !== this.target.naturalWidth) return NaN;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(this.target, 0, 0);
    const [wanted, drawn] = [copy, canvas.getContext("2d")].map(
      (context) => context.getImageData(0, 0, canvas.width, canvas.height).data,
    );
    const squares = drawn.reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0);
    return 10 * Math.log10((255 ** 2 * 0.75 * drawn.length) / Math.max(squares, 1e-9)); // no alpha
  }

  /** Draw at the next frame, however often it is asked for until then. */
  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.redraw();
    });
  }

  /** Draw a code; false while a decoder is missing. */
  draw(code) {
    const lab = window.autoencoderLab;
    let complete = true;
    for (const [place, { id, still }] of this.models.entries()) {
      const shown = this.shown[place];
      shown.still.hidden = !still;
      shown.canvas.hidden = Boolean(still);
      const decoder = lab?.decoders.get(id);
      if (still) shown.still.src = still;
      else if (decoder?.latentDim === code.length) lab.paint(decoder, code, shown.canvas);
      else complete = false;
    }
    return complete;
  }
}

/**
 * What a view tells the server: a text, some time after the last change. What comes back of it is
 * old news, as the hand may have moved on since.
 */
class Settling {
  constructor() {
    this.sent = [];
  }

  /** Take a text from the server; whether it is news to this view. */
  isNews(text) {
    if (text === this.known) return false;
    this.known = text;
    const place = this.sent.indexOf(text);
    this.sent = place < 0 ? [] : this.sent.slice(place + 1);
    return place < 0;
  }

  /** Send what `write` returns when nothing has changed for a while. */
  soon(write) {
    clearTimeout(this.timer);
    this.now = () => {
      this.now = undefined;
      const text = write();
      this.sent.push(text);
      this.send(text);
    };
    this.timer = setTimeout(() => this.now?.(), SETTLED);
  }

  /** Send what is waiting at once. */
  flush() {
    clearTimeout(this.timer);
    this.now?.();
  }
}

function element(name, properties = {}) {
  const { role, ...others } = properties;
  const made = Object.assign(document.createElement(name), others);
  if (role) made.setAttribute("role", role);
  return made;
}

/** A sentence with a value in the place of its {name}. */
const filled = (sentence, name, value) => sentence.replace(`{${name}}`, () => value);

/** Write numbers as `ae_core.latent.interpolation.code_to_text` does: 4 significant digits. */
const asText = (numbers) => Array.from(numbers, (v) => Number(v.toPrecision(4)) + 0).join(","); // no -0

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
