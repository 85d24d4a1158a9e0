// Makes TypeScript types of the bundle, and of the corpora a program that `tsc` must accept or refuse:
// `typescript.mjs SCHEMA CORPUS FOLDER`.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";
import { readLines } from "./lines.mjs";

const [schema, corpus, folder] = process.argv.slice(2);
const bundle = JSON.parse(await readFile(schema, "utf8"));
const types = await compile(bundle, bundle.title, {
  additionalProperties: false,
  unreachableDefinitions: true,
});
await writeFile(`${folder}/generated.ts`, types);

const lines = await readLines(corpus);
const isWrong = ({ corpus }) => corpus === "wrong";
// Nobody writes a field or a variant that he does not know.
const isWritten = (line) => !isWrong(line) && !line.drops && !line.unknown;
const literals = (lines) => {
  const names = [...new Set(lines.map((line) => line.type))];
  const header = `import type { ${names.join(", ")} } from "./generated.js";\n`;
  const values = lines.map(
    // One line each, so that the line of an error tells which.
    ({ type, value }, index) => `export const value${index}: ${type} = ${JSON.stringify(value)};`,
  );
  return `${header}${values.join("\n")}\n`;
};
await writeFile(`${folder}/written.ts`, literals(lines.filter(isWritten)));
await writeFile(`${folder}/wrong.ts`, literals(lines.filter(isWrong)));
