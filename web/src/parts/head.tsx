import type { ComponentChildren } from "preact";
import { backTo } from "../shell/address.ts";
import { Icon } from "./icon.tsx";

interface HeadProps {
  readonly title: ComponentChildren;
  /** The list that this belongs to: the way back leads to it as it was left, filters and all. */
  readonly back?: { readonly path: string; readonly label: string };
  /** One line under the title. */
  readonly note?: ComponentChildren;
  /** What can be done, at the end of the line. */
  readonly children?: ComponentChildren;
}

/** The head of a screen: where one is, how to get back, and what can be done here. */
export function ScreenHead({ title, back, note, children }: HeadProps) {
  return (
    <header class="screen-head">
      <div>
        {back !== undefined && (
          <a class="back small" href={backTo(back.path)}>
            <Icon name="back" />
            {back.label}
          </a>
        )}
        <h1>{title}</h1>
        {note !== undefined && <div class="soft note">{note}</div>}
      </div>
      {children !== undefined && <div class="buttons">{children}</div>}
    </header>
  );
}
