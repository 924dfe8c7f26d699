// The story of one event, as `notifier explain` tells it. It is asked for anew when there is news of the event.
import { useContext, useEffect, useState } from "react";
import { ask } from "./ask.js";
import { Known, Template, Ways } from "./links.jsx";
import { Empty, Words } from "./panels.jsx";
import { within } from "./state.js";
import { later, locale, say } from "./words.js";

const CLOCK = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const FULL = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const STANDS = {
  delivered: later("delivered"),
  suppressed: later("suppressed: nothing was to be posted"),
  parked: later("parked"),
  repeated: later("done before"),
};

function Step({ step: { at, what, text, facts, message } }) {
  const when = new Date(at);
  return (
    <li>
      <time dateTime={at} title={FULL.format(when)}>{CLOCK.format(when)}</time>
      <div>
        <b>{say(what)}</b> <Words>{text}</Words>
        {facts.length > 0 && <p className="hint">{facts.join(" · ")}</p>}
        {message && <a href={`#${within(message.channel, message.ts)}`}>{say("Show the message")}</a>}
      </div>
    </li>
  );
}

function Delivery({ delivery: { notification, channel, notice, state, code, meaning, remedy, steps }, parked }) {
  return (
    <section className="delivery" aria-label={notification || say("the event itself")}>
      <h2>
        {notification ? <Template file={`${notification}.yaml`}>{notification}</Template> : say("the event itself")}
        {channel && ` → #${channel}`}{notice && say(" (notice about the broken template)")}
        <span className={`outcome ${state}`}>{say(STANDS[state] ?? "still in the queue")}</span>
      </h2>
      <ol className="steps">{steps.map((step, at) => <Step key={at} step={step} />)}</ol>
      {state === "parked" && (
        <div className="card">
          {code && <p><code className="code">{code}</code> <Words>{meaning ?? ""}</Words></p>}
          {remedy && <p className="advice"><b>{say("What to do:")}</b> <Words>{remedy}</Words></p>}
          {parked && <p><a href={`#${within("parked", parked.message)}`}>{say("Send it again")}</a></p>}
        </div>
      )}
    </section>
  );
}

export function Story({ event }) {
  const { items } = useContext(Known);
  const [{ answer, problem }, show] = useState({});
  const own = [...items.values()].filter((item) => item.event === event);
  const news = JSON.stringify(own);
  useEffect(() => show({}), [event]);
  useEffect(() => {
    let left = false;
    ask({ story: event }).then((found) => left || show({ answer: found }), (error) => left || show({ problem: error.message }));
    return () => { left = true; };
  }, [event, news]);
  if (problem) return <Empty title={say("That did not work: {why}", { why: problem })} />;
  if (!answer) return <Empty title={say("Reading…")} />;
  if (!answer.events.length) {
    return <Empty title={say("Nothing is known of this event yet")}><p>{say("It may be in the queue still. This page follows it.")}</p></Empty>;
  }
  const parked = own.find(({ kind }) => kind === "parked");
  return (
    <div className="story">
      {answer.events.map(({ event_id, type, id, received, origin, deliveries }) => (
        <section key={event_id}>
          <p className="lead">{type} {id}</p>
          <p className="hint">
            {received && (origin === "poll" ? say("found by its poll {day}", { day: FULL.format(new Date(received)) }) : say("received {day}", { day: FULL.format(new Date(received)) }))}
            {" · "}<code>{event_id}</code>
          </p>
          <p className="ways wide"><Ways event={{ type, id: id ?? "" }} /></p>
          {deliveries.map((delivery, at) => <Delivery key={at} {...{ delivery, parked }} />)}
        </section>
      ))}
      {answer.notes.map((note) => <p key={note} className="hint"><Words>{note}</Words></p>)}
    </div>
  );
}
