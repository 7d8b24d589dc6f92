//! Samplers of types whose values are texts in the server's input syntax.

use std::fmt::Write;

use super::document::DocumentSampler;
use super::fake::{ADJECTIVES, COLORS, LOREM, MATERIALS, THINGS, Words};
use super::sampler::Sampler;
use super::text_format;
use super::text_format::LOWER36;
use super::text_index::{host_address, power};
use super::{Domain, End, PRACTICALLY_INFINITE, Special, checksummed, geo, json, rare_types};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::{composite_literal, write_array};

fn listed(array: &Value, delimiter: char, out: &mut String) {
    if let Value::Array(elements) = array {
        write_array(elements, delimiter, out);
    }
}

/// Characters of the code that makes documents unique.
const CODE: usize = 10;

#[derive(Debug, Clone)]
pub(super) struct SpecialSampler {
    special: Special,
    /// Fields of a composite, or the element of a range.
    parts: Vec<Sampler>,
    /// The shape of a JSON document.
    document: Option<DocumentSampler>,
}

impl SpecialSampler {
    pub fn new(special: &Special) -> Self {
        let parts = match special {
            Special::Composite { fields } => fields.iter().map(Sampler::new).collect(),
            Special::RangeOf { element, .. } | Special::Listed { array: element, .. } => vec![Sampler::new(element)],
            _ => vec![],
        };
        let document = match special {
            Special::Document { shape, .. } => Some(DocumentSampler::new(shape)),
            _ => None,
        };
        SpecialSampler { special: special.clone(), parts, document }
    }

    pub fn size(&self) -> u128 {
        let size = match &self.special {
            Special::Uuid => PRACTICALLY_INFINITE,
            Special::Json { kind, .. } => json::size(*kind),
            Special::Document { .. } => self.document.as_ref().map_or(0, DocumentSampler::size),
            Special::Xml | Special::TsVector | Special::TsQuery | Special::Hstore | Special::Ltree => power(36, CODE),
            Special::Inet => 223 << 24,
            Special::Inet6 => 1 << 64,
            Special::Cidr => 223 << 16,
            Special::MacAddr { bytes } => power(256, usize::from(*bytes).saturating_sub(1)),
            Special::Bit { length, .. } => power(2, *length as usize),
            Special::Set { members } => power(2, members.len()),
            Special::Composite { .. } => self.parts.iter().fold(1, |n: u128, p| n.saturating_mul(p.size())),
            Special::Listed { .. } => self.parts[0].size(),
            Special::Spelled { kind } => rare_types::size(kind),
            // A range needs two bounds; a domain of one value has the range [a,a] only.
            Special::RangeOf { law, .. } => match (self.parts[0].size(), law.steps) {
                (n @ 0..2, None) => n,
                (n, None) => n - 1,
                (n, Some((least, _))) => n.saturating_sub(least.max(1).into()),
            },
            Special::Geometric { apart: true, .. } => geo::CELLS,
            Special::Spatial { apart: true, .. } => geo::LOTS,
            Special::Geometric { .. } | Special::Spatial { .. } => geo::POSITIONS,
            Special::Reg { kind } => reg_names(kind).len() as u128,
            Special::PgLsn => 1 << 64,
            Special::Vector { dimensions } => power(10_000, (*dimensions as usize).min(6)),
        };
        size.min(PRACTICALLY_INFINITE)
    }

    /// Appends the `i`-th value.
    pub fn value(&self, i: u128, out: &mut String) {
        match &self.special {
            Special::Uuid => text_format::uuid(text_format::scramble(i, 122), out),
            Special::Json { kind, .. } => json::value(*kind, i, out),
            Special::Document { .. } => self.document.iter().for_each(|d| d.value(i, out)),
            Special::Inet => checksummed::ipv4(host_address(i), out),
            Special::Inet6 => checksummed::ipv6(i as u64, out),
            Special::Cidr => {
                checksummed::ipv4((1 + (i % 223) as u32) << 24 | ((i / 223) as u32 & 0xffff) << 8, out);
                out.push_str("/24");
            }
            Special::MacAddr { bytes } => {
                let bytes = usize::from(*bytes).clamp(2, 8);
                checksummed::mac(text_format::scramble(i, 8 * (bytes as u32 - 1)), bytes, out);
            }
            Special::Bit { length, .. } => bits(i, *length, out),
            Special::Set { members } => {
                subset(members, |m| i >> m & 1 == 1, out);
            }
            Special::Composite { .. } => {
                let mut rest = i;
                let fields: Vec<Value> = self
                    .parts
                    .iter()
                    .map(|p| {
                        let n = p.size().max(1);
                        let field = p.value(rest % n);
                        rest /= n;
                        field
                    })
                    .collect();
                out.push_str(&composite_literal(&fields));
            }
            Special::Listed { delimiter, .. } => listed(&self.parts[0].value(i), *delimiter, out),
            Special::Spelled { kind } => rare_types::value(kind, i, out),
            Special::RangeOf { apart: true, .. } => self.range(i, 0, false, out),
            Special::RangeOf { multi, law, .. } => {
                let mut rng = super::text_index::decoration(i);
                let width = within(law.steps.unwrap_or((1, 30)), &mut rng);
                self.range(i, width.into(), *multi, out);
            }
            Special::Geometric { kind, apart: true } => geo::apart(kind, i, out),
            Special::Geometric { kind, .. } => geo::geometric(kind, i, &mut super::text_index::decoration(i), out),
            Special::Spatial { kind, srid, dialect, apart } => {
                let i = if *apart { geo::lot(i) } else { i };
                geo::spatial(kind, *srid, *dialect, *apart, i, &mut super::text_index::decoration(i), out);
            }
            Special::Reg { kind } => out.push_str(reg_names(kind)[i as usize]),
            Special::PgLsn => lsn(i as u64, out),
            Special::Vector { dimensions } => vector(*dimensions, i, out),
            _ => self.coded(i, out),
        }
    }

    /// Appends the `i`-th value of a type whose values contain a unique code.
    fn coded(&self, i: u128, out: &mut String) {
        let mut rng = super::text_index::decoration(i);
        let (open, close) = match &self.special {
            Special::Xml => ("<item id=\"", "\"/>"),
            Special::TsVector => ("'", "':1"),
            Special::TsQuery => ("'", "'"),
            Special::Hstore => ("\"id\"=>\"", "\""),
            _ => ("top.", ""),
        };
        out.push_str(open);
        text_format::fixed_base(i, CODE, LOWER36, out);
        out.push_str(close);
        match &self.special {
            Special::TsVector => {
                let _ = write!(out, " '{}':2", LOREM.pick(12, &mut rng));
            }
            Special::Hstore => {
                let _ = write!(out, ", \"color\"=>\"{}\"", COLORS.pick(12, &mut rng));
            }
            _ => {}
        }
    }

    /// Appends a value that need not be unique.
    pub fn draw(&self, rng: &mut CellRng, out: &mut String) {
        let size = self.size();
        match &self.special {
            Special::Json { kind, .. } => json::draw(*kind, rng, out),
            Special::Document { .. } => self.document.iter().for_each(|d| d.draw(rng, out)),
            Special::Xml => {
                let (name, color) = (THINGS.pick(12, rng), COLORS.pick(12, rng));
                let _ = write!(out, "<item color=\"{color}\"><name>{name}</name></item>");
            }
            Special::Inet6 => checksummed::ipv6(rng.word(), out),
            Special::Inet => checksummed::ipv4(0x0a00_0000 | (rng.word() as u32 & 0x00ff_ffff), out),
            Special::Bit { length, varying: true } if *length > 0 => {
                let n = 1 + rng.below(u64::from(*length));
                bits(rng.below_u128(1 << 100), u32::try_from(n).unwrap_or(*length), out);
            }
            Special::Bit { length, .. } => bits(rng.below_u128(1 << 100), *length, out),
            Special::Composite { .. } => {
                let fields: Vec<Value> = self.parts.iter().map(|p| p.draw(rng)).collect();
                out.push_str(&composite_literal(&fields));
            }
            Special::Listed { delimiter, .. } => listed(&self.parts[0].draw(rng), *delimiter, out),
            Special::RangeOf { multi, apart: false, law, .. } if size > 0 => {
                let start = rng.below_u128(size);
                let width = match law.steps {
                    Some(steps) => within(steps, rng).into(),
                    None => rng.below_u128((size / 50).clamp(1, 1 << 60)),
                };
                self.range(start, width, *multi, out);
            }
            Special::TsVector => {
                let n = 1 + rng.below(4);
                words(
                    &LOREM,
                    n,
                    rng,
                    |i, word, out| {
                        let _ = write!(out, "{}'{word}':{}", if i > 0 { " " } else { "" }, i + 1);
                    },
                    out,
                );
            }
            Special::TsQuery => words(
                &LOREM,
                2,
                rng,
                |i, word, out| {
                    let _ = write!(out, "{}'{word}'", if i > 0 { " & " } else { "" });
                },
                out,
            ),
            Special::Hstore => {
                let (color, thing) = (COLORS.pick(12, rng), MATERIALS.pick(12, rng));
                let _ = write!(out, "\"color\"=>\"{color}\", \"material\"=>\"{thing}\"");
            }
            Special::Ltree => words(
                &ADJECTIVES,
                3,
                rng,
                |i, word, out| {
                    let _ = write!(out, "{}{word}", if i > 0 { "." } else { "" });
                },
                out,
            ),
            Special::PgLsn => lsn(rng.below(1 << 40), out),
            _ if size > 0 => self.value(rng.below_u128(size), out),
            _ => {}
        }
    }

    /// The bounds of a range from one element to another, in the server's order, with the bound that is absent. For
    /// types whose order is unknown, both bounds are the first element.
    fn ends(&self, from: u128, to: u128) -> (Option<End>, Value, Value) {
        let Special::RangeOf { element, apart, law, .. } = &self.special else {
            return (None, Value::Null, Value::Null);
        };
        let (a, b) = (self.parts[0].value(from), self.parts[0].value(to));
        let (lower, upper) = match **element {
            Domain::Range { .. } | Domain::Float { .. } | Domain::Choice { .. } => (a, b),
            Domain::Special(Special::Uuid | Special::MacAddr { .. }) if !apart && a.to_string() > b.to_string() => {
                (b, a)
            }
            Domain::Special(Special::Uuid | Special::MacAddr { .. }) if !apart => (a, b),
            _ => (a.clone(), a),
        };
        (law.without, lower, upper)
    }

    /// Appends the range `[a,b)` from element `i` to element `i + 1 + width`; two such ranges with a gap if `multi`.
    fn range(&self, i: u128, width: u128, multi: bool, out: &mut String) {
        let element = &self.parts[0];
        let n = element.size();
        let braces = matches!(self.special, Special::RangeOf { multi: true, .. });
        if braces {
            out.push('{');
        }
        let mut from = i;
        for k in 0..if multi { 2 } else { 1 } {
            let to = if n < 2 { from } else { (from + 1 + width).min(n - 1) };
            if k > 0 {
                out.push(',');
            }
            let (without, lower, upper) = self.ends(from, to);
            let point = lower == upper;
            out.push(if without == Some(End::Lower) { '(' } else { '[' });
            if without != Some(End::Lower) {
                bound(&lower, out);
            }
            out.push(',');
            if without != Some(End::Upper) {
                bound(&upper, out);
            }
            out.push(if point && without != Some(End::Upper) { ']' } else { ')' });
            // Adjacent ranges would be merged by the server.
            from = to.saturating_add(1 + width);
            if from.saturating_add(1) >= n {
                break;
            }
        }
        if braces {
            out.push('}');
        }
    }

    pub fn contains(&self, text: &str) -> bool {
        match &self.special {
            Special::Uuid => {
                text.len() == 36
                    && text.bytes().enumerate().all(|(i, b)| match i {
                        8 | 13 | 18 | 23 => b == b'-',
                        _ => b.is_ascii_hexdigit(),
                    })
            }
            Special::Bit { length, varying } => {
                (if *varying { text.len() <= *length as usize } else { text.len() == *length as usize })
                    && text.bytes().all(|b| matches!(b, b'0' | b'1'))
            }
            Special::Set { members } => text.is_empty() || text.split(',').all(|m| members.iter().any(|x| x == m)),
            // The syntax is not checked: the server may accept other spellings.
            _ => true,
        }
    }
}

fn words(list: &Words, n: u64, rng: &mut CellRng, mut each: impl FnMut(u64, &str, &mut String), out: &mut String) {
    for i in 0..n {
        each(i, list.pick(12, rng), out);
    }
}

/// A random width in `least..=most`, minus the one step that a range always has.
fn within((least, most): (u64, u64), rng: &mut CellRng) -> u64 {
    let least = least.max(1);
    least - 1 + rng.below(most.max(least) - least + 1)
}

/// Appends a range's bound, in quotes if it may contain a space; timestamps with the offset of UTC.
fn bound(value: &Value, out: &mut String) {
    let _ = match value {
        Value::Timestamp(_) => write!(out, "\"{value}+00\""),
        Value::Text(_) => write!(out, "\"{value}\""),
        _ => write!(out, "{value}"),
    };
}

fn bits(n: u128, length: u32, out: &mut String) {
    for bit in (0..length).rev() {
        out.push(if bit < 100 && n >> bit & 1 == 1 { '1' } else { '0' });
    }
}

fn subset(members: &[String], chosen: impl Fn(usize) -> bool, out: &mut String) {
    let mut first = true;
    for (_, member) in members.iter().enumerate().filter(|(i, _)| chosen(*i)) {
        if !first {
            out.push(',');
        }
        out.push_str(member);
        first = false;
    }
}

fn lsn(n: u64, out: &mut String) {
    let _ = write!(out, "{:X}/{:X}", n >> 32, n & 0xffff_ffff);
}

/// Appends a vector such as `[0.1234,0.5000]`; the first six components depend on the number.
fn vector(dimensions: u32, i: u128, out: &mut String) {
    let mut rng = super::text_index::decoration(i);
    let mut rest = i;
    out.push('[');
    for d in 0..dimensions {
        if d > 0 {
            out.push(',');
        }
        let component = if d < 6 { (rest % 10_000) as u64 } else { rng.below(10_000) };
        rest /= 10_000;
        out.push_str("0.");
        text_format::fixed_base(component.into(), 4, text_format::DIGITS, out);
    }
    out.push(']');
}

/// Names of objects that exist in every PostgreSQL database and are unambiguous.
fn reg_names(kind: &str) -> &'static [&'static str] {
    match kind {
        "regclass" => &["pg_class", "pg_type", "pg_attribute", "pg_index", "pg_namespace", "pg_proc", "pg_constraint"],
        "regtype" => &["integer", "text", "boolean", "bigint", "numeric", "date", "uuid", "jsonb"],
        "regproc" => &["now", "version", "pg_backend_pid", "txid_current", "clock_timestamp"],
        "regprocedure" => &["now()", "version()", "pg_backend_pid()", "txid_current()", "clock_timestamp()"],
        "regoper" => &["|/", "||/"],
        "regoperator" => &["+(integer,integer)", "-(integer,integer)", "=(text,text)"],
        "regnamespace" => &["pg_catalog", "pg_toast", "information_schema"],
        "regrole" => &["pg_monitor", "pg_signal_backend", "pg_read_all_stats"],
        "regconfig" => &["simple", "english", "german", "french", "spanish"],
        "regdictionary" => &["simple", "english_stem", "german_stem", "french_stem"],
        "regcollation" => &["\"C\"", "\"POSIX\"", "\"default\""],
        _ => &[],
    }
}
