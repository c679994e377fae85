// The thread that denoises, as the page sees it: it loads what the thread needs, and asks.

/** @import { Answer, Question } from "./denoising_worker.js" */
/** @import { Picture } from "./noises.js" */
/**
 * @typedef {object} Followed what the thread needs to know
 * @property {string} network the address of the network's bytes
 * @property {string} draws the address of a seed's draws, float32: all normal ones, then all uniform ones
 * @property {string} clean the image's bytes, H·W·C in 0…255, as base64
 * @property {number[]} shape [H, W, C]
 * @property {string} kind of noise
 */

export class Denoising {
  /** @param {(answer: Answer) => void} hear */
  constructor(hear) {
    this.hear = hear;
    /** @type {Worker | undefined} */
    this.thread = undefined;
    /** @type {Followed | undefined} */
    this.newest = undefined;
    this.told = { network: "", picture: "" };
  }

  close() {
    this.thread?.terminate();
    this.thread = undefined;
  }

  /** Tell the thread what it lacks; until all has arrived, nothing is answered. @param {Followed} followed */
  async follow(followed) {
    this.newest = followed;
    const thread = this.thread ?? this.begun();
    const { network, draws, clean, shape, kind } = followed;
    const picture = [draws, clean, shape].join();
    if (picture !== this.told.picture) this.told.picture = ""; // the thread must not draw the one before
    if (network !== this.told.network) this.told.network = "";
    const [weights, drawn] = await Promise.all([
      this.told.network ? undefined : bytesAt(network),
      this.told.picture ? undefined : bytesAt(draws),
    ]).catch(() => []); // offline, or another server answered: pictures follow when the hand rests
    if (followed !== this.newest || thread !== this.thread) return; // a newer one is on its way
    /** @type {Question} */
    const told = { kind, network: weights };
    if (drawn) told.picture = pictureOf(clean, shape, drawn);
    thread.postMessage(told);
    if (weights) this.told.network = network;
    if (drawn) this.told.picture = picture;
  }

  begun() {
    const thread = new Worker(new URL("./denoising_worker.js", import.meta.url), { type: "module" });
    thread.onmessage = ({ data }) => this.hear(data);
    this.told = { network: "", picture: "" };
    return (this.thread = thread);
  }

  get ready() {
    return Boolean(this.told.network && this.told.picture);
  }

  /** Ask for a picture; the thread leaves out those between. @param {number} amount */
  ask(amount) {
    if (this.ready) this.thread?.postMessage({ amount });
  }
}

/** Return a picture from its bytes as base64 and a seed's draws. @param {string} clean @param {number[]} shape @param {ArrayBuffer} draws @returns {Picture} */
export function pictureOf(clean, shape, draws) {
  const bytes = Uint8Array.from(atob(clean), (c) => c.charCodeAt(0));
  const half = draws.byteLength / 2;
  return {
    shape,
    clean: Float32Array.from(bytes, (byte) => byte / 255),
    normal: new Float32Array(draws, 0, bytes.length),
    uniform: new Float32Array(draws, half),
  };
}

/** @param {string} address */
async function bytesAt(address) {
  const answer = await fetch(new URL(address, document.baseURI));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.arrayBuffer();
}
