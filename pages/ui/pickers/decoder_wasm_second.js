// The second thread of a large network, see decoder_wasm_threads.js.

import { helpForEver } from "./decoder_wasm_threads.js";

addEventListener("message", ({ data }) => {
  postMessage("here"); // from now on it sends and receives nothing
  helpForEver(data);
});
