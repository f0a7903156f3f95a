// What the page says, in French and English. English is the reference: the type makes French complete.

const english = {
  tagline: "Answers you can check.",
  question: "Your question",
  placeholder: "Ask something your sources can answer",
  ask: "Ask",
  asking: "Reading the sources…",
  answer: "Answer",
  sources: "Sources",
  source: "Source",
  quote: "Quote",
  no_answer: "No answer in the sources",
  no_answer_hint: "renvoi says nothing it cannot quote. Try other words, or add a source with “renvoi add”.",
  dropped: "Found, but not cited",
  dropped_hint: "These were fetched again for this question and could not be shown as sources.",
  checked: "checked",
  last_verified: "not checked now, last verified",
  never_checked: "never checked",
  page: "page",
  now: "just now",
  open: "Open the document",
  failed: "This did not work",
  network: "The server does not answer. Is “renvoi serve” still running? Your question is kept: ask again when it is.",
  timeout: "No answer in time. The server may be busy, or a source slow. Ask again, or ask something narrower.",
  key: "This server wants a key with the role “read”. Make one with “renvoi key new” and give it here.",
  key_label: "Key",
  key_use: "Use this key",
  server: "The server reported an error.",
  pages: "pages",
  passages: "passages",
  text: "of text",
  index: "of index",
  smaller: "times smaller",
  took: "Answered in",
  colon: ":",
  searched: "search",
  fetched: "fetching again",
  written: "writing",
  LIVE: "live",
  SUSPECT: "suspect",
  GONE: "gone",
  HOST_DOWN: "host down",
  BLOCKED: "blocked",
  MOVED: "moved",
  ARCHIVED: "gone, our copy",
};

export type Words = typeof english;

const french: Words = {
  tagline: "Des réponses que l’on peut vérifier.",
  question: "Votre question",
  placeholder: "Demandez ce que vos sources peuvent dire",
  ask: "Demander",
  asking: "Lecture des sources…",
  answer: "Réponse",
  sources: "Sources",
  source: "Source",
  quote: "Citation",
  no_answer: "Pas de réponse dans les sources",
  no_answer_hint: "renvoi ne dit rien qu’il ne puisse citer. Essayez d’autres mots, ou ajoutez une source avec « renvoi add ».",
  dropped: "Trouvé, mais non cité",
  dropped_hint: "Ces documents ont été relus pour cette question et ne peuvent pas servir de sources.",
  checked: "vérifié",
  last_verified: "non vérifié à l'instant, dernière vérification",
  never_checked: "jamais vérifié",
  page: "page",
  now: "à l’instant",
  open: "Ouvrir le document",
  failed: "Cela n’a pas marché",
  network: "Le serveur ne répond pas. « renvoi serve » tourne-t-il encore ? Votre question est gardée : redemandez ensuite.",
  timeout: "Pas de réponse à temps. Le serveur est peut-être occupé, ou une source lente. Redemandez, ou précisez la question.",
  key: "Ce serveur demande une clé de rôle « read ». Créez-en une avec « renvoi key new » et donnez-la ici.",
  key_label: "Clé",
  key_use: "Utiliser cette clé",
  server: "Le serveur a signalé une erreur.",
  pages: "pages",
  passages: "passages",
  text: "de texte",
  index: "d’index",
  smaller: "fois plus petit",
  took: "Répondu en",
  colon: "\u00a0:",
  searched: "recherche",
  fetched: "relecture",
  written: "rédaction",
  LIVE: "en ligne",
  SUSPECT: "douteux",
  GONE: "disparu",
  HOST_DOWN: "serveur muet",
  BLOCKED: "bloqué",
  MOVED: "déplacé",
  ARCHIVED: "disparu, notre copie",
};

export type Language = "fr" | "en";

// The first of the browser's languages that the page has; English otherwise.
export function choose_language(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary === "fr" || primary === "en") return primary;
  }
  return "en";
}

export const words_of = (language: Language): Words => (language === "fr" ? french : english);
