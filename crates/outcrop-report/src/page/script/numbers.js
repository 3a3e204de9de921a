// Numbers as text, and places along axes.

function digits(value, n = 4) {
  if (value === null || !isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(n)));
}

function short(value) {
  const size = Math.abs(value);
  const trim = (v, unit) => String(Number(v.toPrecision(3))) + unit;
  if (value === 0) return "0";
  if (size < 1e-3) return value.toExponential().replace(/(\.\d\d)\d*e/, "$1e");
  if (size >= 1e12) return value.toExponential(0).replace("e+", "e");
  if (size >= 1e9) return trim(value / 1e9, "B");
  if (size >= 1e6) return trim(value / 1e6, "M");
  if (size >= 1e4) return trim(value / 1e3, "k");
  return trim(value, "");
}

// A scale places values from 0 to 1 and says where its ticks are. On a logarithmic axis with 0, what lies below the
// first value above 0 takes a third of a decade.
function scale(values, kind, zero) {
  let low = Infinity, high = -Infinity, first = Infinity;
  for (const v of values) {
    if (!isFinite(v) || (kind === "log" && !zero && v <= 0)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
    if (v > 0 && v < first) first = v;
  }
  if (!(high >= low)) [low, high, first] = [zero ? 0 : 1, 10, 1];
  if (kind !== "log") return linear(zero ? Math.min(0, low) : low, high, zero);
  return zero && low <= 0 ? withZero(isFinite(first) ? first : 1, high) : logarithmic(low, high, zero);
}

function linear(low, high, exact) {
  const pad = exact ? 0 : 0.04 * (high - low) || 1e-3 * Math.abs(high) || 1;
  const [a, b] = [low - pad, high + pad || 1];
  return { place: (v) => (v - a) / (b - a), ticks: round(a, b), low: a, high: b };
}

function logarithmic(low, high, exact) {
  const pad = exact ? 0 : Math.max(0.04 * Math.log10(high / low), 0.03);
  const a = Math.log10(low) - pad, b = Math.log10(high) + pad + (high > low || pad ? 0 : 1);
  return { place: (v) => (Math.log10(v) - a) / (b - a), ticks: decades(10 ** a, 10 ** b), low: 10 ** a, high: 10 ** b };
}

function withZero(first, high) {
  const place = (v) => (v <= first ? 0.35 * v / first : 0.35 + Math.log10(v / first));
  const all = place(Math.max(high, first * 1.01));
  return { place: (v) => place(v) / all, ticks: [0, ...decades(first, high)], low: 0, high };
}

function decades(low, high) {
  const pick = (parts) => {
    const out = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high) + 1e-9; e++)
      for (const n of parts) if (n * 10 ** e >= low * 0.999 && n * 10 ** e <= high * 1.001) out.push(Number((n * 10 ** e).toPrecision(6)));
    return out;
  };
  const tens = pick([1]), fine = pick([1, 2, 5]);
  return tens.length > 2 ? tens : fine.length > 2 ? fine : round(low, high);
}

function round(low, high, most = 7) {
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= raw) || raw;
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

// Ticks whose labels stand apart on an axis of so many pixels.
function apart(axis, length, width) {
  for (let every = 1; ; every++) {
    const kept = axis.ticks.filter((_, i) => i % every === 0);
    const far = kept.every((t, i) => i === 0 || Math.abs(axis.place(t) - axis.place(kept[i - 1])) * length >= 0.5 * (width(t) + width(kept[i - 1])) + 8);
    if (far) return kept;
  }
}
