// What there is to look at: the demo's channels and events, and the notifications.
import { Catalogue } from "./catalogue.jsx";
import { say } from "./words.js";

export function Entry({ view, current, mark, count, what, alarm, children, ...more }) {
  return (
    <li>
      <a href={`#${view}`} aria-current={current ? "page" : undefined} className={count ? "unread" : undefined} {...more}>
        <span aria-hidden="true">{mark}</span> <span className="label">{children}</span>
        {count > 0 && <span className={alarm ? "count alarm" : "count"}>{count}<span className="spoken"> {what}</span></span>}
      </a>
    </li>
  );
}

function Demo({ view, channels, unread, waiting, parked }) {
  return (
    <>
      <h2>{say("Channels")}</h2>
      <ul>
        {channels.map((channel) => (
          <Entry key={channel.id} view={channel.id} current={view === channel.id} mark="#" count={unread(channel)} what={say("unread")}>
            {channel.name}
          </Entry>
        ))}
      </ul>
      <h2>{say("Notifier")}</h2>
      <ul>
        <Entry view="waiting" current={view === "waiting"} mark="◷" count={waiting} what={say("waiting")}>{say("Waiting")}</Entry>
        <Entry view="parked" current={view === "parked"} mark="⚑" count={parked} what={say("parked")} alarm>{say("Parked")}</Entry>
      </ul>
    </>
  );
}

export function Sidebar({ view, isDemo, findings, notifications, ...demo }) {
  return (
    <nav id="sidebar" aria-label={isDemo ? say("Channels and checks") : say("Notifications")}>
      {isDemo && <Demo view={view} {...demo} />}
      <ul>
        <Entry view="templates" current={view === "templates"} mark="✎" count={findings.length} what={say("findings")} alarm>
          {say("Templates")}
        </Entry>
      </ul>
      {notifications.length > 0 && <Catalogue {...{ view, notifications, findings }} />}
    </nav>
  );
}

// On a phone the sidebar is away: what it counts stands above.
export function Counts({ unread, waiting, parked }) {
  return (
    <span className="counts">
      {unread > 0 && <span className="count" title={say("unread")}>{unread}<span className="spoken"> {say("unread")}</span></span>}
      {waiting > 0 && <a className="count" href="#waiting" aria-label={`${waiting} ${say("waiting")}`}>◷ {waiting}</a>}
      {parked > 0 && <a className="count alarm" href="#parked" aria-label={`${parked} ${say("parked")}`}>⚑ {parked}</a>}
    </span>
  );
}
