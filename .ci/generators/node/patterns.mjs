// Judges texts by patterns as ECMA-262 does: reads {"patterns": […], "texts": […]} from stdin and writes a
// list of verdicts for each pattern, without the flag `u` and with it.
import { text } from "node:stream/consumers";

const { patterns, texts } = JSON.parse(await text(process.stdin));
const verdicts = (flags) =>
  patterns.map((pattern) => texts.map((text) => new RegExp(pattern, flags).test(text)));
process.stdout.write(JSON.stringify({ without: verdicts(""), with: verdicts("u") }));
