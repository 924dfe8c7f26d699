// The message of a real row, which is read when it is asked for, and what the template's lookups found.
import { useEffect, useRef, useState } from "react";
import { ask } from "./ask.js";
import { DataField } from "./emit.jsx";
import { Outcome } from "./notification.jsx";
import { address } from "./state.js";
import { say } from "./words.js";

const written = (value) => (value === null || typeof value === "object" ? JSON.stringify(value) : String(value));
const isRow = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// What a lookup found: a row by its columns, several rows as a table, anything else as it is.
function Answer({ name, value }) {
  const rows = Array.isArray(value) && value.length > 0 && value.every(isRow) ? value : null;
  const columns = rows && [...new Set(rows.flatMap(Object.keys))];
  return (
    <div className="answer" tabIndex="0" role="group" aria-label={name}>
      <table>
        <caption>{name}</caption>
        {rows && <thead><tr>{columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr></thead>}
        <tbody>
          {rows && rows.map((row, at) => <tr key={at}>{columns.map((column) => <td key={column}>{written(row[column] ?? null)}</td>)}</tr>)}
          {isRow(value) && Object.entries(value).map(([column, one]) => <tr key={column}><th scope="row">{column}</th><td>{written(one)}</td></tr>)}
          {!rows && !isRow(value) && <tr><td>{value === null || value.length === 0 ? say("nothing found") : written(value)}</td></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Answers({ answers }) {
  const found = Object.entries(answers ?? {});
  if (!found.length) return null;
  return (
    <details className="answers" open>
      <summary>{say("What the lookups found")}</summary>
      {found.map(([name, value]) => <Answer key={name} {...{ name, value }} />)}
    </details>
  );
}

// Which `data` the event of the row has, or what to write where the template lacks them.
function Extras({ outcome: { wanted, data } }) {
  if (wanted) return <p className="hint">{say("The template reads `data` of the event. Write them into the field, such as")} <code>{wanted}</code></p>;
  return data ? <p className="hint">{say("data of the event:")} <code>{JSON.stringify(data)}</code></p> : null;
}

export function RealRow({ one, id, stage, theme, data }) {
  const [{ shown, outcomes, said }, show] = useState({});
  const form = useRef(null);
  const read = async (wanted) => {
    show({ said: say("Reading…") });
    const extras = form.current.elements.data?.value.trim() ?? "";
    try {
      show({ shown: wanted, outcomes: await ask({ notification: one.name, id: wanted, ...(extras && { data: extras }) }) });
    } catch (error) {
      show({ said: say("That did not work: {why}", { why: error.message }) });
    }
  };
  useEffect(() => { if (id) read(id); }, [id]);
  const submit = (submitted) => {
    submitted.preventDefault();
    const wanted = new FormData(submitted.currentTarget).get("id").trim();
    if (wanted === id) read(wanted);
    else window.location.hash = address(one.name, wanted);
  };
  const outcome = outcomes?.find((each) => each.stage === stage);
  return (
    <>
      <form ref={form} className="emit row" onSubmit={submit} aria-label={say("Show a real row")}>
        <label>{say("Id of a real row")}
          <input key={id} name="id" required maxLength="200" defaultValue={id} placeholder="1042" autoComplete="off" spellCheck="false" />
        </label>
        <DataField data={one.data} value={one.data?.needed && !one.data.of_row ? one.data.example : ""}
          placeholder={one.data?.of_row ? say("empty: as in the row") : one.data?.example} />
        <button>{say("Show")}</button>
        <p role="status">{said}</p>
      </form>
      {outcome && (
        <section className="sample real" aria-label={`id ${shown}`}>
          <h2>id {shown}</h2>
          <Outcome {...{ outcome, theme, data }} />
          <Extras outcome={outcome} />
          <Answers answers={outcome.answers} />
        </section>
      )}
    </>
  );
}
