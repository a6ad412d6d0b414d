import { useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { patch } from "../data/api.ts";
import type { ProblemJson } from "../data/problem.ts";
import { isAdmin } from "../data/session.ts";
import { ActButton } from "../parts/act.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";

interface GrantProps {
  readonly endpoint: Pick<EndpointJson, "id" | "egress_allow">;
  readonly grant: string;
  readonly onChange: (endpoint: EndpointJson) => void;
}

/** The one click that lets an endpoint reach a private target which the guard refused, with what that opens. */
export function GrantOffer({ endpoint, grant, onChange }: GrantProps) {
  const [problem, setProblem] = useState<ProblemJson | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (endpoint.egress_allow.includes(grant)) return null;

  async function allow(): Promise<void> {
    setBusy(true);
    const body = { egress_allow: [...endpoint.egress_allow, grant] };
    const outcome = await withFresh(() => patch<EndpointJson>(`endpoints/${endpoint.id}`, body));
    setBusy(false);
    if (outcome.kind === "bad") return setProblem(outcome.problem);
    setProblem(null);
    say(t("grant.done", { grant }));
    onChange(outcome.value);
  }

  return (
    <div class="grant">
      <p>{t("grant.why", { grant })}</p>
      {problem !== null && <Problem problem={problem} />}
      {isAdmin() ? (
        <ActButton
          label={t("grant.do", { grant })}
          icon="plug"
          tone="primary"
          disabled={isBusy}
          onDo={() => void allow()}
        />
      ) : (
        <p class="small">{t("grant.viewer")}</p>
      )}
    </div>
  );
}

/** What the daemon warns of; a target that is not allowed comes with the way to allow it. */
export function Warnings({
  endpoint,
  onChange,
}: {
  readonly endpoint: EndpointJson;
  readonly onChange: (endpoint: EndpointJson) => void;
}) {
  return (
    <>
      {endpoint.warning_details.map((warning) => (
        <div key={warning.code} class="notice warn">
          <Icon name="warn" />
          <div>
            <p>{warningWords(warning)}</p>
            {warning.grant !== null && (
              <GrantOffer endpoint={endpoint} grant={warning.grant} onChange={onChange} />
            )}
          </div>
        </div>
      ))}
    </>
  );
}

function warningWords({ code, sentence, grant }: EndpointJson["warning_details"][number]): string {
  switch (code) {
    case "certificate_unchecked":
    case "secret_short":
      return t(`endpoint.warning.${code}`);
    case "target_blocked":
      // Why nothing can open it, only the guard can say.
      return grant === null ? sentence : t("endpoint.warning.target_blocked", { grant });
    default:
      return sentence;
  }
}
