//! What a column most likely holds, by its type first and its name second.

use super::InferContext;
use super::dates::{self, Window};
use super::legal::{
    ARRAY, BLOB, DAYS, PICTURE, array_of, by_type, decimal_bounds, int_bounds, range, text_domain, timestamp_bounds,
};
use super::names::Name;
use super::numbers::{self, Scale};
use super::soft;
use super::text::{self, Meaning};
use crate::domain::text::{Case, TextKind};
use crate::domain::{Domain, JsonKind, RangeKind, Shape, Special, TextDomain};
use crate::schema::{Column, Dialect, SqlType, Table};
use crate::time::{self, MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::value::Value;

/// What is known of the column besides its type.
pub(super) struct Subject {
    table: Name,
    name: Name,
    default: String,
    /// The table has columns of an address: `state` is one of those.
    place: bool,
    /// SQLite's storage class, where a CHECK names one for a column without a type.
    class: Option<&'static str>,
    /// The day, from now, since which moments of another column lie that this one's must not lie before.
    before: Option<i32>,
    context: InferContext,
}

/// The first class that a CHECK of the form `typeof(column) = 'integer'` or `typeof(column) IN ('integer', ...)` allows.
fn storage_class(table: &Table, column: &Column) -> Option<&'static str> {
    let plain = |text: &str| {
        let kept = text.chars().filter(|c| !c.is_whitespace() && !"\"`[]".contains(*c));
        kept.collect::<String>().to_lowercase()
    };
    let call = format!("typeof({})", plain(&column.name));
    table.checks.iter().find_map(|check| {
        let text = plain(&check.text);
        let rest = &text[text.find(&call)? + call.len()..];
        let rest = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).or_else(|| rest.strip_prefix("in("))?;
        let first = rest.strip_prefix('\'')?;
        ["integer", "real", "blob", "text"].into_iter().find(|class| first.starts_with(&format!("{class}'")))
    })
}

type Found = Option<(Domain, String)>;

impl Subject {
    /// A column of a table.
    pub fn new(table: &Table, column: &Column, context: &InferContext) -> Self {
        let place = table.columns.iter().map(|c| Name::new(&c.name)).any(|n| {
            n.ends_any(&["city", "zipcode", "postal code", "country", "street", "country code", "address", "town"])
        });
        Subject {
            table: Name::new(&table.name.name),
            default: column.default.clone().unwrap_or_default(),
            place,
            class: if column.ty == SqlType::Untyped { storage_class(table, column) } else { None },
            before: soft::earlier(table, column).map(|first| dates::window_of(&Name::new(&first.name)).1.from),
            ..Subject::alone(&column.name, context)
        }
    }

    /// A field of a composite type, or an element without a name.
    pub fn alone(name: &str, context: &InferContext) -> Self {
        let default = String::new();
        let (table, name) = (Name::new(""), Name::new(name));
        Subject { table, name, default, place: false, class: None, before: None, context: *context }
    }

    pub fn infer(&self, ty: &SqlType) -> Found {
        match ty {
            SqlType::Bool => Some(self.boolean()),
            SqlType::Int { bytes, unsigned, tinyint1 } => Some(self.int(*bytes, *unsigned, *tinyint1)),
            SqlType::Year => Some(self.year()),
            SqlType::Oid => Some((range(RangeKind::Int, 1, 100_000, 1, Shape::Uniform), "type oid".into())),
            SqlType::Decimal { precision, scale, unsigned } => Some(self.decimal(*precision, *scale, *unsigned)),
            SqlType::Money => Some(self.decimal(12, 2, true)),
            SqlType::Float { bytes, unsigned } => Some(self.float(*bytes, *unsigned)),
            SqlType::Date => Some(self.date()),
            SqlType::Time { .. } => Some(self.time()),
            SqlType::Timestamp { epoch_range, .. } => Some(self.timestamp(*epoch_range)),
            SqlType::Interval => Some(self.interval()),
            SqlType::Text { max_chars, max_bytes, fixed, .. } => Some(self.text(*max_chars, *max_bytes, *fixed)),
            SqlType::Name => Some((text_domain(TextKind::Slug, 63, Some(63)), "type name".into())),
            SqlType::SingleChar => {
                Some((text_domain(TextKind::Code { length: 1 }, 1, Some(1)), "type \"char\"".into()))
            }
            SqlType::Binary { max_bytes, fixed } => Some(self.binary(*max_bytes, *fixed)),
            SqlType::Json { binary } => Some(self.json(*binary)),
            SqlType::Untyped => Some(self.untyped()),
            SqlType::Array { element, dimensions } => self.array(element, *dimensions),
            other => Some((by_type(other, &self.context)?, "type".into())),
        }
    }

    fn named(&self, word: &str) -> String {
        if word.is_empty() || word.replace(' ', "_") == self.name.whole {
            format!("name `{}`", self.name.whole)
        } else {
            format!("name `{}` ({word})", self.name.whole)
        }
    }

    fn boolean(&self) -> (Domain, String) {
        let values = vec![Value::Bool(true), Value::Bool(false)];
        match text::flag(&self.name) {
            Some(yes) => (Domain::Choice { values, weights: Some(vec![yes, 100 - yes]) }, self.named("")),
            None => (Domain::Choice { values, weights: None }, "type boolean".into()),
        }
    }

    fn int(&self, bytes: u8, unsigned: bool, tinyint1: bool) -> (Domain, String) {
        let (least, most) = int_bounds(bytes, unsigned);
        let year = self.year_now();
        let flag = text::flag(&self.name);
        let scale = numbers::scale_of(&self.name, year);
        if let (Some(yes), false) = (flag, self.context.in_key) {
            return (int_flag(yes), self.named("flag"));
        }
        let place = matches!(self.name.words.first().map(String::as_str), Some("in" | "on"));
        if tinyint1 && (scale.is_none() || place) {
            return (int_flag(flag.unwrap_or(50)), "type tinyint(1), a boolean".into());
        }
        if bytes >= 4 && dates::is_moment(&self.name) {
            return self.epoch(bytes, most);
        }
        if self.context.in_key {
            // Years keep their looks; everything else needs the room.
            return match scale {
                Some((word, _)) if word == "year" && most >= 2155 => {
                    (range(RangeKind::Int, 1901, 2155, 1, Shape::Uniform), self.named("year"))
                }
                _ => (range(RangeKind::Int, 1, most, 1, Shape::Uniform), "whole number of a key".into()),
            };
        }
        match scale {
            Some((word, scale)) => {
                let factor = if scale.fraction { 100.0 } else { 1.0 };
                let (lo, hi) = ((scale.lo * factor).ceil() as i128, (scale.hi * factor).floor() as i128);
                let (lo, hi) = within(lo, hi, least, most);
                (range(RangeKind::Int, lo, hi, 1, scale.shape), self.named(&word))
            }
            None => {
                (range(RangeKind::Int, 1, most.min(1000), 1, Shape::Low), "type: small positive whole numbers".into())
            }
        }
    }

    /// A moment kept as a number: seconds, or milliseconds where 64 bits ask for them.
    fn epoch(&self, bytes: u8, most: i128) -> (Domain, String) {
        let (from, to, shape) = self.seconds();
        let millis = bytes >= 8 && self.context.dialect != Dialect::Sqlite;
        let unit = if millis { 1000 } else { 1 };
        let word = if millis { "milliseconds since 1970" } else { "seconds since 1970" };
        let (lo, hi) = within(i128::from(from) * unit, i128::from(to) * unit, 0, most);
        (range(RangeKind::Int, lo, hi, unit, shape), self.named(word))
    }

    fn year(&self) -> (Domain, String) {
        let now = self.year_now();
        let (lo, hi) = match numbers::scale_of(&self.name, now) {
            _ if self.context.in_key => (1901, 2155),
            Some((_, s)) if s.lo >= 1901.0 => (s.lo as i128, s.hi as i128),
            _ => (i128::from(now) - 35, i128::from(now)),
        };
        (range(RangeKind::Int, lo.max(1901), hi.min(2155), 1, Shape::High), "type year".into())
    }

    fn decimal(&self, precision: u16, scale: i16, unsigned: bool) -> (Domain, String) {
        let (most, digits, step) = decimal_bounds(precision, scale);
        let least = if unsigned { 0 } else { -most };
        let kind = RangeKind::Decimal { scale: digits };
        let unit = 10i128.pow(digits.into());
        if self.context.in_key {
            let lo = if step > 1 { 0 } else { 1 };
            return (range(kind, lo, most, step, Shape::Uniform), "number of a key".into());
        }
        if digits == 0 && step == 1 && dates::is_moment(&self.name) && precision >= 10 {
            return match self.epoch(8, most) {
                (Domain::Range { lo, hi, step, shape, .. }, reason) => (range(kind, lo, hi, step, shape), reason),
                other => other,
            };
        }
        if let (Some(yes), 1, 0) = (text::flag(&self.name), precision, digits) {
            let values = [1, 0].map(|n| Value::Decimal { unscaled: n, scale: 0 }).to_vec();
            return (Domain::Choice { values, weights: Some(vec![yes, 100 - yes]) }, self.named("flag"));
        }
        let integer_digits = i32::from(precision) - i32::from(digits);
        let (found, reason) = match numbers::scale_of(&self.name, self.year_now()) {
            Some((word, s)) => (s, self.named(&word)),
            None => (
                Scale { lo: 0.0, hi: 1000.0, shape: Shape::Low, fraction: false },
                if precision == 0 { "type numeric".into() } else { format!("type numeric({precision},{scale})") },
            ),
        };
        let percent = found.fraction && precision > 0 && integer_digits > 1 && digits <= 2;
        let factor = if percent { 100.0 } else { 1.0 };
        let scaled = |x: f64| (x * factor * unit as f64).round() as i128;
        let (lo, hi) = within(scaled(found.lo), scaled(found.hi), least, most);
        // Coordinates and the like have more digits than anyone reads; a step keeps money in cents.
        let lo = lo - lo.rem_euclid(step);
        (range(kind, lo, hi, step, found.shape), reason)
    }

    fn float(&self, bytes: u8, unsigned: bool) -> (Domain, String) {
        let most = if bytes <= 4 { 1e5 } else { 1e12 };
        let (found, reason) = match numbers::scale_of(&self.name, self.year_now()) {
            Some((word, s)) => (s, self.named(&word)),
            None => (Scale { lo: 0.0, hi: 1000.0, shape: Shape::Low, fraction: false }, "type float".into()),
        };
        let lo = if unsigned { found.lo.max(0.0) } else { found.lo };
        let hi = if self.context.in_key { most } else { found.hi.min(most) };
        // 24 bits hold seven digits: beyond them different numbers become equal.
        let decimals = match (self.name.ends_any(&["latitude", "longitude"]) || found.fraction, bytes) {
            (true, 0..=4) => 4,
            (true, _) => 6,
            (false, _) => 2,
        };
        (Domain::Float { lo: lo.min(hi), hi, decimals, shape: found.shape }, reason)
    }

    // ---- dates -------------------------------------------------------------------------------------------------

    fn today(&self) -> i32 {
        i32::try_from(self.context.now_micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
    }

    fn year_now(&self) -> i32 {
        time::civil(self.today()).0
    }

    /// The window by name; of a key, everything between 1970 and now (or the same span ahead).
    fn window(&self) -> (Option<&'static str>, Window) {
        let (word, mut window) = dates::window_of(&self.name);
        if let Some(before) = self.before.filter(|before| *before < window.from) {
            let shape = if window.to > 0 { Shape::Uniform } else { Shape::High };
            window = Window { from: before, shape, ..window };
        }
        if self.context.in_key {
            if window.to > 0 {
                window.to = 40_000;
            } else {
                window.from = window.from.min(-self.today()).max(-36_500);
            }
            window.shape = Shape::Uniform;
        }
        (word, window)
    }

    fn date_reason(&self, word: Option<&str>, ty: &str) -> String {
        word.map_or_else(|| format!("type {ty}: before now"), |w| self.named(w))
    }

    fn date(&self) -> (Domain, String) {
        let (word, w) = self.window();
        let day = |offset: i32| i128::from((self.today() + offset).clamp(DAYS.0, DAYS.1));
        (range(RangeKind::Date, day(w.from), day(w.to), 1, w.shape), self.date_reason(word, "date"))
    }

    /// The window in seconds since 1970.
    fn seconds(&self) -> (i64, i64, Shape) {
        let (_, w) = self.window();
        let now = self.context.now_micros.div_euclid(MICROS_PER_SECOND);
        let second = |offset: i32| now + i64::from(offset) * 86_400;
        (second(w.from).max(0), second(w.to).max(0), w.shape)
    }

    fn timestamp(&self, epoch_range: bool) -> (Domain, String) {
        let (word, w) = self.window();
        let (least, most) = timestamp_bounds(epoch_range);
        let at = |offset: i32| {
            let now = self.context.now_micros - self.context.now_micros.rem_euclid(MICROS_PER_SECOND);
            (now + i64::from(offset) * MICROS_PER_DAY).clamp(least, most).into()
        };
        (
            range(RangeKind::Timestamp, at(w.from), at(w.to), MICROS_PER_SECOND.into(), w.shape),
            self.date_reason(word, "timestamp"),
        )
    }

    fn time(&self) -> (Domain, String) {
        let step = if self.context.in_key { MICROS_PER_SECOND } else { 60 * MICROS_PER_SECOND };
        (range(RangeKind::Time, 0, (MICROS_PER_DAY - step).into(), step.into(), Shape::Uniform), "type time".into())
    }

    fn interval(&self) -> (Domain, String) {
        let minute = 60 * i128::from(MICROS_PER_SECOND);
        let most = 30 * i128::from(MICROS_PER_DAY);
        (range(RangeKind::Interval, minute, most, minute, Shape::Low), "type interval".into())
    }

    // ---- texts -------------------------------------------------------------------------------------------------

    fn text(&self, max_chars: Option<u32>, max_bytes: Option<u32>, fixed: bool) -> (Domain, String) {
        let room = max_chars.unwrap_or(u32::MAX).min(max_bytes.unwrap_or(u32::MAX));
        let domain = |kind: TextKind| {
            let kind = text::fitting(kind, room);
            // Codes of lists are known in capitals, and letter case never tells keys apart.
            let upper = matches!(
                kind,
                TextKind::CountryCode
                    | TextKind::CurrencyCode
                    | TextKind::StateCode
                    | TextKind::Sku
                    | TextKind::Vin
                    | TextKind::Iban
                    | TextKind::LicensePlate
            );
            let case = if upper { Case::Upper } else { Case::Any };
            let limits = TextDomain { max_bytes, case, ..TextDomain::new(kind, max_chars.unwrap_or(u32::MAX)) };
            Domain::Text(limits)
        };
        if let Some(kind) = self.moment_text() {
            return (domain(kind), self.named("a moment as text"));
        }
        if self.is_identifier() {
            let kind = identifier(room, fixed);
            return (domain(kind), self.named("identifier"));
        }
        match text::meaning(&self.table, &self.name, self.place) {
            Some((word, Meaning::Flag(yes))) if room <= 5 && !self.context.in_key => {
                (flag_text(yes, room), self.named(&word))
            }
            Some((word, Meaning::OneOf(members))) if !self.context.in_key => match choice(members, room) {
                Some(choice) => (choice, self.named(&word)),
                None => (domain(by_length(room, fixed)), self.named(&word)),
            },
            Some((word, Meaning::Kind(kind))) => (domain(kind), self.named(&word)),
            Some((word, Meaning::Flag(yes))) if !self.context.in_key => (flag_text(yes, room), self.named(&word)),
            _ => (domain(by_length(room, fixed)), "type: text of its length".into()),
        }
    }

    /// Dates kept as text, as SQLite does.
    fn moment_text(&self) -> Option<TextKind> {
        if dates::is_day(&self.name) && self.context.dialect == Dialect::Sqlite && self.name.ends("date") {
            return Some(TextKind::DateText);
        }
        if dates::is_day(&self.name) {
            Some(TextKind::DateText)
        } else if dates::is_moment(&self.name) {
            Some(TextKind::DateTimeText)
        } else if dates::is_clock(&self.name) {
            Some(TextKind::TimeText)
        } else {
            None
        }
    }

    fn is_identifier(&self) -> bool {
        self.name.last() == "id"
            && !self.name.ends_any(&[
                "tax id",
                "national id",
                "unique id",
                "external id",
                "global id",
                "time zone id",
                "timezone id",
                "session id",
            ])
    }

    fn binary(&self, max_bytes: Option<u32>, fixed: bool) -> (Domain, String) {
        let picture = self.name.has_any(&[
            "image",
            "picture",
            "avatar",
            "logo",
            "icon",
            "thumbnail",
            "file",
            "content",
            "document",
            "cover",
        ]);
        let (min, max) = if picture { PICTURE } else { BLOB };
        let limit = max_bytes.unwrap_or(u32::MAX);
        let reason = if picture { self.named("") } else { "type: a few bytes".into() };
        if fixed {
            return (Domain::Bytes { min: limit.min(4096), max: limit.min(4096) }, "type: fixed length".into());
        }
        (Domain::Bytes { min: min.min(limit), max: max.min(limit) }, reason)
    }

    fn json(&self, binary: bool) -> (Domain, String) {
        let default = self.default.trim_start_matches(['(', '\'', '"']);
        let list = self.name.ends_any(&[
            "tags",
            "list",
            "items",
            "ids",
            "array",
            "roles",
            "permissions",
            "comments",
            "options",
        ]);
        let kind = match default.as_bytes().first() {
            Some(b'[') => JsonKind::Array,
            Some(b'{') => JsonKind::Object,
            _ if list => JsonKind::Array,
            _ => JsonKind::Object,
        };
        (Domain::Special(Special::Json { binary, kind }), "type json".into())
    }

    /// SQLite without a type: what the name says, else words.
    /// A column without a type; a CHECK may say of which storage class its values are.
    fn untyped(&self) -> (Domain, String) {
        match self.class {
            Some("integer") => return self.int(8, false, false),
            Some("real") => return self.float(8, false),
            Some("blob") => return self.binary(None, false),
            Some(_) => return self.text(None, None, false),
            None => {}
        }
        if self.moment_text().is_none()
            && !self.is_identifier()
            && text::meaning(&self.table, &self.name, self.place).is_none()
        {
            if numbers::scale_of(&self.name, self.year_now()).is_some() {
                return self.int(8, false, false);
            }
        } else if self.name.last() == "id" {
            return self.int(8, false, false);
        }
        self.text(None, None, false)
    }

    fn array(&self, element: &SqlType, dimensions: u8) -> Found {
        let (domain, reason) = self.infer(element)?;
        Some((array_of(element, dimensions, domain, ARRAY.0), format!("array, {reason}")))
    }
}

/// `[lo, hi]` inside the type's bounds; where nothing of it is inside, small numbers from 0 or 1.
fn within(lo: i128, hi: i128, least: i128, most: i128) -> (i128, i128) {
    let (a, b) = (lo.max(least), hi.min(most));
    if a <= b && (b > a || lo == hi) { (a, b) } else { (least.max(0).min(most), most) }
}

fn int_flag(yes: u32) -> Domain {
    Domain::Choice { values: vec![Value::Int(1), Value::Int(0)], weights: Some(vec![yes, 100 - yes]) }
}

fn flag_text(yes: u32, room: u32) -> Domain {
    let (on, off) = if room >= 5 { ("true", "false") } else { ("Y", "N") };
    Domain::Choice { values: vec![Value::text(on), Value::text(off)], weights: Some(vec![yes, 100 - yes]) }
}

/// Those members that fit, if at least two do; else their first letters.
fn choice(members: &[&str], room: u32) -> Option<Domain> {
    let room = room as usize;
    let mut fitting: Vec<&str> = members.iter().copied().filter(|m| m.len() <= room).collect();
    if fitting.len() < 2 {
        fitting = members.iter().filter_map(|m| m.get(..room)).collect();
        fitting.sort_unstable();
        fitting.dedup();
    }
    let values: Vec<Value> = fitting.into_iter().map(Value::text).collect();
    (values.len() >= 2).then_some(Domain::Choice { values, weights: None })
}

/// Identifiers: the usual form of the length.
fn identifier(room: u32, fixed: bool) -> TextKind {
    match room {
        32 | 40 | 64 if fixed => TextKind::Hex { length: room },
        36.. => TextKind::Uuid,
        32..36 => TextKind::Hex { length: 32 },
        24..32 => TextKind::Hex { length: 24 },
        _ => TextKind::Code { length: room.clamp(1, 12) },
    }
}

/// Texts without a telling name: hashes and codes for the usual fixed lengths, words elsewhere.
fn by_length(room: u32, fixed: bool) -> TextKind {
    match (fixed, room) {
        (true, 36) => TextKind::Uuid,
        (true, 32 | 40 | 56 | 64 | 96 | 128) => TextKind::Hex { length: room },
        (true, 1..=12) => TextKind::Code { length: room },
        (_, 0..=3) => TextKind::Code { length: room.max(1) },
        (_, 4..=11) => TextKind::Word,
        _ => TextKind::Words,
    }
}
