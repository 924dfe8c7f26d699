// The words of the page in the language of its reader: that of the address (?lang=ja), else the server's, else the
// browser's. As in cli/language, the English sentence is the key, and braces name its values.
import { given } from "./given.js";

const wished = [new URLSearchParams(window.location.search).get("lang"), given.language, ...navigator.languages];
export const language = wished.map((name) => name?.split("-")[0]).find((name) => Object.hasOwn(given.words, name)) ?? "en";
document.documentElement.lang = language;

// How dates are written: as the browser's user likes it where it speaks the same language.
export const locale = navigator.languages.find((name) => name.startsWith(language)) ?? language;

export function say(sentence, values) {
  const known = given.words[language] ?? {};
  const found = Object.hasOwn(known, sentence) ? known[sentence] : sentence; // what is said can have any name
  return values ? found.replace(/\{(\w+)\}/g, (_, name) => values[name]) : found;
}

export const later = (sentence) => sentence;
export const plural = (one, many, count, values) => say(count === 1 ? one : many, { count, ...values });
