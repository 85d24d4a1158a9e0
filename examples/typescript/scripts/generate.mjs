// Makes the types of the wire and the table of methods, from the documents in `schema/`.
//
//   node scripts/generate.mjs [FOLDER]    where yoi.json and rpc.json are, if not in this repository
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const schemas = process.argv[2] ?? fileURLToPath(new URL("../../../schema/", import.meta.url));
const generated = fileURLToPath(new URL("../src/generated/", import.meta.url));
const read = async (name) => JSON.parse(await readFile(join(schemas, name), "utf8"));

const types = await compile(await read("yoi.json"), "Yoi", {
  additionalProperties: false,
  unreachableDefinitions: true,
  bannerComment: "// Generated from schema/yoi.json.",
});

const { methods } = await read("rpc.json");
const calls = methods.filter(({ kind }) => kind !== "subscription");
const names = calls.flatMap(({ params, result }) => [params.title, result.title]);
const table = [
  "// Generated from schema/rpc.json.",
  `import type { ${[...new Set(names)].sort().join(", ")} } from "./types.js";`,
  "",
  "/** The commands and queries: what each takes and what it gives. */",
  "export interface Methods {",
  ...calls.flatMap(({ name, description, params, result }) => [
    `  /** ${description} */`,
    `  ${name}: { params: Omit<${params.title}, "type">; result: ${result.title} };`,
  ]),
  "}",
  "",
];

await mkdir(generated, { recursive: true });
await writeFile(join(generated, "types.ts"), types);
await writeFile(join(generated, "methods.ts"), table.join("\n"));
