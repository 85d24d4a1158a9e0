// Reads values with schemas that zod makes of the bundle: `zod.mjs SCHEMA CORPUS` writes `{"value": …}` or
// `{"refused": …}` for each line `{"type": …, "value": …}`.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { readLines, writeLines } from "./lines.mjs";

const [schema, corpus] = process.argv.slice(2);

// Zod knows no `not`, without which branches do not exclude each other: the first that fits is taken.
const loosened = ({ oneOf, not, ...rest }) => (oneOf ? { ...rest, anyOf: oneOf } : rest);
const text = await readFile(schema, "utf8");
const bundle = JSON.parse(text, (_, value) => (value?.constructor === Object ? loosened(value) : value));

const types = new Map();
function typeOf(name) {
  if (!types.has(name)) types.set(name, z.fromJSONSchema({ ...bundle, $ref: `#/$defs/${name}` }));
  return types.get(name);
}

const lines = await readLines(corpus);
writeLines(
  lines.map(({ type, value }) => {
    const { success, data, error } = typeOf(type).safeParse(value);
    return success ? { value: data } : { refused: error.message };
  }),
);
