import type { ComponentChildren } from "preact";
import { BACKOFF_PRESETS_MS } from "../../../daemon/domain/backoff.ts";
import type { ProblemJson } from "../data/problem.ts";
import { AreaField, CheckField, SelectField, TextField } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { t } from "../words/words.ts";
import type { Draft } from "./endpoint-draft.ts";
import { delayText } from "./endpoint-draft.ts";

interface EndpointForm {
  readonly draft: Draft;
  readonly set: (changes: Partial<Draft>) => void;
  readonly problem: ProblemJson | null;
  /** An endpoint that does not exist yet also has a secret and a signature to choose. */
  readonly isNew: boolean;
}

interface FormPart {
  readonly form: EndpointForm;
}

const MAIN_POINTERS = ["/url", "/event_types", "/profile", "/description"];

/** What everybody decides; everything else has a default that is good for most. */
export function MainFields({ form: { draft, set, problem } }: FormPart) {
  return (
    <>
      <TextField
        label={t("field.url")}
        hint={t("field.url.hint")}
        type="url"
        value={draft.url}
        onValue={(url) => set({ url })}
        error={errorAt(problem, "/url")}
        placeholder="https://"
        required
      />
      <AreaField
        label={t("field.event-types")}
        hint={t("field.event-types.hint")}
        rows={3}
        isMono
        value={draft.eventTypes}
        onValue={(eventTypes) => set({ eventTypes })}
        error={errorAt(problem, "/event_types")}
      />
      <SelectField
        label={t("field.profile")}
        hint={t(`profile.${draft.profileKind}.hint`)}
        value={draft.profileKind}
        onValue={(profileKind) => set({ profileKind })}
        error={errorAt(problem, "/profile")}
        options={[
          ["standard", t("profile.standard")],
          ["timestamped", t("profile.timestamped")],
          ["digest", t("profile.digest")],
          ["topic", t("profile.topic")],
        ]}
      />
      <TextField
        label={t("field.description")}
        hint={t("field.description.hint")}
        value={draft.description}
        onValue={(description) => set({ description })}
        error={errorAt(problem, "/description")}
      />
    </>
  );
}

/** The rest, folded where an endpoint is made, unless what is wrong is in there. */
export function AdvancedFields({ form }: FormPart) {
  const isWrong =
    form.problem?.problems?.some(
      ({ pointer }) => !MAIN_POINTERS.some((main) => pointer.startsWith(main)),
    ) ?? false;
  return (
    <details class="advanced" open={!form.isNew || isWrong || undefined}>
      <summary>{t("endpoint.advanced")}</summary>
      <Group title={t("group.routing")}>
        <Routing form={form} />
      </Group>
      <Group title={t("group.sending")}>
        <Sending form={form} />
      </Group>
      <Group title={t("group.retry")}>
        <Retrying form={form} />
      </Group>
      <Group title={t("group.limits")}>
        <Limits form={form} />
      </Group>
      <Group title={t("group.network")}>
        <Network form={form} />
      </Group>
    </details>
  );
}

function Group({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <fieldset class="group">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

function Routing({ form: { draft, set, problem } }: FormPart) {
  return (
    <>
      <TextField
        label={t("field.tenant")}
        hint={t("field.tenant.hint")}
        value={draft.tenant}
        onValue={(tenant) => set({ tenant })}
        error={errorAt(problem, "/tenant")}
      />
      <AreaField
        label={t("field.filter")}
        hint={t("field.filter.hint", { example: '{"amount": {"$gte": 100}}' })}
        rows={4}
        isMono
        value={draft.filter}
        onValue={(filter) => set({ filter })}
        error={errorAt(problem, "/filter")}
      />
      <CheckField
        label={t("field.ordered")}
        hint={t("field.ordered.hint")}
        value={draft.isOrdered}
        onValue={(isOrdered) => set({ isOrdered })}
      />
    </>
  );
}

function Sending({ form }: FormPart) {
  const { draft, set, problem, isNew } = form;
  return (
    <>
      {isNew && <Signature form={form} />}
      {(draft.profileKind === "digest" || draft.profileKind === "topic") && (
        <TextField
          label={t("field.profile-name")}
          hint={t("field.profile-name.hint", { name: draft.profileName || "Posthorn" })}
          value={draft.profileName}
          onValue={(profileName) => set({ profileName })}
          error={errorAt(problem, "/profile/name")}
        />
      )}
      <AreaField
        label={t("field.profile-headers")}
        hint={t("field.profile-headers.hint")}
        rows={2}
        isMono
        value={draft.profileHeaders}
        onValue={(profileHeaders) => set({ profileHeaders })}
        error={errorAt(problem, "/profile/headers")}
      />
      <AreaField
        label={t("field.headers")}
        hint={t("field.headers.hint")}
        rows={3}
        isMono
        value={draft.headers}
        onValue={(headers) => set({ headers })}
        error={errorAt(problem, "/headers")}
      />
      <Credentials form={form} />
    </>
  );
}

function Signature({ form: { draft, set, problem } }: FormPart) {
  return (
    <>
      {draft.profileKind === "standard" && (
        <SelectField
          label={t("field.signature")}
          hint={t("field.signature.hint")}
          value={draft.signature}
          onValue={(signature) => set({ signature })}
          error={errorAt(problem, "/signature")}
          options={[
            ["v1", t("signature.v1")],
            ["v1a", t("signature.v1a")],
          ]}
        />
      )}
      <TextField
        label={t("field.secret")}
        hint={t("field.secret.hint")}
        type="password"
        fill="new-password"
        value={draft.secret}
        onValue={(secret) => set({ secret })}
        error={errorAt(problem, "/secret")}
      />
    </>
  );
}

function Credentials({ form: { draft, set, problem, isNew } }: FormPart) {
  const keeps = isNew ? undefined : t("field.keep.hint");
  return (
    <>
      <SelectField
        label={t("field.auth")}
        value={draft.authType}
        onValue={(authType) => set({ authType })}
        error={draft.authType === "none" ? errorAt(problem, "/auth") : null}
        options={[
          ["none", t("auth.none")],
          ["basic", t("auth.basic")],
          ["bearer", t("auth.bearer")],
        ]}
      />
      {draft.authType === "basic" && (
        <>
          <TextField
            label={t("field.username")}
            value={draft.username}
            onValue={(username) => set({ username })}
            error={errorAt(problem, "/auth/username")}
          />
          <TextField
            label={t("field.password")}
            hint={keeps}
            type="password"
            fill="new-password"
            value={draft.password}
            onValue={(password) => set({ password })}
            error={errorAt(problem, "/auth/password")}
          />
        </>
      )}
      {draft.authType === "bearer" && (
        <TextField
          label={t("field.token")}
          hint={keeps}
          type="password"
          fill="new-password"
          value={draft.token}
          onValue={(token) => set({ token })}
          error={errorAt(problem, "/auth/token")}
        />
      )}
    </>
  );
}

function Retrying({ form: { draft, set, problem } }: FormPart) {
  const steps =
    draft.backoff === "own"
      ? null
      : BACKOFF_PRESETS_MS[draft.backoff].map((ms) => delayText(ms / 1_000)).join(" ");
  return (
    <>
      <SelectField
        label={t("field.backoff")}
        hint={steps === null ? undefined : t("field.backoff.hint", { steps })}
        value={draft.backoff}
        onValue={(backoff) => set({ backoff, backoffSteps: draft.backoffSteps || (steps ?? "") })}
        error={draft.backoff === "own" ? null : errorAt(problem, "/backoff")}
        options={[
          ["appliance", t("backoff.appliance")],
          ["standard-webhooks", t("backoff.standard-webhooks")],
          ["own", t("backoff.own")],
        ]}
      />
      {draft.backoff === "own" && (
        <TextField
          label={t("field.backoff-steps")}
          hint={t("field.backoff-steps.hint")}
          value={draft.backoffSteps}
          onValue={(backoffSteps) => set({ backoffSteps })}
          error={errorAt(problem, "/backoff")}
        />
      )}
      <SelectField
        label={t("field.retry")}
        hint={t("field.retry.hint")}
        value={draft.retry}
        onValue={(retry) => set({ retry })}
        options={[
          ["all", t("retry.all")],
          ["transient", t("retry.transient")],
        ]}
      />
      <TextField
        label={t("field.auto-disable")}
        hint={t("field.auto-disable.hint")}
        type="number"
        min={1}
        value={draft.autoDisableDays}
        onValue={(autoDisableDays) => set({ autoDisableDays })}
        error={errorAt(problem, "/auto_disable_days")}
      />
    </>
  );
}

const LIMITS = [
  ["timeoutS", "timeout", "/timeout_ms", "any"],
  ["connectTimeoutS", "connect-timeout", "/connect_timeout_ms", "any"],
  ["concurrency", "concurrency", "/concurrency", 1],
  ["ratePerSecond", "rate", "/rate_per_second", 1],
] as const;

function Limits({ form: { draft, set, problem } }: FormPart) {
  return (
    <div class="split narrow">
      {LIMITS.map(([member, name, pointer, step]) => (
        <TextField
          key={member}
          label={t(`field.${name}`)}
          hint={t(`field.${name}.hint`)}
          type="number"
          min={1}
          step={step}
          value={draft[member]}
          onValue={(value) => set({ [member]: value })}
          error={errorAt(problem, pointer)}
        />
      ))}
    </div>
  );
}

function Network({ form: { draft, set, problem } }: FormPart) {
  return (
    <>
      <AreaField
        label={t("field.egress-allow")}
        hint={t("field.egress-allow.hint")}
        rows={2}
        isMono
        value={draft.egressAllow}
        onValue={(egressAllow) => set({ egressAllow })}
        error={errorAt(problem, "/egress_allow")}
      />
      <AreaField
        label={t("field.ca")}
        hint={t("field.ca.hint")}
        rows={3}
        isMono
        value={draft.ca}
        onValue={(ca) => set({ ca })}
        error={errorAt(problem, "/ca")}
      />
      <CheckField
        label={t("field.tls-verify")}
        value={draft.verifiesTls}
        onValue={(verifiesTls) => set({ verifiesTls })}
      />
      {!draft.verifiesTls && (
        <div class="notice warn" role="status">
          <Icon name="warn" />
          <div>{t("field.tls-verify.warning")}</div>
        </div>
      )}
    </>
  );
}

/** What is wrong with a member, or with anything in it. */
function errorAt(problem: ProblemJson | null, pointer: string): string | null {
  const found = problem?.problems?.find(
    (each) => each.pointer === pointer || each.pointer.startsWith(`${pointer}/`),
  );
  return found?.detail ?? null;
}
