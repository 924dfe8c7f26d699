// What the stand-in sends, the address and the theme, as values that React reads.
import { useEffect, useState, useSyncExternalStore } from "react";
import { given } from "./given.js";

// The stand-in's items by their keys. Each new connection begins with everything, so an old copy is dropped.
let items = new Map();
let live = false;
const readers = new Set();

function publish(next, connected) {
  [items, live] = [next, connected];
  readers.forEach((read) => read());
}

function opened() {
  const stream = new EventSource(given.stream);
  let fresh = true;
  stream.onopen = () => { fresh = true; };
  stream.onerror = () => publish(items, false);
  stream.onmessage = ({ data }) => {
    const { set, gone } = JSON.parse(data);
    const next = new Map(fresh ? [] : items);
    fresh = false;
    gone.forEach((key) => next.delete(key));
    Object.entries(set).forEach(([key, item]) => next.set(key, item));
    publish(next, true);
  };
  return stream;
}

// A browser has six connections for a site, in all of its tabs: only a page that somebody can see takes one.
export function listen() {
  if (!given.stream) return publish(new Map(Object.entries(given.items)), true);
  let stream = null;
  const turn = (on) => {
    if (!on) stream?.close();
    stream = on ? stream ?? opened() : null;
  };
  const look = () => turn(!document.hidden);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", () => turn(false)); // a browser keeps a page that was left
  window.addEventListener("pageshow", look);
  look();
}

function subscribe(read) {
  readers.add(read);
  return () => readers.delete(read);
}

export const useItems = () => useSyncExternalStore(subscribe, () => items);
export const useLive = () => useSyncExternalStore(subscribe, () => live);

// A view is the address's fragment: a channel's id, "waiting", "parked", "templates", or that of a notification or of
// the story of an event. After a slash comes the part of it that is meant: a message, an event, or the id of a row.
export const address = (name, id) => within(`notification:${encodeURIComponent(name)}`, id);
export const story = (event) => `story:${encodeURIComponent(event)}`;
export const within = (view, part) => (part ? `${view}/${encodeURIComponent(part)}` : view);

export function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

export function useView() {
  const hash = useSyncExternalStore(
    (read) => {
      window.addEventListener("hashchange", read);
      return () => window.removeEventListener("hashchange", read);
    },
    () => window.location.hash.slice(1),
  );
  const [view, part = ""] = hash.split(/\/(.*)/s);
  return [view, decoded(part)];
}

// What was chosen on this page is chosen the next time too, where the browser keeps it.
export function useKept(key, otherwise) {
  const [kept, keep] = useState(() => {
    try { return localStorage.getItem(key) ?? otherwise; } catch { return otherwise; }
  });
  const choose = (value) => {
    try { localStorage.setItem(key, value); } catch { /* a page in a file or a frame may keep nothing */ }
    keep(value);
  };
  return [kept, choose];
}

// "light" or "dark": what was chosen on this page, else what the system says.
export function useTheme() {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const systemDark = useSyncExternalStore(
    (read) => {
      system.addEventListener("change", read);
      return () => system.removeEventListener("change", read);
    },
    () => system.matches,
  );
  const [chosen, choose] = useKept("theme", "");
  const theme = chosen || (systemDark ? "dark" : "light");
  useEffect(() => { document.documentElement.dataset.theme = theme; }, [theme]);
  return [theme, () => choose(theme === "dark" ? "light" : "dark")];
}

export function ofKind(items, kind) {
  return [...items.values()].filter((item) => item.kind === kind);
}

// Messages by channel, each with its delivery, its replies, and what is wrong with the file of its template now: that
// stands at the last message that the file made. Slack lists a reply with its parent.
export function byChannel(items) {
  const channels = new Map(ofKind(items, "channel").map((channel) => [channel.id, { ...channel, messages: [] }]));
  const [seen, last] = [new Map(), new Map()];
  for (const item of ofKind(items, "message")) {
    const message = { ...item, delivery: items.get(`delivery:${item.channel}:${item.ts}`), replies: [], findings: [] };
    seen.set(`${item.channel}:${item.ts}`, message);
    if (message.delivery) last.set(`${item.channel}:${message.delivery.template}`, message);
    const parent = item.thread_ts !== item.ts && seen.get(`${item.channel}:${item.thread_ts}`);
    (parent ? parent.replies : channels.get(item.channel)?.messages)?.push(message);
  }
  for (const message of last.values()) {
    message.findings = ofKind(items, "finding").filter(({ file }) => file === message.delivery.template);
  }
  // The stand-in also knows channels that refuse every post: they are listed only once something is in them.
  return [...channels.values()].filter((channel) => !channel.rule || channel.messages.length);
}

export const latest = (channel) =>
  channel.messages.flatMap((message) => [message, ...message.replies]).reduce((ts, { ts: next }) => (next > ts ? next : ts), "");
