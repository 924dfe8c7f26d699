// Events that are parked: why, and how to send them again once the cause is repaired.
import { useState } from "react";
import { ask } from "./ask.js";
import { Outcomes } from "./links.jsx";
import { Command, Empty, Event } from "./panels.jsx";
import { plural, say } from "./words.js";

// What runs and what came of it stays while one looks at something else.
export function useReplay() {
  const [state, set] = useState({});
  const send = async (messages) => {
    set({ running: messages });
    try {
      set(await ask({ replay: messages }));
    } catch (error) {
      set({ problem: error.message });
    }
  };
  return { ...state, send };
}

function Done({ replay: { running, sent, left, problem } }) {
  return (
    <div role="status" className={running || sent || problem ? "card done" : undefined}>
      {running && <p>{say("Sending…")}</p>}
      {sent && <p><b>{plural("{count} event sent again.", "{count} events sent again.", sent.length)}</b></p>}
      {sent?.map(({ message, event, type, id }) => <p key={message}>{type} {id}: <Outcomes event={event} before={[message]} /></p>)}
      {left?.map(({ message, type, id }) => <p key={message}>{say("{event} is still parked.", { event: `${type} ${id}` })}</p>)}
      {problem && <p>{say("That did not work: {why}", { why: problem })}</p>}
    </div>
  );
}

function Bar({ all, chosen, choose, replay }) {
  const whole = all.length > 0 && chosen.length === all.length;
  return (
    <div className="tools">
      <label>
        <input type="checkbox" checked={whole} disabled={!all.length} onChange={() => choose(new Set(whole ? [] : all))} />
        {say("Select all")}
      </label>
      <button className="action" disabled={!chosen.length || Boolean(replay.running)} onClick={() => replay.send(chosen)}>
        {plural("Send {count} again", "Send {count} again", chosen.length)}
      </button>
    </div>
  );
}

function One({ event, chosen, choose, replay }) {
  const { message, type, id, records } = event;
  const running = Boolean(replay.running);
  const name = `${type} ${id}`.trim();
  return (
    <Event kind="parked" part={message} event={event}>
      {records > 0 ? (
        <p className="again">
          <label><input type="checkbox" checked={chosen} onChange={choose} aria-label={say("Select {event}", { event: name })} />{say("Select")}</label>
          <button className="action" disabled={running} aria-label={say("Send {event} again", { event: name })} onClick={() => replay.send([message])}>
            {replay.running?.includes(message) ? say("Sending…") : say("Send again")}
          </button>
        </p>
      ) : <p>{say("It holds no event: it can only be looked at and deleted.")}</p>}
    </Event>
  );
}

export function Parked({ events, more, replay }) {
  const [selected, select] = useState(new Set());
  const all = events.filter(({ records }) => records).map(({ message }) => message);
  const chosen = all.filter((message) => selected.has(message));
  const toggle = (message) => select(new Set(selected.has(message) ? chosen.filter((one) => one !== message) : [...chosen, message]));
  return (
    <>
      <Done replay={replay} />
      {events.length > 1 && <Bar {...{ all, chosen, replay }} choose={select} />}
      {events.map((event) => (
        <One key={event.message} {...{ event, replay }} chosen={selected.has(event.message)} choose={() => toggle(event.message)} />
      ))}
      {more > 0 && <p className="hint">{say("and {count} more", { count: more })}</p>}
      {!events.length && (
        <Empty title={say("Nothing is parked")}>
          <p>{say("An event that cannot become a message is here, with its reason and what to do. Try one of a type that no template is for:")}</p>
          <Command>.venv/bin/notifier emit order.refunded 1042</Command>
        </Empty>
      )}
    </>
  );
}
