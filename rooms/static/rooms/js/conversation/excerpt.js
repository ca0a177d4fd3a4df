// @ts-check
// Turns a message's source into one line of plain text, for quotes.
const FENCE = /^\s*(```|~~~).*$/gm;
const QUOTED = /^\s*>.*$/gm;
const LINE_MARKS = /^\s*(#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s?)/gm;
const INLINE_MARKS = /\*\*|__|~~|`/g;

export function excerpt(body, length) {
  const plain = (text) => text.replace(FENCE, "").replace(LINE_MARKS, "").replace(INLINE_MARKS, "").replace(/\s+/g, " ").trim();
  // Skip quoted text, unless the message consists only of a quote.
  const text = plain(body.replace(QUOTED, "")) || plain(body) || body;
  return text.length > length ? `${text.slice(0, length).trimEnd()}…` : text;
}
