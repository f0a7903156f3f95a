import { render } from "preact";
import { Page } from "./page";
import { choose_language } from "./words";

const language = choose_language(navigator.languages);
document.documentElement.lang = language;
const root = document.getElementById("app");
if (root) render(<Page language={language} />, root);
