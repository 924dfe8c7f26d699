// The page: on the left what there is to look at, on the right one view of it.
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { Message } from "./message.jsx";
import { Command, Emit, Empty, Findings, Parked, Waiting, Words } from "./panels.jsx";
import { byChannel, latest, listen, ofKind, useItems, useLive, useTheme, useView } from "./state.js";
import "slack-blocks-to-jsx/dist/style.css";
import "./style.css";

const DAY = new Intl.DateTimeFormat([], { weekday: "long", month: "long", day: "numeric" });
const day = (ts) => DAY.format(new Date(Number(ts) * 1000));

function Messages({ channel, theme, channels, mentions }) {
  const data = useMemo(
    () => ({ channels: channels.map(({ id, name }) => ({ id, name })), users: mentions, user_groups: mentions }),
    [channels, mentions],
  );
  if (!channel.messages.length) {
    return (
      <Empty title={`#${channel.name} is quiet`}>
        <p>Publish an event, and the message that a template makes of it appears here:</p>
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

function Entry({ view, current, mark, count, what, alarm, children }) {
  return (
    <li>
      <a href={`#${view}`} aria-current={current ? "page" : undefined} className={count ? "unread" : undefined}>
        <span aria-hidden="true">{mark}</span> <span className="label">{children}</span>
        {count > 0 && <span className={alarm ? "count alarm" : "count"}>{count}<span className="spoken"> {what}</span></span>}
      </a>
    </li>
  );
}

function Sidebar({ view, channels, unread, waiting, parked, findings }) {
  return (
    <nav id="sidebar" aria-label="Channels and checks">
      <h2>Channels</h2>
      <ul>
        {channels.map((channel) => (
          <Entry key={channel.id} view={channel.id} current={view === channel.id} mark="#" count={unread(channel)} what="unread">
            {channel.name}
          </Entry>
        ))}
      </ul>
      <h2>Notifier</h2>
      <ul>
        <Entry view="waiting" current={view === "waiting"} mark="◷" count={waiting.length} what="waiting">Waiting</Entry>
        <Entry view="parked" current={view === "parked"} mark="⚑" count={parked.length} what="parked" alarm>Parked</Entry>
        <Entry view="templates" current={view === "templates"} mark="✎" count={findings.length} what="findings" alarm>Templates</Entry>
      </ul>
    </nav>
  );
}

// On a phone the sidebar is away: what it counts stands above.
function Counts({ unread, waiting, parked }) {
  return (
    <span className="counts">
      {unread > 0 && <span className="count" title="unread">{unread}<span className="spoken"> unread</span></span>}
      {waiting > 0 && <a className="count" href="#waiting" aria-label={`${waiting} waiting`}>◷ {waiting}</a>}
      {parked > 0 && <a className="count alarm" href="#parked" aria-label={`${parked} parked`}>⚑ {parked}</a>}
    </span>
  );
}

// How many messages of a channel came since it was last on the screen.
function useUnread(channel) {
  const [seen, see] = useState({});
  const last = channel && latest(channel);
  useEffect(() => { if (channel) see((before) => ({ ...before, [channel.id]: last })); }, [channel?.id, last]);
  return (other) => {
    if (other.id === channel?.id) return 0;
    return other.messages.flatMap((message) => [message, ...message.replies]).filter(({ ts }) => ts > (seen[other.id] ?? "")).length;
  };
}

// Stay at the newest message, unless somebody has scrolled up to read an older one.
function useFollow(view, items) {
  const box = useRef(null);
  const atEnd = useRef(true);
  useEffect(() => { atEnd.current = true; }, [view]);
  useEffect(() => { if (atEnd.current) box.current.scrollTop = box.current.scrollHeight; }, [view, items]);
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  return { ref: box, onScroll };
}

function App() {
  const items = useItems();
  const live = useLive();
  const [theme, toggleTheme] = useTheme();
  const [menu, setMenu] = useState(false);
  const channels = useMemo(() => byChannel(items), [items]);
  const [waiting, parked, findings] = ["waiting", "parked", "finding"].map((kind) => ofKind(items, kind));
  const mentions = useMemo(() => ofKind(items, "mention"), [items]);
  const view = useView() || channels[0]?.id || "";
  const channel = channels.find(({ id }) => id === view);
  const unread = useUnread(channel);
  const follow = useFollow(view, items);
  useEffect(() => setMenu(false), [view]);
  const title = { waiting: "Waiting", parked: "Parked", templates: "Templates" }[view] ?? (channel ? `# ${channel.name}` : "");
  useEffect(() => { document.title = `${title} · Slack stand-in`; }, [title]);
  // A type that no template is for was mistyped, most likely: it is not offered again.
  const known = [...ofKind(items, "delivery"), ...waiting, ...parked].filter(({ code }) => !code?.startsWith("EVENT_TYPE_"));
  const types = [...new Set(known.map(({ type }) => type))];
  return (
    <div className="page" data-menu={menu ? "open" : "closed"}>
      <header className="bar">
        <button className="menu" aria-expanded={menu} aria-controls="sidebar" aria-label="Channels" onClick={() => setMenu(!menu)}>☰</button>
        <b>Lab workspace</b>
        <Counts unread={channels.reduce((sum, each) => sum + unread(each), 0)} waiting={waiting.length} parked={parked.length} />
        <span role="status" className={live ? "live" : "live lost"}>{live ? "Live" : "Connecting…"}</span>
        <button aria-pressed={theme === "dark"} aria-label="Dark theme" title="Light or dark" onClick={toggleTheme}>
          {theme === "dark" ? "☀" : "☾"}
        </button>
      </header>
      <Sidebar {...{ view, channels, unread, waiting, parked, findings }} />
      <main>
        <h1>{title}</h1>
        {findings.length > 0 && view !== "templates" && (
          <a className="banner" href="#templates">
            <span>{findings[0].file}:{findings[0].line} <Words>{findings[0].message}</Words></span>
            {findings.length > 1 && ` (and ${findings.length - 1} more)`}
          </a>
        )}
        <div className="scroll" tabIndex="0" role={channel ? "log" : "region"} aria-label={title} {...follow}>
          {view === "waiting" && <Waiting events={waiting} />}
          {view === "parked" && <Parked events={parked} />}
          {view === "templates" && <Findings findings={findings} />}
          {channel && <Messages {...{ channel, theme, channels, mentions }} />}
        </div>
        <Emit types={types} />
      </main>
    </div>
  );
}

listen();
createRoot(document.getElementById("page")).render(<App />);
