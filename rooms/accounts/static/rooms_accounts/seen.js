// @ts-check
// Tells the server that this device is in use, for the page of signed-in devices: a tab that talks over its socket asks
// for no page. The server takes no note of it more often than this.
import { address } from "../rooms/js/page.js";

const EVERY_MS = 10 * 60_000;

let told = Date.now(); // the page itself told it

function tell() {
  if (document.visibilityState !== "visible" || Date.now() - told < EVERY_MS) return;
  told = Date.now();
  fetch(address("settings/devices/seen")).catch(() => {}); // without a connection nobody is seen
}

setInterval(tell, EVERY_MS);
document.addEventListener("visibilitychange", tell);
