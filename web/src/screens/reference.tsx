import type { OpenApi, Operation } from "../data/openapi.ts";
import { operationsOf } from "../data/openapi.ts";
import { useResource } from "../data/resource.ts";
import { filterValue, Filters, TextFilter } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Marked } from "../parts/marked.tsx";
import { Method } from "../parts/method.tsx";
import { Empty, Problem } from "../parts/problem.tsx";
import { linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";
import { OperationView } from "./reference-operation.tsx";

/** The API as the daemon itself describes it: every operation, with what it takes and gives. */
export function Reference({ id }: { readonly id: string | null }) {
  const { value: document, problem, reload } = useResource<OpenApi>("openapi.json");
  if (document === null) {
    return problem === null ? (
      <p class="soft">{t("list.loading")}</p>
    ) : (
      <Problem problem={problem} retry={reload} />
    );
  }
  const operations = operationsOf(document);
  const chosen = operations.find(({ operationId }) => operationId === id);
  return chosen === undefined ? (
    <Contents document={document} operations={operations} />
  ) : (
    <OperationView document={document} operation={chosen} />
  );
}

function Contents({
  document,
  operations,
}: {
  readonly document: OpenApi;
  readonly operations: readonly Operation[];
}) {
  const text = filterValue("text").toLowerCase();
  const shown = operations.filter(({ operationId, path, summary = "" }) =>
    `${operationId} ${path} ${summary}`.toLowerCase().includes(text),
  );
  const byTag = Map.groupBy(shown, ({ tag }) => tag);
  return (
    <>
      <ScreenHead
        title={t("nav.reference")}
        note={<Marked text={document.info.description ?? ""} />}
      >
        <a class="button" href="v1/openapi.json" download="posthorn-openapi.json">
          {t("reference.download")}
        </a>
      </ScreenHead>
      <Filters names={["text"]}>
        <TextFilter
          name="text"
          label={t("filter.text")}
          placeholder={t("reference.search")}
          isMain
        />
      </Filters>
      {shown.length === 0 && <Empty title={t("empty.filter")} />}
      {[...byTag].map(([tag, rows]) => (
        <section class="panel" key={tag}>
          <h2>{tag}</h2>
          <ul class="operations">
            {rows.map((operation) => (
              <li key={operation.operationId}>
                <a href={linkTo(["reference", operation.operationId])}>
                  <Method method={operation.method} />
                  <code>{operation.path}</code>
                </a>
                <span class="soft">{operation.summary}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}
