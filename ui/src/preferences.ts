// What the browser remembers, and nobody else: language, colours, and the questions that were asked here.
import { choose_language, type Language } from "./words";

export type Theme = "system" | "light" | "dark";
export interface Asked {
  question: string;
  at_ms: number;
}

const most_remembered = 50;

// A browser may refuse: then nothing is remembered.
function read(name: string): string | null {
  try {
    return localStorage.getItem(`renvoi.${name}`);
  } catch {
    return null;
  }
}
function write(name: string, value: string): void {
  try {
    localStorage.setItem(`renvoi.${name}`, value);
  } catch {
    // Not remembered.
  }
}

export function language(): Language {
  const chosen = read("language");
  return chosen === "fr" || chosen === "en" ? chosen : choose_language(navigator.languages);
}
export const set_language = (value: Language): void => write("language", value);

export function theme(): Theme {
  const chosen = read("theme");
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}
export const set_theme = (value: Theme): void => write("theme", value);

export function remembered(): Asked[] {
  try {
    const list: unknown = JSON.parse(read("asked") ?? "[]");
    return (Array.isArray(list) ? list : []).filter((each): each is Asked => typeof each?.question === "string" && typeof each?.at_ms === "number");
  } catch {
    return [];
  }
}
export function remember(question: string, now_ms: number): Asked[] {
  const list = [{ question, at_ms: now_ms }, ...remembered().filter((each) => each.question !== question)].slice(0, most_remembered);
  write("asked", JSON.stringify(list));
  return list;
}
export function forget_asked(): Asked[] {
  write("asked", "[]");
  return [];
}
