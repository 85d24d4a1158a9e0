// Holds values against the schemas with ajv in its strict mode: `validate.mjs FOLDER CASES` writes `true` or
// `false` for each line `{"document": …, "type": …, "value": …}`. It fails at a schema that is no valid
// schema, and at anything that ajv has to say.
import { readFile } from "node:fs/promises";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readLines, writeLines } from "./lines.mjs";

const [folder, cases] = process.argv.slice(2);

const said = [];
const say = (...words) => said.push(words.join(" "));
const ajv = new Ajv.default({ strict: true, logger: { log: say, warn: say, error: say } });
addFormats.default(ajv);
ajv.addVocabulary(["x-yoi-open", "x-yoi-roots", "x-enum-descriptions", "tsType"]);
ajv.addKeyword("discriminator");

const lines = await readLines(cases);
for (const document of new Set(lines.map((line) => line.document))) {
  const schema = JSON.parse(await readFile(`${folder}/${document}.json`, "utf8"));
  ajv.addSchema({ ...schema, $id: document });
}
const validator = ({ document, type }) =>
  ajv.getSchema(document === "yoi" ? `yoi#/$defs/${type}` : document);
writeLines(lines.map((line) => validator(line)(line.value)));
if (said.length > 0) throw new Error(said.join("\n"));
