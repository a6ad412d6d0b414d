import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { certificateSource, isPlainHttps } from "../src/verify/certificate-source.ts";
import type { CertificateSourceOptions } from "../src/verify/certificate-source.ts";
import { readCertificate } from "../src/verify/certificate.ts";
import type { Verifier } from "../src/verify/crypto.ts";
import { rsaSigner } from "../src/verify/crypto-node.ts";
import type { Fetch } from "../src/verify/fetch.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { RSA_PKCS8, RSA_SPKI, certificateDer, der, pem } from "./certificates.ts";

const NOW_MS = Date.parse("2026-11-25T00:00:00Z");
const HOUR_MS = 3_600_000;
const URL_A = "https://certs.example.com/a.pem";
const URL_B = "https://certs.example.com/b.pem";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("the certificates of the world's roots are read as Node reads them", () => {
  assert.ok(rootCertificates.length > 100);
  for (const root of rootCertificates) {
    const theirs = new X509Certificate(root);
    const ours = readCertificate(text(root));
    assert.ok(ours !== null);
    assert.deepEqual(
      Buffer.from(ours.spki),
      theirs.publicKey.export({ format: "der", type: "spki" }),
    );
    assert.equal(ours.notBeforeMs, Date.parse(theirs.validFrom));
    assert.equal(ours.notAfterMs, Date.parse(theirs.validTo));
    assert.deepEqual(readCertificate(Uint8Array.from(theirs.raw)), ours);
  }
});

test("of several certificates in one file the first counts: it is the signer's, the others lead to the root", () => {
  const [first = "", second = ""] = rootCertificates;
  assert.deepEqual(readCertificate(text(`${first}\n${second}`)), readCertificate(text(first)));
});

test("years are read in both of the forms that certificates have", () => {
  const years = [
    [[0x17, "490101000000Z"], "2049-01-01T00:00:00Z"],
    [[0x17, "500101000000Z"], "1950-01-01T00:00:00Z"],
    [[0x18, "20500101000000Z"], "2050-01-01T00:00:00Z"],
    [[0x18, "99991231235959Z"], "9999-12-31T23:59:59Z"],
  ] as const;
  for (const [notAfter, expected] of years) {
    const read = readCertificate(certificateDer({ notAfter }));
    assert.equal(read?.notAfterMs, Date.parse(expected));
  }
  for (const notAfter of [
    [0x17, "4901010000Z"],
    [0x17, "490101000000+0100"],
    [0x17, "491301000000Z"],
    [0x18, "490101000000Z"],
    [0x04, "20500101000000Z"],
    [0x18, `2050${"0".repeat(9_000)}Z`],
  ] as const) {
    assert.equal(readCertificate(certificateDer({ notAfter })), null, notAfter[1]);
  }
});

test("what is no certificate to its last byte is none", () => {
  const whole = certificateDer();
  assert.ok(readCertificate(whole) !== null);
  assert.equal(readCertificate(Buffer.concat([whole, Buffer.from([0])])), null);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(readCertificate(whole.subarray(0, length)), null);
  }
  const long = Buffer.from(whole);
  assert.equal(long[1], 0x82);
  // The same length in one byte more than needed, and with no end.
  assert.equal(
    readCertificate(Buffer.concat([Buffer.from([0x30, 0x83, 0]), long.subarray(2)])),
    null,
  );
  assert.equal(readCertificate(Buffer.concat([Buffer.from([0x30, 0x80]), long.subarray(4)])), null);
  assert.equal(readCertificate(der(0x30, der(0x30), der(0x30), der(0x03))), null);
  assert.equal(
    readCertificate(text("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----")),
    null,
  );
  assert.equal(
    readCertificate(text("-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----")),
    null,
  );
});

test("a damaged or made-up certificate never throws", () => {
  const whole = certificateDer();
  fc.assert(
    fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
      const damaged = Uint8Array.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      readCertificate(damaged);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
      readCertificate(junk);
      readCertificate(der(0x30, der(0x30, junk), der(0x30), der(0x03)));
      readCertificate(text(pem(junk)));
    }),
  );
});

/** A server that counts, holds its answers back until told where asked to, and never sees a network. */
function server(files: Readonly<Record<string, () => Response | Promise<Response>>>) {
  const asked: string[] = [];
  const get: Fetch = async (url, { redirect }) => {
    assert.equal(redirect, "manual");
    asked.push(url);
    const answer = files[url];
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer();
  };
  return { asked, get };
}

function source(get: Fetch, options: Partial<CertificateSourceOptions> = {}) {
  return certificateSource({
    fetch: get,
    allow: (url) => url.startsWith("https://certs."),
    ...options,
  });
}

function working(answer: Verifier | WebhookError): Verifier {
  assert.ok(!(answer instanceof WebhookError), "a key was expected");
  return answer;
}

function failing(answer: Verifier | WebhookError): WebhookError {
  assert.ok(answer instanceof WebhookError, "a refusal was expected");
  assert.equal(answer.code, "KEY_UNAVAILABLE");
  assert.equal(answer.status, 503);
  assert.equal(answer.isRetryable, true);
  return answer;
}

test("a signature is checked with the key behind the address, which is fetched once for both hashes", async () => {
  const { asked, get } = server({ [URL_A]: () => new Response(pem(certificateDer())) });
  const certificates = source(get);
  for (const hash of ["sha1", "sha256", "sha1"] as const) {
    const verify = working(await certificates.verifier(URL_A, hash, NOW_MS));
    const signature = await rsaSigner(hash, RSA_PKCS8)(["signed"]);
    assert.equal(await verify(signature, ["signed"]), true);
    assert.equal(await verify(signature, ["other"]), false);
  }
  assert.deepEqual(asked, [URL_A]);
});

test("many requests at once make one fetch", async () => {
  const held = Promise.withResolvers<Response>();
  const { asked, get } = server({ [URL_A]: () => held.promise });
  const certificates = source(get);
  const answers = Array.from({ length: 50 }, () => certificates.verifier(URL_A, "sha256", NOW_MS));
  held.resolve(new Response(certificateDer()));
  for (const answer of await Promise.all(answers)) working(answer);
  assert.deepEqual(asked, [URL_A]);
});

test("a certificate is fetched anew when it has been kept for long enough, or the clock was turned back", async () => {
  const { asked, get } = server({ [URL_A]: () => new Response(certificateDer()) });
  const certificates = source(get, { cacheMs: HOUR_MS });
  for (const [nowMs, fetches] of [
    [NOW_MS, 1],
    [NOW_MS + HOUR_MS, 1],
    [NOW_MS + HOUR_MS + 1, 2],
    [NOW_MS, 3],
  ] as const) {
    working(await certificates.verifier(URL_A, "sha256", nowMs));
    assert.equal(asked.length, fetches);
  }
});

test("a failure is not kept: the sender's next attempt asks again", async () => {
  let isUp = false;
  const { get } = server({
    [URL_A]: () => (isUp ? new Response(certificateDer()) : new Response("", { status: 500 })),
  });
  const certificates = source(get);
  failing(await certificates.verifier(URL_A, "sha256", NOW_MS));
  isUp = true;
  working(await certificates.verifier(URL_A, "sha256", NOW_MS));
});

test("certificates are used in their time only", async () => {
  const file = certificateDer();
  const { get } = server({ [URL_A]: () => new Response(file) });
  const certificates = source(get, { cacheMs: Infinity });
  const at = (time: string) => certificates.verifier(URL_A, "sha256", Date.parse(time));
  assert.match(failing(await at("2025-12-31T23:59:59Z")).message, /future/);
  working(await at("2026-01-01T00:00:00Z"));
  working(await at("2036-12-31T23:59:59Z"));
  assert.match(failing(await at("2037-01-01T00:00:00Z")).message, /expired/);
});

test("anything but a certificate with an RSA key is no key", async () => {
  const answers: readonly (() => Response | Promise<Response>)[] = [
    () => new Response(certificateDer(), { status: 404 }),
    () => new Response(null, { status: 302, headers: { location: URL_B } }),
    () => new Response(certificateDer(), { status: 206 }),
    () => new Response(null),
    () => new Response("<html>"),
    () => new Response(certificateDer({ spki: der(0x30, RSA_SPKI.subarray(4, 40)) })),
    () => Promise.reject(new TypeError("fetch failed")),
  ];
  for (const answer of answers) {
    const { asked, get } = server({ [URL_A]: answer });
    failing(await source(get).verifier(URL_A, "sha256", NOW_MS));
    assert.deepEqual(asked, [URL_A]);
  }
});

test("a file that goes on and on is dropped at the limit", async () => {
  let pulls = 0;
  let isCancelled = false;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          pulls++;
          controller.enqueue(new Uint8Array(1_000));
        },
        cancel() {
          isCancelled = true;
        },
      }),
    );
  const { get } = server({ [URL_A]: endless });
  failing(await source(get, { bytesMax: 5_000 }).verifier(URL_A, "sha256", NOW_MS));
  assert.ok(pulls < 10 && isCancelled);

  const exact = server({ [URL_A]: () => new Response(certificateDer()) });
  const { length } = certificateDer();
  working(await source(exact.get, { bytesMax: length }).verifier(URL_A, "sha256", NOW_MS));
  failing(await source(exact.get, { bytesMax: length - 1 }).verifier(URL_A, "sha256", NOW_MS));
});

test("a host that says nothing, or not all, is given up, even by a fetch that heeds no signal", async () => {
  const alive = setInterval(() => {}, 1_000);
  const never = new Promise<Response>(() => {});
  const silent = () => new Response(new ReadableStream({ start() {} }));
  for (const answer of [() => never, silent]) {
    const { get } = server({ [URL_A]: answer });
    failing(await source(get, { timeoutMs: 5 }).verifier(URL_A, "sha256", NOW_MS));
  }
  clearInterval(alive);
});

test("forged requests with many addresses make a few fetches at once, and none for what is known", async () => {
  const held = Promise.withResolvers<Response>();
  const asked: string[] = [];
  const get: Fetch = (url) => {
    asked.push(url);
    return url === URL_A ? Promise.resolve(new Response(certificateDer())) : held.promise;
  };
  const certificates = source(get);
  working(await certificates.verifier(URL_A, "sha256", NOW_MS));
  const forged = Array.from({ length: 50 }, (_, index) =>
    certificates.verifier(`https://certs.example.com/${index}.pem`, "sha256", NOW_MS),
  );
  working(await certificates.verifier(URL_A, "sha256", NOW_MS));
  held.resolve(new Response("", { status: 404 }));
  for (const answer of await Promise.all(forged)) failing(answer);
  assert.equal(asked.length, 5);
});

test("what is kept is bounded, and what is used stays", async () => {
  const asked: string[] = [];
  const get: Fetch = async (url) => {
    asked.push(url);
    return new Response(certificateDer());
  };
  const certificates = source(get);
  const ask = async (url: string) => working(await certificates.verifier(url, "sha256", NOW_MS));
  for (let index = 0; index < 100; index++) {
    await ask(URL_A);
    await ask(`https://certs.example.com/${index}.pem`);
  }
  assert.equal(asked.filter((url) => url === URL_A).length, 1);
  await ask("https://certs.example.com/99.pem");
  assert.equal(asked.length, 101);
  await ask("https://certs.example.com/0.pem");
  assert.equal(asked.length, 102);
});

test("an address that is not on the list, or not what it seems, is refused before anything is fetched", async () => {
  const { asked, get } = server({});
  const certificates = source(get, { allow: () => true });
  const addresses = [
    "",
    "a.pem",
    "http://certs.example.com/a.pem",
    "HTTPS://certs.example.com/a.pem",
    "https://CERTS.example.com/a.pem",
    "https://certs.example.com./a.pem",
    "https://certs.example.com:443/a.pem",
    "https://certs.example.com:8443/a.pem",
    "https://user@certs.example.com/a.pem",
    "https://:@certs.example.com/a.pem",
    "https://certs.example.com@evil.test/a.pem",
    "https://certs.example.com\\@evil.test/a.pem",
    "https://certs.example.com/\ta.pem",
    "https://certs.example.com/a.pem ",
    "https://certs.example.com/x/../a.pem",
    "https://certs%2eexample.com/a.pem",
    "https://certs。example.com/a.pem",
    "https:certs.example.com/a.pem",
    "data:text/plain,a",
    "file:///etc/passwd",
    `https://certs.example.com/${"a".repeat(2_000)}.pem`,
  ];
  for (const address of addresses) {
    const answer = await certificates.verifier(address, "sha256", NOW_MS);
    assert.ok(answer instanceof WebhookError, address);
    assert.equal(answer.code, "CERT_URL_UNTRUSTED");
    assert.ok(
      address === "" || !answer.message.includes(address),
      "nothing foreign gets into the log",
    );
  }
  const elsewhere = await source(get).verifier("https://evil.test/a.pem", "sha256", NOW_MS);
  assert.ok(elsewhere instanceof WebhookError && elsewhere.code === "CERT_URL_UNTRUSTED");
  assert.deepEqual(asked, []);
  assert.ok(isPlainHttps(URL_A));
});
