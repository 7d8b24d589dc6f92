// The picture of the tables and their references: drawn as SVG, moved and zoomed by Panzoom.
"use strict";

/** Longer names are cut in the picture; the tooltip has all of it. */
const LABEL = 20;

/** Zoomed out further than this, boxes show larger names and no numbers. */
const FAR = 0.62;

class Picture {
  /** `host`: an element of the page. `labels`: short names. `pick` is called with the table that was clicked. */
  constructor(host, tables, links, labels, pick) {
    Object.assign(this, { tables, links, labels, pick, boxes: new Map(), lines: [], selected: null, size: null });
    this.group = svg("g");
    this.root = svg("svg", { class: "picture", role: "group", "aria-label": "Tables and references; arrow keys move, Enter opens a table" }, this.group);
    host.append(this.root);
    this.view = Panzoom(this.group, { canvas: true, minScale: 0.03, maxScale: 4, step: 0.25, animate: false });
    this.group.addEventListener("panzoomzoom", () => this.scaled());
    this.root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("pointerdown", (event) => (this.down = [event.clientX, event.clientY]), true);
    // After Panzoom's own first position, which it takes a moment later.
    setTimeout(() => this.fit());
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  /** Draws these tables, by position. */
  draw(shown) {
    const screen = this.root.getBoundingClientRect();
    const ratio = Math.min(Math.max(screen.width / screen.height, 0.7), 2.6);
    const { places, bands, width, height } = layOut(this.tables, shown, this.links, ratio);
    this.size = { width, height };
    this.places = places;
    this.boxes.clear();
    const band = ({ x, y, width: wide, title }) => svg("g", { class: "band" }, svg("text", { x, y: y + 16 }, title), svg("line", { x1: x, x2: x + wide, y1: y + 22, y2: y + 22 }));
    this.lines = this.links.filter(({ from, to }) => from !== to && places.has(from) && places.has(to)).map((link) => ({ ...link, path: this.line(link) }));
    for (const i of shown) this.boxes.set(i, this.box(i));
    this.group.replaceChildren(...bands.map(band), ...this.lines.map((line) => line.path), ...this.boxes.values());
    if (!this.boxes.has(this.focus)) this.focus = shown[0];
    this.boxes.get(this.focus)?.setAttribute("tabindex", 0);
    this.mark();
    this.fit();
  }

  box(i) {
    const { x, y } = this.places.get(i);
    const table = this.tables[i];
    const itself = this.links.some(({ from, to }) => from === i && to === i);
    const rows = `${plural(table.rows, "row")}${itself ? " ↻" : ""}`;
    const name = this.labels[i];
    const label = name.length > LABEL ? `${name.slice(0, LABEL - 1)}…` : name;
    const title = `${table.name}: ${plural(table.rows, "row")}, ${plural(table.columns.length, "column")}${itself ? ", refers to itself" : ""}`;
    const attention = table.limited_by !== null || table.warnings.length > 0;
    return svg(
      "g",
      { class: `box${attention ? " attention" : ""}`, transform: `translate(${x} ${y})`, tabindex: -1, role: "button", "aria-label": title, "data-table": i, click: (event) => this.click(event, i) },
      svg("title", {}, title),
      svg("rect", { width: BOX.width, height: BOX.height, rx: 5 }),
      svg("text", { class: "name", x: 9, y: 16 }, label),
      svg("text", { class: "rows", x: 9, y: 31 }, rows),
    );
  }

  /** A line from the right side of the parent to the left side of the child; a bow on the right between neighbours in a level. */
  line({ from, to, back, text }) {
    const [parent, child] = [this.places.get(to), this.places.get(from)];
    const middle = BOX.height / 2;
    const [x1, y1] = [parent.x + BOX.width, parent.y + middle];
    const beside = child.x <= x1;
    const [x2, y2] = [child.x + (beside ? BOX.width : 0), child.y + middle];
    const bend = beside ? 30 : Math.max((x2 - x1) / 2, 20);
    const d = `M${x1} ${y1} C${x1 + bend} ${y1} ${beside ? Math.max(x1, x2) + bend : x2 - bend} ${y2} ${x2} ${y2}`;
    return svg("path", { class: `line${back ? " back" : ""}`, d }, svg("title", {}, text));
  }

  click(event, i) {
    const [x, y] = this.down ?? [event.clientX, event.clientY];
    // The end of a drag does not count as a click.
    if (Math.hypot(event.clientX - x, event.clientY - y) < 6) this.pick(i);
  }

  /** Marks a table, its references, and the tables at their other ends. */
  select(i) {
    this.selected = i;
    this.mark();
  }

  mark() {
    const i = this.selected;
    const near = new Set([i]);
    for (const { from, to, path } of this.lines) {
      const own = from === i || to === i;
      path.classList.toggle("near", own);
      if (own) near.add(from).add(to);
    }
    for (const [table, box] of this.boxes) {
      box.classList.toggle("selected", table === i);
      box.classList.toggle("near", near.has(table));
      box.setAttribute("aria-pressed", table === i);
    }
    this.root.classList.toggle("chosen", this.boxes.has(i));
  }

  /** Dims the boxes of tables for which `found` is false. */
  filter(found) {
    for (const [table, box] of this.boxes) box.classList.toggle("dim", !found(table));
  }

  fit() {
    const { width, height } = this.root.getBoundingClientRect();
    if (width === 0) return;
    const scale = Math.min((width - 24) / this.size.width, (height - 24) / this.size.height, 1.25);
    this.show(scale, this.size.width / 2, this.size.height / 2);
  }

  /** Moves a table to the centre, large enough to be read. */
  center(i) {
    const place = this.places.get(i);
    if (place) this.show(Math.max(this.view.getScale(), 0.8), place.x + BOX.width / 2, place.y + BOX.height / 2);
  }

  show(scale, x, y) {
    const { width, height } = this.root.getBoundingClientRect();
    this.view.zoom(scale, { force: true });
    this.view.pan(width / 2 / scale - x, height / 2 / scale - y, { force: true });
    this.scaled();
  }

  zoom(factor) {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    this.view.zoomToPoint(this.view.getScale() * factor, { clientX: left + width / 2, clientY: top + height / 2 });
  }

  scaled() {
    this.root.classList.toggle("far", this.view.getScale() < FAR);
  }

  /** The wheel scrolls the page, unless the picture is in use. */
  wheel(event) {
    if (event.ctrlKey || event.metaKey || this.root.contains(document.activeElement)) this.view.zoomWithWheel(event);
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) this.move(step);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.focus);
    else if (event.key === "+" || event.key === "-") this.zoom(event.key === "+" ? 1.3 : 1 / 1.3);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  /** Moves the focus to the nearest box in a direction. */
  move([dx, dy]) {
    const here = this.places.get(this.focus);
    let [best, least] = [null, Infinity];
    for (const [table, { x, y }] of this.places) {
      const along = (x - here.x) * dx + (y - here.y) * dy;
      const across = Math.abs((x - here.x) * dy) + Math.abs((y - here.y) * dx);
      if (along > 0 && along + 2 * across < least) [best, least] = [table, along + 2 * across];
    }
    if (best !== null) this.setFocus(best);
  }

  setFocus(i) {
    this.boxes.get(this.focus)?.setAttribute("tabindex", -1);
    this.focus = i;
    const box = this.boxes.get(i);
    box?.setAttribute("tabindex", 0);
    box?.focus({ preventScroll: true });
    this.reveal(i);
  }

  /** Moves the picture if a table is outside the visible part. */
  reveal(i) {
    const [box, all] = [this.boxes.get(i)?.getBoundingClientRect(), this.root.getBoundingClientRect()];
    if (box && (box.left < all.left || box.right > all.right || box.top < all.top || box.bottom > all.bottom)) this.center(i);
  }

  /** On paper the whole picture is shown, whatever part was visible. */
  print(begins) {
    if (begins) {
      this.root.setAttribute("viewBox", `-8 -8 ${this.size.width + 16} ${this.size.height + 16}`);
      this.group.classList.add("whole");
    } else {
      this.root.removeAttribute("viewBox");
      this.group.classList.remove("whole");
    }
  }
}
