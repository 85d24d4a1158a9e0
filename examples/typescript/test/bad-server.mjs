// Speaks the protocol badly, in the way that its argument names.
import { createInterface } from "node:readline";

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const item = (item, subscription = "s") => say({ method: "event", params: { subscription, item } });
const refuse = (id, data) => say({ id, error: { code: -32000, message: "no", data } });
const event = { runtime_id: "r", epoch: "e", at_ms: 1 };

// A way answers a request. The default is the name of its method as the result.
const ways = {
  dies({ id, method }) {
    if (method === "subscribe") {
      say({ id, result: { subscription: "s" } });
      return item({ type: "synced", cursor: "c1" });
    }
    if (method !== "get_overview") return;
    process.stderr.write("last words\n", () => process.exit(3));
  },
  killed: () => process.kill(process.pid, "SIGKILL"),
  silent() {},
  // It speaks no more, but lives on.
  mute() {
    process.stdout.end();
    setInterval(() => {}, 1000);
  },
  noisy({ id, method }) {
    process.stdout.write("no JSON\n\n[1]\n");
    say({ id: 999, result: {} });
    say({ id: null, error: { code: -32700, message: "what?" } });
    say({ method: "weather", params: {} });
    say({ id: 1, method: "asks" });
    item({ type: "synced", cursor: "c" }, "nobody's");
    say({ id, result: method });
  },
  long({ id, method }) {
    process.stdout.write(`${"x".repeat(3 << 20)}\n`);
    say({ id, result: method });
  },
  // It answers nothing until it is asked for its state. Then that comes last.
  late({ id, method, params }) {
    this.seen ??= [];
    this.seen.push({ id, method, params });
    if (method === "unsubscribe") return say({ id, result: {} });
    if (method !== "get_overview") return;
    for (const { id, method } of this.seen.slice(this.answered ?? 0)) {
      if (method === "subscribe") {
        say({ id, result: { subscription: "s" } });
        item({ type: "synced", cursor: "c" });
      } else if (method === "get_runtime") {
        say({ id, result: "late" });
      }
    }
    this.answered = this.seen.length;
    setTimeout(() => say({ id, result: this.seen.map(({ method }) => method) }), 50);
  },
  newer({ id, method }) {
    if (method !== "subscribe") {
      return refuse(id, {
        code: "bored",
        message: "no",
        retry: { type: "at_night", hour: 3 },
        since: 1,
      });
    }
    say({ id, result: { subscription: "s" } });
    item({ type: "turn_paused", ...event, cursor: "c1", why: { deep: [1] } });
    item({ type: "mood", colour: "blue" });
    item({ type: "ended", reason: "bedtime" });
  },
  wrong({ id, method }) {
    if (method === "get_runtime") return say({ id, error: { code: -32601, message: "no such method" } });
    if (method === "get_overview") return say({ id, error: "no" });
    say({ id, result: { type: "no subscription" } });
  },
  talks({ id, method }) {
    process.stderr.write("é".repeat(1 << 20), () => say({ id, result: method }));
  },
  // Its items come in one piece with the reply.
  eager({ id, method }) {
    if (method !== "subscribe") return say({ id, result: {} });
    const first = JSON.stringify({ jsonrpc: "2.0", id, result: { subscription: "s" } });
    const params = (n) => ({ subscription: "s", item: { type: "synced", cursor: `c${n}` } });
    const rest = [1, 2, 3].map((n) => JSON.stringify({ jsonrpc: "2.0", method: "event", params: params(n) }));
    process.stdout.write([first, ...rest, ""].join("\n"));
  },
  echoes: ({ id, params }) => say({ id, result: params }),
};

const way = process.argv[2];
if (way === "deaf" || way === "stubborn") {
  setInterval(() => {}, 1000);
} else if (way === "forks") {
  // A child that outlives its parent, with the parent's pipes.
  const { spawn } = await import("node:child_process");
  spawn(process.execPath, ["-e", "setTimeout(() => {}, 15000)"], {
    stdio: "inherit",
    detached: true,
  }).unref();
  process.exitCode = 4;
  setTimeout(() => process.exit(), 100);
} else {
  const answer = ways[way].bind({});
  createInterface({ input: process.stdin }).on("line", (line) => answer(JSON.parse(line)));
}
