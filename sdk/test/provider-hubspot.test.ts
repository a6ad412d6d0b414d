import assert from "node:assert/strict";
import { test } from "node:test";
import { Signature } from "@hubspot/api-client";
import * as hubspot from "../src/providers/hubspot.ts";
import {
  NOW_MS,
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  hmacBase64,
  variantsOf,
} from "./sender.ts";

const SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const URL = "https://www.example.com/hubspot?a=b";
const V3 = "x-hubspot-signature-v3";
const OLDER = "x-hubspot-signature";
const TIMESTAMP = "x-hubspot-request-timestamp";

const item = (eventId: number, attemptNumber = 0, type = "contact.creation"): string =>
  JSON.stringify({ eventId, subscriptionType: type, attemptNumber });

function v3(body: string, url = URL, signedUrl = url, method = "POST") {
  const mac = hmacBase64("sha256", SECRET, method, signedUrl, body, `${NOW_MS}`);
  return { method, url, body, headers: { [V3]: mac, [TIMESTAMP]: `${NOW_MS}` } };
}

function older(signatureVersion: "v1" | "v2", body: string) {
  const { method, url } = { method: "PUT", url: URL };
  const signature = Signature.getSignature(method, signatureVersion, {
    clientSecret: SECRET,
    requestBody: body,
    url,
    signature: "",
    signatureVersion,
  });
  return {
    method,
    url,
    body,
    headers: { [OLDER]: signature, "x-hubspot-signature-version": signatureVersion },
  };
}

for (const variant of await variantsOf("hubspot", hubspot)) {
  const { crypto, check, provider } = variant;
  const ours = provider.hubspot({ secret: SECRET });
  const deliver = async (body: string) => deliveryOf(await check(v3(body), ours));

  test(`HubSpot on ${crypto}: a repeat has the same id, though its attempt stands in the body`, async () => {
    const one = await deliver(`[${item(7)}]`);
    assert.deepEqual(
      [one.id, one.type, one.attempt, one.isBodyStable],
      ["7", "contact.creation", 1, false],
    );
    assert.equal((await deliver(`[${item(7, 2)}]`)).attempt, 3);
    const batch = await deliver(`[${item(7)},${item(8, 0, "deal.deletion")}]`);
    assert.deepEqual([batch.idSource, batch.type], ["digest", ""]);
    assert.equal((await deliver(`[${item(7, 1)},${item(8, 1)}]`)).id, batch.id);
    assert.notEqual((await deliver(`[${item(7)},${item(9)}]`)).id, batch.id);
  });

  test(`HubSpot on ${crypto}: twelve characters of the address are decoded, as HubSpot does`, async () => {
    const url = `${URL}&q=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%3a%20%25%C3%A9+`;
    const decoded = `${URL}&q=:/?@!$'()*,;:%20%25%C3%A9+`;
    assert.equal(codeOf(await check(v3("{}", url, decoded), ours)), "accepted");
    // HubSpot's own library signs the address as it is given, so its caller has to decode it.
    assert.equal(codeOf(await check(v3("{}", url, url), ours)), "SIGNATURE_MISMATCH");
  });

  test(`HubSpot on ${crypto}: behind a proxy the public address counts`, async () => {
    const proxied = provider.hubspot({
      secret: SECRET,
      publicUrl: "https://www.example.com/hubspot",
    });
    const request = v3("{}", "http://10.0.0.7/inner?a=b", URL);
    assert.equal(codeOf(await check(request, proxied)), "accepted");
    const refused = await check(request, ours);
    assert.ok(refused.kind === "refused" && refused.error.hint?.includes("proxy"));
  });

  test(`HubSpot on ${crypto}: two GETs of different addresses are two events`, async () => {
    const get = async (url: string) => deliveryOf(await check(v3("", url, url, "GET"), ours));
    const [one, two] = [await get(`${URL}&c=1`), await get(`${URL}&c=2`)];
    assert.notEqual(one.id, two.id);
    assert.deepEqual(two.event, { a: "b", c: "2" });
  });

  test(`HubSpot on ${crypto}: an older signature fits only where its version is named`, async () => {
    for (const version of ["v1", "v2"] as const) {
      const request = older(version, `[${item(7)}]`);
      const named = provider.hubspot({ secret: SECRET, version });
      assert.equal(codeOf(await check(request, named)), "accepted");
      assert.equal(codeOf(await check({ ...request, body: "[]" }, named)), "SIGNATURE_MISMATCH");
      const refused = await check(request, ours);
      assert.equal(codeOf(refused), "SCHEME_UNSUPPORTED");
      const other = provider.hubspot({ secret: SECRET, version: version === "v1" ? "v2" : "v1" });
      assert.equal(codeOf(await check(request, other)), "SIGNATURE_MISMATCH");
      await assertBodySigned(variant, request, named);
    }
  });

  test(`HubSpot on ${crypto}: an old request is refused, and one of the future`, async () => {
    assert.equal(codeOf(await check(v3("{}"), ours, NOW_MS + 300_000)), "accepted");
    assert.equal(codeOf(await check(v3("{}"), ours, NOW_MS + 300_001)), "TIMESTAMP_TOO_OLD");
    assert.equal(codeOf(await check(v3("{}"), ours, NOW_MS - 300_001)), "TIMESTAMP_TOO_NEW");
  });

  test(`HubSpot on ${crypto}: every bit of body, time and signature counts, and junk is refused`, async () => {
    const patient = provider.hubspot({ secret: SECRET, toleranceS: 1e12 });
    await assertBodySigned(variant, v3(`[${item(7)}]`), patient);
    await assertHeadersSigned(variant, v3("[]"), patient, [V3, TIMESTAMP]);
    assert.equal(
      codeOf(await check({ ...v3("[]"), method: "PUT" }, patient)),
      "SIGNATURE_MISMATCH",
    );
    await assertJunkRefused(variant, ours, [V3, TIMESTAMP, OLDER]);
    await assertJunkRefused(variant, provider.hubspot({ secret: SECRET, version: "v2" }), [OLDER]);
  });

  test(`HubSpot on ${crypto}: HubSpot's own library signs the same`, async () => {
    const body = `[${item(7)}]`;
    const signature = Signature.getSignature("POST", "v3", {
      clientSecret: SECRET,
      requestBody: body,
      url: URL,
      timestamp: NOW_MS,
      signature: "",
      signatureVersion: "v3",
    });
    assert.equal(signature, v3(body).headers[V3]);
  });
}

test("HubSpot: a version that there is not is told at once", () => {
  const options = { secret: SECRET, version: "v4" } as unknown as hubspot.HubspotOptions;
  assert.throws(() => hubspot.hubspot(options), { code: "CONFIG_INVALID" });
});
