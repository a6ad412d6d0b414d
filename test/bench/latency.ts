import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import {
  end,
  endWithParent,
  launchServer,
  makeFolder,
  nextMessage,
  tellParent,
} from "./children.ts";
import type { BenchDaemon } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import type { Finding, Scale } from "./report.ts";
import { measure, median, quantile } from "./report.ts";

const EVERY_MS = 20;
const WARM_UP_EVENTS = 100;

interface Task {
  readonly url: string;
  readonly key: string;
  readonly events: number;
}

/** One number per event, in milliseconds from its sending. */
interface Latencies {
  readonly accepted: readonly number[];
  readonly received: readonly number[];
}

/** (d) A daemon with nothing else to do: from the producer's send to the POST at the receiver, seen by one clock. */
export async function benchLatency({ pairs, isQuick }: Scale): Promise<Finding> {
  const events = isQuick ? 50 : 200;
  const folder = makeFolder("latency");
  const daemon = await startDaemon(folder.path);
  const { child, port } = await launchServer(import.meta.filename, []);
  const run = async (count: number): Promise<Latencies> => {
    child.send({ url: daemon.url, key: daemon.key, events: count } satisfies Task);
    return nextMessage<Latencies>(child, count * EVERY_MS + 30_000);
  };
  try {
    await subscribe(daemon, port);
    await run(WARM_UP_EVENTS);
    const runs: Latencies[] = [];
    for (let i = 0; i < pairs; i++) runs.push(await run(events));
    return { kind: "measured", figures: figuresOf(runs, events) };
  } finally {
    await end(child);
    await daemon.stop();
    folder.remove();
  }
}

async function subscribe(daemon: BenchDaemon, port: number): Promise<void> {
  await daemon.createEndpoint({ url: `http://127.0.0.1:${port}/hook`, event_types: ["*"] });
}

function figuresOf(runs: readonly Latencies[], events: number) {
  const of = (side: keyof Latencies, share: number) =>
    runs.map((each) => quantile(each[side], share));
  const note = `${events} events, one each ${EVERY_MS} ms`;
  const answered = median(of("accepted", 0.5)).toFixed(2);
  return [
    measure("idle: send to POST at the receiver, p50", of("received", 0.5), {
      unit: "ms",
      wanted: { atMost: 3 },
      note: `${note}; send to 202 p50 ${answered} ms`,
    }),
    measure("idle: send to POST at the receiver, p99", of("received", 0.99), {
      unit: "ms",
      wanted: null,
    }),
  ];
}

/** The client: it sends, and receives what it has sent. */
async function serveTasks(): Promise<void> {
  let arrived: (at: number) => void = () => undefined;
  const server = createServer((incoming, response) => {
    const atMs = performance.now();
    readBody(incoming)
      .then((text) => {
        response.writeHead(204).end();
        const body = JSON.parse(text) as { data: { at: number } };
        // Taken when the POST came, before it was read.
        receivedAtMs[body.data.at] = atMs;
        arrived(body.data.at);
      })
      .catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  let receivedAtMs: number[] = [];
  await once(server, "listening");
  process.on("message", (task: Task) => {
    receivedAtMs = [];
    const allHere = new Promise<void>((resolve) => {
      let count = 0;
      arrived = () => {
        count += 1;
        if (count === task.events) resolve();
      };
    });
    sendAll(task)
      .then(async ({ sentAtMs, acceptedAtMs }) => {
        await allHere;
        const since = (times: readonly number[]) =>
          sentAtMs.map((sent, i) => (times[i] ?? Number.NaN) - sent);
        tellParent({ accepted: since(acceptedAtMs), received: since(receivedAtMs) });
      })
      .catch((error: unknown) => {
        console.error(error);
        process.exit(1);
      });
  });
  tellParent((server.address() as AddressInfo).port);
}

async function sendAll({ url, key, events }: Task) {
  const agent = new Agent({ keepAlive: true });
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const sentAtMs: number[] = [];
  const acceptedAtMs: number[] = [];
  const answers: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const sending = setInterval(() => {
      const at = sentAtMs.length;
      const body = JSON.stringify({ type: "order.paid", data: { at, note: "x".repeat(900) } });
      sentAtMs.push(performance.now());
      answers.push(
        post(`${url}/v1/events`, { agent, headers, body }).then(() => {
          acceptedAtMs[at] = performance.now();
        }),
      );
      if (sentAtMs.length < events) return;
      clearInterval(sending);
      resolve();
    }, EVERY_MS);
  });
  await Promise.all(answers);
  agent.destroy();
  return { sentAtMs, acceptedAtMs };
}

interface Post {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function post(url: string, { agent, headers, body }: Post): Promise<void> {
  const length = { "content-length": Buffer.byteLength(body) };
  const sent = request(url, { method: "POST", agent, headers: { ...headers, ...length } });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const text = await readBody(response);
  if (response.statusCode !== 202) throw new Error(`expected 202, got ${text}`);
}

async function readBody(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) text += String(chunk);
  return text;
}

if (import.meta.main) {
  endWithParent();
  await serveTasks();
}
