import { useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { HeldJson } from "../../../daemon/api/overview-json.ts";
import { post, remove } from "../data/api.ts";
import { endpointName } from "../data/endpoints.ts";
import { useResource } from "../data/resource.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { ChoiceField } from "../parts/choice.tsx";
import { Problem } from "../parts/problem.tsx";
import { say } from "../parts/toast.tsx";
import { backTo, goTo } from "../shell/address.ts";
import { t, tn } from "../words/words.ts";
import { TestButton } from "./endpoint-test.tsx";

interface ActionsProps {
  readonly endpoint: EndpointJson;
  readonly onChange: (endpoint: EndpointJson) => void;
}

type Asked = "pause" | "disable" | "resume" | "enable" | "delete";

/** What can be done with an endpoint as it stands. */
export function EndpointActions({ endpoint, onChange }: ActionsProps) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const { state } = endpoint;
  const close = (): void => setAsked(null);
  function done(now: EndpointJson): void {
    close();
    say(t(`endpoint.now.${now.state}`));
    onChange(now);
  }
  return (
    <>
      <TestButton endpoint={endpoint} onChange={onChange} tone="primary" />
      {state === "active" && (
        <ActButton label={t("endpoint.pause")} icon="pause" onDo={() => setAsked("pause")} />
      )}
      {state === "paused" && (
        <ActButton label={t("endpoint.resume")} icon="check" onDo={() => setAsked("resume")} />
      )}
      {state === "disabled" ? (
        <ActButton label={t("endpoint.enable")} icon="check" onDo={() => setAsked("enable")} />
      ) : (
        <ActButton label={t("endpoint.disable")} icon="ban" onDo={() => setAsked("disable")} />
      )}
      <ActButton
        label={t("endpoint.delete")}
        icon="cross"
        tone="danger"
        onDo={() => setAsked("delete")}
      />
      {(asked === "pause" || asked === "disable") && (
        <Hold endpoint={endpoint} verb={asked} onDone={done} onClose={close} />
      )}
      {(asked === "resume" || asked === "enable") && (
        <LetGo endpoint={endpoint} verb={asked} onDone={done} onClose={close} />
      )}
      {asked === "delete" && <Delete endpoint={endpoint} onClose={close} />}
    </>
  );
}

interface QuestionProps<Verb> {
  readonly endpoint: EndpointJson;
  readonly verb: Verb;
  readonly onDone: (endpoint: EndpointJson) => void;
  readonly onClose: () => void;
}

function Hold({ endpoint, verb, onDone, onClose }: QuestionProps<"pause" | "disable">) {
  return (
    <Ask<EndpointJson>
      title={t(`endpoint.${verb}.title`, { name: endpointName(endpoint) })}
      action={t(`endpoint.${verb}`)}
      onDo={() => post(`endpoints/${endpoint.id}/${verb}`)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{t(`endpoint.${verb}.why`)}</p>
    </Ask>
  );
}

type Release = "all" | "latest" | "none";

/** With how many of the held deliveries each choice would send. */
function LetGo({ endpoint, verb, onDone, onClose }: QuestionProps<"resume" | "enable">) {
  const [held, setHeld] = useState<Release>("all");
  const { value, problem, reload } = useResource<HeldJson>(`endpoints/${endpoint.id}/held`);
  const all = value?.all ?? 0;
  const latest = value?.latest_per_key ?? 0;
  const options = [
    { value: "all", label: t("held.all"), hint: tn("held.all.count", all) },
    {
      value: "latest",
      label: t("held.latest"),
      hint: tn("held.latest.count", latest, { rest: all - latest }),
    },
    { value: "none", label: t("held.none"), hint: tn("held.none.count", all) },
  ] as const;
  return (
    <Ask<EndpointJson>
      title={t(`endpoint.${verb}.title`, { name: endpointName(endpoint) })}
      action={t(`endpoint.${verb}`)}
      onDo={() => post(`endpoints/${endpoint.id}/${verb}`, { held })}
      onDone={onDone}
      onClose={onClose}
    >
      {problem !== null && <Problem problem={problem} retry={reload} />}
      {value !== null && all === 0 ? (
        <p>{t("held.nothing")}</p>
      ) : (
        <ChoiceField<Release>
          label={value === null ? t("held.title") : tn("held.title.count", all)}
          value={held}
          onValue={setHeld}
          options={options.map(({ hint, ...rest }) => (value === null ? rest : { ...rest, hint }))}
        />
      )}
    </Ask>
  );
}

function Delete({
  endpoint,
  onClose,
}: {
  readonly endpoint: EndpointJson;
  readonly onClose: () => void;
}) {
  return (
    <Ask<null>
      title={t("endpoint.delete.title", { name: endpointName(endpoint) })}
      action={t("endpoint.delete")}
      tone="danger"
      onDo={() => remove(`endpoints/${endpoint.id}`)}
      onDone={() => {
        say(t("endpoint.deleted"));
        goTo(backTo("endpoints"));
      }}
      onClose={onClose}
    >
      <p>{t("endpoint.delete.why")}</p>
    </Ask>
  );
}
