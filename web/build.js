// Puts the page together in web/dist, or in the folder that is named: `npm run build [-- FOLDER]`. Nothing is
// bundled; files are copied, the large ones compressed under names that change with their content.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const WEB = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(WEB);
const DIST = resolve(process.argv[2] ?? join(WEB, "dist"));
const MODULES = join(WEB, "node_modules");

/** What the page shares with the app's Live tab: the camera, and what is drawn over its picture. */
const MODULES_OF_APP = join(ROOT, "fer/ui/shared_js");

const MODELS = {
  wasm: join(MODULES, "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
  config: join(WEB, "pipeline/config.json"),
  pnet: join(ROOT, "fer/vision/mtcnn_onnx/pnet.onnx"),
  rnet: join(ROOT, "fer/vision/mtcnn_onnx/rnet.onnx"),
  onet: join(ROOT, "fer/vision/mtcnn_onnx/onet.onnx"),
  classifier: join(ROOT, "fer/model/weights/onnx/model_quantized.onnx"),
};

const MAX_MEMORY = 2 ** 29; // bytes for ONNX Runtime; the largest photo takes 240 MB

/** The app's own stylesheets come first, so that both pages look alike. */
const STYLES = [
  "fer/templates/figures.css",
  ...["base", "live", "photo", "about", "screens"].map((name) => `fer/ui/styles/${name}.css`),
  "web/page/page.css",
];

const FONTS = ["400", "700"].map((weight) => [weight, join(MODULES, `@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-${weight}-normal.woff2`)]);

/** Scripts compile WebAssembly; styles are set on single elements; everything comes from this site. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const read = (path) => readFileSync(path, "utf8");

const hash = (...contents) => contents.reduce((sum, content) => sum.update(content), createHash("sha256")).digest("hex").slice(0, 10);

function write(path, content) {
  mkdirSync(dirname(join(DIST, path)), { recursive: true });
  writeFileSync(join(DIST, path), content);
}

function copy(from, to) {
  mkdirSync(dirname(join(DIST, to)), { recursive: true });
  cpSync(from, join(DIST, to), { recursive: true });
}

/** Writes the compressed large files; returns their entries in build.json. */
function writeModels() {
  return Object.entries(MODELS).map(([name, path]) => {
    const packed = xz(path);
    const [stem, suffix] = [basename(path).replace(/\.\w+$/, ""), basename(path).split(".").pop()];
    const url = `models/${stem}.${hash(packed)}.${suffix}.xz`;
    write(url, packed);
    return { name, url, bytes: packed.length, unpacked: statSync(path).size };
  });
}

/** Returns a file compressed by xz: ONNX Runtime gets 40 % smaller than by gzip. */
function xz(path) {
  const kept = join(MODULES, ".cache/fer", `${hash(readFileSync(path))}.xz`); // it takes a quarter of a minute
  if (existsSync(kept)) return readFileSync(kept);
  let packed;
  try {
    packed = execFileSync("xz", ["-9", "--check=crc32", "--threads=1", "--stdout", path], { maxBuffer: 2 ** 26 });
  } catch (error) {
    throw error.code === "ENOENT" ? new Error("The build needs xz (Debian: apt-get install xz-utils; macOS: brew install xz).") : error;
  }
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, packed);
  return packed;
}

/** Returns ONNX Runtime's script with an upper bound of memory that fits: iPhones refuse the 4 GB that it asks for. */
function runtime() {
  const text = read(join(MODULES, "onnxruntime-web/dist/ort.wasm.bundle.min.mjs"));
  const memory = "maximum:65536,shared:!0"; // pages of 64 kB
  if (text.split(memory).length !== 2) throw new Error("ONNX Runtime asks for its memory in another way now: mend `runtime` in build.js.");
  return text.replace(memory, `maximum:${MAX_MEMORY >> 16},shared:!0`);
}

/** Returns xz's decoder, a CommonJS file, as an ES module. */
function xzDecoder() {
  const text = read(join(MODULES, "xz-decompress/dist/package/xz-decompress.min.js"));
  const start = "const module = { exports: {} }, { exports } = module, require = () => globalThis;";
  return `${start}\n${text}\nexport const { XzReadableStream } = module.exports;\n`;
}

function styles({ light, dark }) {
  const rules = (variables) => Object.entries(variables).map(([name, value]) => `${name}:${value}`).join(";");
  dark = { ...dark, "--color-accent": "var(--primary-300)" }; // as base.css has it under Gradio's class for dark pages
  const theme = [
    `:root{color-scheme:light dark;${rules(light)}}`,
    `@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${rules(dark)}}}`,
    `:root[data-theme=light]{color-scheme:light}`,
    `:root[data-theme=dark]{color-scheme:dark;${rules(dark)}}`,
  ];
  const fonts = FONTS.map(([weight, path]) =>
    `@font-face{font-family:"IBM Plex Sans";font-weight:${weight};font-display:swap;src:url(fonts/${basename(path)}) format("woff2")}`);
  return [...fonts, ...theme, ...STYLES.map((path) => read(join(ROOT, path)))].join("\n");
}

function page(html, settings) {
  const examples = ["astronaut", "cat"].map((name) =>
    `<li><button type="button" aria-label="Example: ${name}"><img src="examples/${name}.jpg" alt="" loading="lazy"></button></li>`);
  const places = { ...html, csp: POLICY, hours: settings.timeline.max_seconds / 3600, examples: `<ul>${examples.join("")}</ul>` };
  return read(join(WEB, "index.html")).replace(/<!-- put:([\w-]+) -->/g, (_, name) => {
    if (!(name in places)) throw new Error(`index.html has a place for ${name}, which there is not.`);
    return places[name];
  });
}

const files = (folder = DIST) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile()).sort();

/** Front matter of a static Space; the headers let the page be isolated from others. */
const SPACE_CARD = `---
title: Which expression is on your face?
emoji: 🎭
colorFrom: green
colorTo: yellow
sdk: static
app_file: index.html
pinned: false
license: mit
short_description: Facial expressions on your own device
custom_headers:
  cross-origin-embedder-policy: require-corp
  cross-origin-opener-policy: same-origin
  cross-origin-resource-policy: cross-origin
---

Facial-expression recognition that runs in the visitor's browser: no picture leaves the device. This Space
holds the built page; its source and documentation are in the repository that builds it.
`;

/** Removes the former build, and nothing else: another folder may be named by mistake. */
function removeFormer() {
  const names = process.argv[2] && existsSync(DIST) ? readdirSync(DIST) : [];
  if (names.length && !names.includes("build.json")) throw new Error(`${DIST} has other files than a built page; name an empty or a new folder.`);
  rmSync(DIST, { recursive: true, force: true });
}

function build() {
  removeFormer();
  const { panels, theme, ...settings } = JSON.parse(read(join(WEB, "page/settings.json")));
  const models = writeModels();
  write("build.json", JSON.stringify({ models })); // a build that breaks off is one, too
  for (const folder of [join(WEB, "page"), MODULES_OF_APP]) {
    for (const name of readdirSync(folder)) if (name.endsWith(".js")) copy(join(folder, name), `page/${name}`);
  }
  for (const name of readdirSync(join(WEB, "pipeline"))) if (name.endsWith(".js")) copy(join(WEB, "pipeline", name), `pipeline/${name}`);
  copy(join(WEB, "pipeline_worker.js"), "pipeline_worker.js");
  write("ort/ort.wasm.bundle.min.mjs", runtime());
  write("xz/xz-decompress.mjs", xzDecoder());
  for (const [, path] of FONTS) copy(path, `fonts/${basename(path)}`);
  for (const name of ["astronaut.jpg", "cat.jpg"]) copy(join(ROOT, "fer/ui/photo/examples", name), `examples/${name}`);
  copy(join(WEB, "icons"), "icons");
  copy(join(WEB, "manifest.webmanifest"), "manifest.webmanifest");
  write("notice.html", panels.en.notice);
  for (const [language, { notice, ...rest }] of Object.entries(panels).filter(([language]) => language !== "en")) {
    write(`notice.${language}.html`, notice);
    write(`page/panels.${language}.json`, JSON.stringify(rest));
  }
  write("page/settings.json", JSON.stringify(settings));
  write("page.css", styles(theme));
  write("index.html", page(panels.en, settings));
  const shell = files().filter((name) => !name.startsWith("models/"));
  const version = hash(...shell.map((name) => readFileSync(join(DIST, name))));
  const worker = read(join(WEB, "service_worker.js"));
  write("sw.js", worker.replace('"{version}"', JSON.stringify(version)).replace('["{files}"]', JSON.stringify(["./", ...shell])));
  write("licenses.txt", licenses());
  write("README.md", SPACE_CARD);
  report(models, version);
}

function licenses() {
  const mit = read(join(ROOT, "LICENSE"));
  const runtime = mit.replace(/Copyright .*/, "Copyright (c) Microsoft Corporation"); // its package has no text of it
  const font = read(join(MODULES, "@fontsource/ibm-plex-sans/LICENSE"));
  const decoder = mit.replace(/Copyright .*/, "Copyright (c) Steve Sanderson, Tim Perry; (c) 2020 Igalia, S.L. (walloc); xz-embedded: public domain");
  const texts = [["This page", mit], ["onnxruntime-web", runtime], ["xz-decompress", decoder], ["IBM Plex Sans", font]];
  return texts.map(([name, text]) => `${name}\n\n${text}`).join(`\n${"-".repeat(80)}\n\n`);
}

function report(models, version) {
  const shell = files().filter((name) => !name.startsWith("models/")).map((name) => gzipSync(readFileSync(join(DIST, name))).length);
  const sum = (numbers) => (numbers.reduce((total, number) => total + number, 0) / 1e6).toFixed(2);
  const parts = `networks and runtime ${sum(models.map(({ bytes }) => bytes))} MB, the rest ${sum(shell)} MB`;
  console.log(`${relative(process.cwd(), DIST) || DIST}, version ${version}: ${parts}, compressed`);
}

build();
