// Builds ../src/v5_cloud/static/dist: styles, scripts, fonts and icons with hashed names, a compressed copy of each text file,
// and manifest.json, which maps plain names to hashed ones. Started by `python -m v5_cloud.frontend.build`, which knows when it is needed.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "src", "v5_cloud", "static", "dist");
const work = join(here, "node_modules", ".v5");
const icons = readFileSync(join(here, "src", "icons.txt"), "utf8").split(/\s+/).filter(Boolean);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
mkdirSync(work, { recursive: true });

const tailwind = join(here, "node_modules", "@tailwindcss", "cli", "dist", "index.mjs");
const css = join(work, "app.css");
execFileSync(process.execPath, [tailwind, "-i", join(here, "src", "app.css"), "-o", css, "--minify"], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: dist,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "none",
  target: ["es2022", "chrome111", "firefox114", "safari16.4"],
  logLevel: "warning",
  absWorkingDir: here,
};
const results = [
  await build({ ...common, entryPoints: [css], loader: { ".woff2": "file" } }),
  await build({ ...common, format: "iife", entryPoints: ["src/app.js", "src/charts.js"] }),
];

const manifest = {};
for (const { metafile } of results) {
  for (const output of Object.keys(metafile.outputs)) {
    const hashed = basename(output);
    manifest[hashed.replace(/-[A-Z0-9]{8}(?=\.\w+$)/, "")] = hashed;
  }
}

function emit(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const hashed = name.replace(/(\.\w+)$/, `-${hash}$1`);
  writeFileSync(join(dist, hashed), text);
  manifest[name] = hashed;
}

// One sprite of the icons that the pages use, from Lucide (ISC).
const symbols = icons.map((icon) => {
  const svg = readFileSync(join(here, "node_modules", "lucide-static", "icons", `${icon}.svg`), "utf8");
  const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s+/g, " ").trim();
  return `<symbol id="${icon}" viewBox="0 0 24 24">${body}</symbol>`;
});
emit("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
emit("favicon.svg", readFileSync(join(here, "src", "favicon.svg"), "utf8"));

for (const file of readdirSync(dist)) {
  if (!/\.(css|js|svg)$/.test(file)) continue;
  const body = readFileSync(join(dist, file));
  writeFileSync(join(dist, `${file}.gz`), gzipSync(body, { level: 9 }));
  writeFileSync(join(dist, `${file}.br`), brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
writeFileSync(join(dist, "manifest.json"), JSON.stringify({ inputs: process.env.V5_FRONTEND_INPUTS ?? "", files: manifest }, null, 1));
