import { useEffect, useState } from "preact/hooks";
import type { BulkJson } from "../../../daemon/api/overview-json.ts";
import type { Outcome } from "../data/api.ts";
import { post } from "../data/api.ts";
import { Ask } from "../parts/ask.tsx";
import { Problem } from "../parts/problem.tsx";
import { say } from "../parts/toast.tsx";
import { number } from "../words/format.ts";
import { t, tn } from "../words/words.ts";

export type BulkVerb = "resend" | "cancel";

/** Exactly one of the two, as the API wants it. */
export type BulkTarget =
  | { readonly ids: readonly string[] }
  | { readonly filter: Readonly<Record<string, string | null>> };

interface BulkProps {
  readonly verb: BulkVerb;
  readonly target: BulkTarget;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Many deliveries at once: says how many that would be before anything happens. */
export function BulkDialog({ verb, target, onClose, onDone }: BulkProps) {
  const [preview, setPreview] = useState<Outcome<BulkJson> | null>(null);
  useEffect(() => {
    void post<BulkJson>(`deliveries/${verb}`, { ...target, dry_run: true }).then(setPreview);
  }, []);
  const count = preview?.kind === "good" ? preview.value.count : null;
  return (
    <Ask<BulkJson>
      title={t(`deliveries.${verb}.many`)}
      action={count === null ? t(`deliveries.${verb}`) : tn(`deliveries.${verb}.do`, count)}
      tone={verb === "cancel" ? "danger" : "primary"}
      disabled={count === null || count === 0}
      onDo={() => post<BulkJson>(`deliveries/${verb}`, target)}
      onDone={(done) => {
        say(tn(`deliveries.${verb}.done`, done.count));
        if (done.is_more) say(t("deliveries.bulk.again"));
        onDone();
        onClose();
      }}
      onClose={onClose}
    >
      <p aria-live="polite">
        {preview === null && t("deliveries.bulk.counting")}
        {preview?.kind === "good" && <Count {...preview.value} verb={verb} />}
      </p>
      {preview?.kind === "bad" && <Problem problem={preview.problem} />}
      <p class="soft">{t(`deliveries.${verb}.why`)}</p>
    </Ask>
  );
}

function Count({ count, is_more: isMore, verb }: BulkJson & { readonly verb: BulkVerb }) {
  if (count === 0) return <>{t(`deliveries.${verb}.none`)}</>;
  const words = tn(`deliveries.${verb}.count`, count);
  return <>{isMore ? t("deliveries.bulk.more", { words, n: number(count) }) : words}</>;
}
