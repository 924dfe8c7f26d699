// One notification: what is known of it, and what each of its samples makes, before and after.
import { useMemo } from "react";
import { CHANGES } from "./catalogue.jsx";
import { given } from "./given.js";
import { Message } from "./message.jsx";
import { Command, Empty, Finding, Words } from "./panels.jsx";
import { RealRow } from "./row.jsx";
import { useKept } from "./state.js";
import { language, later, say } from "./words.js";

const RULES = {
  WHEN: later("`when` does not hold"),
  NO_ROUTE: later("no route of the template holds"),
  ROW_NOT_FOUND: later("the row is missing, and the template skips that"),
  API_NOT_FOUND: later("the API has nothing, and the template skips that"),
  ROW_STALE: later("the row is older than the event, and the template skips that"),
};
const HOW = { listed: "", fallback: later("fallback"), redirected: later("redirected") };

// A message that goes to several channels with the same words is shown once, with all of them.
function together(messages) {
  const found = new Map();
  for (const one of messages) {
    const words = JSON.stringify([one.text, one.blocks, one.thread, one.update, one.warnings]);
    found.set(words, { ...one, to: [...(found.get(words)?.to ?? []), one.channel] });
  }
  return [...found.values()];
}

function Notes({ message: { thread, update, warnings } }) {
  const notes = [...warnings];
  if (thread) notes.unshift(update ? say("edits the first message of the thread {thread}", { thread }) : say("in the thread {thread}", { thread }));
  if (!notes.length) return null;
  return <p className="footer">{notes.map((note, at) => <span key={at}>{note}</span>)}</p>;
}

// What a preview holds: messages, the rule by which nothing is posted, or an error.
export function Outcome({ outcome, theme, data }) {
  if (outcome.error) {
    const { code, detail, remedy } = outcome.error;
    return (
      <article className="card">
        <p><code className="code">{code}</code> <Words>{detail}</Words></p>
        <p className="advice"><b>{say("What to do:")}</b> <Words>{say(remedy)}</Words></p>
      </article>
    );
  }
  if (outcome.rule) {
    const why = RULES[outcome.rule] ? say(RULES[outcome.rule]) : outcome.rule;
    return <p className="card nothing"><Words>{say("Posts nothing: {why} ({where})", { why, where: outcome.where })}</Words></p>;
  }
  return together(outcome.messages).map((message, at) => (
    <Message key={at} {...{ theme, data }} message={{ ...message, attachments: [], replies: [], findings: [] }}>
      <Notes message={message} />
    </Message>
  ));
}

function Side({ title, outcome, ...shown }) {
  return (
    <section className="side" aria-label={title}>
      <h3>{title}</h3>
      {outcome ? <Outcome outcome={outcome} {...shown} /> : <p className="hint">{say("Not there.")}</p>}
    </section>
  );
}

function Sample({ pair: { sample, change, before, after }, stale, ...shown }) {
  const differs = change === "changed" || change === "removed";
  return (
    <section className="sample" aria-label={sample} data-change={change || undefined}>
      <h2>{sample} {CHANGES[change] && <span className={`badge ${change}`}>{say(CHANGES[change])}</span>}</h2>
      {differs ? (
        <div className="sides">
          <Side title={say("Before: as committed")} outcome={before} {...shown} />
          <Side title={stale ? say("After: last version without errors") : say("After: as in the file")} outcome={after} {...shown} />
        </div>
      ) : <Outcome outcome={after} {...shown} />}
    </section>
  );
}

function Facts({ one, stage }) {
  const staged = one.stages?.find((each) => each.stage === stage) ?? { channels: [], mentions: [] };
  const where = ({ place }) => (place === "default" ? "" : ` @ ${place}`);
  const facts = [
    [say("Event"), one.event],
    [say("Owner"), one.owner],
    [say("Channels"), staged.channels.map(({ alias, destination, how }) => `#${alias} → ${destination}${HOW[how] ? ` (${say(HOW[how])})` : ""}`)],
    [say("Posts when"), one.when && `\`${one.when}\``],
    [say("Mentions"), [...staged.mentions.map(({ alias, wakes }) => `@${alias || wakes}${alias && wakes ? ` → ${wakes}` : ""}`), ...(one.by_row ? [say("others, by the row")] : [])]],
    [say("Reads"), one.lookups?.map((each) => `${each.name}: ${each.kind === "sql" ? each.tables.join(", ") || "SQL" : `GET ${each.source}`}${where(each)}`)],
    [say("Poll"), one.polled && `${one.poll.table || "SQL"}, ${one.polled.when[language]}`],
    [say("Thread"), one.thread && `\`${one.thread}\``],
  ].map(([name, values]) => [name, [values ?? []].flat().filter(Boolean)]);
  return (
    <dl className="facts">
      {facts.filter(([, values]) => values.length).map(([name, values]) => (
        <div key={name}><dt>{name}</dt>{values.map((value, at) => <dd key={at}><Words>{value}</Words></dd>)}</div>
      ))}
    </dl>
  );
}

// How to try a poll in the demo: what to change, and how not to wait for its time. Elsewhere nobody may write.
function Trial({ one, change }) {
  if (!one.polled || !change) return null;
  const how = change.command ? say("Change a row as your application would; a poll finds it within two minutes:")
    : say("Change a row in your own database, which the demo only reads. A poll finds it within two minutes.");
  return (
    <details className="trial">
      <summary>{say("Try the poll")}</summary>
      <p className="hint">{how}</p>
      {change.command && <Command>{`${change.command} "${one.polled.change}"`}</Command>}
      <p className="hint">{say("Each minute the demo runs the polls that are due. The first run of a poll posts nothing. To run it at once:")}</p>
      <Command>{`.venv/bin/notifier poll run ${one.event}`}</Command>
    </details>
  );
}

function Stages({ stages, stage, choose }) {
  if (stages.length < 2) return null;
  return (
    <div className="switch" role="group" aria-label={say("Stage")}>
      <span aria-hidden="true">{say("Stage")}</span>
      {stages.map((name) => <button key={name} aria-pressed={name === stage} onClick={() => choose(name)}>{name}</button>)}
    </div>
  );
}

function Wrong({ one, findings }) {
  if (!findings.length && !one.stale) return null;
  return (
    <section className="findings wide" aria-label={say("Findings in the template of this message")}>
      {findings.map((finding, at) => <Finding key={at} finding={finding} />)}
      {one.stale && (
        <p className="hint">
          {one.pairs.length ? say("The messages below were made by the last version of this file that was in order.") : say("Mend the file to see its messages.")}
        </p>
      )}
    </section>
  );
}

export function Notification({ one, id, stages, findings, theme, change }) {
  const names = stages.map(({ name }) => name);
  const [kept, choose] = useKept("stage", "production");
  const stage = names.includes(kept) ? kept : names[0];
  const data = useMemo(() => {
    const { channels = [], mentions = [] } = stages.find(({ name }) => name === stage) ?? {};
    return { channels, users: mentions, user_groups: mentions };
  }, [stages, stage]);
  const pairs = one.pairs.filter((pair) => pair.stage === stage);
  return (
    <div className="notification">
      {one.description && <p className="lead">{one.description}</p>}
      {one.change === "removed" && <p className="hint">{say("Its file was deleted after the last commit.")}</p>}
      <Facts one={one} stage={stage} />
      <Trial one={one} change={change} />
      <Stages {...{ stages: names, stage, choose }} />
      <Wrong one={one} findings={findings.filter(({ file }) => file === one.file)} />
      {given.ask && !one.stale && one.change !== "removed" && <RealRow key={one.name} {...{ one, id, stage, theme, data }} />}
      {pairs.map((pair) => <Sample key={pair.sample} {...{ pair, theme, data, stale: one.stale }} />)}
      {!pairs.length && !one.stale && (
        <Empty title={say("No samples")}><p>{say("Add `samples:` to the file, and their messages appear here.")}</p></Empty>
      )}
    </div>
  );
}
