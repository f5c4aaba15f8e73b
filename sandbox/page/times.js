// Times as people read them, and kept true while the page stands open.

import { h } from "./dom.js";

const format = (options) => new Intl.DateTimeFormat("en-GB", options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const CLOCK_SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const NUMBERS = format({ day: "2-digit", month: "2-digit", year: "numeric" });
const DATE = format({ day: "numeric", month: "long", year: "numeric" });
const FULL = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });

export const clock = (date) => CLOCK.format(date);
export const day = (date) => DATE.format(date);
export const fullTime = (date) => `${FULL.format(date)} at ${CLOCK.format(date)}`;

/** True when both dates fall on one day here. */
export const sameDay = (one, other) => one.toDateString() === other.toDateString();

/** "Today at 14:02", "Yesterday at 09:10", else "03/11/2026 09:10": as over a Discord message. */
export function messageTime(date, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (sameDay(date, now)) return `Today at ${clock(date)}`;
  if (sameDay(date, yesterday)) return `Yesterday at ${clock(date)}`;
  return `${NUMBERS.format(date)} ${clock(date)}`;
}

const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** "3 minutes ago", "in 2 hours". */
export function relative(date, now = new Date()) {
  const seconds = Math.round((date - now) / 1000);
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? STEPS.at(-1);
  return RELATIVE.format(Math.round(seconds / size), unit);
}

// discord.com/developers/docs/reference#message-formatting-timestamp-styles
const STYLES = {
  t: clock,
  T: (date) => CLOCK_SECONDS.format(date),
  d: (date) => NUMBERS.format(date),
  D: day,
  f: (date) => `${day(date)} at ${clock(date)}`,
  F: fullTime,
  s: (date) => `${NUMBERS.format(date)}, ${clock(date)}`,
  S: (date) => `${NUMBERS.format(date)}, ${CLOCK_SECONDS.format(date)}`,
  R: relative,
};

/** A time inside a message, shown in one of Discord's styles; relative ones go on ticking. */
export function timestamp(unix, style = "f") {
  const date = new Date(Number(unix) * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode("Invalid Date");
  const shown = (STYLES[style] ?? STYLES.f)(date);
  return h("time", {
    class: "stamp",
    datetime: date.toISOString(),
    title: fullTime(date),
    text: shown,
    data: style === "R" ? { relative: "" } : {},
  });
}

/** Brings every relative time on the page up to date. */
export function tick() {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = relative(new Date(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}
