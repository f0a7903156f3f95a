// The frame of all pages: where one can go, in which language and colours, and what was asked for in the address.
import { useEffect, useMemo, useState } from "preact/hooks";
import { SharedContext } from "./context";
import { AskPage } from "./pages/ask";
import { CollectionPage } from "./pages/collection";
import { ModelsPage } from "./pages/models";
import { OperationsPage } from "./pages/operations";
import { ReferencePage } from "./pages/reference";
import { ReferencesPage } from "./pages/references";
import { SourcePage } from "./pages/source";
import * as preferences from "./preferences";
import { useRoute, type Route } from "./router";
import { words_of, type Language, type Words } from "./words";

export function App() {
  const [language, set_language] = useState(preferences.language);
  const [theme, set_theme] = useState(preferences.theme);
  const [key, use_key] = useState("");
  const words = words_of(language);
  const route = useRoute();
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${title_of(route, words)} · renvoi`;
  }, [language, route]);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  // A page that was gone to is read from its heading on; the first one is not.
  const [first_route] = useState(route);
  useEffect(() => {
    if (route !== first_route && route.page !== "ask") document.querySelector<HTMLElement>("main h2")?.focus();
  }, [route]);
  const shared = useMemo(() => ({ language, words, key, use_key }), [language, key]);
  return (
    <SharedContext.Provider value={shared}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{words.skip}</a>
      <header class="top">
        <h1><a href="#/">renvoi</a></h1>
        <nav aria-label={words.navigation}>
          {(["ask", "collection", "references", "models", "operations"] as const).map((page) => (
            <a key={page} href={page === "ask" ? "#/" : `#/${page}`} aria-current={belongs(route, page) ? "page" : undefined}>{words[`to_${page}`]}</a>
          ))}
        </nav>
        <div class="choices">
          <label><span class="unseen">{words.language}</span>
            <select value={language} onChange={(event) => { const chosen = event.currentTarget.value as Language; preferences.set_language(chosen); set_language(chosen); }}>
              <option value="en" lang="en">English</option>
              <option value="fr" lang="fr">Français</option>
            </select>
          </label>
          <label><span class="unseen">{words.colours}</span>
            <select value={theme} onChange={(event) => { const chosen = event.currentTarget.value as preferences.Theme; preferences.set_theme(chosen); set_theme(chosen); }}>
              <option value="system">{words.colours_system}</option>
              <option value="light">{words.colours_light}</option>
              <option value="dark">{words.colours_dark}</option>
            </select>
          </label>
        </div>
      </header>
      <main id="main" tabIndex={-1} class={`at-${route.page}`}>
        {/* Kept while one looks elsewhere: a conversation is not lost by a look at its sources. */}
        <div hidden={route.page !== "ask"}><AskPage shown={route.page === "ask"} /></div>
        <Elsewhere route={route} />
      </main>
    </SharedContext.Provider>
  );
}

function Elsewhere({ route }: { route: Route }) {
  switch (route.page) {
    case "ask": return null;
    case "collection": return <CollectionPage />;
    case "source": return <SourcePage key={route.id} id={route.id} />;
    case "references": return <ReferencesPage query={route.query} />;
    case "reference": return <ReferencePage key={route.id} id={route.id} />;
    case "models": return <ModelsPage />;
    case "operations": return <OperationsPage />;
  }
}

type Place = "ask" | "collection" | "references" | "models" | "operations";
const place_of = (route: Route): Place => (route.page === "source" ? "collection" : route.page === "reference" ? "references" : route.page);
const belongs = (route: Route, place: Place): boolean => place_of(route) === place;
const title_of = (route: Route, words: Words): string => words[`to_${place_of(route)}`];
