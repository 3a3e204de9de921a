// The fit of one layer: points, band, rivals, peak, residuals, drawn when it is opened.

const dialog = document.getElementById("fit");
const RIVALS = [["#009e73", "#2fcfa2"], ["#cc79a7", "#e08fc0"], ["#56b4e9", "#86d0ff"], ["#b07700", "#e69f00"], ["#6e6e6e", "#a8a8a8"]];
let opened = null;

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// the curve at a step, linear in ln(1 + step) between its points
function curveAt(curve, values, step) {
  const next = curve.steps.findIndex((s) => s >= step);
  if (next < 0) return NaN;
  if (curve.steps[next] === step) return values[next];
  if (next === 0) return NaN;
  const [a, b] = [Math.log1p(curve.steps[next - 1]), Math.log1p(curve.steps[next])];
  return values[next - 1] + (values[next] - values[next - 1]) * (Math.log1p(step) - a) / (b - a);
}

function axes(x, y, box, titles) {
  const group = svg("g", { class: "axes" });
  const text = (words, at) => svg("text", at, words);
  for (const tick of apart(y, box.height, () => 12)) {
    const at = box.top + box.height * (1 - y.place(tick));
    group.append(svg("line", { class: "grid", x1: box.left, x2: box.left + box.width, y1: at, y2: at }), text(short(tick), { x: box.left - 6, y: at + 4, "text-anchor": "end" }));
  }
  for (const tick of apart(x, box.width, (t) => 8 * short(t).length)) {
    const at = box.left + box.width * x.place(tick);
    group.append(svg("line", { class: "grid", x1: at, x2: at, y1: box.top, y2: box.top + box.height }));
    if (titles[0]) group.append(text(short(tick), { x: at, y: box.top + box.height + 17, "text-anchor": "middle" }));
  }
  group.append(svg("rect", { class: "frame", x: box.left, y: box.top, width: box.width, height: box.height }), text(titles[1], { x: 4, y: box.top - 8 }));
  if (titles[0]) group.append(text(titles[0], { x: box.left + box.width / 2, y: box.top + box.height + 36, "text-anchor": "middle" }));
  return group;
}

// a path through the points that are known; beyond the axis at its end
function path(points, x, y, box, attributes) {
  let d = "";
  for (const [s, v] of points) {
    if (isNaN(v)) { d += " "; continue; }
    const at = Math.min(Math.max(y.place(v), 0), 1);
    d += (d === "" || d.endsWith(" ") ? "M" : "L") + (box.left + box.width * x.place(s)).toFixed(1) + "," + (box.top + box.height * (1 - at)).toFixed(1);
  }
  return svg("path", { d: d.trim(), ...attributes });
}

function mainFirst(fits) {
  const rank = (c) => (c.name === "emergence" && c.steps.length ? 0 : c.best ? 1 : 2);
  return [...fits].sort((a, b) => rank(a) - rank(b) || (a.aicc ?? Infinity) - (b.aicc ?? Infinity)).filter((c) => c.steps.length);
}

function drawFit(line) {
  const width = Math.min(720, dialog.clientWidth - 34), height = 440;
  const box = { left: 52, top: 24, width: width - 64, height: 250 }, under = { ...box, top: 306, height: 84 };
  const ratios = ratiosOf(line), shown = mainFirst(curves.get(line.index) || []), main = shown[0];
  const x = scale([...line.steps, ...shown.flatMap((c) => c.steps)], "log", true);
  const core = [...ratios].filter((v) => v > 0), values = shown.map((c) => valuesOf(c));
  const low = Math.min(...core), high = Math.max(...core), room = 0.6 * (high - low) || 1;
  const near = values.flat().filter((v) => v > low - room && v < high + room);
  const y = scale([...core, ...near], high > 30 * low ? "log" : "linear", false);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `fit of ${line.model.name}, layer ${line.layer}` });
  picture.append(axes(x, y, box, ["", "ratio, largest / median magnitude"]));
  const color = (i) => (i === 0 ? ["#d55e00", "#ff8b3d"] : RIVALS[(i - 1) % RIVALS.length])[dark() ? 1 : 0];
  peak(picture, line, x, y, box, main, values[0]);
  if (main && main.band) {
    const [lower, upper] = [valuesOf(main, 1), valuesOf(main, 2)];
    const known = main.steps.map((s, i) => [s, lower[i], upper[i]]).filter((b) => !isNaN(b[1] + b[2]));
    const around = [...known.map((b) => [b[0], b[1]]), ...known.reverse().map((b) => [b[0], b[2]])];
    picture.append(path(around, x, y, box, { fill: color(0), class: "band" }));
  }
  for (let i = shown.length - 1; i >= 0; i--)
    picture.append(path(shown[i].steps.map((s, k) => [s, values[i][k]]), x, y, box, { stroke: color(i), class: i ? "rival" : "curve" }));
  line.steps.forEach((s, i) => {
    const error = errorOf(line, i);
    if (isFinite(error)) picture.append(path([[s, Math.max(ratios[i] - 2 * error, y.low)], [s, ratios[i] + 2 * error]], x, y, box, { class: "error" }));
    if (isFinite(ratios[i])) picture.append(svg("circle", { class: "point", r: 2.6, cx: box.left + box.width * x.place(s), cy: box.top + box.height * (1 - y.place(ratios[i])) }));
  });
  residuals(picture, line, x, under, main, values[0]);
  return [picture, legend(shown, color, line)];
}

function peak(picture, line, x, y, box, main, values) {
  const found = line.fit && line.fit.peak;
  if (!found || found[0] === null || !main || found[0] > x.high) return;
  const at = (s) => box.left + box.width * Math.min(Math.max(x.place(s), 0), 1);
  const [from, to] = [at(found[1] ?? 0), at(found[2] ?? x.high)];
  if (found[1] !== null || found[2] !== null) picture.append(svg("rect", { class: "interval", x: from, y: box.top, width: Math.max(to - from, 1), height: box.height }));
  picture.append(svg("line", { class: "peak", x1: at(found[0]), x2: at(found[0]), y1: box.top, y2: box.top + box.height }));
  const right = at(found[0]) > box.left + box.width - 110;
  picture.append(svg("text", { x: at(found[0]) + (right ? -6 : 6), y: box.top + 15, "text-anchor": right ? "end" : "start" }, "peak " + digits(found[0])));
  const height = curveAt(main, values, found[0]);
  if (isFinite(height)) picture.append(svg("circle", { class: "top", r: 4, cx: at(found[0]), cy: box.top + box.height * (1 - y.place(height)) }));
}

function residuals(picture, line, x, box, main, values) {
  if (!main) return;
  const rows = line.steps.map((s, i) => [s, 100 * (ratiosOf(line)[i] / curveAt(main, values, s) - 1)]).filter((r) => isFinite(r[1]));
  const most = Math.max(...rows.map((r) => Math.abs(r[1])), 1e-9);
  const y = scale([-most, 0, most], "linear", false);
  y.ticks = round(-most, most, 5);
  picture.append(axes(x, y, box, ["training step", `residual from ${main.name}, %`]));
  picture.append(path([[x.low, 0], [x.high, 0]], x, y, box, { class: "zero" }));
  for (const [s, r] of rows) picture.append(svg("circle", { class: "point", r: 2.2, cx: box.left + box.width * x.place(s), cy: box.top + box.height * (1 - y.place(r)) }));
}

function legend(shown, color) {
  const list = document.createElement("ul");
  list.className = "keys";
  const add = (swatch, words) => {
    const item = document.createElement("li"), mark = document.createElement("i");
    mark.className = swatch[0];
    mark.style.background = swatch[1];
    item.append(mark, words);
    list.append(item);
  };
  add(["dot", "var(--data)"], "measured, with two standard errors");
  const lowest = Math.min(...shown.map((c) => c.aicc ?? Infinity));
  shown.forEach((c, i) => {
    const weight = c.weight !== null ? `weight ${c.weight < 0.005 ? "< 0.01" : c.weight.toFixed(2)}` : c.aicc !== null ? `ΔAICc ${(c.aicc - lowest).toFixed(1)}` : "";
    add(["stroke", color(i)], `${c.name}${weight ? ", " + weight : ""}${c.r2 !== null ? ", R² " + digits(c.r2, 4) : ""}${c.best ? " – lowest AICc" : ""}`);
    if (i === 0 && c.band) add(["box", color(0)], `band of ${c.name}`);
  });
  return list;
}

function caption(line) {
  const fit = line.fit;
  if (!fit) return "This layer was not fitted.";
  const [at, low, high, p] = fit.peak || [null, null, null, null];
  const parts = [`${fit.n} points`, `status: ${fit.status}`];
  if (p !== null) parts.push(`probability of a peak ${p.toFixed(2)}`);
  if (at !== null) parts.push(`peak at step ${digits(at)}` + (low !== null || high !== null ? ` (${low === null ? "open" : digits(low)} to ${high === null ? "open" : digits(high)})` : ""));
  return parts.join(" · ");
}

function openFit(line) {
  opened = line;
  document.getElementById("fit-title").textContent = `${line.model.name}, layer ${line.layer}`;
  document.getElementById("fit-caption").textContent = caption(line);
  if (!dialog.open) dialog.showModal();
  document.getElementById("fit-plot").replaceChildren(...drawFit(line));
}

function step(by) {
  const next = lines[opened.index + by];
  if (next) openFit(next);
}

document.getElementById("fit-before").addEventListener("click", () => step(-1));
document.getElementById("fit-after").addEventListener("click", () => step(1));
document.getElementById("fit-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
