// Heat maps over relative depth and models; a cell opens the fit of its layer.

const heat = document.getElementById("heat"), heatSays = document.getElementById("heat-says"), by = document.getElementById("heat-by");
const map = {
  rows: models.map((model, m) => ({ model, lines: lines.filter((line) => line.m === m) })).filter((row) => row.lines.length),
  cell: null,
  box: null,
};
const KINDS = {
  largest: { name: "largest ratio", kind: "log", of: (line) => ends(line)[2] },
  when: { name: "step of the largest ratio", kind: "log", zero: true, of: (line) => line.steps[ends(line)[3]] ?? NaN },
  growth: { name: "growth, last / first", kind: "log", of: growth },
  r2: { name: "R² of the best fit", kind: "linear", of: (line) => { const c = (curves.get(line.index) || []).find((c) => c.best); return c && c.r2 !== null ? Math.max(c.r2, -1) : NaN; } },
};

function drawHeat() {
  const kind = KINDS[by.value], width = heat.parentElement.clientWidth;
  const tall = Math.max(5, Math.min(22, Math.floor(1100 / map.rows.length)));
  const left = width < 560 ? 96 : 180, right = 84, top = 8, height = tall * map.rows.length;
  const pen = fitCanvas(heat, width, height + top + 46);
  map.box = { left, top, width: width - left - right, height, tall };
  const axis = scale(lines.map(kind.of), kind.kind, kind.zero);
  pen.textBaseline = "middle";
  map.rows.forEach((row, r) => {
    const y = top + r * tall;
    if (tall >= 12 || r % Math.ceil(12 / tall) === 0) {
      pen.fillStyle = ink("ink"); pen.textAlign = "right";
      pen.fillText(cut(pen, row.model.name, left - 10), left - 6, y + tall / 2);
    }
    for (const line of row.lines) {
      const [a, b] = [line.layer - 1, line.layer].map((l) => left + Math.round(map.box.width * l / Math.max(row.model.layers, 1)));
      pen.fillStyle = viridis(axis.place(kind.of(line)));
      pen.fillRect(a, y, b - a, Math.max(tall - 1, 1));
    }
  });
  pen.fillStyle = ink("ink"); pen.textAlign = "center"; pen.textBaseline = "top";
  for (const t of [0, 0.25, 0.5, 0.75, 1]) pen.fillText(String(t), left + map.box.width * t, top + height + 4);
  pen.fillText("relative depth, layer / layers", left + map.box.width / 2, top + height + 22);
  bar(pen, axis, width - right + 14, top, Math.min(height, 260));
  if (map.cell) outline(pen);
}

function bar(pen, axis, x, top, height) {
  for (let i = 0; i < height; i++) { pen.fillStyle = viridis(1 - i / height); pen.fillRect(x, top + i, 14, 1.5); }
  pen.fillStyle = ink("ink"); pen.textAlign = "left"; pen.textBaseline = "middle";
  for (const tick of apart(axis, height, () => 12)) pen.fillText(short(tick), x + 19, top + height * (1 - axis.place(tick)));
}

function outline(pen) {
  const { left, top, width, tall } = map.box, r = map.rows.findIndex((row) => row.model === map.cell.model);
  const [a, b] = [map.cell.layer - 1, map.cell.layer].map((l) => left + Math.round(width * l / Math.max(map.cell.model.layers, 1)));
  pen.lineWidth = 2; pen.strokeStyle = ink("ink");
  pen.strokeRect(a, top + r * tall - 1, b - a, tall + 1);
}

function cellAt(x, y) {
  const { left, top, width, tall } = map.box, row = map.rows[Math.floor((y - top) / tall)];
  if (!row || x < left || x >= left + width) return null;
  const layer = 1 + Math.floor((x - left) / width * row.model.layers);
  return row.lines.find((line) => line.layer === layer) || null;
}

const HEAT_RESTING = heatSays.textContent;

function point(line) {
  if (line === map.cell) return;
  map.cell = line;
  heatSays.textContent = line ? `${line.model.name}, layer ${line.layer}: ${KINDS[by.value].name} ${digits(KINDS[by.value].of(line))}` : HEAT_RESTING;
  drawHeat();
}

heat.addEventListener("pointermove", (event) => point(cellAt(event.offsetX, event.offsetY)));
heat.addEventListener("pointerleave", () => point(null));
heat.addEventListener("click", (event) => { const line = cellAt(event.offsetX, event.offsetY); if (line) openFit(line); });
heat.addEventListener("keydown", (event) => {
  const now = map.cell || map.rows[0].lines[0], r = map.rows.findIndex((row) => row.model === now.model), l = map.rows[r].lines.indexOf(now);
  const row = map.rows[Math.min(Math.max(r + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] || 0), 0), map.rows.length - 1)];
  if (event.key === "Enter") openFit(now);
  else if (event.key.startsWith("Arrow")) point(row.lines[Math.min(Math.max(l + ({ ArrowRight: 1, ArrowLeft: -1 }[event.key] || 0), 0), row.lines.length - 1)]);
  else return;
  event.preventDefault();
});
by.addEventListener("change", drawHeat);
