// The library reads every text as Markdown, plain text too, and Slack's entities as if they were not escaped. So each
// text is rewritten here in such a way that the library shows what Slack shows: what is markup in Slack stays as it
// is, and any other sign becomes a numeric entity, which is never markup.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const SIGN = /[!-/:-@[-`{-~]/g; // ASCII punctuation, the only signs that Markdown gives a meaning to
const NAMED = { "&lt;": "&#60;", "&gt;": "&#62;", "&amp;": "&#38;" };

// In Slack a pair of signs is markup only at the edges of words.
const styled = (sign) => `(?<![\\p{L}\\p{N}${sign}])[${sign}](?=\\S)[^${sign}\\n]*(?<=[^\\s${sign}])[${sign}](?![\\p{L}\\p{N}${sign}])`;
const EVERYWHERE = ["(?<emoji>:[a-z0-9_+'-]+:)", "(?<entity>&(?:lt|gt|amp);)", "(?<indent>^[ \\t]+)"];
const PLAIN = new RegExp(EVERYWHERE.join("|"), "gmu");
const MARKUP = new RegExp(
  [
    "(?<block>```[^]+?```|`[^`\\n]+`)",
    "(?<command><[@#!][^<>\\n]+>|<(?:https?:|mailto:)[^<>\\n]+>)",
    "(?<quote>^(?:&gt;|>) ?)",
    `(?<style>${["*", "_", "~"].map(styled).join("|")})`,
    ...EVERYWHERE,
  ].join("|"),
  "gmu",
);

const numeric = (text) => text.replace(SIGN, (sign) => `&#${sign.codePointAt(0)};`);

// In code no entity is read. There a word joiner, which shows nothing, keeps "<!channel>" from being a mention, and
// look-alikes stand for the two signs that the library doubles there too.
const CODE = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "*": "\u2217", "~": "\u223c" };
const code = (text) => text.replace(/&(?:lt|gt|amp);|[*~]/g, (sign) => CODE[sign]).replace(/<(?=\S)/g, "<\u2060");

function command(text) {
  const [target, label] = text.slice(1, -1).split(/\|(.*)/s);
  return label === undefined || /^[@#!]/.test(target) ? text : `<${target}|${rewrite(label, PLAIN)}>`;
}

// The library shows an emoji that it does not know as its bare name; which those are it alone knows, so it is asked.
const asked = new Map();
function isEmoji(name) {
  if (!asked.has(name)) {
    const section = { type: "rich_text_section", elements: [{ type: "emoji", name }] };
    const shown = renderToStaticMarkup(createElement(Message, { withoutWrapper: true, blocks: [{ type: "rich_text", elements: [section] }] }));
    asked.set(name, shown.replace(/<[^>]*>/g, "").trim() !== name);
  }
  return asked.get(name);
}

const KINDS = {
  block: code,
  command,
  quote: () => "&gt;",
  style: (text) => text[0] + rewrite(text.slice(1, -1), MARKUP) + text[0],
  emoji: (text) => (isEmoji(text.slice(1, -1)) ? text : numeric(text)),
  entity: (text) => NAMED[text],
  indent: (text) => text.replace(/\t/g, "    ").replace(/ /g, "\u00a0"), // else Markdown's sign for code
};

function rewrite(text, markup) {
  let [done, at] = ["", 0];
  for (const match of text.matchAll(markup)) {
    const [kind, found] = Object.entries(match.groups).find(([, part]) => part !== undefined);
    done += numeric(text.slice(at, match.index)) + KINDS[kind](found);
    at = match.index + match[0].length;
  }
  return done + numeric(text.slice(at));
}

const words = (text) => ({ type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] });

// Blocks that the library shows as nothing stand there by their names.
const UNKNOWN = new Set(["call", "context_actions", "file"]);

// Rewrite each text object of a block. An image's title is the one that the library shows as it is.
export function readable(part, name) {
  if (Array.isArray(part)) return part.map((each) => readable(each));
  if (part === null || typeof part !== "object") return part;
  const text = part.text;
  if (typeof text === "string" && part.type === "mrkdwn") return { type: "mrkdwn", text: rewrite(text, MARKUP) };
  if (typeof text === "string" && part.type === "plain_text" && name !== "title") return { type: "plain_text", text: rewrite(text, PLAIN) };
  // In Slack a raw_text cell of a table is text and nothing else.
  if (part.type === "raw_text") return words(text);
  if (part.type === "raw_number") return words(text ?? String(part.value));
  if (part.type === "action_cell") return words(part.element.text.text);
  if (part.type === "data_table") return { type: "table", rows: readable(part.rows) };
  if (UNKNOWN.has(part.type)) return words(`[${part.type}]`);
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, readable(value, key)]));
}
