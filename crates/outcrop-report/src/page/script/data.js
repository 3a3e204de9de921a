// The data of the page, unpacked; src/page/live/pack.rs says how numbers are packed.
const data = JSON.parse(document.getElementById("data").textContent);

function bytes(text) {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

function words(text) {
  const raw = bytes(text), out = new Uint16Array(raw.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = raw[2 * i] | raw[2 * i + 1] << 8;
  return out;
}

const packed = { ratios: words(data.ratios), errors: bytes(data.errors), curves: words(data.curves) };

const models = data.models.map((m) => ({ ...m, switches: flat(JSON.parse(m.arch)) }));

// {a: {b: 1}} as {"a.b": "1"}
function flat(object, prefix = "", into = {}) {
  for (const [key, value] of Object.entries(object)) {
    if (value !== null && typeof value === "object") flat(value, prefix + key + ".", into);
    else into[prefix + key] = String(value);
  }
  return into;
}

const lines = [];
{
  let ratio = 0, error = 0;
  data.lines.forEach(([m, layer, s, low, high, errors, tokens, schedule], index) => {
    const steps = data.steps[s];
    lines.push({
      index, model: models[m], m, layer, steps, low, high, ratio, error: errors ? error : -1,
      tokens: data.tokens[tokens], schedule: data.schedule[schedule], fit: data.fits[index],
    });
    ratio += steps.length;
    if (errors) error += steps.length;
  });
}

// ratios of a line; NaN where there is none
function ratiosOf(line) {
  if (line.ratios) return line.ratios;
  const out = new Float64Array(line.steps.length);
  for (let i = 0; i < out.length; i++) {
    const code = packed.ratios[line.ratio + i];
    out[i] = code ? Math.exp(line.low + (line.high - line.low) * (code - 1) / 65534) : NaN;
  }
  return line.ratios = out;
}

// standard error of a ratio, or NaN
function errorOf(line, i) {
  const code = line.error < 0 ? 0 : packed.errors[line.error + i];
  return code ? ratiosOf(line)[i] * 1e-5 * 10 ** (6 * (code - 1) / 254) : NaN;
}

// [first, last, largest, index of the largest] of the finite ratios
function ends(line) {
  if (line.ends) return line.ends;
  const known = [...ratiosOf(line)].map((y, i) => [y, i]).filter((p) => p[0] > 0);
  const most = known.reduce((a, b) => (b[0] > a[0] ? b : a), [-Infinity, -1]);
  return line.ends = known.length ? [known[0][0], known[known.length - 1][0], most[0], most[1]] : [NaN, NaN, NaN, -1];
}

function growth(line) {
  const [first, last] = ends(line);
  return last / first;
}

// the layer of each model whose ratio grew most
const emergent = models.map((_, m) => {
  const own = lines.filter((line) => line.m === m && isFinite(growth(line)));
  return own.reduce((a, b) => (!a || growth(b) > growth(a) ? b : a), null);
});

// the curves of a fit: where its numbers begin in the packed array, in the order in which they were written
const curves = new Map();
{
  let at = 0;
  for (const line of lines) {
    for (const [h, best, r2, aicc, weight, grid, low, high, band] of line.fit ? line.fit.fits : []) {
      const steps = grid < 0 ? [] : data.grids[grid];
      const curve = { name: data.hypotheses[h], best, r2, aicc, weight, steps, low, high, band, at };
      if (!curves.has(line.index)) curves.set(line.index, []);
      curves.get(line.index).push(curve);
      at += steps.length * (band ? 3 : 1);
    }
  }
}

// part 0: the values of a curve, 1 and 2: the ends of its band
function valuesOf(curve, part = 0) {
  const from = curve.at + part * curve.steps.length;
  return curve.steps.map((_, i) => {
    const code = packed.curves[from + i];
    return code ? curve.low + (curve.high - curve.low) * (code - 1) / 65534 : NaN;
  });
}
