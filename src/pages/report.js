// The page of a report: figures, charts over time, waits, a timeline of the tables' parts, the verification.
"use strict";

const seconds = (n) => (n >= 120 ? `${Math.floor(n / 60)} min ${Math.round(n % 60)} s` : `${n.toFixed(n < 10 ? 2 : 1)} s`);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Rows a second between samples. */
function rates(samples) {
  return samples.map((s, i) => {
    const before = samples[i - 1];
    const time = before ? s.seconds - before.seconds : 0;
    return time > 0 ? Math.max(s.rows - before.rows, 0) / time : null;
  });
}

/** A chart over the time of the run; `lines` are (title, variable of the colour, values). */
function chart(host, times, lines, format) {
  const axis = { stroke: () => color("--soft"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { stroke: () => color("--line") } };
  const series = lines.map(([label, variable]) => ({ label, stroke: () => color(variable), width: 2, value: (_, v) => (v === null || v === undefined ? "-" : format(v)) }));
  const size = () => ({ width: Math.max(host.clientWidth, 240), height: 220 });
  const plot = new uPlot(
    {
      ...size(),
      scales: { x: { time: false }, y: { range: (_, least, most) => [0, Math.max(most, 1) * 1.05] } },
      series: [{ label: "after", value: (_, v) => (v === null || v === undefined ? "-" : seconds(v)) }, ...series],
      axes: [{ ...axis, values: (_, ticks) => ticks.map((v) => `${v} s`) }, { ...axis, size: 90, values: (_, ticks) => ticks.map(format) }],
    },
    [times, ...lines.map(([, , values]) => values)],
    host,
  );
  window.addEventListener("resize", () => plot.setSize(size()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
}

function overview() {
  const { totals } = data;
  return h(
    "header",
    {},
    h("h1", {}, `Report of ${data.command} `, h("span", { class: "target" }, data.target)),
    h("p", { class: "soft" }, `${data.server ? `${data.server}; ` : ""}seed ${data.seed}, now ${data.now}; dbmocker ${data.version}`),
    figures([
      ["tables", count(data.tables.length)],
      ["rows", count(totals.rows)],
      ["seconds", totals.seconds.toFixed(2)],
      ["rows a second", count(Math.round(totals.rows_per_second))],
      ["sent", bytes(totals.bytes)],
      data.peak_memory > 0 && ["peak memory", bytes(data.peak_memory)],
      data.processes > 1 && ["worker processes", count(data.processes)],
      data.workers_peak_memory > 0 && ["memory of the worker processes", bytes(data.workers_peak_memory)],
      data.spilled > 0 && ["spilled to disk", `${bytes(data.spilled)}, at most ${bytes(data.spilled_at_once)} at once`],
    ]),
    data.verified && h("p", { class: data.verified.passed ? "passed" : "failed" }, `verified: ${data.verified.text}`),
    data.verified && list(data.verified.findings),
    data.left_out_lines.length > 0 && h("details", { open: true }, h("summary", {}, "Left out"), list(data.left_out_lines)),
    data.notes.length > 0 && h("details", { open: true }, h("summary", {}, "Notes"), list(data.notes)),
  );
}

function waits() {
  const w = data.waits;
  const rows = [
    ["connections or files at work", w.at_work],
    ["the server waited for generation", w.server_for_rows],
    ["the server waited for spilled rows", w.server_for_disk],
    ["rows waited for the server", w.rows_for_server],
    ["rows waited for the disk", w.rows_for_disk],
    ["files waited for generation", w.disk_for_rows],
    ["generation waited for memory", w.rows_for_memory],
  ].filter(([, time]) => time > 0);
  if (rows.length === 0) return null;
  const most = Math.max(...rows.map(([, time]) => time));
  const line = ([title, time]) => h("tr", {}, h("td", {}, title), h("td", {}, h("meter", { value: time / most, "aria-label": title })), h("td", { class: "number" }, seconds(time)));
  return [h("p", {}, data.bottleneck ? `Bottleneck: ${data.bottleneck}.` : "No wait was long."), h("table", { class: "waits" }, h("tbody", {}, rows.map(line)))];
}

/** Each table's tasks over time, a line for each table, a colour for each connection or process. */
function timeline(width) {
  const tasks = data.tasks.filter((task) => task.to > task.from);
  if (tasks.length === 0) return null;
  const tables = [...new Set(tasks.map((task) => task.table))];
  const end = Math.max(...tasks.map((task) => task.to));
  const left = Math.min(230, width * 0.36);
  const at = (time) => left + (time / end) * (width - left - 8);
  const row = new Map(tables.map((table, i) => [table, 24 + i * 20]));
  const most = Math.floor(left / 7.2);
  const short = (name) => (name.length > most ? `…${name.slice(1 - most)}` : name);
  const label = (table) => svg("text", { x: 0, y: row.get(table) + 12 }, svg("title", {}, table), short(table));
  const bar = (task) => {
    const title = `${task.table}: ${task.work}${task.rows > 0 ? `, ${plural(task.rows, "row")}` : ""}, ${seconds(task.to - task.from)} from ${seconds(task.from)}, connection ${task.hand + 1}`;
    const rows = task.work === "open" || task.work === "close" ? " ends" : "";
    return svg("rect", { class: `hand${task.hand % 4}${rows}`, x: at(task.from), y: row.get(task.table) + 2, width: Math.max(at(task.to) - at(task.from) - 0.5, 1), height: 13, rx: 2 }, svg("title", {}, title));
  };
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => [svg("line", { x1: at(end * part), x2: at(end * part), y1: 18, y2: 24 + tables.length * 20 }), svg("text", { class: "axis", x: at(end * part), y: 12, "text-anchor": part === 1 ? "end" : "middle" }, seconds(end * part))]);
  return svg("svg", { class: "times", role: "img", "aria-label": "When each table was loaded", height: 30 + tables.length * 20 }, ticks.flat(), tables.map(label), tasks.map(bar));
}

function tableList() {
  const line = (t) => [t.name, count(t.rows), bytes(t.bytes), t.seconds.toFixed(2), count(Math.round(t.rows_per_second)), t.limited_by ? `of ${count(t.requested)}: ${t.limited_by}` : ""];
  return grid(["table", "rows", "sent", "seconds", "rows a second", "note"], data.tables.map(line), { class: "cards" });
}

function start() {
  const page = document.getElementById("page");
  const [rows, memory, times] = [h("div", { class: "chart" }), h("div", { class: "chart" }), h("div")];
  const sampled = data.samples.length > 2;
  page.append(
    overview(),
    ...[
      sampled && section("Rows a second", rows),
      sampled && section("Memory and disk", memory),
      section("Who waited for whom", waits()),
      data.tasks.length > 0 && section("When each table was loaded", times),
      section("Tables", tableList()),
    ].filter(Boolean),
  );
  if (sampled) {
    const after = data.samples.map((s) => s.seconds);
    chart(rows, after, [["rows a second", "--bar", rates(data.samples)]], (n) => count(Math.round(n)));
    const lines = [["memory of this process", "--bar", data.samples.map((s) => s.memory)]];
    if (data.samples.some((s) => s.disk > 0)) lines.push(["spilled rows on disk", "--warn", data.samples.map((s) => s.disk)]);
    chart(memory, after, lines, bytes);
  }
  const drawTimes = () => times.replaceChildren(timeline(Math.max(times.clientWidth, 280)) ?? "");
  drawTimes();
  window.addEventListener("resize", drawTimes);
}

start();
