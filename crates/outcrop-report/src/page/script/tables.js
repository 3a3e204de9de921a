// Tables: sort by a column, keep the rows with some words, copy, save.

function cells(row) {
  return [...row.cells].map((cell) => cell.textContent.trim());
}

// the number that a cell begins with, such as 143k or 6.6×; NaN for words
function value(text) {
  const found = /^[−-]?\d[\d.]*(e[−-]?\d+)?/.exec(text);
  if (!found) return NaN;
  const unit = { k: 1e3, M: 1e6, B: 1e9 }[text[found[0].length]] || 1;
  return Number(found[0].replace(/−/g, "-")) * unit;
}

function sort(table, column, down) {
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, text: row.cells[column] ? row.cells[column].textContent.trim() : "" }));
  const numeric = rows.some((r) => !isNaN(value(r.text))) && table.tHead.rows[0].cells[column].classList.contains("number");
  const order = (a, b) => {
    if (!numeric) return a.text.localeCompare(b.text, "en", { numeric: true });
    const [x, y] = [value(a.text), value(b.text)];
    return isNaN(x) ? 1 : isNaN(y) ? -1 : x - y;
  };
  rows.sort((a, b) => (down && !(numeric && (isNaN(value(a.text)) || isNaN(value(b.text)))) ? order(b, a) : order(a, b)));
  table.tBodies[0].append(...rows.map((r) => r.row));
  [...table.tHead.rows[0].cells].forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : down ? "descending" : "ascending"));
}

// rows that are kept as data until they are wanted: all of them when a page is printed
function rest(table) {
  const store = document.getElementById(table.id + "-rest");
  if (!store) return;
  const numeric = [...table.tHead.rows[0].cells].map((head) => head.classList.contains("number"));
  for (const texts of JSON.parse(store.textContent)) {
    const row = table.tBodies[0].insertRow();
    texts.forEach((text, i) => {
      const cell = row.insertCell();
      cell.textContent = text;
      if (numeric[i]) cell.className = "number";
    });
  }
  store.remove();
}

function asText(table, between, quote) {
  rest(table);
  const rows = [table.tHead.rows[0], ...[...table.tBodies[0].rows].filter((row) => !row.hidden)];
  return rows.map((row) => cells(row).map(quote).join(between)).join("\n") + "\n";
}

function save(table) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([asText(table, ",", quote)], { type: "text/csv" }));
  link.download = table.id + ".csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

async function copy(table, said) {
  const text = asText(table, "\t", (t) => t.replace(/\s+/g, " "));
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  said.textContent = "Copied";
  setTimeout(() => { said.textContent = "Copy"; }, 1500);
}

function tool(words, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.addEventListener("click", () => does(made));
  return made;
}

// a button in every heading
function headings(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (!head.textContent) return;
    const words = head.textContent;
    const press = tool(words, () => {
      rest(table);
      sort(table, column, head.getAttribute("aria-sort") === "ascending");
    });
    head.replaceChildren(press);
  });
}

function live(table) {
  headings(table);
  const tools = document.createElement("div"), words = document.createElement("input");
  tools.className = "tools";
  words.type = "search";
  words.placeholder = "Keep rows with …";
  words.setAttribute("aria-label", "Keep the rows with these words: " + (table.caption ? table.caption.textContent.slice(0, 60) : table.id));
  words.addEventListener("input", () => {
    rest(table);
    const wanted = words.value.toLowerCase().split(/\s+/).filter((w) => w);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((w) => text.includes(w));
    }
  });
  tools.append(words, tool("Copy", (made) => copy(table, made)), tool("Save CSV", () => save(table)));
  if (document.getElementById(table.id + "-rest")) tools.append(tool("All rows", (made) => { rest(table); made.remove(); }));
  (table.closest(".long") || table.closest(".table")).before(tools);
}
