// Light, dark, or as the system has it; colours of the canvas.

const root = document.documentElement;
const redraws = [];
const wanted = matchMedia("(prefers-color-scheme: dark)");

function dark() {
  return root.style.colorScheme ? root.style.colorScheme === "dark" : wanted.matches;
}

function ink(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

const OKABE = [["#0072b2", "#4fb0ec"], ["#d55e00", "#ff8b3d"], ["#009e73", "#2fcfa2"], ["#b3588e", "#e08fc0"],
  ["#b07700", "#e69f00"], ["#3b8fc4", "#86d0ff"], ["#000000", "#f0f0f0"]];
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

function mix(a, b, t) {
  const part = (c, i) => parseInt(c.slice(1 + 2 * i, 3 + 2 * i), 16);
  return "#" + [0, 1, 2].map((i) => Math.round(part(a, i) + (part(b, i) - part(a, i)) * t).toString(16).padStart(2, "0")).join("");
}

function viridis(t) {
  if (!isFinite(t)) return dark() ? "#3a3f45" : "#d9d9d9";
  const at = Math.min(Math.max(t, 0), 1) * (VIRIDIS.length - 1), i = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return mix(VIRIDIS[i], VIRIDIS[i + 1], at - i);
}

// the colour of item i of n; ordered items keep clear of the end of the map that the plate swallows
function color(i, n, ordered) {
  if (!ordered && n <= OKABE.length) return OKABE[i][dark() ? 1 : 0];
  const t = n > 1 ? i / (n - 1) : 0;
  return dark() ? mix(viridis(0.22 + 0.78 * t), "#ffffff", 0.12) : viridis(0.8 * t);
}

function paintTheme() {
  button.textContent = dark() ? "Light page" : "Dark page";
  redraws.forEach((redraw) => redraw());
}

const button = document.getElementById("theme");
button.hidden = false;
button.addEventListener("click", () => {
  root.style.colorScheme = dark() ? "light" : "dark";
  paintTheme();
});
wanted.addEventListener("change", paintTheme);
