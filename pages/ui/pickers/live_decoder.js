// The trained decoders that the server has brought into this tab, for the views that move codes.

import { headerOf, unpack } from "./decoder.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Decoder } from "./decoder.js" */

const KEPT = 6; // decoders

/** Decoders by the id of their model, the newest last. @type {Map<string, Decoder>} */
export const decoders = new Map();

/** Tells of every decoder that has come: "decoder". */
export const arrivals = new EventTarget();

/** Take a decoder from Streamlit. @param {Call<Uint8Array>} call */
export default function ({ data }) {
  const { id, digest } = headerOf(data);
  if (decoders.get(id)?.digest === digest) return; // Streamlit calls again after every rerun
  decoders.delete(id); // so that the newest is last
  decoders.set(id, unpack(data));
  for (const oldest of decoders.keys()) if (decoders.size > KEPT) decoders.delete(oldest);
  arrivals.dispatchEvent(new Event("decoder"));
}
