// The trained decoders that this tab has, for the views that move codes. The server names an address, or
// sends the decoder itself while its run trains.

import { headerOf, unpack } from "./decoder.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Decoder } from "./decoder.js" */

const KEPT = 6; // decoders

/** Decoders by the id of their model, the newest last. @type {Map<string, Decoder>} */
export const decoders = new Map();

/** Dispatches the event "decoder" for each decoder that arrives. */
export const arrivals = new EventTarget();

/** Addresses that decoders came from or come from, by the same ids. @type {Map<string, string>} */
const addresses = new Map();

/**
 * Take a decoder, or its id and address. Streamlit calls this after every rerun.
 *
 * @param {Call<Uint8Array | [id: string, address: string]>} call
 */
export default async function ({ data, setTriggerValue }) {
  if (data instanceof Uint8Array) {
    const { id, digest } = headerOf(data);
    if (decoders.get(id)?.digest !== digest) take(id, data);
    return;
  }
  const [id, address] = data;
  if (addresses.get(id) === address) return;
  addresses.set(id, address);
  const answer = await fetch(new URL(address, document.baseURI)).catch(() => undefined);
  if (!answer) addresses.delete(id); // offline: connection.js says so, and the next rerun comes here again
  else if (!answer.ok) setTriggerValue("gone", address); // then the decoder itself comes
  else {
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (addresses.get(id) === address) take(id, bytes); // else a newer one is on its way
  }
}

/** @param {string} id @param {Uint8Array} bytes */
function take(id, bytes) {
  decoders.delete(id); // the newest must be last
  decoders.set(id, unpack(bytes));
  for (const oldest of decoders.keys()) {
    if (decoders.size <= KEPT) break;
    decoders.delete(oldest);
    addresses.delete(oldest);
  }
  arrivals.dispatchEvent(new Event("decoder"));
}
