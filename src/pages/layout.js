// The position of each table in the picture: parents left of their children, in a band for each dependency level.
"use strict";

const BOX = { width: 168, height: 38, right: 22, below: 10, band: 56, top: 30 };

/**
 * Places tables. `shown`: their positions in `tables`; `ratio`: width by height of the screen. Levels are those of the plan; within a level, tables are ordered by the
 * mean place of the tables that they are linked to, which keeps lines short, and wrapped into columns, so that the whole has
 * the shape of a screen. Tables without links follow below.
 */
function layOut(tables, shown, links, ratio) {
  const linked = new Map(shown.map((i) => [i, []]));
  for (const { from, to } of links) {
    if (from === to || !linked.has(from) || !linked.has(to)) continue;
    linked.get(from).push(to);
    linked.get(to).push(from);
  }
  const lone = shown.filter((i) => linked.get(i).length === 0);
  const levels = byLevel(tables, shown.filter((i) => linked.get(i).length > 0));
  order(levels, linked);

  const most = rowsFor(levels.map((level) => level.length).concat(lone.length > 0 ? [0] : []), ratio);
  const places = new Map();
  const bands = [];
  let x = 0;
  let height = 0;
  for (const level of levels) {
    const columns = Math.ceil(level.length / most);
    const width = columns * (BOX.width + BOX.right) - BOX.right;
    const rows = Math.ceil(level.length / columns);
    level.forEach((table, i) => places.set(table, place(x, BOX.top, i, columns)));
    bands.push({ x, y: 0, width, title: `level ${tables[level[0]].level}` });
    height = Math.max(height, BOX.top + rows * (BOX.height + BOX.below));
    x += width + BOX.band;
  }
  let width = Math.max(x - BOX.band, 0);
  if (lone.length > 0) {
    const columns = Math.max(Math.floor((width + BOX.right) / (BOX.width + BOX.right)), Math.ceil(Math.sqrt(lone.length / 2.5)), 1);
    const y = height > 0 ? height + BOX.band : 0;
    lone.forEach((table, i) => places.set(table, place(0, y + BOX.top, i, columns)));
    width = Math.max(width, Math.min(columns, lone.length) * (BOX.width + BOX.right) - BOX.right);
    bands.push({ x: 0, y, width, title: "without references" });
    height = y + BOX.top + Math.ceil(lone.length / columns) * (BOX.height + BOX.below);
  }
  return { places, bands, width: Math.max(width, BOX.width), height: Math.max(height, BOX.height) };
}

const place = (x, y, i, columns) => ({
  x: x + (i % columns) * (BOX.width + BOX.right),
  y: y + Math.floor(i / columns) * (BOX.height + BOX.below),
});

function byLevel(tables, shown) {
  const levels = new Map();
  for (const i of shown) {
    const level = tables[i].level;
    levels.set(level, [...(levels.get(level) ?? []), i]);
  }
  return [...levels.keys()].sort((a, b) => a - b).map((level) => levels.get(level));
}

/** Orders each level by the mean place of its neighbours, in both directions, a few times. */
function order(levels, linked) {
  const at = new Map();
  const number = (level) => level.forEach((table, i) => at.set(table, (i + 0.5) / level.length));
  levels.forEach(number);
  const mean = (table) => linked.get(table).reduce((sum, other) => sum + at.get(other), 0) / linked.get(table).length;
  for (let turn = 0; turn < 6; turn++) {
    for (const level of turn % 2 === 0 ? levels : [...levels].reverse()) {
      const means = new Map(level.map((table) => [table, mean(table)]));
      level.sort((a, b) => means.get(a) - means.get(b));
      number(level);
    }
  }
}

/** The number of tables below each other that gives the whole the shape of a screen. */
function rowsFor(sizes, ratio) {
  for (let rows = 4; ; rows++) {
    const columns = sizes.reduce((sum, size) => sum + Math.ceil(size / rows), 0);
    const width = columns * (BOX.width + BOX.right) + sizes.length * BOX.band;
    if (width <= ratio * (rows * (BOX.height + BOX.below) + BOX.top) || rows > Math.max(...sizes, 4)) return rows;
  }
}
