import assert from "node:assert/strict";
import { test } from "node:test";
import type { Profile } from "../src/wire/profile.ts";
import { profileHeaderNames, profileProblems } from "../src/wire/profile.ts";
import { profileHeaders } from "../src/wire/sign.ts";
import { signInput, signingKey } from "./signing.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const GOOD: readonly Profile[] = [
  { kind: "standard" },
  { kind: "standard", name: null, headers: { id: "svix-id" } },
  { kind: "timestamped", headers: { signature: "Stripe-Signature" } },
  { kind: "digest" },
  { kind: "digest", name: "$&", headers: { signatureNext: "X-Other" } },
  { kind: "topic", name: "Shop", headers: { signature: "X-Shop-Hmac" } },
];

test("every header that a profile sends, during a rotation too, is in its list of names", () => {
  for (const profile of GOOD) {
    assert.deepEqual(profileProblems(profile), []);
    const key = signingKey(profile.kind, SECRET);
    const sent = profileHeaders(profile, signInput("{}"), [key, key]);
    assert.deepEqual(
      profileHeaderNames(profile),
      sent.map(([name]) => name.toLowerCase()),
    );
  }
});

test("names are settled one by one, or through <Name>", () => {
  const names = (profile: Profile): readonly string[] => profileHeaderNames(profile);
  assert.deepEqual(names({ kind: "digest", name: "$&" }), [
    "x-$&-event",
    "x-$&-delivery",
    "x-$&-signature",
    "x-$&-signature-next",
  ]);
  assert.deepEqual(
    names({ kind: "topic", name: "Shop", headers: { signature: "X-Hmac", topic: "Topic" } }),
    ["x-shop-event-id", "topic", "x-shop-timestamp", "x-hmac", "x-hmac-next"],
  );
  assert.deepEqual(names({ kind: "timestamped", headers: { event: "X-Event" } }), [
    "x-webhook-id",
    "x-event",
    "x-webhook-signature",
  ]);
});

test("a name that can't be a header's, or is not the profile's to take, is a problem with a place", () => {
  const bad: readonly [Profile, string, RegExp][] = [
    [{ kind: "digest", name: "Döner" }, "/name", /RFC 9110 token/],
    [{ kind: "digest", name: "" }, "/name", /RFC 9110 token/],
    [{ kind: "standard", name: "Shop" }, "/name", /absent for standard, got "Shop"/],
    [{ kind: "standard", headers: { id: "" } }, "/headers/id", /RFC 9110 token/],
    [{ kind: "standard", headers: { id: "a b" } }, "/headers/id", /RFC 9110 token/],
    [{ kind: "standard", headers: { id: "a\r\nHost" } }, "/headers/id", /RFC 9110 token/],
    [{ kind: "standard", headers: { id: "Host" } }, "/headers/id", /HTTP or the sender owns/],
    [{ kind: "topic", headers: { id: "Content-Length" } }, "/headers/id", /HTTP or the sender/],
    [{ kind: "topic", headers: { id: "Proxy-Foo" } }, "/headers/id", /HTTP or the sender owns/],
    [{ kind: "topic", headers: { id: "Posthorn-Attempt" } }, "/headers/id", /the sender owns/],
    [{ kind: "topic", headers: { id: "x".repeat(129) } }, "/headers/id", /at most 128 long/],
    [{ kind: "standard", headers: { event: "X-E" } }, "/headers/event", /one of id, timestamp, s/],
    [{ kind: "standard", headers: { "a/b": "X-E" } }, "/headers/a~1b", /one of id, timestamp, s/],
    [
      { kind: "timestamped", headers: { event: "x-webhook-ID" } },
      "/headers/event",
      /different from the profile's other headers/,
    ],
    [
      { kind: "digest", headers: { signatureNext: "X-Posthorn-Signature" } },
      "/headers/signatureNext",
      /different from the profile's other headers/,
    ],
  ];
  for (const [profile, path, sentence] of bad) {
    const problems = profileProblems(profile);
    const problem = problems.find((one) => one.path === path);
    assert.match(problem?.message ?? "", sentence, JSON.stringify(problems));
  }
});

test("a header name from the object prototype is not taken for a settled one", () => {
  const problems = profileProblems({ kind: "standard", headers: { constructor: "X-C" } });
  assert.deepEqual(
    problems.map(({ path }) => path),
    ["/headers/constructor"],
  );
});
