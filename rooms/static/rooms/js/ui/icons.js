// @ts-check
import { svg } from "../../vendor/lit.js";

const icon = (paths) => svg`<svg class="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6"
  stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`;

export const icons = {
  archive: icon(svg`<path d="M3 4.5h14v3H3zM4.2 7.5v8h11.6v-8M8 10.8h4"/>`),
  browse: icon(svg`<circle cx="9" cy="9" r="5.5"/><path d="m13.2 13.2 3.8 3.8"/>`),
  check: icon(svg`<path d="m4.5 10.5 3.5 3.5 7.5-8"/>`),
  chevron: icon(svg`<path d="m6 8 4 4 4-4"/>`),
  clock: icon(svg`<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.6 1.6"/>`),
  close: icon(svg`<path d="m5 5 10 10M15 5 5 15"/>`),
  direct: icon(svg`<path d="M4 4h12a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 16 14h-4.5L7.5 17v-3H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 4Z"/>`),
  down: icon(svg`<path d="M10 4v12m-5-5 5 5 5-5"/>`),
  edit: icon(svg`<path d="m12.5 4.5 3 3L7 16l-3.7.7L4 13zM11 6l3 3"/>`),
  link: icon(svg`<path d="M8.3 11.7a3 3 0 0 0 4.3 0l2.8-2.8a3 3 0 0 0-4.3-4.3l-.9.9M11.7 8.3a3 3 0 0 0-4.3 0l-2.8 2.8a3 3 0 0 0 4.3 4.3l.9-.9"/>`),
  lock: icon(svg`<path d="M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9"/>`),
  menu: icon(svg`<path d="M3.5 5.5h13M3.5 10h13M3.5 14.5h13"/>`),
  more: icon(svg`<path d="M5 10h.01M10 10h.01M15 10h.01" stroke-width="2.4"/>`),
  people: icon(svg`<circle cx="7.5" cy="7" r="2.8"/><path d="M2.5 16c.4-3 2.4-4.5 5-4.5s4.6 1.5 5 4.5M13 4.6a2.5 2.5 0 0 1 0 4.8M14.5 12c1.7.6 2.8 2 3 4"/>`),
  plus: icon(svg`<path d="M10 4v12M4 10h12"/>`),
  react: icon(svg`<path d="M16.4 8.2a7 7 0 1 1-4.6-5M7.3 12a3.6 3.6 0 0 0 5.4 0M7.6 7.8v.4M12.4 7.8v.4M16 2.5v4M14 4.5h4"/>`),
  reply: icon(svg`<path d="M8 5 3.5 9.5 8 14M3.5 9.5H12a4.5 4.5 0 0 1 4.5 4.5v1.5"/>`),
  room: icon(svg`<path d="M8 3.5 6.5 16.5M13.5 3.5 12 16.5M4 7.5h12.5M3.5 12.5H16"/>`),
  send: icon(svg`<path d="M3.5 10 16.5 4l-4.2 12.5-3-5zM9.3 11.5l7.2-7.5"/>`),
  settings: icon(svg`<path d="M3.5 6h7M14.5 6h2M3.5 14h2M9.5 14h7"/><circle cx="12.5" cy="6" r="2"/><circle cx="7.5" cy="14" r="2"/>`),
  trash: icon(svg`<path d="M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 9v4.5M11.5 9v4.5"/>`),
};
