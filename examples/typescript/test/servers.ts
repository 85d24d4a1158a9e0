// The servers of the tests: the real one and the bad one.

import { fileURLToPath } from "node:url";

import { Yoi, type YoiOptions } from "yoi-client";

const badServer = fileURLToPath(new URL("../../test/bad-server.mjs", import.meta.url));

/** Starts `yoi rpc` with the echo provider. */
export function real(args: string[] = [], options: YoiOptions = {}): Promise<Yoi> {
  const program = process.env["YOI"] ?? "yoi";
  return Yoi.start({ command: [program, "rpc", "--profile", "echo", ...args], ...options });
}

/** Starts the server that speaks badly in this way. What it wrote that fits nothing is in `strange`. */
export async function bad(way: string, options: YoiOptions = {}): Promise<Yoi & { strange: string[] }> {
  const strange: string[] = [];
  const yoi = await Yoi.start({
    command: [process.execPath, badServer, way],
    onUnexpected: (what) => strange.push(what),
    onStderr: () => {},
    graceMs: 2000,
    ...options,
  });
  return Object.assign(yoi, { strange });
}
