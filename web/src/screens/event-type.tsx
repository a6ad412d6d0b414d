import { useEffect, useState } from "preact/hooks";
import type { EventTypeJson } from "../../../daemon/api/event-types.ts";
import type { Outcome } from "../data/api.ts";
import { getExact, putText, remove } from "../data/api.ts";
import { jsonOrNull, jsonText, whyNoJson } from "../data/json.ts";
import type { ProblemJson } from "../data/problem.ts";
import { problemAt } from "../data/problem.ts";
import { isAdmin } from "../data/session.ts";
import { ActButton, isCutOff } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { Missing } from "../parts/empty.tsx";
import { Fact } from "../parts/fact.tsx";
import { AreaField, TextField } from "../parts/field.tsx";
import { Form } from "../parts/form.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { JsonView } from "../parts/json.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { backTo, goTo, linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";

const EXAMPLE = `{
  "type": "object",
  "required": ["invoice"],
  "properties": { "invoice": { "type": "string" } }
}`;

/** One event type: what is written down about it, and how to change that. */
export function EventTypeScreen({ name }: { readonly name: string }) {
  const path = `event-types/${encodeURIComponent(name)}`;
  const [outcome, setOutcome] = useState<Outcome<EventTypeJson> | null>(null);
  const [isForgetting, setForgetting] = useState(false);
  const load = (): void => void getExact<EventTypeJson>(path).then(setOutcome);
  useEffect(load, [path]);
  if (outcome === null) return <p class="soft">{t("list.loading")}</p>;
  if (outcome.kind === "bad") {
    return <Missing problem={outcome.problem} id={name} path="event-types" retry={load} />;
  }
  const type = outcome.value;
  return (
    <>
      <ScreenHead
        back={{ path: "event-types", label: t("nav.event-types") }}
        title={type.name}
        note={type.description}
      >
        <a class="button" href={linkTo(["deliveries"], { type: name })}>
          {t("nav.deliveries")}
        </a>
        {isAdmin() && (
          <a class="button" href={linkTo(["events", "new"], { type: name })}>
            {t("events.send")}
          </a>
        )}
        <ActButton label={t("types.forget")} tone="danger" onDo={() => setForgetting(true)} />
      </ScreenHead>
      <dl class="facts-line">
        <Fact name={t("types.made")}>
          <Time at={type.created_at} />
        </Fact>
        <Fact name={t("types.updated")}>
          <Time at={type.updated_at} />
        </Fact>
      </dl>
      {isAdmin() ? (
        <TypeForm path={path} type={type} onSaved={setOutcome} />
      ) : (
        <Schema schema={type.schema} />
      )}
      {isForgetting && <Forget path={path} name={name} onClose={() => setForgetting(false)} />}
    </>
  );
}

function Schema({ schema }: { readonly schema: unknown }) {
  return (
    <section class="panel">
      <h2>{t("types.schema")}</h2>
      {schema === null ? (
        <p class="soft">{t("types.schema.none.why")}</p>
      ) : (
        <JsonView value={schema} />
      )}
    </section>
  );
}

function TypeForm({
  path,
  type,
  onSaved,
}: {
  readonly path: string;
  readonly type: EventTypeJson;
  readonly onSaved: (outcome: Outcome<EventTypeJson>) => void;
}) {
  const [description, setDescription] = useState(type.description);
  const [schema, setSchema] = useState(type.schema === null ? "" : jsonText(type.schema));
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const why = schema.trim() === "" ? null : whyNoJson(schema);

  async function save(): Promise<void> {
    // As it was written: a schema's numbers may be larger than JavaScript's, too.
    const text = `{"description":${JSON.stringify(description)},"schema":${schema.trim() || "null"}}`;
    const outcome = await putText<EventTypeJson>(path, text);
    setProblem(outcome.kind === "bad" ? outcome.problem : null);
    if (outcome.kind === "bad") return;
    say(t("types.saved"));
    onSaved(outcome);
  }

  return (
    <section class="panel narrow">
      <Form problem={problem} onSubmit={save}>
        <TextField
          label={t("types.description")}
          value={description}
          onValue={setDescription}
          error={problemAt(problem, "/description")}
        />
        <AreaField
          label={t("types.schema.label")}
          hint={t("types.schema.hint")}
          value={schema}
          onValue={setSchema}
          rows={14}
          isMono
          error={why === null ? problemAt(problem, "/schema") : t("send.data.wrong", { why })}
        />
        <div class="buttons">
          <button type="submit" class="button primary" disabled={isCutOff() || why !== null}>
            {t("do.save")}
          </button>
          {schema.trim() === "" ? (
            <button type="button" class="button" onClick={() => setSchema(EXAMPLE)}>
              {t("types.schema.example")}
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={why !== null}
              onClick={() => setSchema(jsonText(jsonOrNull(schema)?.value ?? null))}
            >
              {t("send.data.tidy")}
            </button>
          )}
        </div>
      </Form>
    </section>
  );
}

function Forget({
  path,
  name,
  onClose,
}: {
  readonly path: string;
  readonly name: string;
  readonly onClose: () => void;
}) {
  return (
    <Ask
      title={t("types.forget.title", { name })}
      action={t("types.forget")}
      tone="danger"
      onDo={() => remove(path)}
      onDone={() => {
        say(t("types.forgotten", { name }));
        goTo(backTo("event-types"));
      }}
      onClose={onClose}
    >
      <p>{t("types.forget.why")}</p>
    </Ask>
  );
}
