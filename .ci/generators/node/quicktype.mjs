// Makes Go types of the bundle with quicktype, and a function that reads and writes a value of any of them by
// name: `quicktype.mjs SCHEMA FOLDER`.
import { readFile, writeFile } from "node:fs/promises";
import { FetchingJSONSchemaStore, InputData, JSONSchemaInput, quicktype } from "quicktype-core";

const [schema, folder] = process.argv.slice(2);
const text = await readFile(schema, "utf8");
const input = new JSONSchemaInput(new FetchingJSONSchemaStore());
await input.addSource({ name: "Yoi", schema: text, uris: ["#/$defs/"] });
const inputData = new InputData();
inputData.addInput(input);
const { lines } = await quicktype({ inputData, lang: "go", rendererOptions: { package: "main" } });
await writeFile(`${folder}/generated.go`, lines.join("\n"));

// Go writes `WorkerID` for `WorkerId`.
const types = new Map(
  lines
    .map((line) => /^func Unmarshal(\w+)\(/.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .map((name) => [name.toLowerCase(), name]),
);
const entries = Object.keys(JSON.parse(text).$defs)
  .filter((name) => types.has(name.toLowerCase()))
  .map((name) => `\t"${name}": roundTrip[${types.get(name.toLowerCase())}],`);
const header = ["package main", "", "var byName = map[string]func([]byte) ([]byte, error){"];
const table = [...header, ...entries, "}", ""];
await writeFile(`${folder}/by_name.go`, table.join("\n"));
