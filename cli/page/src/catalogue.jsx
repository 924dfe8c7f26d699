// The list of notifications: searched, grouped, and walked through with the arrow keys.
import { useEffect, useRef, useState } from "react";
import { Entry } from "./sidebar.jsx";
import { address, useKept } from "./state.js";
import { later, say } from "./words.js";

export const CHANGES = { changed: later("changed"), added: later("new"), removed: later("removed") };

const channelsOf = ({ routes = [] }) => [...new Set(routes.flatMap(({ channels }) => channels))].map((alias) => `#${alias}`);
const GROUPS = {
  channel: { name: later("By channel"), of: channelsOf, none: later("No channel") },
  owner: { name: later("By owner"), of: ({ owner }) => (owner ? [owner] : []), none: later("No owner") },
};

// Each word that is searched for stands somewhere in what people know a notification by.
function matches(one, wanted) {
  const lookups = (one.lookups ?? []).flatMap(({ name, tables }) => [name, ...tables]);
  const text = [one.name, one.event, one.description, one.owner, ...channelsOf(one), ...lookups].join(" ").toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function grouped(notifications, { of, none }) {
  const groups = new Map();
  for (const one of notifications) {
    for (const name of of(one).length ? of(one) : [""]) groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  const named = [...groups].filter(([name]) => name).sort(([one], [other]) => one.localeCompare(other));
  return [...named, ...(groups.has("") ? [[say(none), groups.get("")]] : [])];
}

function One({ one, current, first, findings }) {
  const own = findings.filter(({ file }) => file === one.file);
  const broken = own.some(({ severity }) => severity === "error");
  const change = CHANGES[one.change];
  return (
    <Entry view={address(one.name)} current={current} mark={change ? "●" : "◇"} count={own.length} what={say("findings")}
      alarm={broken} tabIndex={first ? 0 : -1} data-change={one.change || undefined} title={one.description || one.name}>
      {one.name}{change && <span className="spoken"> {say(change)}</span>}
    </Entry>
  );
}

// Arrows walk through the links, and show what they lead to; Home and End go to the ends.
function walk(pressed) {
  const links = [...pressed.currentTarget.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[pressed.key];
  if (to === undefined) return;
  pressed.preventDefault();
  if (to < 0) return document.getElementById("search").focus();
  const link = links[Math.min(to, links.length - 1)];
  link?.focus();
  if (link) window.location.replace(link.hash);
}

function useSlash(search) {
  useEffect(() => {
    const press = (pressed) => {
      const writes = pressed.target.closest?.("input, select, textarea");
      if (pressed.key !== "/" || writes || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
      pressed.preventDefault();
      search.current.focus();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

export function Catalogue({ view, notifications, findings }) {
  const [wanted, want] = useState("");
  const [by, group] = useKept("group", "channel");
  const search = useRef(null);
  useSlash(search);
  const found = notifications.filter((one) => matches(one, wanted));
  const groups = grouped(found, GROUPS[by] ?? GROUPS.channel);
  const isShown = found.some(({ name }) => view === address(name));
  const list = useRef(null);
  const onKeyDown = (pressed) => {
    if (pressed.key === "Escape") {
      want("");
      if (!wanted) search.current.blur();
    } else if (pressed.key === "ArrowDown" || pressed.key === "Enter") {
      pressed.preventDefault();
      const link = list.current.querySelector("a");
      link?.focus();
      if (link) window.location.replace(link.hash);
    }
  };
  let tabbed = false; // the list is one stop of the Tab key: at the notification that is shown, else at the first
  const isStop = (current) => {
    const stops = !tabbed && (current || !isShown);
    tabbed ||= stops;
    return stops;
  };
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications">{say("Notifications")}</h2>
      <input id="search" ref={search} type="search" value={wanted} aria-keyshortcuts="/" aria-controls="catalogue" autoComplete="off"
        spellCheck="false" aria-label={say("Search notifications")} placeholder={say("Search ( / )")}
        onChange={({ currentTarget }) => want(currentTarget.value)} onKeyDown={onKeyDown} />
      <div className="groups" role="group" aria-label={say("Group")}>
        {Object.entries(GROUPS).map(([name, each]) => (
          <button key={name} aria-pressed={by === name} onClick={() => group(name)}>{say(each.name)}</button>
        ))}
      </div>
      <p className="spoken" role="status">{wanted && say("{count} found", { count: found.length })}</p>
      <div id="catalogue" ref={list} onKeyDown={walk}>
        {groups.map(([name, ones]) => (
          <section key={name} aria-label={name}>
            <h3>{name}</h3>
            <ul>
              {ones.map((one) => {
                const current = view === address(one.name);
                return <One key={one.name} {...{ one, current, findings }} first={isStop(current)} />;
              })}
            </ul>
          </section>
        ))}
        {!found.length && <p className="none">{say("Nothing matches.")}</p>}
      </div>
    </section>
  );
}
