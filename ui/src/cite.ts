// An answer with its citations, to be pasted elsewhere: as Markdown, as plain text, its sources as BibTeX.
import type { Answer, Citation } from "./ask_api";
import { site_of } from "./format";

const day_of = (moment: string | null): string => (moment ?? "").slice(0, 10);
const one_line = (text: string): string => text.replace(/\s+/g, " ").trim();

// A document's title must not become a link, an image or a heading of its own.
const markdown_text = (text: string): string => one_line(text).replace(/[\\`*_[\]<>#!|~]/g, "\\$&");
const markdown_link = (address: string): string => address.replace(/[<>\s]/g, encodeURIComponent);

export function markdown(question: string, answer: Answer, checked: string): string {
  const sources = answer.citations.map((citation) =>
    `${citation.number}. [${markdown_text(citation.title || citation.address)}](<${markdown_link(citation.link || citation.address)}>), ` +
    `${checked} ${day_of(citation.checked_at)}\n   > ${markdown_text(citation.quote)}`);
  return [`**${markdown_text(question)}**`, answer.text, ...(sources.length ? [sources.join("\n")] : [])].join("\n\n") + "\n";
}

export function plain(question: string, answer: Answer, checked: string): string {
  const sources = answer.citations.map((citation) =>
    `[${citation.number}] ${one_line(citation.title || citation.address)}, ${citation.address}, ${checked} ${day_of(citation.checked_at)}`);
  return [question, answer.text.replaceAll("**", ""), ...(sources.length ? [sources.join("\n")] : [])].join("\n\n") + "\n";
}

// What has a meaning in a BibTeX field, unbraced.
const bibtex_text = (text: string): string => one_line(text).replace(/[\\{}%&$#_~^]/g, (sign) => (sign === "\\" ? "/" : sign === "{" || sign === "}" ? "" : `\\${sign}`));

export function bibtex(citations: readonly Citation[]): string {
  const once = citations.filter((citation, index) => citations.findIndex((other) => other.address === citation.address) === index);
  return once.map((citation) => {
    const fields = [
      `  title = {{${bibtex_text(citation.title || citation.address)}}}`,
      `  howpublished = {${bibtex_text(site_of(citation.address))}}`,
      `  url = {${citation.address.replace(/[{}\\\s]/g, encodeURIComponent)}}`,
      `  urldate = {${day_of(citation.checked_at)}}`,
      ...(citation.date ? [`  date = {${day_of(citation.date)}}`] : []),
    ];
    return `@misc{renvoi-${citation.reference || citation.number},\n${fields.join(",\n")}\n}\n`;
  }).join("\n");
}
