// Pure functions between the API's values and what people read.
import type { Language } from "./words";

export type Piece = { kind: "text"; text: string } | { kind: "strong"; text: string } | { kind: "mark"; number: number };

// Cuts an answer at its [n] marks and at the words between **. Only the numbers of real citations become marks; anything else
// stays text.
export function split_marks(text: string, numbers: ReadonlySet<number>): Piece[] {
  const pieces: Piece[] = [];
  let end_of_last = 0;
  for (const match of text.matchAll(/\[(\d{1,4})\]|\*\*([^*\s](?:[^*]{0,198}[^*\s])?)\*\*/g)) {
    const number = Number(match[1]);
    const strong = match[2];
    if (strong === undefined && !numbers.has(number)) continue;
    if (match.index > end_of_last) pieces.push({ kind: "text", text: text.slice(end_of_last, match.index) });
    pieces.push(strong === undefined ? { kind: "mark", number } : { kind: "strong", text: strong });
    end_of_last = match.index + match[0].length;
  }
  if (end_of_last < text.length) pieces.push({ kind: "text", text: text.slice(end_of_last) });
  return pieces;
}

// A web address to link to, or null: only http and https are links, whatever a document's address says.
export function safe_link(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

// The host of an address, or "" of a file's.
export function site_of(address: string): string {
  try {
    const url = new URL(address);
    return url.host || decodeURIComponent(url.pathname.split("/").slice(-2, -1)[0] ?? "");
  } catch {
    return address;
  }
}

// `text` with each {name} replaced.
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

// Seconds since 1970 of an RFC 3339 moment; null: never, or not a moment.
export function seconds_of(moment: string | null): number | null {
  const ms = moment === null ? Number.NaN : Date.parse(moment);
  return Number.isNaN(ms) ? null : ms / 1000;
}

// "2 s ago", "il y a 3 min". A moment in the future (clocks differ) reads as now.
export function age(moment_s: number, now_s: number, language: Language, just_now: string): string {
  const elapsed_s = Math.max(0, Math.round(now_s - moment_s));
  if (elapsed_s < 1) return just_now;
  const [count, unit] =
    elapsed_s < 60 ? [elapsed_s, "s"]
    : elapsed_s < 3600 ? [Math.floor(elapsed_s / 60), "min"]
    : elapsed_s < 86_400 ? [Math.floor(elapsed_s / 3600), "h"]
    : [Math.floor(elapsed_s / 86_400), language === "fr" ? "j" : "d"];
  return language === "fr" ? `il y a ${count} ${unit}` : `${count} ${unit} ago`;
}

// "24 Nov 2026", of an RFC 3339 moment or a day; "" of none.
export function date_of(moment: string | null, language: Language): string {
  const ms = Date.parse(moment ?? "");
  return Number.isNaN(ms) ? "" : new Intl.DateTimeFormat(language === "fr" ? "fr" : "en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(ms);
}

// With the time, where the reader is.
export function moment_of(moment: string | null, language: Language): string {
  const ms = Date.parse(moment ?? "");
  return Number.isNaN(ms) ? "" : new Intl.DateTimeFormat(language === "fr" ? "fr" : "en-GB", { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

// "40 s", "3 min", "2 h", "5 d".
export function duration(seconds: number, language: Language): string {
  const [count, unit] =
    seconds < 10 ? [Math.round(seconds * 10) / 10, "s"]
    : seconds < 90 ? [Math.round(seconds), "s"]
    : seconds < 5_400 ? [Math.round(seconds / 60), "min"]
    : seconds < 172_800 ? [Math.round(seconds / 3_600), "h"]
    : [Math.round(seconds / 86_400), language === "fr" ? "j" : "d"];
  return `${number(count, language, 1)} ${unit}`;
}

export function bytes(count: number, language: Language): string {
  const units = language === "fr" ? ["o", "ko", "Mo", "Go", "To"] : ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${number(value, language, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

export const number = (value: number, language: Language, digits = 0): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

// How many times smaller the index is, or null when it is not.
export function times_smaller(text_bytes: number, index_bytes: number): number | null {
  return index_bytes > 0 && text_bytes > index_bytes ? text_bytes / index_bytes : null;
}

// The question in an address that ends in "?q=...", as a browser makes it that has the page as a search engine.
export const question_of = (search: string): string => (new URLSearchParams(search).get("q") ?? "").slice(0, 2000);
