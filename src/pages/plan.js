// The page of a plan: figures, the picture, one table in full, the list of all tables.
"use strict";

const tables = data.tables;
const labels = shortNames(tables.map((table) => table.name));
const byName = new Map(tables.map((table, i) => [table.name, i]));
const links = tables.flatMap((table, from) =>
  table.references
    .filter(({ to }) => to !== null)
    .map(({ to, back, columns }) => ({ from, to, back, text: `${labels[from]} (${columns.join(", ")}) refers to ${labels[to]}` })),
);
const children = tables.map(() => []);
for (const { from, to } of links) if (from !== to && !children[to].includes(from)) children[to].push(from);

/** Names without their schema, where all tables are of one. */
function shortNames(names) {
  const schema = (name) => name.slice(0, name.indexOf(".") + 1);
  const same = names.every((name) => schema(name) === schema(names[0]));
  return names.map((name) => (same ? name.slice(schema(name).length) : name));
}

/** A link to a table of the plan; for others their name. */
function link(i, name) {
  return i === null ? name : h("a", { href: `#${encodeURIComponent(tables[i].name)}` }, labels[i]);
}

function distribution(values) {
  if (values === null) return h("span", { class: "soft" }, "by the server");
  const parts = [];
  if (values.top) {
    const shown = values.top.slice(0, 4);
    const rest = values.distinct - shown.length;
    parts.push(
      shown.map(([text, share]) => h("div", { class: "share" }, h("span", { class: "value" }, text === "" ? "''" : text), h("meter", { value: share, "aria-label": "share" }), h("span", { class: "soft" }, percent(share)))),
      rest > 0 && h("div", { class: "soft" }, `and ${count(rest)} more`),
    );
  } else {
    const { from, to, bars: rows } = values.values ?? values.lengths;
    const what = values.lengths ? "characters" : "values";
    parts.push(bars(rows, `rows by ${what}, from ${from} to ${to}`), h("div", { class: "axis" }, h("span", {}, from), h("span", {}, values.lengths ? `${to} characters` : to)));
  }
  if (values.nulls > 0) parts.push(h("div", { class: "soft" }, `${percent(values.nulls)} NULL`));
  return h("div", { class: "distribution" }, parts.flat());
}

function fanOut(rows) {
  if (rows === null) return null;
  const title = rows.bars.map(([children, parents]) => `${plural(parents, "parent")} with ${children}`).join("; ");
  return h(
    "div",
    { class: "distribution" },
    bars(rows.bars.map(([, parents]) => parents), title),
    h("div", { class: "axis" }, h("span", {}, "0"), h("span", {}, `${count(rows.most)} for a parent`)),
    h("div", { class: "soft" }, `median ${count(rows.median)}, of ${plural(rows.parents, "parent")}`),
  );
}

function facts(table) {
  return figures([
    ["rows", count(table.rows)],
    table.existing > 0 && ["in the table before", count(table.existing)],
    ["level", table.level],
    table.estimate && ["estimate", table.estimate.text],
    table.estimate && ["on disk", bytes(table.estimate.bytes + table.estimate.indexes)],
  ]);
}

function sample(table) {
  if (table.sample.length === 0) return null;
  const cell = (value) => (value === null ? h("span", { class: "soft" }, "NULL") : value);
  const titles = table.sent.map((c) => table.columns[c].name);
  return grid(titles, table.sample.map((row) => row.map(cell)), { class: "sample" });
}

/** One table in full. */
function details(i) {
  const table = tables[i];
  const limited = table.limited_by && `${count(table.rows)} of ${count(table.requested)} rows that were asked for: ${table.limited_by}`;
  const name = (column) => [h("b", {}, column.name), h("div", { class: "soft" }, column.type)];
  const columns = table.columns.map((c) => [h("div", {}, name(c)), h("div", {}, c.rule, h("div", { class: "soft" }, c.reason)), distribution(c.values)]);
  const references = table.references.map((r) => [r.columns.join(", "), h("div", {}, link(r.to, r.parent), h("div", { class: "soft" }, r.reason)), fanOut(r.rows) ?? ""]);
  const keys = table.keys.map((k) => [`${k.name}${k.primary ? " (primary key)" : ""}`, k.columns.join(", "), k.how, k.capacity === null ? "no limit" : BigInt(k.capacity).toLocaleString("en-US")]);
  const referred = children[i].map((child) => h("li", {}, link(child)));
  return h(
    "article",
    { class: "details" },
    h("h2", { tabindex: -1 }, table.name),
    facts(table),
    [limited, ...table.warnings].filter(Boolean).map((text) => h("p", { class: "warning" }, text)),
    section("Columns", grid(["column", "rule and reason", "values of a sample"], columns, { class: "cards" })),
    section("The first rows", sample(table)),
    section("References", references.length > 0 && grid(["columns", "parent", "rows for each parent"], references, { class: "cards" })),
    section("Tables that refer to it", referred.length > 0 && h("ul", { class: "inline" }, referred)),
    section("Keys", keys.length > 0 && grid(["key", "columns", "why it is unique", "holds"], keys, { class: "cards" })),
    section("Loading", list(table.load)),
  );
}

function overview() {
  const unsolved = tables.filter((table) => table.warnings.length > 0).length;
  const limited = tables.filter((table) => table.limited_by !== null).length;
  return h(
    "header",
    {},
    h("h1", {}, "Plan of ", h("span", { class: "target" }, data.target)),
    h("p", { class: "soft" }, `${data.server}; seed ${data.seed}, now ${data.now}; dbmocker ${data.version}`),
    figures([
      ["tables", count(tables.length)],
      ["rows", count(data.rows)],
      ["dependency levels", data.levels],
      ["on disk", bytes(data.estimate.bytes + data.estimate.indexes)],
      limited > 0 && ["limited", count(limited)],
      unsolved > 0 && ["with warnings", count(unsolved)],
    ]),
    h("p", {}, data.estimate.text),
    data.shortened && h("p", { class: "soft" }, data.shortened),
    h("details", { open: true }, h("summary", {}, "Switched off, locked, dropped meanwhile"), list(data.meanwhile) ?? "nothing"),
    data.left_out.length > 0 && h("details", { open: true }, h("summary", {}, "Left out"), list(data.left_out)),
    data.cycles.length > 0 && h("details", {}, h("summary", {}, "Cycles of references, each one transaction"), list(data.cycles.map((cycle) => cycle.join(", ")))),
    data.processes && h("p", {}, `Worker processes: ${data.processes}`),
  );
}

/** The list of all tables. */
function all() {
  const row = (table, i) =>
    h(
      "tr",
      { "data-table": i },
      h("td", { "data-title": "level" }, table.level),
      h("td", { "data-title": "table" }, link(i)),
      h("td", { "data-title": "rows", class: "number" }, count(table.rows)),
      h("td", { "data-title": "columns", class: "number" }, table.columns.length),
      h("td", { "data-title": "on disk", class: "number" }, table.estimate ? bytes(table.estimate.bytes + table.estimate.indexes) : ""),
      h("td", { "data-title": "note" }, table.limited_by ?? table.warnings[0] ?? ""),
    );
  const titles = ["level", "table", "rows", "columns", "on disk", "note"];
  return h("table", { class: "all" }, h("thead", {}, h("tr", {}, titles.map((t) => h("th", { scope: "col" }, t)))), h("tbody", {}, tables.map(row)));
}

/** Positions of the tables at most `steps` references away from `i`. */
function around(i, steps) {
  const found = new Set([i]);
  for (let step = 0; step < steps; step++) {
    const more = links.filter(({ from, to }) => found.has(from) || found.has(to));
    more.forEach(({ from, to }) => found.add(from).add(to));
  }
  return [...found].sort((a, b) => a - b);
}

/** A test for tables whose name, or one of whose columns, has the text. */
function finder(text) {
  const wanted = text.trim().toLowerCase();
  const has = (name) => name.toLowerCase().includes(wanted);
  return (i) => has(tables[i].name) || tables[i].columns.some((column) => has(column.name));
}

function start() {
  const everything = tables.map((_, i) => i);
  const panel = h("div", { id: "table" });
  const found = h("span", { role: "status", class: "soft" });
  const listed = all();
  const lines = [...listed.querySelectorAll("tbody tr")];
  const open = (i) => (location.hash === `#${encodeURIComponent(tables[i].name)}` ? choose() : (location.hash = encodeURIComponent(tables[i].name)));
  const host = h("div");
  const steps = h("select", { "aria-label": "Tables in the picture", change: draw }, [
    ["", "all tables"],
    ["1", "its neighbours"],
    ["2", "two steps around it"],
    ["3", "three steps around it"],
  ].map(([value, text]) => h("option", { value }, text)));
  const search = h("input", { type: "search", id: "search", placeholder: "table or column", "aria-label": "Find a table or a column", input: find, keydown: (e) => e.key === "Enter" && openFirst() });

  function chosen() {
    let name;
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      return null;
    }
    return byName.get(name) ?? null;
  }

  function draw() {
    const i = chosen();
    picture.draw(i === null || steps.value === "" ? everything : around(i, Number(steps.value)));
    find();
  }

  function find() {
    const has = finder(search.value);
    const hits = everything.filter(has);
    lines.forEach((line, i) => (line.hidden = !has(i)));
    picture.filter(has);
    found.textContent = search.value.trim() === "" ? "" : plural(hits.length, "table");
    return hits;
  }

  function openFirst() {
    const wanted = search.value.trim().toLowerCase();
    const hits = find();
    const best = hits.find((i) => labels[i].toLowerCase() === wanted) ?? hits.find((i) => tables[i].name.toLowerCase().includes(wanted)) ?? hits[0];
    if (best !== undefined) open(best);
  }

  /** Shows the table that the address names. */
  function choose() {
    const i = chosen();
    steps.disabled = i === null;
    picture.select(i);
    if (i === null) return panel.replaceChildren(h("p", { class: "soft" }, "Click a table in the picture or in the list, or search for one."));
    panel.replaceChildren(details(i));
    if (steps.value !== "") draw();
    picture.focus = i;
    picture.reveal(i);
    const heading = panel.querySelector("h2");
    heading.focus({ preventScroll: true });
    if (heading.getBoundingClientRect().top > window.innerHeight * 0.85 || heading.getBoundingClientRect().top < 0) heading.scrollIntoView({ block: "center" });
  }

  const button = (text, title, click) => h("button", { type: "button", title, "aria-label": title, click }, text);
  const tools = h(
    "div",
    { class: "tools" },
    search,
    found,
    h("span", { class: "space" }),
    steps,
    button("−", "Zoom out", () => picture.zoom(1 / 1.4)),
    button("all", "Show the whole picture", () => picture.fit()),
    button("+", "Zoom in", () => picture.zoom(1.4)),
  );
  const paper = h("div", { class: "paper" });
  document.getElementById("page").append(overview(), tools, host, panel, h("h2", {}, "All tables"), listed, paper);
  const picture = new Picture(host, tables, links, labels, open);
  draw();
  choose();
  window.addEventListener("hashchange", choose);
  window.addEventListener("resize", () => picture.fit());
  // Links do not work on paper, so all tables are printed in full.
  window.addEventListener("beforeprint", () => paper.replaceChildren(...everything.map(details)));
  window.addEventListener("afterprint", () => paper.replaceChildren());
}

start();
