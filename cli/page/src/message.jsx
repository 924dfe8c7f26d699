// One message as Slack shows it, and below it what the notifier says about it.
import { Component } from "react";
import { Message as Blocks } from "slack-blocks-to-jsx";
import { Template, Ways } from "./links.jsx";
import { readable } from "./mrkdwn.js";
import { Finding } from "./panels.jsx";
import { locale, plural, say } from "./words.js";

const TIME = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const date = (ts) => new Date(Number(ts) * 1000);

const section = (text) => ({ type: "section", text: { type: "mrkdwn", text } });

// What the library cannot show stands there as it was posted; the other messages stay as they are.
class Shown extends Component {
  state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  render() {
    if (!this.state.failed) return this.props.children;
    return <pre className="command">{JSON.stringify(this.props.source, null, 2)}</pre>;
  }
}

// The library's own buttons, which fold an image or a video, have no name.
function nameButtons(box) {
  const buttons = [...(box?.querySelectorAll("button:not([aria-label])") ?? [])];
  buttons.filter((one) => !one.textContent.trim()).forEach((one) => one.setAttribute("aria-label", say("Show or hide")));
}

function Body({ blocks, text, theme, data }) {
  const source = blocks.length ? blocks : [section(text)];
  const names = data.users.map(({ id, name }) => `${id} ${name}`).join(); // the library reads them once
  return <Shown source={source}><Blocks key={names} withoutWrapper theme={theme} data={data} blocks={readable(source)} /></Shown>;
}

function Attachment({ attachment, ...rest }) {
  const { blocks = [], text, fallback = "" } = attachment;
  return <div className="attachment"><Body blocks={blocks} text={text ?? fallback} {...rest} /></div>;
}

function Footer({ delivery }) {
  if (!delivery) return null;
  return (
    <p className="footer">
      <span className={`outcome ${delivery.outcome}`}>{say(delivery.outcome)}</span>
      <span><b>{delivery.type}</b> {delivery.id}</span>
      <span><Template file={delivery.template}>{say("template {file}", { file: delivery.template })}</Template></span>
      <Ways event={delivery} file={delivery.template} />
    </p>
  );
}

function Findings({ findings }) {
  if (!findings.length) return null;
  return (
    <section className="findings" aria-label={say("Findings in the template of this message")}>
      {findings.map((finding, at) => <Finding key={at} finding={finding} />)}
      <p className="hint">
        {findings.some(({ severity }) => severity === "error")
          ? say("The message above was made by the last version of this file that was in order.")
          : say("A warning does not keep a file from being used.")}
      </p>
    </section>
  );
}

function Avatar() {
  return (
    <svg className="avatar" viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" rx="8" />
      <path d="M18 8a7 7 0 0 0-7 7v5l-2 4h18l-2-4v-5a7 7 0 0 0-7-7Zm-3 18a3 3 0 0 0 6 0Z" />
    </svg>
  );
}

// When a message was posted, or, before it is, to which channels.
function Head({ ts, to }) {
  const when = ts && date(ts);
  return (
    <header>
      <span className="name">Notifier</span>
      <span className="badge">{say("App")}</span>
      {when && <time dateTime={when.toISOString()} title={FULL.format(when)}>{TIME.format(when)}</time>}
      {to?.map((alias) => <span key={alias} className="to">#{alias}</span>)}
    </header>
  );
}

export function Message({ message, theme, data, children }) {
  const { ts, to, text, blocks, attachments, edited, delivery, replies, findings } = message;
  const name = ts ? say("Notifier at {time}", { time: TIME.format(date(ts)) }) : say("Notifier to {channels}", { channels: to.join(", ") });
  return (
    <article className="message" aria-label={name} data-ts={ts} data-part={ts} tabIndex={ts ? "-1" : undefined}>
      <Avatar />
      <div className="content" ref={(box) => nameButtons(box)}>
        <Head ts={ts} to={to} />
        <Body blocks={blocks} text={text} theme={theme} data={data} />
        {attachments.map((attachment, at) => <Attachment key={at} {...{ attachment, theme, data }} />)}
        {edited && <span className="edited">{say("(edited)")}</span>}
        {children}
        <Footer delivery={delivery} />
        <Findings findings={findings} />
        {replies.length > 0 && (
          <details className="thread" open>
            <summary>{plural("{count} reply", "{count} replies", replies.length)}</summary>
            {replies.map((reply) => <Message key={reply.ts} message={reply} theme={theme} data={data} />)}
          </details>
        )}
      </div>
    </article>
  );
}
