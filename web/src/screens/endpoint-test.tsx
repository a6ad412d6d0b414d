import { useEffect, useState } from "preact/hooks";
import type { DeliveryWithAttemptsJson } from "../../../daemon/api/delivery-json.ts";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { Outcome } from "../data/api.ts";
import { post } from "../data/api.ts";
import { ActButton } from "../parts/act.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Problem } from "../parts/problem.tsx";
import { StateBadge } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { duration, withLocalTimes } from "../words/format.ts";
import { reasonWords } from "../words/reason.ts";
import { t } from "../words/words.ts";
import { Answer, ResponseTab } from "./delivery-attempts.tsx";
import { GrantOffer } from "./endpoint-grant.tsx";

interface TestProps {
  readonly endpoint: EndpointJson;
  readonly onChange: (endpoint: EndpointJson) => void;
}

/** Sends a test, and shows what really happened. */
export function TestButton({ tone, ...props }: TestProps & { readonly tone?: "primary" }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <ActButton
        label={t("endpoint.test")}
        icon="plane"
        {...(tone === undefined ? {} : { tone })}
        onDo={() => setOpen(true)}
      />
      {isOpen && <TestDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function TestDialog({ endpoint, onChange, onClose }: TestProps & { readonly onClose: () => void }) {
  const [turn, setTurn] = useState(0);
  const [result, setResult] = useState<Outcome<DeliveryWithAttemptsJson> | null>(null);
  useEffect(() => {
    let isWanted = true;
    setResult(null);
    void post<DeliveryWithAttemptsJson>(`endpoints/${endpoint.id}/test`).then((outcome) => {
      if (isWanted) setResult(outcome);
    });
    return () => {
      isWanted = false;
    };
  }, [turn]);
  return (
    <Dialog title={t("test.title")} onClose={onClose} isWide>
      <p class="soft">{t("test.why", { url: endpoint.url })}</p>
      <div role="status" class="stack">
        {result === null && <p class="notice calm">{t("test.waiting")}</p>}
        {result?.kind === "bad" && <Problem problem={result.problem} />}
        {result?.kind === "good" && (
          <Result
            delivery={result.value}
            endpoint={endpoint}
            onGranted={(now) => {
              onChange(now);
              setTurn(turn + 1);
            }}
          />
        )}
      </div>
      <div class="buttons">
        <ActButton
          label={t("test.again")}
          icon="recover"
          disabled={result === null}
          onDo={() => setTurn(turn + 1)}
        />
        {result?.kind === "good" && (
          <a class="button" href={linkTo(["deliveries", result.value.id])}>
            {t("test.open")}
          </a>
        )}
        <button type="button" class="button" onClick={onClose}>
          {t("do.close")}
        </button>
      </div>
    </Dialog>
  );
}

function Result({
  delivery,
  endpoint,
  onGranted,
}: {
  readonly delivery: DeliveryWithAttemptsJson;
  readonly endpoint: EndpointJson;
  readonly onGranted: (endpoint: EndpointJson) => void;
}) {
  const attempt = delivery.attempts.at(-1) ?? null;
  const hasAnswer = attempt !== null && attempt.response !== null;
  const grant = attempt?.error?.grant ?? null;
  return (
    <>
      <p class="test-result">
        <StateBadge state={delivery.state} />
        {attempt !== null && (
          <>
            <Answer attempt={attempt} />
            <span class="number">{duration(attempt.duration_ms)}</span>
            <Time at={attempt.started_at} />
          </>
        )}
      </p>
      <p>{withLocalTimes(reasonWords(delivery.reason))}</p>
      {grant !== null && <GrantOffer endpoint={endpoint} grant={grant} onChange={onGranted} />}
      {hasAnswer && <ResponseTab attempt={attempt} />}
    </>
  );
}
