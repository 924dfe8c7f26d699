// The form that publishes an event, and what came of the last one.
import { useState } from "react";
import { ask } from "./ask.js";
import { Outcomes } from "./links.jsx";
import { say } from "./words.js";

// The `data` of an event, in a field that offers what a sample of the template has.
export function DataField({ data, value, placeholder }) {
  if (!data) return null;
  return (
    <label className="json">{say("data, as JSON")}
      <input key={value} name="data" defaultValue={value} placeholder={placeholder} autoComplete="off" spellCheck="false" />
    </label>
  );
}

export function Emit({ types, notifications }) {
  const [{ said, event }, tell] = useState({ said: "" });
  const [chosen, choose] = useState("");
  const data = notifications.find((one) => one.event === chosen && one.data)?.data;
  const submit = async (submitted) => {
    submitted.preventDefault();
    const form = submitted.currentTarget;
    const [type, id, extras] = ["type", "id", "data"].map((name) => form.elements[name]?.value.trim() ?? "");
    form.elements.id.value = "";
    form.elements.id.focus();
    tell({ said: say("Publishing {type} {id}…", { type, id }) });
    try {
      const published = await ask({ publish: { type, id, ...(extras && { data: extras }) } });
      tell({ said: say("Published {type} {id}.", { type, id }), event: published.event });
    } catch (error) {
      tell({ said: say("That did not work: {why}", { why: error.message }) });
    }
  };
  return (
    <form className="emit" onSubmit={submit} aria-label={say("Publish an event")}>
      <label>{say("Event type")}
        <input name="type" list="types" required pattern="[a-z0-9_]+(\.[a-z0-9_]+)*" placeholder="order.created"
          onChange={({ currentTarget }) => choose(currentTarget.value.trim())}
          title={say("Lower case, words with dots between: order.created")} autoComplete="off" spellCheck="false" />
      </label>
      <datalist id="types">{types.map((type) => <option key={type} value={type} />)}</datalist>
      <label>{say("Id")}
        <input name="id" required placeholder="1042" autoComplete="off" spellCheck="false" />
      </label>
      <DataField data={data} value={data?.example} placeholder={data?.example} />
      <button>{say("Publish")}</button>
      <p role="status">{said} {event && <Outcomes event={event} />}</p>
    </form>
  );
}
