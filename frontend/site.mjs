// Assembles the site that the server embeds:
// node frontend/site.mjs <output of wasm-bindgen and wasm-opt> <site> [--plain]
//
// pkg/ gets the program and the one stylesheet. Each name contains the hash of the file's bytes, so
// that browsers can cache it forever; pkg/names.json lists the names. The root gets
// frontend/public.
//
// Every file that compresses lies beside its .br and .gz, made here once at the highest quality
// instead of on each request. The third argument --plain turns compression off, for a server on the
// same machine.

import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const require = createRequire(new URL("../end2end/package.json", import.meta.url));
const { bundle } = require("lightningcss");

const [web, site, plain] = process.argv.slice(2);

await rm(site, { recursive: true, force: true });
await mkdir(site, { recursive: true });
await cp("frontend/public", site, { recursive: true });
await cp(web, join(site, "pkg"), { recursive: true });
await writeFile(join(site, "pkg/daybook.css"), stylesheet("style/main.css"));
await writeFile(join(site, "pkg/names.json"), JSON.stringify(await withHashes(join(site, "pkg"))));
if (plain !== "--plain") {
  await Promise.all((await files(site)).map(precompress));
}

function stylesheet(filename) {
  const { code, warnings } = bundle({ filename, minify: true });
  if (warnings.length > 0) {
    throw new Error(warnings.map(({ message, loc }) => `${loc.filename}:${loc.line}: ${message}`).join("\n"));
  }
  return code;
}

// No file refers to another by name: the page names them all (app/src/shell.rs).
async function withHashes(folder) {
  const named = {};
  for (const name of (await readdir(folder)).sort()) {
    const hash = createHash("sha256").update(await readFile(join(folder, name))).digest("hex").slice(0, 16);
    named[name] = name.replace(".", `.${hash}.`);
    await rename(join(folder, name), join(folder, named[name]));
  }
  return named;
}

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function precompress(file) {
  const plain = await readFile(file);
  const br = await promisify(brotliCompress)(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  const gz = await promisify(gzip)(plain, { level: 9 });
  await Promise.all([keepIfSmaller(`${file}.br`, br, plain), keepIfSmaller(`${file}.gz`, gz, plain)]);
  if (file.endsWith(".wasm")) {
    console.log(`${file}: ${kilobytes(plain)} KB, ${kilobytes(br)} KB as brotli`);
  }
}

async function keepIfSmaller(file, compressed, plain) {
  if (compressed.length < plain.length) {
    await writeFile(file, compressed);
  }
}

function kilobytes(bytes) {
  return Math.ceil(bytes.length / 1000);
}
