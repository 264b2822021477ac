// Why nothing can be read on this device. The worker sends these sentences, the page translates them.

import { N_ } from "./texts.js";

export const NOT_LOADED = N_("The networks could not be loaded. Check the connection, then reload the page.");
export const NOT_RUN = N_("The networks can't run in this browser. Update it, or use another one.");
export const ENDED = N_("The networks have stopped; memory may have run out. Save your timeline and load the page again.");

/** Returns the response to a request for one of the page's own files. */
export async function get(url) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new Error(NOT_LOADED);
  return response;
}
