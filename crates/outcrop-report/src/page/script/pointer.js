// What the pointer and the keys do to the lines.

function nearest(x, y) {
  let best = null, least = 40 * 40;
  state.pixels.forEach((p, k) => {
    for (let i = 0; i < p.length; i += 2) {
      const dx = p[i] - x, dy = p[i + 1] - y, far = dx * dx + dy * dy;
      if (far < least) { least = far; best = { line: state.shown[k], i: i / 2 }; }
    }
    // between two points, the line itself
    for (let i = 2; i < p.length; i += 2) {
      if (p[i] < x || p[i - 2] > x || p[i] === p[i - 2]) continue;
      const dy = p[i - 1] + (p[i + 1] - p[i - 1]) * (x - p[i - 2]) / (p[i] - p[i - 2]) - y;
      if (dy * dy < least) { least = dy * dy; best = { line: state.shown[k], i: (x - p[i - 2] < p[i] - x ? i - 2 : i) / 2 }; }
    }
  });
  return best;
}

function sentence({ line, i }) {
  const error = errorOf(line, i), unit = controls.time.value;
  const time = unit === "steps" ? "" : `, ${digits(timesOf(line)[i])} ${unit === "tokens" ? "tokens" : "in schedule time"}`;
  const wide = isFinite(error) ? ` ± ${digits(error, 2)} (standard error over sequences)` : "";
  return `${line.model.name}, layer ${line.layer}, step ${line.steps[i]}${time}: ratio ${digits(ratiosOf(line)[i])}${wide}`;
}

function look(at) {
  state.at = at;
  readout.textContent = at ? sentence(at) + (state.pinned.has(at.line) ? " – pinned" : "") : RESTING;
  drawOver();
  for (const row of document.querySelectorAll("#lines-table tbody tr")) row.classList.toggle("lit", !!at && Number(row.dataset.line) === at.line.index);
}

function pin(line) {
  if (!state.pinned.delete(line)) state.pinned.add(line);
  look(state.at);
}

let waiting = false;
over.addEventListener("pointermove", (event) => {
  if (waiting) return;
  waiting = true;
  const { offsetX, offsetY } = event;
  requestAnimationFrame(() => { waiting = false; look(nearest(offsetX, offsetY)); });
});
over.addEventListener("pointerleave", () => look(null));
over.addEventListener("click", (event) => {
  const at = nearest(event.offsetX, event.offsetY);
  if (at) { state.at = at; pin(at.line); } else { state.pinned.clear(); look(null); }
});
over.addEventListener("keydown", (event) => {
  const at = state.at || (state.shown.length && { line: state.shown[0], i: state.shown[0].steps.length - 1 });
  if (!at) return;
  const k = state.shown.indexOf(at.line), move = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
  if (event.key === "Enter") pin(at.line);
  else if (event.key === "Escape") { state.pinned.clear(); look(null); }
  else if (move) {
    const line = state.shown[(k + move[0] + state.shown.length) % state.shown.length];
    look({ line, i: Math.min(Math.max(at.i + move[1], 0), line.steps.length - 1) });
  } else return;
  event.preventDefault();
});

const MOST_ROWS = 300;

function lineRow(line) {
  const [first, last, most, at] = ends(line), row = document.createElement("tr");
  row.dataset.line = line.index;
  const best = (curves.get(line.index) || []).find((c) => c.best);
  const cells = [line.model.name, line.layer, digits(first), digits(last), digits(most), line.steps[at] ?? "–", digits(last / first, 3) + "×", best ? best.name : "–", best ? digits(best.r2, 3) : "–"];
  cells.forEach((text, i) => {
    const cell = row.insertCell();
    cell.textContent = text;
    if (i > 0 && i !== 7) cell.className = "number";
  });
  const open = document.createElement("button");
  open.type = "button";
  open.textContent = "fit";
  open.setAttribute("aria-label", `the fit of ${line.model.name}, layer ${line.layer}`);
  open.addEventListener("click", () => openFit(line));
  row.insertCell().append(open);
  row.addEventListener("pointerenter", () => look({ line, i: line.steps.length - 1 }));
  row.addEventListener("pointerleave", () => look(null));
  return row;
}

function updateLines() {
  state.shown = selected();
  state.at = null;
  const body = document.querySelector("#lines-table tbody");
  const order = [...state.shown].sort((a, b) => ends(b)[1] - ends(a)[1]);
  body.replaceChildren(...order.slice(0, MOST_ROWS).map(lineRow));
  const rest = order.length - Math.min(order.length, MOST_ROWS);
  document.getElementById("lines-count").textContent = `${order.length} of ${lines.length} lines` + (rest ? `; the table has the ${MOST_ROWS} highest` : "");
  drawLines();
  readout.textContent = RESTING;
}
