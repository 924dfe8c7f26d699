// The page: on the left what there is to look at, on the right one view of it.
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { Channel, useUnread } from "./channel.jsx";
import { given } from "./given.js";
import { Notification } from "./notification.jsx";
import { Emit } from "./emit.jsx";
import { Known } from "./links.jsx";
import { Empty, Findings, Waiting, Words } from "./panels.jsx";
import { Parked, useReplay } from "./parked.jsx";
import { Counts, Sidebar } from "./sidebar.jsx";
import { Story } from "./story.jsx";
import { address, byChannel, decoded, listen, ofKind, useItems, useLive, useTheme, useView } from "./state.js";
import { plural, say } from "./words.js";
import "slack-blocks-to-jsx/dist/style.css";
import "./style.css";

// A channel stays at its newest message, unless somebody has scrolled up to read an older one; all else begins at its
// top, and stays where it was while it changes.
// The part that the address names is brought into view once it is there.
function useFollow(view, part, items, follows) {
  const box = useRef(null);
  const atEnd = useRef(true);
  const sought = useRef("");
  useEffect(() => {
    atEnd.current = !part;
    if (!follows) box.current.scrollTop = 0;
  }, [view]);
  useEffect(() => { sought.current = part; }, [view, part]);
  useEffect(() => {
    const found = sought.current && box.current.querySelector(`[data-part="${CSS.escape(sought.current)}"]`);
    if (!found) return;
    [sought.current, atEnd.current] = ["", false];
    box.current.querySelectorAll("[data-found]").forEach((one) => delete one.dataset.found);
    found.dataset.found = "";
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
  }, [view, part, items]);
  useEffect(() => { if (follows && atEnd.current) box.current.scrollTop = box.current.scrollHeight; }, [view, items]);
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  return { ref: box, onScroll };
}

function Banner({ findings }) {
  if (!findings.length) return null;
  const [{ file, line, message }] = findings;
  return (
    <a className="banner" href="#templates">
      <span>{file}:{line} <Words>{message}</Words></span>
      {findings.length > 1 && ` ${say("(and {count} more)", { count: findings.length - 1 })}`}
    </a>
  );
}

function titleOf(view, channel, notification) {
  if (view.startsWith("story:")) return say("Story");
  if (notification) return notification.name;
  if (channel) return `# ${channel.name}`;
  return { waiting: say("Waiting"), parked: say("Parked"), templates: say("Templates") }[view] ?? "";
}

function App() {
  const items = useItems();
  const live = useLive();
  const [theme, toggleTheme] = useTheme();
  const [menu, setMenu] = useState(false);
  const channels = useMemo(() => byChannel(items), [items]);
  const [waiting, parked, findings, mentions, notifications, stages] = useMemo(
    () => ["waiting", "parked", "finding", "mention", "notification", "stage"].map((kind) => ofKind(items, kind)),
    [items],
  );
  const more = ofKind(items, "more").reduce((sum, { count }) => sum + count, 0);
  const isDemo = channels.length > 0;
  const [wanted, part] = useView();
  const view = wanted || channels[0]?.id || (notifications.length ? address(notifications[0].name) : "");
  const channel = channels.find(({ id }) => id === view);
  const notification = notifications.find(({ name }) => address(name) === view);
  const unread = useUnread(channel);
  const follow = useFollow(view, part, items, Boolean(channel));
  const replay = useReplay();
  const known = useMemo(() => ({ items, notifications, channels }), [items, notifications, channels]);
  useEffect(() => setMenu(false), [view, part]);
  const title = titleOf(view, channel, notification);
  useEffect(() => { document.title = [title, isDemo ? "Slack stand-in" : "Notifier"].filter(Boolean).join(" · "); }, [title, isDemo]);
  const elsewhere = findings.filter(({ file }) => file !== notification?.file);
  // A type that no template is for was mistyped, most likely: it is not offered again.
  const taken = [...ofKind(items, "delivery"), ...waiting, ...parked].filter(({ code }) => !code?.startsWith("EVENT_TYPE_"));
  const types = [...new Set([...taken.map(({ type }) => type), ...notifications.map(({ event }) => event).filter(Boolean)])];
  return (
    <Known value={known}>
    <div className="page" data-menu={menu ? "open" : "closed"}>
      <header className="bar">
        <button className="menu" aria-expanded={menu} aria-controls="sidebar" aria-label={isDemo ? say("Channels") : say("Notifications")}
          onClick={() => setMenu(!menu)}>☰</button>
        <b>{isDemo ? "Lab workspace" : say("Notifications")}</b>
        <Counts unread={channels.reduce((sum, each) => sum + unread(each), 0)} waiting={waiting.length} parked={parked.length + more} />
        {given.stream && <span role="status" className={live ? "live" : "live lost"}>{live ? say("Live") : say("Connecting…")}</span>}
        <button className="theme" aria-pressed={theme === "dark"} aria-label={say("Dark theme")} title={say("Light or dark")} onClick={toggleTheme}>
          {theme === "dark" ? "☀" : "☾"}
        </button>
      </header>
      <Sidebar {...{ view, isDemo, channels, unread, findings, notifications }} waiting={waiting.length} parked={parked.length + more} />
      <main>
        <h1>{title}</h1>
        {view !== "templates" && <Banner findings={elsewhere} />}
        <div className="scroll" tabIndex="0" role={channel ? "log" : "region"} aria-label={title} {...follow}>
          {view === "waiting" && <Waiting events={waiting} />}
          {view === "parked" && <Parked events={parked} {...{ more, replay }} />}
          {view === "templates" && <Findings findings={findings} />}
          {channel && <Channel {...{ channel, theme, channels, mentions }} />}
          {notification && <Notification one={notification} id={part} change={items.get("change")} {...{ stages, findings, theme }} />}
          {view.startsWith("story:") && <Story event={decoded(view.slice("story:".length))} />}
          {!title && items.size > 0 && <Empty title={say("There is nothing by this name")}><p>{say("Choose something on the left.")}</p></Empty>}
          {!items.size && live && <Empty title={say("Rendering the samples…")} />}
        </div>
        {isDemo && <Emit types={types} notifications={notifications} />}
      </main>
    </div>
    </Known>
  );
}

listen();
createRoot(document.getElementById("page")).render(<App />);
