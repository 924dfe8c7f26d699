// What the page asks its server, or the demo behind it (cli/page_requests.py). Raises Error with the reason.
import { given } from "./given.js";
import { language, say } from "./words.js";

export async function ask(question) {
  const body = JSON.stringify({ ...question, lang: language });
  const response = await fetch(given.ask, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(say(answer.error));
  return answer;
}
