import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isSignedOut } from "../data/live.ts";
import { askWho, leave, session } from "../data/session.ts";
import { Problem } from "../parts/problem.tsx";
import { Toasts } from "../parts/toast.tsx";
import { t } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { SetUp } from "./set-up.tsx";
import { SignIn } from "./sign-in.tsx";

/** The whole page: who is there decides what is shown. */
export function App() {
  useEffect(() => void askWho(), []);
  useSignalEffect(() => {
    if (isSignedOut.value) leave();
  });
  return (
    <>
      <Inside />
      <Toasts />
    </>
  );
}

function Inside() {
  const now = session.value;
  switch (now.kind) {
    case "asking":
      return <p class="waiting soft">{t("list.loading")}</p>;
    case "unreachable":
      return (
        <main class="alone">
          <Problem problem={now.problem} retry={() => void askWho()} />
        </main>
      );
    case "set-up":
      return <SetUp setup={now.setup} />;
    case "signed-out":
      return <SignIn />;
    case "signed-in":
      return <Frame who={now.who} />;
  }
}
