// The ways from an event to all that is known of it: its template, its row, its story, and what came of it.
import { createContext, useContext } from "react";
import { Words } from "./panels.jsx";
import { address, ofKind, story, within } from "./state.js";
import { say } from "./words.js";

// What there is to lead to: { items, notifications, channels }.
export const Known = createContext({ items: new Map(), notifications: [], channels: [] });

export function Template({ file, children }) {
  const { notifications } = useContext(Known);
  const found = notifications.find((one) => one.file === file);
  return found ? <a href={`#${address(found.name)}`}>{children}</a> : children;
}

// `file` is that of the template that took the event. Without one, it is any that is for the event's type.
export function Ways({ event: { event, type, id }, file }) {
  const { notifications } = useContext(Known);
  const found = notifications.filter((one) => (file ? one.file === file : one.event === type) && !one.stale);
  return (
    <>
      {id !== "" && found.map(({ name }) => (
        <a key={name} href={`#${address(name, String(id))}`} title={say("What the row holds now, and the message of it")}>
          {found.length > 1 ? say("Row in {name}", { name }) : say("Row")}
        </a>
      ))}
      {event && <a href={`#${story(event)}`} title={say("All that happened to this event")}>{say("Story")}</a>}
    </>
  );
}

// What came of an event, as links, whenever it is known. `before` are parked messages that it was sent again from.
export function Outcomes({ event, before = [] }) {
  const { items, channels } = useContext(Known);
  const of = (kind) => ofKind(items, kind).filter((one) => one.event === event);
  const name = (channel) => channels.find(({ id }) => id === channel)?.name ?? channel;
  const [delivered, waiting, silent] = ["delivery", "waiting", "silent"].map(of);
  const parked = of("parked").filter(({ message }) => !before.includes(message));
  const known = delivered.length + waiting.length + silent.length + parked.length;
  return (
    <span className="outcomes">
      {delivered.map(({ channel, ts }) => (
        <a key={`${channel}${ts}`} href={`#${within(channel, ts)}`}>{say("Posted in #{channel}", { channel: name(channel) })}</a>
      ))}
      {waiting.map((one, at) => <a key={at} href={`#${within("waiting", event)}`}>{say("Waiting: {why}", { why: say(one.meaning) })}</a>)}
      {parked.map((one) => <a key={one.message} href={`#${within("parked", one.message)}`}>{say("Parked: {why}", { why: one.code || say(one.meaning) })}</a>)}
      {silent.map(({ template, meaning, detail }) => (
        <span key={template}>
          <Words>{say("Nothing posted: {why}", { why: [say(meaning), detail].filter(Boolean).join(": ") })}</Words>
          {template && <> (<Template file={template}>{template}</Template>)</>}
        </span>
      ))}
      {!known && <span>{say("The outcome is not known yet.")}</span>}
      <a href={`#${story(event)}`}>{say("Story")}</a>
    </span>
  );
}
