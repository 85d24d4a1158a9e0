// Reads lines of JSON from a file, and writes one answer for each to stdout.
import { readFile } from "node:fs/promises";

export async function readLines(path) {
  const text = await readFile(path, "utf8");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

export function writeLines(answers) {
  process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
}
