//! Geometric literals of PostgreSQL, and well-known text for MySQL and PostGIS.
//!
//! Every shape starts at a numbered position of a grid, so that different numbers give different shapes. Coordinates
//! are between -80 and 80 on both axes, and therefore valid in either axis order.

use std::fmt::Write;

use super::text_format;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::Dialect;

/// Number of positions of the fine grid: 160 by 160 units in steps of 1/10000.
pub(super) const POSITIONS: u128 = SIDE as u128 * SIDE as u128;
const SIDE: u64 = 1_600_000;

/// Number of cells of the coarse grid: 160 by 160 units, one unit wide.
pub(super) const CELLS: u128 = 160 * 160;

/// Number of lots: 160 by 160 units, a tenth of a unit wide. A small shape that starts at a lot's corner stays inside
/// it.
pub(super) const LOTS: u128 = 1600 * 1600;

/// The number of the fine grid's position at the corner of the `i`-th lot.
pub(super) fn lot(i: u128) -> u128 {
    let side = u128::from(SIDE);
    let (x, y) = (i % 1600 * 1000, i / 1600 * 1000);
    // The inverse of the permutation in `position`.
    y * side + x * INVERSE % side
}

/// A box or a circle that stays inside the `i`-th cell.
pub(super) fn apart(kind: &str, i: u128, out: &mut String) {
    let at = |n: u128| i32::try_from(n % 160).unwrap_or(0) - 80;
    let (x, y) = (at(i), at(i / 160));
    // Writing to a String cannot fail.
    let _ = match kind {
        "box" => write!(out, "({x}.8,{y}.8),({x}.2,{y}.2)"),
        _ => write!(out, "<({x},{y}),0.4>"),
    };
}

#[derive(Clone, Copy)]
struct Coordinates {
    /// Ten-thousandths of a unit.
    x: i64,
    y: i64,
}

/// The distance of neighbouring numbers' positions; coprime to the side.
const APART: u128 = 999_983;
/// `APART * INVERSE = 1`, modulo the side.
const INVERSE: u128 = 317_647;

fn position(i: u128) -> Coordinates {
    let half = (SIDE / 2) as i64;
    let at = |n: u128| (n % u128::from(SIDE)) as i64 - half;
    let x = at(i.wrapping_mul(APART));
    Coordinates { x, y: at(i / u128::from(SIDE)) }
}

impl Coordinates {
    fn by(self, dx: i64, dy: i64) -> Coordinates {
        Coordinates { x: self.x + dx, y: self.y + dy }
    }
}

fn coordinate(n: i64, out: &mut String) {
    if n < 0 {
        out.push('-');
    }
    let n = n.unsigned_abs();
    text_format::number(n / 10_000, out);
    out.push('.');
    text_format::fixed_base(u128::from(n % 10_000), 4, text_format::DIGITS, out);
}

fn pair(p: Coordinates, between: &str, out: &mut String) {
    coordinate(p.x, out);
    out.push_str(between);
    coordinate(p.y, out);
}

/// A random width or height from 0.1 to 2 units, in ten-thousandths.
fn extent(rng: &mut CellRng) -> i64 {
    1_000 + rng.below(19_000) as i64
}

/// A literal of `point`, `line`, `lseg`, `box`, `path`, `polygon` or `circle`.
pub(super) fn geometric(kind: &str, i: u128, rng: &mut CellRng, out: &mut String) {
    let p = position(i);
    let (w, h) = (extent(rng), extent(rng));
    let point = |p: Coordinates, out: &mut String| {
        out.push('(');
        pair(p, ",", out);
        out.push(')');
    };
    let mut list = |open: &str, points: &[Coordinates], close: &str| {
        out.push_str(open);
        for (n, &p) in points.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            point(p, out);
        }
        out.push_str(close);
    };
    match kind {
        "lseg" | "path" => list("[", &[p, p.by(w, h)], "]"),
        // The server prints the upper right corner first.
        "box" => list("", &[p.by(w, h), p], ""),
        "polygon" => list("(", &[p, p.by(w, 0), p.by(w, h)], ")"),
        "circle" => {
            list("<", &[p], ",");
            coordinate(w, out);
            out.push('>');
        }
        "line" => {
            // Ax + By + C = 0 with B = -1.
            out.push('{');
            coordinate(p.x, out);
            out.push_str(",-1,");
            coordinate(p.y, out);
            out.push('}');
        }
        _ => list("", &[p], ""),
    }
}

/// Well-known text: `POINT(1.5000 2.5000)`, for PostGIS `SRID=4326;POINT(...)`. `small` shapes are less than a tenth of
/// a unit wide and high.
pub(super) fn spatial(
    kind: &str,
    srid: Option<i32>,
    dialect: Dialect,
    small: bool,
    i: u128,
    rng: &mut CellRng,
    out: &mut String,
) {
    if let (Dialect::Postgres, Some(srid @ 1..)) = (dialect, srid) {
        let _ = write!(out, "SRID={srid};");
    }
    let mut name: String = kind.chars().filter(char::is_ascii_alphabetic).collect();
    name.make_ascii_lowercase();
    let (name, extra) = dimensions(&name);
    let p = position(i);
    let size = |rng: &mut CellRng| if small { 100 + rng.below(800) as i64 } else { extent(rng) };
    let (w, h) = (size(rng), size(rng));
    let ring = [p, p.by(w, 0), p.by(w, h), p];
    let line = [p, p.by(w, h)];
    let (head, open, points, close): (&str, &str, &[Coordinates], &str) = match name {
        "linestring" => ("LINESTRING", "(", &line, ")"),
        "polygon" => ("POLYGON", "((", &ring, "))"),
        "multipoint" => ("MULTIPOINT", "(", &line, ")"),
        "multilinestring" => ("MULTILINESTRING", "((", &line, "))"),
        "multipolygon" => ("MULTIPOLYGON", "(((", &ring, ")))"),
        "geometrycollection" | "geomcollection" => ("GEOMETRYCOLLECTION", "(POINT(", &line[..1], "))"),
        _ => ("POINT", "(", &line[..1], ")"),
    };
    out.push_str(head);
    out.push_str(match extra {
        0 => "",
        1 if kind.ends_with(['m', 'M']) => " M ",
        1 => " Z ",
        _ => " ZM ",
    });
    out.push_str(open);
    for (n, &p) in points.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        pair(p, " ", out);
        for _ in 0..extra {
            out.push_str(" 0");
        }
    }
    out.push_str(close);
}

/// The shape's name, and the number of coordinates beyond two (`pointz`, `pointzm`).
fn dimensions(name: &str) -> (&str, usize) {
    for (suffix, extra) in [("zm", 2), ("z", 1), ("m", 1)] {
        if let Some(base) = name.strip_suffix(suffix)
            && (base.ends_with("point") || base.ends_with("string") || base.ends_with("gon") || base.ends_with("ion"))
        {
            return (base, extra);
        }
    }
    (name, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let mut rng = CellRng::new(1);
        let mut text = |kind: &str| {
            let mut s = String::new();
            geometric(kind, 7, &mut rng, &mut s);
            s
        };
        assert!(text("point").starts_with("(-"));
        assert!(text("circle").starts_with("<(-"));
        assert!(text("box").starts_with('(') && text("path").starts_with("[("));
        let mut s = String::new();
        spatial("Coordinates", Some(4326), Dialect::Postgres, false, 0, &mut CellRng::new(1), &mut s);
        assert_eq!(s, "SRID=4326;POINT(-80.0000 -80.0000)");
        s.clear();
        spatial("polygon", Some(4326), Dialect::Mysql, false, 0, &mut CellRng::new(1), &mut s);
        assert!(s.starts_with("POLYGON((-80.0000 -80.0000,"), "{s}");
        s.clear();
        spatial("polygon", None, Dialect::Postgres, true, lot(1601), &mut CellRng::new(1), &mut s);
        assert!(s.starts_with("POLYGON((-79.9000 -79.9000,-79.8"), "{s}");
        assert_eq!(dimensions("pointzm"), ("point", 2));
        assert_eq!(dimensions("geometry"), ("geometry", 0));
    }
}
