import { useState } from "preact/hooks";
import type { AccountJson } from "../../../daemon/api/account-json.ts";
import { patch, post, remove } from "../data/api.ts";
import { useList } from "../data/list.ts";
import { problemAt } from "../data/problem.ts";
import { session } from "../data/session.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { CheckField, SelectField, TextField } from "../parts/field.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Empty } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { withFresh } from "../shell/fresh.tsx";
import { t } from "../words/words.ts";

type Role = AccountJson["role"];
type Over =
  | { readonly kind: "nothing" | "make" }
  | { readonly kind: "change" | "remove"; readonly account: AccountJson };

/** The people who may sign in. */
export function Accounts() {
  const list = useList<AccountJson>("accounts", { limit: 250 });
  const [over, setOver] = useState<Over>({ kind: "nothing" });
  const close = (): void => setOver({ kind: "nothing" });
  function done(words: string): void {
    say(words);
    close();
    list.reload();
  }
  return (
    <section class="stack">
      <div class="screen-head">
        <p class="soft">{t("accounts.why")}</p>
        <ActButton
          label={t("accounts.make")}
          icon="plus"
          tone="primary"
          onDo={() => setOver({ kind: "make" })}
        />
      </div>
      <ListTable
        label={t("settings.accounts")}
        columns={columns(setOver)}
        list={list}
        keyOf={({ id }) => id}
        empty={<Empty title={t("accounts.none")} />}
      />
      {over.kind === "make" && <MakeAccount onDone={done} onClose={close} />}
      {over.kind === "change" && (
        <ChangeAccount account={over.account} onDone={done} onClose={close} />
      )}
      {over.kind === "remove" && (
        <Ask
          title={t("accounts.remove.title", { name: over.account.name })}
          action={t("accounts.remove")}
          tone="danger"
          onDo={() => withFresh(() => remove(`accounts/${over.account.id}`))}
          onDone={() => done(t("accounts.removed", { name: over.account.name }))}
          onClose={close}
        >
          <p>{t("accounts.remove.why")}</p>
        </Ask>
      )}
    </section>
  );
}

function columns(onAct: (over: Over) => void): PlainColumns<AccountJson> {
  const me = session.value.kind === "signed-in" ? session.value.who.account.id : null;
  return [
    {
      key: "name",
      title: t("sign-in.name"),
      cell: ({ id, name }) => (
        <span class="chips">
          <b>{name}</b>
          {id === me && <span class="badge calm">{t("accounts.you")}</span>}
        </span>
      ),
    },
    { key: "role", title: t("accounts.role"), cell: ({ role }) => t(`accounts.role.${role}`) },
    {
      key: "factors",
      title: t("accounts.factors"),
      cell: ({ has_password: hasPassword, has_totp: hasTotp }) =>
        [
          hasPassword ? t("accounts.password") : t("accounts.header"),
          ...(hasTotp ? [t("accounts.totp")] : []),
        ].join(" + "),
    },
    {
      key: "last",
      title: t("accounts.last"),
      cell: ({ last_sign_in_at: at }) => <Time at={at} isDistance />,
    },
    {
      key: "do",
      title: t("accounts.change"),
      isQuiet: true,
      cell: (account) => (
        <span class="chips">
          <ActButton
            label={t("accounts.change")}
            isSmall
            onDo={() => onAct({ kind: "change", account })}
          />
          <ActButton
            label={t("accounts.remove")}
            tone="danger"
            isSmall
            onDo={() => onAct({ kind: "remove", account })}
          />
        </span>
      ),
    },
  ];
}

interface FormProps {
  readonly onDone: (words: string) => void;
  readonly onClose: () => void;
}

function RoleField({
  role,
  onRole,
}: {
  readonly role: Role;
  readonly onRole: (role: Role) => void;
}) {
  return (
    <SelectField<Role>
      label={t("accounts.role")}
      hint={t(`accounts.role.${role}.hint`)}
      value={role}
      onValue={onRole}
      options={[
        ["viewer", t("accounts.role.viewer")],
        ["admin", t("accounts.role.admin")],
      ]}
    />
  );
}

function MakeAccount({ onDone, onClose }: FormProps) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [password, setPassword] = useState("");
  return (
    <Ask<AccountJson>
      title={t("accounts.make")}
      action={t("accounts.make.do")}
      disabled={name.trim() === ""}
      onDo={() =>
        withFresh(() =>
          post("accounts", {
            name: name.trim(),
            role,
            password: password === "" ? null : password,
          }),
        )
      }
      onDone={(made) => onDone(t("accounts.made", { name: made.name }))}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <TextField
            label={t("sign-in.name")}
            value={name}
            onValue={setName}
            error={problemAt(problem, "/name")}
            required
          />
          <RoleField role={role} onRole={setRole} />
          <TextField
            label={t("sign-in.password")}
            hint={t("accounts.password.hint")}
            type="password"
            fill="new-password"
            value={password}
            onValue={setPassword}
            error={problemAt(problem, "/password")}
          />
        </>
      )}
    </Ask>
  );
}

function ChangeAccount({
  account,
  onDone,
  onClose,
}: FormProps & { readonly account: AccountJson }) {
  const [name, setName] = useState(account.name);
  const [role, setRole] = useState<Role>(account.role);
  const [password, setPassword] = useState("");
  const [dropsTotp, setDropsTotp] = useState(false);
  const body = {
    ...(name.trim() === account.name ? {} : { name: name.trim() }),
    ...(role === account.role ? {} : { role }),
    ...(password === "" ? {} : { password }),
    ...(dropsTotp ? { totp: false } : {}),
  };
  return (
    <Ask<AccountJson>
      title={t("accounts.change.title", { name: account.name })}
      action={t("do.save")}
      disabled={Object.keys(body).length === 0}
      onDo={() => withFresh(() => patch(`accounts/${account.id}`, body))}
      onDone={(changed) => onDone(t("accounts.changed", { name: changed.name }))}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <TextField
            label={t("sign-in.name")}
            value={name}
            onValue={setName}
            error={problemAt(problem, "/name")}
            required
          />
          <RoleField role={role} onRole={setRole} />
          <TextField
            label={t("accounts.new-password")}
            hint={t("accounts.new-password.hint")}
            type="password"
            fill="new-password"
            value={password}
            onValue={setPassword}
            error={problemAt(problem, "/password")}
          />
          {account.has_totp && (
            <CheckField
              label={t("accounts.drop-totp")}
              hint={t("accounts.drop-totp.hint")}
              value={dropsTotp}
              onValue={setDropsTotp}
            />
          )}
        </>
      )}
    </Ask>
  );
}
