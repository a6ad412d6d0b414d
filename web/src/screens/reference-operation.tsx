import { apiUrl } from "../data/api.ts";
import { curlOf } from "../data/curl.ts";
import { jsonText } from "../data/json.ts";
import type {
  ContentDoc,
  OpenApi,
  Operation,
  ParameterDoc,
  ResponseDoc,
  SchemaDoc,
} from "../data/openapi.ts";
import { boundsOf, membersOf, resolved, typeWords } from "../data/openapi.ts";
import { ScreenHead } from "../parts/head.tsx";
import { CodeView } from "../parts/json.tsx";
import { PlainTable } from "../parts/list-table.tsx";
import { Marked } from "../parts/marked.tsx";
import { Method } from "../parts/method.tsx";
import { t } from "../words/words.ts";

const DEPTH_MAX = 6;

interface OperationProps {
  readonly document: OpenApi;
  readonly operation: Operation;
}

/** One operation: its parameters, its body, its answers, and a command that calls it. */
export function OperationView({ document, operation }: OperationProps) {
  const { parameters = [], requestBody, responses = {} } = operation;
  return (
    <>
      <ScreenHead
        back={{ path: "reference", label: t("nav.reference") }}
        title={operation.summary ?? operation.operationId}
        note={
          <span class="chips">
            <Method method={operation.method} />
            <code>{operation.path}</code>
          </span>
        }
      />
      <div class="reference">
        <div class="stack">
          <Marked text={operation.description ?? ""} />
          {parameters.length > 0 && <Parameters document={document} parameters={parameters} />}
          {requestBody !== undefined && (
            <section class="panel">
              <h2>{t("reference.body")}</h2>
              {Object.entries(requestBody.content).map(([type, content]) => (
                <Content key={type} document={document} type={type} content={content} />
              ))}
            </section>
          )}
        </div>
        <div class="stack">
          <section class="panel">
            <h2>{t("reference.example")}</h2>
            <CodeView text={exampleOf(operation)} label={t("reference.example")} />
          </section>
          <section class="panel">
            <h2>{t("reference.answers")}</h2>
            {Object.entries(responses).map(([status, response]) => (
              <Answer key={status} document={document} status={status} response={response} />
            ))}
          </section>
        </div>
      </div>
    </>
  );
}

function Parameters({
  document,
  parameters,
}: {
  readonly document: OpenApi;
  readonly parameters: readonly ParameterDoc[];
}) {
  return (
    <section class="stack">
      <h2>{t("reference.parameters")}</h2>
      <PlainTable
        label={t("reference.parameters")}
        rows={parameters}
        keyOf={({ name, in: place }) => `${place} ${name}`}
        columns={[
          {
            key: "name",
            title: t("reference.name"),
            cell: ({ name, required }) => (
              <span class="chips">
                <code>{name}</code>
                {required === true && <span class="badge warn">{t("reference.required")}</span>}
              </span>
            ),
          },
          { key: "in", title: t("reference.in"), cell: ({ in: place }) => place },
          {
            key: "type",
            title: t("reference.type"),
            cell: ({ schema = {}, description = "" }) => (
              <div>
                <code class="soft">
                  {[typeWords(document, schema), ...boundsOf(schema)].join(", ")}
                </code>
                <Marked text={description} />
              </div>
            ),
          },
        ]}
      />
    </section>
  );
}

function Content({
  document,
  type,
  content,
}: {
  readonly document: OpenApi;
  readonly type: string;
  readonly content: ContentDoc;
}) {
  const schema = content.schema === undefined ? {} : resolved(document, content.schema);
  return (
    <div class="stack">
      <p>
        <code>{type}</code>
      </p>
      {schema.description !== undefined && <Marked text={schema.description} />}
      <Members document={document} schema={schema} depth={0} />
    </div>
  );
}

interface MembersProps {
  readonly document: OpenApi;
  readonly schema: SchemaDoc;
  readonly depth: number;
}

function Members({ document, schema, depth }: MembersProps) {
  const holder = membersOf(document, schema);
  if (holder === null || depth > DEPTH_MAX) return null;
  return (
    <dl class="members">
      {Object.entries(holder.properties ?? {}).map(([name, given]) => (
        <Member
          key={name}
          {...{ document, name, depth }}
          schema={resolved(document, given)}
          isRequired={holder.required?.includes(name) === true}
        />
      ))}
    </dl>
  );
}

function Member({
  document,
  schema,
  depth,
  name,
  isRequired,
}: MembersProps & { readonly name: string; readonly isRequired: boolean }) {
  const hasMembers = membersOf(document, schema) !== null;
  return (
    <div>
      <dt>
        <code>{name}</code>{" "}
        <code class="soft">{[typeWords(document, schema), ...boundsOf(schema)].join(", ")}</code>{" "}
        {isRequired && depth === 0 && <span class="badge warn">{t("reference.required")}</span>}
      </dt>
      <dd>
        {schema.description !== undefined && <Marked text={schema.description} />}
        {hasMembers && (
          <details>
            <summary class="small">{t("reference.members")}</summary>
            <Members document={document} schema={schema} depth={depth + 1} />
          </details>
        )}
      </dd>
    </div>
  );
}

function Answer({
  document,
  status,
  response,
}: {
  readonly document: OpenApi;
  readonly status: string;
  readonly response: ResponseDoc;
}) {
  const isGood = status.startsWith("2");
  const content = Object.values(response.content ?? {})[0];
  const hasMembers = content?.schema !== undefined && membersOf(document, content.schema) !== null;
  return (
    <div class="answer">
      <span class={isGood ? "badge good" : "badge mute"}>{status}</span>
      <div>
        <Marked text={response.description} />
        {isGood && hasMembers && (
          <details>
            <summary class="small">{t("reference.members")}</summary>
            <Members document={document} schema={content.schema ?? {}} depth={0} />
          </details>
        )}
      </div>
    </div>
  );
}

/** Against this very daemon; the key is the reader's to fill in. */
function exampleOf({ method, path, requestBody, security }: Operation): string {
  const example = requestBody?.content["application/json"]?.example;
  const isOpen = security !== undefined && security.length === 0;
  return curlOf({
    method,
    url: decodeURI(apiUrl(path.replace(/^\/v1\//, "")).href),
    headers: {
      ...(isOpen ? {} : { Authorization: "Bearer phk_…" }),
      ...(example === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(example === undefined ? {} : { body: jsonText(example) }),
  });
}
