import { useState } from "preact/hooks";
import type { CreatedKeyJson, KeyJson } from "../../../daemon/api/keys.ts";
import { post, remove } from "../data/api.ts";
import { useReturn } from "../data/focus.ts";
import { useList } from "../data/list.ts";
import { problemAt } from "../data/problem.ts";
import { session } from "../data/session.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { CopyButton } from "../parts/copy.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { CheckField, TextField } from "../parts/field.tsx";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Empty } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";

const PAGE_ROWS = 250;
const SCOPES = ["events:write", "read", "manage"] as const;
type Scope = (typeof SCOPES)[number];

type Over =
  | { readonly kind: "nothing" }
  | { readonly kind: "make" }
  | { readonly kind: "made"; readonly made: CreatedKeyJson }
  | { readonly kind: "revoke"; readonly key: KeyJson };

/** The API keys: who has them, what they may do, and when they were last used. */
export function Keys() {
  const list = useList<KeyJson>("keys", { limit: PAGE_ROWS });
  useReturn(list.reload);
  const [over, setOver] = useState<Over>({ kind: "nothing" });
  const close = (): void => setOver({ kind: "nothing" });
  const showsRevoked = filterValue("revoked") !== "";
  const rows = list.rows.filter(({ revoked_at: at }) => showsRevoked || at === null);
  const make = (
    <ActButton
      label={t("keys.make")}
      icon="plus"
      tone="primary"
      onDo={() => setOver({ kind: "make" })}
    />
  );
  return (
    <>
      <ScreenHead title={t("nav.keys")} note={t("keys.why")}>
        {make}
      </ScreenHead>
      <CheckField
        label={t("keys.show-revoked")}
        value={showsRevoked}
        onValue={(shows) => setFilters({ revoked: shows ? "1" : "" })}
      />
      <ListTable
        label={t("nav.keys")}
        columns={columns((key) => setOver({ kind: "revoke", key }))}
        list={{ ...list, rows }}
        keyOf={({ id }) => id}
        isFaint={({ revoked_at: at }) => at !== null}
        empty={
          <Empty title={t("keys.none")}>
            <p>{t("keys.none.why")}</p>
            {make}
          </Empty>
        }
      />
      {over.kind === "make" && (
        <MakeKey
          onMade={(made) => {
            setOver({ kind: "made", made });
            list.reload();
          }}
          onClose={close}
        />
      )}
      {over.kind === "made" && <MadeKey made={over.made} onClose={close} />}
      {over.kind === "revoke" && (
        <RevokeKey
          apiKey={over.key}
          onDone={() => {
            close();
            list.reload();
          }}
          onClose={close}
        />
      )}
    </>
  );
}

function columns(onRevoke: (key: KeyJson) => void): PlainColumns<KeyJson> {
  return [
    { key: "name", title: t("keys.name"), cell: ({ name }) => <b>{name}</b> },
    { key: "hint", title: t("keys.hint"), cell: ({ hint }) => <code>{hint}…</code> },
    {
      key: "scopes",
      title: t("keys.scopes"),
      cell: ({ scopes }) => (
        <span class="chips">
          {scopes.map((scope) => (
            <code key={scope} class="badge mute">
              {scope}
            </code>
          ))}
        </span>
      ),
    },
    {
      key: "application",
      title: t("nav.application"),
      cell: ({ application_id: id }) => (id === null ? t("keys.instance") : applicationName(id)),
    },
    { key: "made", title: t("keys.made"), cell: ({ created_at: at }) => <Time at={at} /> },
    {
      key: "used",
      title: t("keys.used"),
      cell: ({ last_used_at: at }) =>
        at === null ? <span class="soft">{t("keys.unused")}</span> : <Time at={at} isDistance />,
    },
    {
      key: "do",
      title: t("keys.revoke"),
      isQuiet: true,
      cell: (key) =>
        key.revoked_at === null ? (
          <ActButton label={t("keys.revoke")} tone="danger" isSmall onDo={() => onRevoke(key)} />
        ) : (
          <span class="soft small">
            {t("keys.revoked")} <Time at={key.revoked_at} />
          </span>
        ),
    },
  ];
}

function applicationName(id: string): string {
  if (session.value.kind !== "signed-in") return id;
  return session.value.who.applications.find((each) => each.id === id)?.name ?? id;
}

function MakeKey({
  onMade,
  onClose,
}: {
  readonly onMade: (made: CreatedKeyJson) => void;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(["events:write"]));
  const [isInstance, setInstance] = useState(false);
  function toggle(scope: Scope, isOn: boolean): void {
    setScopes(new Set(SCOPES.filter((each) => (each === scope ? isOn : scopes.has(each)))));
  }
  return (
    <Ask<CreatedKeyJson>
      title={t("keys.make")}
      action={t("keys.make.do")}
      disabled={name.trim() === "" || scopes.size === 0}
      onDo={() =>
        withFresh(() =>
          post("keys", {
            name: name.trim(),
            scopes: [...scopes],
            ...(isInstance ? { instance: true } : {}),
          }),
        )
      }
      onDone={onMade}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <TextField
            label={t("keys.name")}
            hint={t("keys.name.hint")}
            value={name}
            onValue={setName}
            error={problemAt(problem, "/name")}
            placeholder="billing"
            required
          />
          <fieldset class="form">
            <legend class="small">
              <b>{t("keys.scopes")}</b>
            </legend>
            {SCOPES.map((scope) => (
              <CheckField
                key={scope}
                label={scope}
                hint={t(`keys.scope.${scope}`)}
                value={scopes.has(scope)}
                onValue={(isOn) => toggle(scope, isOn)}
              />
            ))}
          </fieldset>
          <CheckField
            label={t("keys.instance")}
            hint={t("keys.instance.hint")}
            value={isInstance}
            onValue={setInstance}
          />
        </>
      )}
    </Ask>
  );
}

function MadeKey({
  made,
  onClose,
}: {
  readonly made: CreatedKeyJson;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={t("keys.made.title", { name: made.name })} onClose={onClose}>
      <p>{t("keys.made.why")}</p>
      <div class="code-box">
        <code>{made.key}</code>
        <CopyButton text={made.key} />
      </div>
      <div class="buttons">
        <button type="button" class="button primary" onClick={onClose}>
          {t("keys.made.done")}
        </button>
      </div>
    </Dialog>
  );
}

function RevokeKey({
  apiKey: { id, name },
  onDone,
  onClose,
}: {
  readonly apiKey: KeyJson;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  return (
    <Ask
      title={t("keys.revoke.title", { name })}
      action={t("keys.revoke")}
      tone="danger"
      onDo={() => withFresh(() => remove(`keys/${id}`))}
      onDone={() => {
        say(t("keys.revoke.done", { name }));
        onDone();
      }}
      onClose={onClose}
    >
      <p>{t("keys.revoke.why")}</p>
    </Ask>
  );
}
