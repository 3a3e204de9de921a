// A report in a real Chromium: node check.mjs CHROMIUM FOLDER, where FOLDER holds small/, large/ and takes pictures/.
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, folder] = process.argv.slice(2);
const pictures = join(folder, "pictures");
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const faults = [];

function expect(fact, words) {
  console.log((fact ? "ok      " : "FAILED  ") + words);
  if (!fact) faults.push(words);
}

async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const tab = await context.newPage();
  tab.requests = [];
  tab.errors = [];
  tab.on("request", (r) => tab.requests.push(r.url()));
  tab.on("console", (m) => m.type() === "error" && tab.errors.push(m.text()));
  tab.on("pageerror", (e) => tab.errors.push(String(e)));
  const from = performance.now();
  await tab.goto(pathToFileURL(join(folder, name, "report.html")).href, { waitUntil: "load" });
  if (options.javaScriptEnabled !== false) await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  tab.took = performance.now() - from;
  return tab;
}

function quiet(tab, name) {
  expect(tab.errors.length === 0, `${name}: no error on the console ${tab.errors.join("; ")}`);
  const others = tab.requests.filter((url) => !url.endsWith("/report.html") && !url.startsWith("blob:"));
  expect(others.length === 0, `${name}: no request but the page ${others.join(" ")}`);
}

async function faultsOf(tab, name) {
  await tab.evaluate(axe);
  const found = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  const words = serious.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary.split("\n")[1] || ""}`);
  expect(serious.length === 0, `${name}: axe finds no serious fault ${words.join(" | ")}`);
}

async function pixels(tab, selector) {
  return tab.evaluate((s) => {
    const canvas = document.querySelector(s);
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, v, i) => (sum * 31 + v * (i % 7)) % 1000003, 0);
  }, selector);
}

async function lines(tab) {
  const readout = () => tab.locator("#readout").textContent();
  const resting = await readout(), canvas = tab.locator("#lines-over");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox(), clear = await pixels(tab, "#lines-over");
  let hit = false;
  for (let y = 0.1; y < 0.85 && !hit; y += 0.02) {
    await tab.mouse.move(box.x + box.width * 0.5, box.y + box.height * y);
    await tab.waitForTimeout(30);
    hit = /model-\d+, layer \d+, step \d+: ratio .* ± /.test(await readout());
  }
  expect(hit, `hover says model, layer, step, ratio and error: ${await readout()}`);
  expect((await pixels(tab, "#lines-over")) !== clear, "hover dims the other lines");
  await tab.screenshot({ path: join(pictures, "hover.png") });
  await tab.mouse.down();
  await tab.mouse.up();
  expect((await readout()).endsWith("pinned"), "a click pins");
  await tab.mouse.move(5, 5);
  expect((await readout()) === resting, "the text rests when the pointer leaves");
  expect((await pixels(tab, "#lines-over")) !== clear, "what is pinned stays");
  await canvas.focus();
  await tab.keyboard.press("ArrowLeft");
  expect((await readout()) !== resting, "keys read the lines, too");
}

async function filters(tab) {
  const rows = () => tab.locator("#lines-table tbody tr").count();
  const all = await rows();
  await tab.selectOption("#by-corpus", "code");
  expect((await rows()) === all / 2, "the corpus filters lines and table");
  await tab.selectOption("#by-layer", "all");
  expect((await rows()) === (all / 2) * 5, "all layers of half of the models");
  await tab.selectOption("#by-model", { label: "model-001" });
  expect((await rows()) === 5, "one model");
  for (const [select, value] of [["#by-time", "tokens"], ["#by-time", "schedule"], ["#by-x", "linear"], ["#by-y", "linear"]]) {
    const before = await pixels(tab, "#lines");
    await tab.selectOption(select, value);
    expect((await pixels(tab, "#lines")) !== before, `${select} ${value} draws anew`);
  }
  await tab.screenshot({ path: join(pictures, "filtered.png") });
  for (const [select, value] of [["#by-model", ""], ["#by-corpus", ""], ["#by-layer", "most"], ["#by-time", "steps"], ["#by-x", "log"], ["#by-y", "log"]])
    await tab.selectOption(select, value);
}

async function tables(tab) {
  const column = () => tab.$$eval("#best-fits tbody tr", (rows) => rows.filter((r) => !r.hidden).map((r) => Number(r.cells[1].textContent)));
  const head = tab.locator("#best-fits thead th").nth(1).locator("button");
  await head.click();
  let seen = await column();
  expect(seen.every((v, i) => i === 0 || seen[i - 1] <= v), "a click sorts a table upwards");
  await head.click();
  seen = await column();
  expect(seen.every((v, i) => i === 0 || seen[i - 1] >= v) && seen[0] > seen[seen.length - 1], "a second click downwards");
  const words = tab.locator(".tools:has(+ .long #best-fits) input");
  await words.fill("model-003");
  expect((await column()).length === 5, "words keep the rows that have them");
  await words.fill("");
  expect((await tab.locator('a[href="../fits.csv"]').count()) > 0, "tables link to their CSV");
  const [saved] = await Promise.all([tab.waitForEvent("download"), tab.locator(".tools:has(+ .long #best-fits) button", { hasText: "Save CSV" }).click()]);
  expect(readFileSync(await saved.path(), "utf8").split("\n").length === 32, "a table is saved as CSV, all of its rows");
}

async function fits(tab) {
  const heat = tab.locator("#heat");
  await heat.scrollIntoViewIfNeeded();
  const box = await heat.boundingBox();
  await tab.mouse.move(box.x + box.width / 2, box.y + 20);
  await tab.waitForTimeout(50);
  expect(/layer \d+: largest ratio \d/.test(await tab.locator("#heat-says").textContent()), "a cell of the map is read");
  await tab.mouse.down();
  await tab.mouse.up();
  const dialog = tab.locator("#fit");
  expect(await dialog.isVisible(), "a click opens the fit");
  const parts = { ".band": 1, ".curve": 1, ".rival": 2, ".zero": 1 };
  for (const [part, count] of Object.entries(parts)) expect((await dialog.locator(part).count()) === count, `the fit has ${count} ${part}`);
  expect((await dialog.locator(".point").count()) > 200, "points and residuals");
  await tab.screenshot({ path: join(pictures, "fit.png") });
  await tab.locator("#fit-close").click();
  await tab.locator("#lines-table button", { hasText: "fit" }).first().click();
  while (!/layer 1$/.test(await tab.locator("#fit-title").textContent())) await tab.locator("#fit-before").click();
  expect((await dialog.locator(".peak").count()) === 1, "a peak is marked with its interval");
  await tab.screenshot({ path: join(pictures, "peak.png") });
  await tab.keyboard.press("Escape");
  expect(!(await dialog.isVisible()), "Escape closes it");
}

async function looks() {
  for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }], ["phone-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }], ["plain", { javaScriptEnabled: false }]]) {
    const tab = await open("small", options);
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth).catch(() => 0);
    expect(wide <= 0, `${name}: the page is not wider than the window (${wide})`);
    if (name !== "plain") {
      const figures = await tab.$$eval("figure, .plate, .canvas", (all) => all.filter((f) => f.scrollWidth > f.clientWidth + 1).length);
      expect(figures === 0, `${name}: no figure scrolls sideways`);
      await faultsOf(tab, name);
    }
    if (name.includes("dark")) {
      const light = await tab.$$eval("figure svg > rect:first-of-type", (all) => all.filter((r) => getComputedStyle(r).fill === "rgb(255, 255, 255)").length);
      expect(light === 0, `${name}: plates are dark`);
    }
    await tab.screenshot({ path: join(pictures, name + ".png"), fullPage: true });
    quiet(tab, name);
    await tab.context().close();
  }
}

await looks();
const tab = await open("small");
await lines(tab);
await filters(tab);
await tables(tab);
await fits(tab);
await tab.locator("#theme").click();
expect((await tab.evaluate(() => getComputedStyle(document.body).backgroundColor)) !== "rgb(255, 255, 255)", "the button turns the page dark");
await tab.pdf({ path: join(pictures, "print.pdf"), preferCSSPageSize: true });
expect((await tab.locator("#best-fits tbody tr").count()) === 30, "a printed page holds whole tables");
expect((await tab.locator("#best-fits th button").count()) > 1, "and can be sorted after it was printed");
await tab.emulateMedia({ media: "print" });
expect(await tab.locator("#heatmaps .replaced").isVisible(), "a printed page has the static figures");
expect(!(await tab.locator("#explore").isVisible()), "and not the live ones");
quiet(tab, "small");

const large = await open("large");
const size = statSync(join(folder, "large", "report.html")).size;
console.log(`        200 models x 24 layers x 154 steps: ${(size / 1e6).toFixed(2)} MB, open after ${(large.took / 1e3).toFixed(2)} s`);
expect(size < 8e6, "200 models x 24 layers x 154 steps stay under 8 MB");
await large.screenshot({ path: join(pictures, "large.png") });
quiet(large, "large");
await browser.close();
console.log(faults.length ? `${faults.length} checks failed` : "all checks passed");
process.exit(faults.length ? 1 : 0);
