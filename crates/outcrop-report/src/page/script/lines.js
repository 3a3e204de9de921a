// The lines: a canvas for all of them, and one above it for what the pointer is at.

const plot = document.getElementById("lines"), over = document.getElementById("lines-over");
const readout = document.getElementById("readout");
const state = { shown: [], x: null, y: null, box: null, at: null, pinned: new Set(), pixels: [] };
const RESTING = readout.textContent;

function timesOf(line) {
  return line[controls.time.value] || line.steps;
}

function fitCanvas(canvas, width, height) {
  const dense = Math.min(devicePixelRatio || 1, 3);
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.font = "12px system-ui, sans-serif";
  return pen;
}

function colorOf(line) {
  if (state.order.size === 1) return color(line.layer - 1, Math.max(line.model.layers, 2), true);
  return color(state.order.get(line.m), state.order.size);
}

function labelOf(line) {
  return state.order.size === 1 ? "layer " + line.layer : line.model.name + (controls.layer.value === "all" ? ", " + line.layer : "");
}

function place() {
  const all = state.shown;
  const xs = all.flatMap((line) => [0, 1, timesOf(line).length - 1].map((i) => timesOf(line)[i])).filter((v) => v !== undefined);
  state.x = scale(xs, controls.x.value, true);
  state.y = scale(all.flatMap((line) => [ends(line)[2], Math.min(...[...ratiosOf(line)].filter((v) => v > 0))]), controls.y.value, false);
  const { left, top, width, height } = state.box;
  state.pixels = all.map((line) => {
    const times = timesOf(line), ratios = ratiosOf(line), out = new Float32Array(2 * times.length);
    for (let i = 0; i < times.length; i++) {
      out[2 * i] = left + width * state.x.place(times[i]);
      out[2 * i + 1] = top + height * (1 - state.y.place(ratios[i]));
    }
    return out;
  });
}

function frame(pen, box, x, y, titles) {
  const { left, top, width, height } = box;
  pen.lineWidth = 1;
  pen.textBaseline = "middle";
  for (const tick of apart(y, height, () => 12)) {
    const at = Math.round(top + height * (1 - y.place(tick))) + 0.5;
    pen.strokeStyle = ink("grid");
    pen.beginPath(); pen.moveTo(left, at); pen.lineTo(left + width, at); pen.stroke();
    pen.fillStyle = ink("ink"); pen.textAlign = "right";
    pen.fillText(short(tick), left - 6, at);
  }
  pen.textBaseline = "top"; pen.textAlign = "center";
  for (const tick of apart(x, width, (t) => pen.measureText(short(t)).width)) {
    const at = Math.round(left + width * x.place(tick)) + 0.5;
    pen.strokeStyle = ink("grid");
    pen.beginPath(); pen.moveTo(at, top); pen.lineTo(at, top + height); pen.stroke();
    pen.fillStyle = ink("ink");
    pen.fillText(short(tick), at, top + height + 6);
  }
  pen.strokeStyle = ink("ink");
  pen.strokeRect(left + 0.5, top + 0.5, width, height);
  pen.fillStyle = ink("ink");
  pen.fillText(titles[0], left + width / 2, top + height + 24);
  pen.textAlign = "left";
  pen.fillText(titles[1], 4, 2);
}

function trace(pen, pixels) {
  pen.beginPath();
  let on = false;
  for (let i = 0; i < pixels.length; i += 2) {
    if (isNaN(pixels[i + 1])) { on = false; continue; }
    if (on) pen.lineTo(pixels[i], pixels[i + 1]); else pen.moveTo(pixels[i], pixels[i + 1]);
    on = true;
  }
  pen.stroke();
}

// Labels at the ends of some lines, evenly chosen where there is no room for all.
function label(pen, some) {
  const { left, top, width, height } = state.box;
  const most = Math.min(20, Math.max(1, Math.floor(height / 15)));
  let tags = some.map((i) => ({ i, y: state.pixels[i][state.pixels[i].length - 1] })).filter((t) => !isNaN(t.y)).sort((a, b) => a.y - b.y);
  if (tags.length > most) tags = tags.filter((_, i) => i % Math.ceil(tags.length / most) === 0);
  let free = top + 6;
  for (const tag of tags) free = (tag.at = Math.max(tag.y, free)) + 15;
  free = top + height + 6;
  for (const tag of [...tags].reverse()) free = (tag.at = Math.min(tag.at, free)) - 15;
  pen.textAlign = "left"; pen.textBaseline = "middle";
  for (const { i, y, at } of tags) {
    pen.strokeStyle = pen.fillStyle = colorOf(state.shown[i]);
    pen.lineWidth = 1;
    pen.beginPath(); pen.moveTo(left + width + 2, y); pen.lineTo(left + width + 12, at); pen.stroke();
    pen.fillText(cut(pen, labelOf(state.shown[i]), plot.clientWidth - left - width - 18), left + width + 15, at);
  }
}

function cut(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  // names differ at their ends
  const at = (keep) => text.slice(0, Math.ceil(keep / 2)) + "…" + text.slice(text.length - Math.floor(keep / 2));
  let keep = text.length - 1;
  while (keep > 3 && pen.measureText(at(keep)).width > room) keep--;
  return at(keep);
}

function drawLines() {
  const width = plot.parentElement.clientWidth, height = Math.max(300, Math.min(460, 0.55 * width));
  const pen = fitCanvas(plot, width, height);
  fitCanvas(over, width, height);
  const right = width < 560 ? 92 : 170;
  state.box = { left: 52, top: 22, width: width - 52 - right, height: height - 66 };
  state.order = new Map([...new Set(state.shown.map((line) => line.m))].map((m, i) => [m, i]));
  place();
  frame(pen, state.box, state.x, state.y, [controls.time.selectedOptions[0].text, "ratio, largest / median magnitude"]);
  pen.lineJoin = "round";
  pen.globalAlpha = state.shown.length > 60 ? 0.55 : 1;
  pen.lineWidth = state.shown.length > 60 ? 1 : 1.8;
  state.pixels.forEach((pixels, i) => { pen.strokeStyle = colorOf(state.shown[i]); trace(pen, pixels); });
  pen.globalAlpha = 1;
  label(pen, state.shown.map((_, i) => i));
  drawOver();
}

// dims the rest and draws what is pinned or pointed at
function drawOver() {
  const pen = over.getContext("2d"), { left, top, width, height } = state.box;
  pen.clearRect(0, 0, over.width, over.height);
  const bright = new Set(state.pinned);
  if (state.at) bright.add(state.at.line);
  if (bright.size === 0) return;
  pen.globalAlpha = 0.75; pen.fillStyle = ink("plate");
  pen.fillRect(left + 1, top + 1, width - 1, height - 1);
  pen.globalAlpha = 1;
  pen.fillRect(left + width + 1, 0, over.clientWidth - left - width - 1, over.clientHeight);
  const some = [...bright].map((line) => state.shown.indexOf(line)).filter((i) => i >= 0);
  for (const i of some) {
    pen.strokeStyle = colorOf(state.shown[i]);
    pen.lineWidth = 3;
    trace(pen, state.pixels[i]);
  }
  label(pen, some);
  if (state.at) spot(pen);
}

function spot(pen) {
  const { line, i } = state.at, p = state.pixels[state.shown.indexOf(line)];
  const error = errorOf(line, i), y = (v) => state.box.top + state.box.height * (1 - state.y.place(v));
  pen.lineWidth = 1.5;
  pen.fillStyle = colorOf(line);
  pen.strokeStyle = ink("ink");
  if (isFinite(error)) {
    const low = Math.max(ratiosOf(line)[i] - 2 * error, state.y.low);
    pen.beginPath(); pen.moveTo(p[2 * i], y(low)); pen.lineTo(p[2 * i], y(ratiosOf(line)[i] + 2 * error)); pen.stroke();
  }
  pen.beginPath(); pen.arc(p[2 * i], p[2 * i + 1], 5, 0, 7); pen.fill(); pen.stroke();
}
