import { Dialog } from "../parts/dialog.tsx";
import type { Key } from "../words/en.ts";
import { t } from "../words/words.ts";

const KEYS: readonly (readonly [keys: readonly string[], what: Key])[] = [
  [["Ctrl K"], "help.palette"],
  [["/"], "help.search"],
  [["j", "↓"], "help.next"],
  [["k", "↑"], "help.previous"],
  [["Enter"], "help.open"],
  [["Esc"], "help.back"],
  [["?"], "help.help"],
];

/** Every key that means something. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={t("help.title")} onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
