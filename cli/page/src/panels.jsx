// What is not a message: events that wait, findings in templates, and empty states.
import { useState } from "react";
import { Ways } from "./links.jsx";
import { locale, plural, say } from "./words.js";

export function Empty({ title, children }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Command({ children }) {
  return <pre className="command" tabIndex="0"><code>{children}</code></pre>;
}

// Words of the notifier, in which code stands between backticks.
export function Words({ children }) {
  return children.split(/`([^`]+)`/).map((part, at) => (at % 2 ? <code key={at} className="word">{part}</code> : part));
}

const CLOCK = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", second: "2-digit" });

export function Event({ kind, part, event, children }) {
  const { type, id, code, meaning, remedy } = event;
  return (
    <article className={`card ${kind}`} data-part={part} tabIndex="-1">
      <h2>{type} <span>{id}</span></h2>
      <p><code className="code">{code}</code> <Words>{say(meaning)}</Words></p>
      {children}
      <p className="advice"><b>{say("What to do:")}</b> <Words>{say(remedy)}</Words></p>
      <p className="ways"><Ways event={event} /></p>
    </article>
  );
}

function tried(attempt) {
  return attempt ? plural("Tried once", "Tried {count} times", attempt) : say("Not tried yet");
}

export function Waiting({ events }) {
  if (!events.length) {
    return (
      <Empty title={say("Nothing is waiting")}>
        <p>{say("An event that is in the queue, or that the function works on, is here. One that can succeed later stays here until it does, or is parked: its row has not come yet, or Slack or the database was busy. Try one that has no order:")}</p>
        <Command>.venv/bin/notifier emit order.created 999999</Command>
      </Empty>
    );
  }
  return events.map((event, at) => (
    <Event key={at} kind="waiting" part={event.event} event={event}>
      <p>{say("{tried}, next at about {time}.", { tried: tried(event.attempt), time: CLOCK.format(event.due * 1000) })}</p>
    </Event>
  ));
}

function Copy({ text }) {
  const [done, finish] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    finish(true);
    setTimeout(() => finish(false), 2000);
  };
  return <button className="copy" title={text} aria-label={say("Copy {text}", { text })} onClick={copy}>{done ? say("Copied") : say("Copy")}</button>;
}

export function Finding({ finding: { file, line, code, severity, message, fix, edit } }) {
  return (
    <article className={`card finding ${severity}`}>
      <h2>{file}:<span>{line}</span></h2>
      <p><code className="code">{code}</code> <Words>{message}</Words></p>
      {fix && <div className="fix"><Command><Words>{fix}</Words></Command>{edit && <Copy text={edit} />}</div>}
    </article>
  );
}

export function Findings({ findings }) {
  if (!findings.length) {
    return (
      <Empty title={say("The templates are in order")}>
        <p><Words>{say("Change the wording in a file under `templates/` and save it: the next message uses it. A mistake shows here and beside the messages of its file, with its line and what to write instead. Check them by hand with:")}</Words></p>
        <Command>.venv/bin/notifier lint</Command>
      </Empty>
    );
  }
  return (
    <>
      {findings.some(({ severity }) => severity === "error") && (
        <p className="hint">{say("Messages still use the last version that was in order.")}</p>
      )}
      {findings.map((finding, at) => <Finding key={at} finding={finding} />)}
    </>
  );
}
