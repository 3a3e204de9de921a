// Wakes the page: without this script the static figures and tables stand as they are.

root.classList.add("live");
if (lines.length) {
  fill();
  document.getElementById("explore").hidden = false;
  document.getElementById("heat-live").hidden = false;
  for (const id of ["model", "layer", "corpus", "value", "time", "x", "y"]) controls[id].addEventListener("change", updateLines);
  controls.switch.addEventListener("change", () => { values(); updateLines(); });
  updateLines();
  drawHeat();
  redraws.push(drawLines, drawHeat, () => { if (dialog.open) openFit(opened); });
  let last = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== last) { last = innerWidth; drawLines(); drawHeat(); } });
}
document.querySelectorAll("table.live").forEach(live);
addEventListener("beforeprint", () => {
  document.querySelectorAll("table.live").forEach(rest);
  // Chromium does not repeat a heading with buttons on every page
  for (const head of document.querySelectorAll("th > button")) head.replaceWith(head.textContent);
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
});
addEventListener("afterprint", () => document.querySelectorAll("table.live").forEach(headings));
button.textContent = dark() ? "Light page" : "Dark page";
