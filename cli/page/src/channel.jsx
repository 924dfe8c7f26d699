// A channel of the demo's Slack: its messages, by days.
import { useEffect, useMemo, useState } from "react";
import { Message } from "./message.jsx";
import { Command, Empty } from "./panels.jsx";
import { latest } from "./state.js";
import { locale, say } from "./words.js";

const DAY = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
const day = (ts) => DAY.format(new Date(Number(ts) * 1000));

export function Channel({ channel, theme, channels, mentions }) {
  const data = useMemo(
    () => ({ channels: channels.map(({ id, name }) => ({ id, name })), users: mentions, user_groups: mentions }),
    [channels, mentions],
  );
  if (!channel.messages.length) {
    return (
      <Empty title={say("#{name} is quiet", { name: channel.name })}>
        <p>{say("Publish an event, and the message that a template makes of it appears here:")}</p>
        <Command>.venv/bin/notifier emit order.created 1042</Command>
      </Empty>
    );
  }
  return channel.messages.map((message, at) => (
    <div key={message.ts}>
      {day(message.ts) !== day(channel.messages[at - 1]?.ts ?? 0) && <h2 className="day"><span>{day(message.ts)}</span></h2>}
      <Message {...{ message, theme, data }} />
    </div>
  ));
}

// How many messages of a channel came since it was last on the screen.
export function useUnread(channel) {
  const [seen, see] = useState({});
  const last = channel && latest(channel);
  useEffect(() => { if (channel) see((before) => ({ ...before, [channel.id]: last })); }, [channel?.id, last]);
  return (other) => {
    if (other.id === channel?.id) return 0;
    return other.messages.flatMap((message) => [message, ...message.replies]).filter(({ ts }) => ts > (seen[other.id] ?? "")).length;
  };
}
