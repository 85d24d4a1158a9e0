// Makes TypeScript types of the documents in `schema/`.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const documents = [
  "runtime_command",
  "runtime_query",
  "command_reply",
  "query_reply",
  "runtime_error",
  "stream_item",
  "subscribe",
];

// "Exactly one of these fields" is a rule that types cannot say; the Runtime checks it.
function withoutFieldRules(schema) {
  if (Array.isArray(schema)) return schema.map(withoutFieldRules);
  if (schema === null || typeof schema !== "object") return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, withoutFieldRules(value)]);
  const isRule = (branch) => branch.type === undefined && branch.$ref === undefined && branch.required;
  return Object.fromEntries(
    entries.filter(([key, value]) => key !== "oneOf" || !schema.properties || !value.every(isRule)),
  );
}

const schemas = new URL("../../schema/", import.meta.url);
const generated = new URL("./src/generated/", import.meta.url);
await mkdir(generated, { recursive: true });
for (const name of documents) {
  const schema = JSON.parse(await readFile(new URL(`${name}.json`, schemas), "utf8"));
  const types = await compile(withoutFieldRules(schema), schema.title, { additionalProperties: true });
  await writeFile(new URL(`${name}.ts`, generated), types);
}
