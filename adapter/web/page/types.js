// Makes src/schema.ts, the API's types, from the description on the standard input. With --check it only compares.

import { readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import openapiTS, { astToString } from "openapi-typescript";

const FILE = new URL("src/schema.ts", import.meta.url);
const HEAD = "// The API's types. Made from its description by `make schema`; nothing here is written by hand.\n\n";

// What pydantic calls each field is noise here, and every refusal is a Problem. An answer may get further fields; the
// page reads those it knows.
const noise = (key, value) =>
  (key === "title" && typeof value === "string") || (key === "additionalProperties" && value === true) || /^[45]\d\d$/.test(key);
const description = JSON.parse(await text(process.stdin), (key, value) => (noise(key, value) ? undefined : value));

const made = await openapiTS(description, {
  alphabetize: true,
  defaultNonNullable: false, // what has a default may be left out of a request
  enumValues: true, // lists of choices are there to be shown, too
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
});
const types = HEAD + astToString(made);

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, types);
} else if (readFileSync(FILE, "utf8") !== types) {
  console.error("src/schema.ts is not what the API's description makes: run make schema");
  process.exit(1);
}
