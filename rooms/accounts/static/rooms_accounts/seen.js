// @ts-check
// Tells the server that this device is in use, for the page of signed-in devices: a tab that only uses its socket
// requests no pages. The server does not record it more often than this.
import { address } from "../rooms/js/page.js";

const EVERY_MS = 10 * 60_000;

let told = Date.now(); // the page itself counts

function tell() {
  if (document.visibilityState !== "visible" || Date.now() - told < EVERY_MS) return;
  told = Date.now();
  fetch(address("settings/devices/seen")).catch(() => {}); // without a connection there is nothing to report
}

setInterval(tell, EVERY_MS);
document.addEventListener("visibilitychange", tell);
