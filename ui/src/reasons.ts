// What the server says of a page, which is English, in the reader's language, as far as its sentences are known.
import { words_of, type Language } from "./words";

const known: [RegExp, string][] = [
  [/: now ([A-Z_]+), out of answers until it is back/g, " : désormais $1, hors des réponses jusqu’à son retour"],
  [/did not answer in time/g, "n’a pas répondu à temps"],
  [/its text is not cached/g, "son texte n’est pas gardé"],
  [/cannot be read any more/g, "n’est plus lisible"],
  [/the page asks not to be indexed \(noindex\)/g, "la page demande à ne pas être indexée (noindex)"],
  [/the server asks not to index the page/g, "le serveur demande de ne pas indexer la page"],
  [/its source was removed/g, "sa source a été retirée"],
  [/holds no text( any more)?/g, "ne contient plus de texte"],
  [/the file is not there/g, "le fichier n’est pas là"],
  [/it is not in the archive any more/g, "n’est plus dans l’archive"],
  [/it redirects to an address that cannot be followed/g, "redirige vers une adresse qui ne peut être suivie"],
  [/is now ([A-Z_]+), which was not asked for/g, "est désormais $1, ce qui n’était pas demandé"],
  [/removed by hand/g, "retiré à la main"],
  [/not indexed/g, "non indexé"],
  [/it moved here from/g, "déplacé ici depuis"],
  [/it moved to/g, "déplacé vers"],
  [/robots\.txt forbids it/g, "robots.txt l’interdit"],
  [/not found/g, "introuvable"],
];

export interface Said {
  text: string;
  language: Language; // of the text
}

export function reason_in(language: Language, reason: string): Said {
  if (language === "en") return { text: reason, language: "en" };
  let text = reason;
  for (const [english, french] of known) text = text.replace(english, french);
  const words = words_of("fr") as Record<string, string>;
  text = text.replace(/\b(LIVE|SUSPECT|GONE|HOST_DOWN|BLOCKED|MOVED|ARCHIVED)\b/g, (state) => words[state] ?? state);
  const understood = text !== reason || /^HTTP \d+$/.test(reason);
  return { text, language: understood ? "fr" : "en" };
}
