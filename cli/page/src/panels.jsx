// What is not a message: events that wait or are parked, findings in templates, the form that asks for an event, and
// empty states.
import { useState } from "react";

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

const CLOCK = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit", second: "2-digit" });

function Event({ kind, event: { type, id, code, meaning, remedy }, children }) {
  return (
    <article className={`card ${kind}`}>
      <h2>{type} <span>{id}</span></h2>
      <p><code className="code">{code}</code> <Words>{meaning}</Words></p>
      {children}
      <p className="advice"><b>What to do:</b> <Words>{remedy}</Words></p>
    </article>
  );
}

const TRIED = ["Not tried yet", "Tried once"];

export function Waiting({ events }) {
  if (!events.length) {
    return (
      <Empty title="Nothing is waiting">
        <p>An event that is in the queue, or that the function works on, is here. One that can succeed later stays here until
          it does, or is parked: its row has not come yet, or Slack or the database was busy. Try one that has no order:</p>
        <Command>.venv/bin/notifier emit order.created 999999</Command>
      </Empty>
    );
  }
  return events.map((event, at) => (
    <Event key={at} kind="waiting" event={event}>
      <p>{TRIED[event.attempt] ?? `Tried ${event.attempt} times`}, next at about <time>{CLOCK.format(event.due * 1000)}</time>.</p>
    </Event>
  ));
}

export function Parked({ events }) {
  if (!events.length) {
    return (
      <Empty title="Nothing is parked">
        <p>An event that cannot become a message is here, with its reason and what to do. Try one of a type that no
          template is for:</p>
        <Command>.venv/bin/notifier emit order.refunded 1042</Command>
      </Empty>
    );
  }
  return events.map((event, at) => <Event key={at} kind="parked" event={event} />);
}

export function Finding({ finding: { file, line, code, severity, message, fix } }) {
  return (
    <article className={`card finding ${severity}`}>
      <h2>{file}:<span>{line}</span></h2>
      <p><code className="code">{code}</code> <Words>{message}</Words></p>
      {fix && <Command><Words>{fix}</Words></Command>}
    </article>
  );
}

export function Findings({ findings }) {
  if (!findings.length) {
    return (
      <Empty title="The templates are in order">
        <p>Change the wording in a file under <code>templates/</code> and save it: the next message uses it. A mistake
          shows here and below the last message that the file made, with its line and what to write instead. Check
          them by hand with:</p>
        <Command>.venv/bin/notifier lint</Command>
      </Empty>
    );
  }
  return (
    <>
      {findings.some(({ severity }) => severity === "error") && (
        <p className="hint">Messages still use the last version that was in order.</p>
      )}
      {findings.map((finding, at) => <Finding key={at} finding={finding} />)}
    </>
  );
}

async function ask(type, id) {
  const body = JSON.stringify({ type, id: /^\d{1,15}$/.test(id) ? Number(id) : id });
  const response = await fetch("/_control/emit", { method: "POST", body });
  if (!response.ok) throw new Error((await response.json()).error);
}

export function Emit({ types }) {
  const [said, say] = useState("");
  const submit = async (submitted) => {
    submitted.preventDefault();
    const form = submitted.currentTarget;
    const { type, id } = Object.fromEntries(new FormData(form));
    try {
      await ask(type.trim(), id.trim());
      say(`Asked for ${type} ${id}.`);
      form.elements.id.value = "";
      form.elements.id.focus();
    } catch (error) {
      say(`That did not work: ${error.message}`);
    }
  };
  return (
    <form className="emit" onSubmit={submit} aria-label="Publish an event">
      <label>Event type
        <input name="type" list="types" required pattern="[a-z0-9_]+(\.[a-z0-9_]+)*" placeholder="order.created"
          title="Lower case, words with dots between: order.created" autoComplete="off" spellCheck="false" />
      </label>
      <datalist id="types">{types.map((type) => <option key={type} value={type} />)}</datalist>
      <label>Id
        <input name="id" required placeholder="1042" autoComplete="off" spellCheck="false" />
      </label>
      <button>Publish</button>
      <p role="status">{said}</p>
    </form>
  );
}
