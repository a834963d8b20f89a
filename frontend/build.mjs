// Bundles the style sheet, the scripts and the icon sprite into the package, under hashed names that a
// browser may keep for ever; manifest.json says which name is which.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const target = join(here, "..", "zabota", "workspace", "static", "built");
const entries = ["css/app.css", "js/app.js", "js/live-worker.js"];

function hashed(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10);
  return name.replace(/(\.\w+)$/, `-${hash}$1`);
}

async function bundle(entry) {
  const result = await esbuild.build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    legalComments: "none",
    target: "es2022",
    format: "iife",
    // light-dark(), nesting and :has() stay as written: the browsers we serve know them.
    supported: { nesting: true },
  });
  return result.outputFiles[0].text;
}

async function sprite() {
  const files = (await readdir(join(here, "icons"))).filter((name) => name.endsWith(".svg")).sort();
  const symbols = files.map(async (name) => {
    const svg = await readFile(join(here, "icons", name), "utf8");
    const drawing = svg.replace(/^\s*<svg[^>]*>|<\/svg>\s*$/g, "");
    return `<symbol id="i-${basename(name, ".svg")}" viewBox="0 0 16 16">${drawing}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${(await Promise.all(symbols)).join("")}</svg>`;
}

async function build() {
  const built = { "icons.svg": await sprite(), "brand.svg": await readFile(join(here, "brand.svg"), "utf8") };
  for (const entry of entries) built[basename(entry)] = await bundle(entry);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const manifest = {};
  for (const [name, text] of Object.entries(built)) {
    manifest[name] = hashed(name, text);
    await writeFile(join(target, manifest[name]), text);
  }
  await writeFile(join(target, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  return built;
}

const built = await build();
for (const [name, text] of Object.entries(built)) {
  console.log(`${name.padEnd(16)} ${(text.length / 1024).toFixed(1)} kB`);
}
