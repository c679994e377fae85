// The trained decoders that the server has sent to this tab, for the views that move codes.

import { headerOf, unpack } from "./decoder.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Decoder } from "./decoder.js" */

const KEPT = 6; // decoders

/** Decoders by the id of their model, the newest last. @type {Map<string, Decoder>} */
export const decoders = new Map();

/** Dispatches the event "decoder" for each decoder that arrives. */
export const arrivals = new EventTarget();

/** Take a decoder from Streamlit. @param {Call<Uint8Array>} call */
export default function ({ data }) {
  const { id, digest } = headerOf(data);
  if (decoders.get(id)?.digest === digest) return; // Streamlit calls this after every rerun
  decoders.delete(id); // the newest must be last
  decoders.set(id, unpack(data));
  for (const oldest of decoders.keys()) if (decoders.size > KEPT) decoders.delete(oldest);
  arrivals.dispatchEvent(new Event("decoder"));
}
