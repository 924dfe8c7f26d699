// The message of a real row, which the server reads when it is asked.
import { useState } from "react";
import { given } from "./given.js";
import { Outcome } from "./notification.jsx";
import { say } from "./words.js";

async function ask(notification, id) {
  const body = JSON.stringify({ notification, id });
  const response = await fetch(given.ask, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

export function RealRow({ one, stage, theme, data }) {
  const [{ id, outcomes, said }, show] = useState({});
  const submit = async (submitted) => {
    submitted.preventDefault();
    const wanted = new FormData(submitted.currentTarget).get("id").trim();
    show({ said: say("Reading…") });
    try {
      show({ id: wanted, outcomes: await ask(one.name, wanted) });
    } catch (error) {
      show({ said: say("That did not work: {why}", { why: error.message }) });
    }
  };
  const outcome = outcomes?.find((each) => each.stage === stage);
  return (
    <>
      <form className="emit row" onSubmit={submit} aria-label={say("Show a real row")}>
        <label>{say("Id of a real row")}
          <input name="id" required maxLength="200" placeholder="1042" autoComplete="off" spellCheck="false" />
        </label>
        <button>{say("Show")}</button>
        <p role="status">{said}</p>
      </form>
      {outcome && (
        <section className="sample real" aria-label={`id ${id}`}>
          <h2>id {id}</h2>
          <Outcome {...{ outcome, theme, data }} />
        </section>
      )}
    </>
  );
}
