// Functions for both pages: elements, numbers, small pictures. Texts of the database become text nodes, never HTML.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

/** Makes an element. Attributes that are functions listen to the event of that name; `null` and `false` are left out. */
function make(namespace, name, attributes, children) {
  const element = namespace ? document.createElementNS(namespace, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

const h = (name, attributes, ...children) => make(null, name, attributes, children);
const svg = (name, attributes, ...children) => make("http://www.w3.org/2000/svg", name, attributes, children);

const count = (n) => n.toLocaleString("en-US");
const plural = (n, thing) => `${count(n)} ${thing}${n === 1 ? "" : "s"}`;
const percent = (share) => (share > 0 && share < 0.01 ? "under 1 %" : `${Math.round(share * 100)} %`);

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const unit = n > 0 ? Math.min(Math.floor(Math.log2(n) / 10), units.length - 1) : 0;
  const number = n / 2 ** (10 * unit);
  return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${units[unit]}`;
}

/** Bars of equal width; `title` describes the picture in words. */
function bars(counts, title) {
  const most = Math.max(...counts, 1);
  const width = 96 / counts.length;
  const bar = (n, i) => {
    const height = n === 0 ? 0 : Math.max((n / most) * 24, 1);
    return svg("rect", { x: i * width, y: 24 - height, width: Math.max(width - 1, 0.5), height });
  };
  return svg("svg", { class: "bars", viewBox: "0 0 96 24", preserveAspectRatio: "none", role: "img", "aria-label": title }, svg("title", {}, title), counts.map(bar));
}

/** A section with a heading; nothing if there is no content. */
function section(title, ...content) {
  const children = content.flat().filter(Boolean);
  return children.length === 0 ? null : h("section", {}, h("h3", {}, title), children);
}

const list = (lines) => (lines.length === 0 ? null : h("ul", {}, lines.map((line) => h("li", {}, line))));

/** A table; cells are texts or elements. On narrow screens each cell carries its column's title. */
function grid(titles, rows, attributes) {
  const head = h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title))));
  const cells = (row) => row.map((cell, i) => h("td", { "data-title": titles[i] }, cell));
  return h("div", { class: "scroll", tabindex: 0 }, h("table", attributes, head, h("tbody", {}, rows.map((row) => h("tr", {}, cells(row))))));
}

/** Figures in a row: a number in large, its unit below. */
function figures(pairs) {
  return h("dl", { class: "figures" }, pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
