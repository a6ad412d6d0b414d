import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { CodeView } from "../parts/json.tsx";
import { t } from "../words/words.ts";

/** What a receiver written with the SDK has to say to take these webhooks. The secret itself is not in it. */
export function VerifySnippet({ endpoint }: { readonly endpoint: EndpointJson }) {
  return (
    <>
      <p class="soft small">{t(`profile.${endpoint.profile.kind}.verify`)}</p>
      <CodeView text={snippetFor(endpoint)} label={t("endpoint.verify")} />
    </>
  );
}

function snippetFor({ profile, signature }: EndpointJson): string {
  const options = [
    signature === "v1a"
      ? "publicKey: process.env.POSTHORN_PUBLIC_KEY"
      : "secret: process.env.POSTHORN_SECRET",
    ...(profile.kind === "standard" ? [] : [`profile: ${JSON.stringify(profile.kind)}`]),
    ...(profile.name === null ? [] : [`name: ${JSON.stringify(profile.name)}`]),
    ...(Object.keys(profile.headers).length === 0
      ? []
      : [`headers: ${JSON.stringify(profile.headers)}`]),
  ];
  return [
    `import { createServer } from "node:http";`,
    `import { createReceiver } from "posthorn-sdk";`,
    `import { nodeWebhook } from "posthorn-sdk/adapters/node";`,
    `import { posthorn } from "posthorn-sdk/providers/posthorn";`,
    "",
    `const provider = posthorn({ ${options.join(", ")} });`,
    `const receiver = createReceiver({ endpoint: "posthorn", provider });`,
    `receiver.on("*", async (delivery) => {`,
    "  console.log(delivery.type, delivery.id);",
    "});",
    "createServer(nodeWebhook(receiver)).listen(3000);",
  ].join("\n");
}
