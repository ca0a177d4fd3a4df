// @ts-check
// A message's source as one line of plain words, for quotes.
const FENCE = /^\s*(```|~~~).*$/gm;
const QUOTED = /^\s*>.*$/gm;
const LINE_MARKS = /^\s*(#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s?)/gm;
const INLINE_MARKS = /\*\*|__|~~|`/g;

export function excerpt(body, length) {
  const plain = (text) => text.replace(FENCE, "").replace(LINE_MARKS, "").replace(INLINE_MARKS, "").replace(/\s+/g, " ").trim();
  // What the author says counts, not what they quote; somebody may have sent nothing but a quote.
  const text = plain(body.replace(QUOTED, "")) || plain(body) || body;
  return text.length > length ? `${text.slice(0, length).trimEnd()}…` : text;
}
