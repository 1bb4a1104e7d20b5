// A compressed twin beside each large file that was built: the server sends it to browsers that take it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const folder = new URL("../static/", import.meta.url);
for (const name of readdirSync(folder)) {
  if (/\.(js|css)$/.test(name)) writeFileSync(new URL(name + ".gz", folder), gzipSync(readFileSync(new URL(name, folder)), { level: 9 }));
}
