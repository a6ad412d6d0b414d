import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredOf, createTestSender, failedOf, policyOf, requestTo } from "./support/egress.ts";
import { startRawReceiver, startReceiver, type Handler } from "./support/receiver.ts";

async function answerTo(handler: Handler, responseBytesMax = 16 * 1024) {
  await using receiver = await startReceiver(handler);
  await using sender = createTestSender({ responseBytesMax });
  return answeredOf(await sender.post(requestTo(`${receiver.url}/hook`), policyOf()));
}

/** Plays one raw answer to whoever connects, after the request's head has come. */
async function outcomeOfRaw(answer: string, endsConnection = false) {
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => (endsConnection ? socket.end(answer) : socket.write(answer)));
  });
  await using sender = createTestSender();
  return await sender.post(requestTo(`http://127.0.0.1:${receiver.port}/hook`), policyOf());
}

test("a request goes out as one POST with exactly the bytes and headers it was given", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender({ userAgent: "Posthorn/test" });
  const body = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  const headers = [
    ["Content-Type", "application/octet-stream"],
    ["webhook-id", "evt_1"],
    ["X-Twice", "a"],
    ["X-Twice", "b"],
  ] as const;
  await sender.post(requestTo(`${receiver.url}/in/a%20b?x=1&y#z`, { headers, body }), policyOf());
  const [request] = receiver.requests;
  assert.equal(request?.method, "POST");
  assert.equal(request?.path, "/in/a%20b?x=1&y");
  assert.deepEqual(request?.body, Buffer.from(body));
  assert.deepEqual(request?.headers, [
    ["host", `127.0.0.1:${receiver.port}`],
    ["connection", "keep-alive"],
    ...headers,
    ["user-agent", "Posthorn/test"],
    ["content-length", "300"],
  ]);
});

test("a request's own user-agent wins, and an empty body is sent as one", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender({ userAgent: "Posthorn/test" });
  const headers = [["User-Agent", "Mine/1"]] as const;
  await sender.post(requestTo(receiver.url, { headers, body: new Uint8Array(0) }), policyOf());
  const [request] = receiver.requests;
  assert.equal(request?.header("user-agent"), "Mine/1");
  assert.equal(request?.header("content-length"), "0");
  assert.equal(request?.path, "/");
});

test("an answer is kept with its status, headers and body", async () => {
  const answer = await answerTo((_request, response) => {
    response.writeHead(422, { "X-Reason": "no", "set-cookie": ["a=1", "b=2"] }).end("not today");
  });
  assert.equal(answer.status, 422);
  assert.equal(Buffer.from(answer.response.excerpt).toString(), "not today");
  assert.equal(answer.response.isCut, false);
  const lines = new Set(answer.response.headerLines.split("\n"));
  for (const line of ["x-reason: no", "set-cookie: a=1", "set-cookie: b=2"])
    assert.ok(lines.has(line));
  assert.equal(answer.retryAfter, null);
  assert.equal(answer.control, null);
});

test("204 is an answer with an empty body", async () => {
  const answer = await answerTo((_request, response) => void response.writeHead(204).end());
  assert.equal(answer.status, 204);
  assert.deepEqual(answer.response.excerpt, new Uint8Array(0));
  assert.equal(answer.response.isCut, false);
});

test("a redirect is not followed: 302 is an answer like any other", async () => {
  await using elsewhere = await startReceiver();
  const answer = await answerTo((_request, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/other` }).end();
  });
  assert.equal(answer.status, 302);
  assert.equal(elsewhere.connectionCount(), 0);
});

test("Retry-After is handed on as the receiver wrote it", async () => {
  const answer = await answerTo((_request, response) => {
    response.writeHead(503, { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }).end();
  });
  assert.equal(answer.retryAfter, "Wed, 21 Oct 2026 07:28:00 GMT");
});

for (const [value, control] of [
  ["disable", "disable"],
  ["Abort-Message", "abort-message"],
  [" DISABLE ", "disable"],
  ["please", null],
  ["", null],
] as const) {
  test(`webhook-delivery: "${value}" asks for ${control ?? "nothing"}`, async () => {
    const answer = await answerTo((_request, response) => {
      response.writeHead(410, { "Webhook-Delivery": value }).end();
    });
    assert.equal(answer.control, control);
  });
}

test("a body just at the limit is whole, one byte more is cut", async () => {
  const whole = await answerTo((_request, response) => void response.end("x".repeat(100)), 100);
  assert.equal(whole.response.excerpt.length, 100);
  assert.equal(whole.response.isCut, false);
  const cut = await answerTo((_request, response) => void response.end("x".repeat(101)), 100);
  assert.equal(cut.response.excerpt.length, 100);
  assert.equal(cut.response.isCut, true);
});

test("a body in pieces is kept in order and cut inside a piece", async () => {
  const answer = await answerTo((_request, response) => {
    response.write("one ");
    setImmediate(() => {
      response.write("two ");
      setImmediate(() => response.end("three"));
    });
  }, 10);
  assert.equal(Buffer.from(answer.response.excerpt).toString(), "one two th");
  assert.equal(answer.response.isCut, true);
});

test("a compressed body is kept as received", async () => {
  const answer = await answerTo((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(Buffer.from([0x1f, 0x8b, 8, 0]));
  });
  assert.deepEqual(answer.response.excerpt, new Uint8Array([0x1f, 0x8b, 8, 0]));
});

test("a receiver that answers without end is cut off, and its status still counts", async () => {
  const { promise: hungUp, resolve: onClose } = Promise.withResolvers<void>();
  await using receiver = await startReceiver((_request, response) => {
    const chunk = Buffer.alloc(16 * 1024, 120);
    const flood = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response
      .writeHead(200)
      .on("drain", flood)
      .on("close", () => onClose());
    flood();
  });
  await using sender = createTestSender();
  const answer = answeredOf(await sender.post(requestTo(receiver.url), policyOf()));
  await hungUp;
  assert.equal(answer.status, 200);
  assert.equal(answer.response.isCut, true);
  assert.equal(answer.response.excerpt.length, 16 * 1024);
});

test("the limit on an answer's headers can be set", async () => {
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(200, { "x-long": "y".repeat(2000) }).end();
  });
  await using sender = createTestSender({ headersBytesMax: 1000 });
  const failure = failedOf(await sender.post(requestTo(receiver.url), policyOf()));
  assert.equal(failure.code, "bad_response");
  assert.match(failure.message, /more headers than the limit allows/);
});

test("a long body within reason is read to its end, so that connections can be used again", async () => {
  await using receiver = await startReceiver(
    (_request, response) => void response.end("x".repeat(40 * 1024)),
  );
  await using sender = createTestSender();
  const policy = policyOf();
  const cuts: boolean[] = [];
  for (let i = 0; i < 6; i += 1) {
    const answer = answeredOf(await sender.post(requestTo(receiver.url), policy));
    cuts.push(answer.response.isCut);
  }
  const connectionCount = receiver.connectionCount();
  await sender.close();
  await receiver.close();
  assert.deepEqual(cuts, Array(6).fill(true));
  assert.equal(connectionCount, 1);
});

test("interim answers are passed over: the final one counts", async () => {
  const outcome = await outcomeOfRaw(
    "HTTP/1.1 103 Early Hints\r\nretry-after: 9\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" +
      "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
  );
  const answer = answeredOf(outcome);
  assert.equal(answer.status, 201);
  assert.equal(answer.retryAfter, null);
  assert.equal(Buffer.from(answer.response.excerpt).toString(), "ok");
});

test("a body that ends with the connection is whole", async () => {
  const answer = answeredOf(await outcomeOfRaw("HTTP/1.0 200 OK\r\n\r\nall of it", true));
  assert.equal(Buffer.from(answer.response.excerpt).toString(), "all of it");
  assert.equal(answer.response.isCut, false);
});

for (const [what, answer] of [
  ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["a broken header", "HTTP/1.1 200 OK\r\nbad header\r\n\r\n"],
  ["an interim answer that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n"],
  [
    "a protocol switch",
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
  ],
  ["more headers than the limit", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(17 * 1024)}\r\n\r\n`],
] as const) {
  test(`${what} is a bad response`, async () => {
    const failure = failedOf(await outcomeOfRaw(answer));
    assert.equal(failure.code, "bad_response");
    assert.match(failure.message, /^127\.0\.0\.1:\d+ answered with .+\.$/);
  });
}

for (const [what, answer] of [
  ["before any answer", ""],
  ["in the headers", "HTTP/1.1 200 OK\r\ncontent-le"],
] as const) {
  test(`a connection closed ${what} is a reset, not an answer`, async () => {
    const failure = failedOf(await outcomeOfRaw(answer, true));
    assert.equal(failure.code, "connection_reset");
    assert.match(failure.message, /^127\.0\.0\.1:\d+ closed the connection before a whole answer/);
  });
}

for (const [what, answer, excerpt] of [
  ["in a body of known length", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "half"],
  ["in a chunked body", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", "hel"],
  [
    "in a chunked body that was to be the last",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    "hel",
  ],
  [
    "in a last body of known length",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf",
    "half",
  ],
  [
    "after a chunk that is none",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n",
    "ok",
  ],
] as const) {
  test(`a connection closed ${what} is an answer, cut`, async () => {
    const { status, response } = answeredOf(await outcomeOfRaw(answer, true));
    assert.deepEqual([status, response.isCut], [200, true]);
    assert.equal(Buffer.from(response.excerpt).toString(), excerpt);
  });
}

test("a broken end after the kept part is full is still an answer", async () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n";
  const answer = answeredOf(await outcomeOfRaw(head + "x".repeat(20_000), true));
  assert.equal(answer.status, 200);
  assert.equal(answer.response.isCut, true);
});

test("a URL that can't be sent to is an outcome, and its password is not in it", async () => {
  await using sender = createTestSender();
  for (const url of ["ftp://a.example/", "nonsense", "http://me:hunter2@127.0.0.1:9/"]) {
    const failure = failedOf(await sender.post(requestTo(url), policyOf()));
    assert.equal(failure.code, "url_invalid");
    assert.doesNotMatch(failure.message, /hunter2/);
  }
});

test("a header that HTTP can't carry is an outcome, not an exception", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  for (const header of [
    ["x-note", "two\r\nlines"],
    ["bad name", "x"],
    ["transfer-encoding", "chunked"],
  ] as const) {
    const failure = failedOf(
      await sender.post(requestTo(receiver.url, { headers: [header] }), policyOf()),
    );
    assert.equal(failure.code, "url_invalid");
    assert.match(failure.message, /can't be written/);
  }
  assert.equal(receiver.requests.length, 0);
});
