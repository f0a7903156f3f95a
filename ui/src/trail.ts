// What the audit trail says happened, in the reader's words.
import type { Words } from "./words";

export function event_in(words: Words, event: string): string {
  const change = /^([A-Z_]+) -> ([A-Z_]+)$/.exec(event);
  const word = (name: string | undefined) => (words as Record<string, string>)[name ?? ""] ?? name ?? "";
  if (change) return `${word(change[1])} → ${word(change[2])}`;
  return (words as Record<string, string>)[`event_${event}`] ?? event;
}
