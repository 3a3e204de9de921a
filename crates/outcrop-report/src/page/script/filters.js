// Which lines are shown: by model, layer, corpus and switch.

const controls = Object.fromEntries(["model", "layer", "corpus", "switch", "value", "time", "x", "y"].map((id) => [id, document.getElementById("by-" + id)]));

function options(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => new Option(text, value)));
}

function distinct(values) {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

// keys of the architecture in which the models differ
const keys = distinct(models.flatMap((m) => Object.keys(m.switches)))
  .filter((key) => new Set(models.map((m) => m.switches[key])).size > 1);

function fill() {
  options(controls.model, [["", models.length > 1 ? "all models" : "the model"], ...models.map((m, i) => [i, m.name])]);
  const deepest = Math.max(...lines.map((line) => line.layer));
  const layers = Array.from({ length: Math.min(deepest, 200) }, (_, i) => [i + 1, "layer " + (i + 1)]);
  options(controls.layer, [["most", "the layer that grew most"], ["all", "all layers"], ["shallow", "first third"],
    ["middle", "middle third"], ["deep", "last third"], ...layers]);
  const corpora = distinct(models.map((m) => m.corpus).filter((c) => c));
  options(controls.corpus, [["", "all corpora"], ...corpora.map((c) => [c, c])]);
  controls.corpus.parentElement.hidden = corpora.length < 2;
  options(controls.switch, [["", "any switch"], ...keys.map((k) => [k, k])]);
  controls.switch.parentElement.hidden = keys.length === 0;
  const times = [["steps", "training step"]];
  if (lines.some((line) => line.tokens)) times.push(["tokens", "tokens"]);
  if (lines.some((line) => line.schedule)) times.push(["schedule", "schedule time"]);
  options(controls.time, times);
  controls.time.parentElement.hidden = times.length < 2;
  if (models.length === 1) controls.layer.value = "all";
  values();
}

function values() {
  const key = controls.switch.value;
  const found = key ? distinct(models.map((m) => m.switches[key] ?? "not set")) : [];
  options(controls.value, [["", "any value"], ...found.map((v) => [v, v])]);
  controls.value.parentElement.hidden = !key;
}

function third(line) {
  const depth = (line.layer - 0.5) / Math.max(line.model.layers, 1);
  return ["shallow", "middle", "deep"][Math.min(2, Math.floor(3 * depth))];
}

function selected() {
  const { model, layer, corpus, switch: key, value } = controls;
  return lines.filter((line) => {
    if (model.value !== "" && line.m !== Number(model.value)) return false;
    if (corpus.value && line.model.corpus !== corpus.value) return false;
    if (key.value && value.value && (line.model.switches[key.value] ?? "not set") !== value.value) return false;
    if (controls.time.value !== "steps" && !line[controls.time.value]) return false;
    if (layer.value === "most") return emergent[line.m] === line;
    return layer.value === "all" || third(line) === layer.value || line.layer === Number(layer.value);
  });
}
