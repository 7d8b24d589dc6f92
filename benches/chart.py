#!/usr/bin/env python3
"""Draws the recorded outputs of load.py and memory.py as SVG: benches/chart.py writes docs/rates.svg and docs/memory.svg."""
import html
import math
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
INK, OURS, THEIRS, GRID = "#333", "#2f6f4f", "#b9b3a6", "#ddd"
WIDTH, LEFT = 760, 210


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{INK}">'
            f"{html.escape(words)}</text>")


def svg(height, parts):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'font-family="Helvetica, Arial, sans-serif"><rect width="100%" height="100%" fill="white"/>')
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def rates(recorded):
    """One group of bars a server, rows a second, the longest bar the fastest of the group."""
    groups = []
    for line in recorded.splitlines():
        if not line.startswith(" "):
            groups.append((line, []))
        elif found := re.match(r"\s+(.+?)\s{2,}[\d.]+ s\s+([\d,]+) rows/s", line):
            groups[-1][1].append((found[1], int(found[2].replace(",", ""))))
    parts, y = [], 8
    for title, bars in groups:
        y += 22
        parts.append(text(8, y, title, size=13, weight="bold"))
        most = max(rate for _, rate in bars)
        for name, rate in bars:
            y += 20
            long = (WIDTH - LEFT - 110) * rate / most
            fill = OURS if name.startswith("dbmocker") else THEIRS
            parts.append(text(LEFT - 8, y, name, "end"))
            parts.append(f'<rect x="{LEFT}" y="{y - 12}" width="{long:.1f}" height="15" fill="{fill}"/>')
            parts.append(text(LEFT + long + 6, y, f"{rate:,} rows/s"))
        y += 10
    return svg(y + 8, parts)


def memory(recorded):
    """Peak memory over rows, one line for each work."""
    lines = {}
    for found in re.finditer(r"^(.+?)\s{2,}([\d,]+)\s.*?([\d.]+) MiB", recorded, re.M):
        lines.setdefault(found[1], []).append((int(found[2].replace(",", "")), float(found[3])))
    limit = re.search(r"--memory-limit (\d+)MiB", recorded)
    limit = float(limit[1]) if limit else 0
    height, bottom, top = 300, 250, 30
    rows = [r for points in lines.values() for r, _ in points]
    low, high = math.log10(min(rows)), math.log10(max(rows))
    most = 1.15 * max([limit + 64, *(m for points in lines.values() for _, m in points)])
    at_x = lambda r: 60 + (WIDTH - 280) * (math.log10(r) - low) / max(high - low, 1e-9)
    at_y = lambda m: bottom - (bottom - top) * m / most
    parts = [text(8, 18, "Peak memory (MiB) over rows", size=13, weight="bold")]
    for r in sorted(set(rows)):
        parts.append(text(at_x(r), bottom + 18, f"{r:,}", "middle"))
    for m in range(0, int(most) + 1, 128):
        parts.append(f'<line x1="60" x2="{WIDTH - 210}" y1="{at_y(m):.1f}" y2="{at_y(m):.1f}" stroke="{GRID}"/>')
        parts.append(text(52, at_y(m) + 4, str(m), "end"))
    if limit:
        y = at_y(limit)
        parts.append(f'<line x1="60" x2="{WIDTH - 210}" y1="{y:.1f}" y2="{y:.1f}" stroke="#a33" stroke-dasharray="5 4"/>')
        parts.append(text(WIDTH - 204, y + 4, "--memory-limit"))
    shades = [OURS, "#4f7fb0", "#b07f4f", "#7f4fb0", "#808080"]
    for i, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{at_x(r):.1f},{at_y(m):.1f}" for r, m in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{shades[i % 5]}" stroke-width="2.5"/>')
        parts.append(f'<rect x="{WIDTH - 204}" y="{top + 20 * i}" width="12" height="12" fill="{shades[i % 5]}"/>')
        parts.append(text(WIDTH - 186, top + 10 + 20 * i, name))
    return svg(height, parts)


def main():
    for draw, source, target in ((rates, "load.txt", "rates.svg"), (memory, "memory.txt", "memory.svg")):
        recorded = HERE / source
        if recorded.exists():
            (DOCS / target).write_text(draw(recorded.read_text()))
            print(DOCS / target)


if __name__ == "__main__":
    main()
