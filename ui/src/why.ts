// Why a reference is in its state, when it was heard of, and what comes next: in plain words.
import type { ReferenceDetail } from "./collection_api";
import { fill, moment_of } from "./format";
import { reason_in } from "./reasons";
import type { Language, Words } from "./words";

export function why(reference: ReferenceDetail, language: Language, words: Words): string[] {
  const reason = reference.reason ? reason_in(language, reference.reason).text : "";
  const state = words[`why_${reference.state}`];
  const sentences = [reason ? `${state} (${reason})` : state];
  sentences.push(reference.in_answers ? words.why_in_answers : words.why_not_in_answers);
  sentences.push(reference.checked_at ? fill(words.why_checked, { at: moment_of(reference.checked_at, language) }) : words.why_never_checked);
  if (reference.failures > 0) sentences.push(fill(words.why_failures, { n: String(reference.failures) }));
  if (reference.moved_to) sentences.push(fill(words.why_moved_to, { address: reference.moved_to }));
  if (reference.history.comparisons > 0) sentences.push(fill(words.why_changes, { n: String(reference.history.changes), of: String(reference.history.comparisons) }));
  if (reference.next_check_at) sentences.push(fill(words.why_next, { at: moment_of(reference.next_check_at, language) }));
  return sentences;
}
