// @ts-check
// Translations come from Django's JavaScript catalogue (/jsi18n/), a classic script that runs before the modules.
const catalogue = /** @type {any} */ (globalThis).django ?? {
  gettext: (text) => text,
  ngettext: (one, many, count) => (count === 1 ? one : many),
  interpolate: (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => String(values[name])),
};

export const gettext = (text) => catalogue.gettext(text);
export const ngettext = (one, many, count) => catalogue.ngettext(one, many, count);
/** Fills in %(name)s. */
export const interpolate = (text, values) => catalogue.interpolate(text, values, true);

const language = globalThis.document?.documentElement.lang || "en";
const format = (options) => new Intl.DateTimeFormat(language, options);
const clock = format({ hour: "numeric", minute: "2-digit" });
const dayThisYear = format({ weekday: "long", month: "long", day: "numeric" });
const dayOtherYear = format({ year: "numeric", month: "long", day: "numeric" });
const moment = format({ dateStyle: "full", timeStyle: "short" });
const nearDays = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const spans = new Intl.RelativeTimeFormat(language);
const numbers = new Intl.NumberFormat(language);
const listing = new Intl.ListFormat(language, { style: "long", type: "conjunction" });
const order = new Intl.Collator(language, { numeric: true, sensitivity: "base" });

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const DAY_MS = 86_400_000;
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const SPANS_MS = [["year", 365 * DAY_MS], ["month", 30 * DAY_MS], ["week", 7 * DAY_MS], ["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000]];

export const formatTime = (date) => clock.format(date);
export const formatMoment = (date) => moment.format(date);
export const formatNumber = (number) => numbers.format(number);
export const formatList = (words) => listing.format(words);
export const compareNames = order.compare;

/** Today is 0, yesterday -1. */
const daysFrom = (today, date) => Math.round((midnight(date).getTime() - midnight(today).getTime()) / DAY_MS);

/** "now", "3 hours ago", "yesterday". The clocks of server and browser may differ. */
export function formatAgo(date, now = new Date()) {
  const passed = now.getTime() - date.getTime();
  const [unit, span] = SPANS_MS.find(([_unit, least]) => passed >= least) ?? ["second", Infinity];
  if (unit === "day") return nearDays.format(daysFrom(now, date), unit);
  return unit === "second" ? nearDays.format(0, unit) : spans.format(-Math.floor(passed / span), unit);
}

export function formatDay(date, today = new Date()) {
  const ago = daysFrom(today, date);
  if (ago === 0 || ago === -1) {
    const words = nearDays.format(ago, "day");
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  return (date.getFullYear() === today.getFullYear() ? dayThisYear : dayOtherYear).format(date);
}
