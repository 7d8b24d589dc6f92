//! Orderings that names suggest but no constraint enforces: updated after created, end after start, maximum above
//! minimum.
//!
//! Data in: a table. Data out: predicates in its dialect. Unlike CHECKs they are preferences, which the planner may
//! drop.

use dbmocker_core::ident;

use super::names::Name;
use super::neighbours::Neighbours;
use dbmocker_core::schema::{Column, Dialect, SqlType, Table};

/// Maximum orderings of a table; each one couples two columns.
const MAX_ORDERINGS: usize = 4;

/// (earlier, later) words of points in time; the columns' other words must be equal, except `at`, `date`, `time`, `on`.
pub const MOMENTS: &[(&str, &str)] = &[
    ("created", "updated"),
    ("created", "modified"),
    ("create", "update"),
    ("created", "changed"),
    ("inserted", "updated"),
    ("start", "end"),
    ("start", "finish"),
    ("start", "stop"),
    ("started", "ended"),
    ("started", "finished"),
    ("started", "completed"),
    ("begin", "end"),
    ("valid from", "valid to"),
    ("valid from", "valid until"),
    ("valid from", "valid thru"),
    ("from", "to"),
    ("from", "until"),
    ("effective", "expiry"),
    ("issued", "expire"),
    ("issue", "expiry"),
    ("issued", "due"),
    ("issue", "due"),
    ("invoice", "due"),
    ("opened", "closed"),
    ("open", "close"),
    ("ordered", "shipped"),
    ("order", "shipped"),
    ("order", "ship"),
    ("order", "required"),
    ("order", "delivery"),
    ("shipped", "delivered"),
    ("ship", "delivery"),
    ("ship", "receipt"),
    ("rental", "return"),
    ("borrowed", "returned"),
    ("loan", "return"),
    ("checkin", "checkout"),
    ("check in", "check out"),
    ("birth", "death"),
    ("birth", "hire"),
    ("hire", "termination"),
    ("requested", "completed"),
    ("submitted", "approved"),
    ("submitted", "reviewed"),
    ("scheduled", "completed"),
    ("first seen", "last seen"),
    ("created", "expire"),
    ("created", "deleted"),
    ("created", "closed"),
    ("created", "completed"),
    ("created", "published"),
    ("created", "started"),
    ("created", "paid"),
    ("created", "last login"),
    ("created", "last seen"),
    ("registered", "last login"),
    ("invoice", "paid"),
    ("issued", "paid"),
    ("ordered", "paid"),
    ("sent", "received"),
    ("sent", "read"),
    ("received", "resolved"),
    ("reported", "resolved"),
    ("opened", "resolved"),
    ("assigned", "completed"),
    ("queued", "started"),
    ("scheduled", "started"),
    ("admitted", "discharged"),
    ("admission", "discharge"),
    ("departure", "arrival"),
    ("enrollment", "graduation"),
];

/// Earlier words whose later date is years away, so that the two windows need not be the same.
const YEARS_BEFORE: &[&str] = &["birth"];

/// As [`MOMENTS`], for (lower, higher) numbers.
pub const NUMBERS: &[(&str, &str)] = &[
    ("min", "max"),
    ("minimum", "maximum"),
    ("low", "high"),
    ("lower", "upper"),
    ("lowest", "highest"),
    ("left", "right"),
    ("start", "end"),
    ("from", "to"),
    ("cost", "price"),
    ("cost price", "price"),
    ("sale price", "list price"),
    ("price", "msrp"),
    ("subtotal", "total"),
    ("amount paid", "total"),
    ("paid amount", "total"),
    ("tax", "total"),
    ("tax amount", "total"),
    ("attempt", "max attempt"),
    ("dew point", "temperature"),
];

/// The date or timestamp column that must not be later than the column `later`, by the two names; `None` if there is
/// none.
///
/// Not for a birth date. The two columns get the same window, so that the later date can follow soon after the earlier
/// one.
pub fn earlier<'a>(table: &'a Table, later: &Column) -> Option<&'a Column> {
    let neighbours = Neighbours::of(table);
    let name = neighbours.name(later);
    let pairs = MOMENTS.iter().filter(|(low, high)| !YEARS_BEFORE.contains(low) && name.has(high) && !name.has(low));
    let pairs: Vec<_> = pairs.map(|&(low, high)| (low, stem(&name, high))).collect();
    if pairs.is_empty() {
        return None;
    }
    let others = |c: &&Column| c.name != later.name && same(&c.ty, &later.ty);
    table.columns.iter().filter(others).find(|c| {
        let first = neighbours.name(c);
        pairs.iter().any(|(low, rest)| first.has(low) && stem(&first, low) == *rest)
    })
}

/// Names and predicates of the suggested orderings, e.g. `("updated_at >= created_at", "\"updated_at\" >=
/// \"created_at\"")`.
///
/// Only between two columns of one type that are not generated, not auto-incremented, in no key, and not computed by a
/// law (`lawful`).
pub fn soft_checks(table: &Table, dialect: Dialect, lawful: &dyn Fn(usize) -> bool) -> Vec<(String, String)> {
    let neighbours = Neighbours::of(table);
    let free: Vec<(&Column, Name)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(i, c)| c.generated.is_none() && c.auto.is_none() && !lawful(*i) && !constrained(table, &c.name))
        .map(|(_, c)| (c, neighbours.name(c)))
        .collect();
    let mut found = Vec::new();
    let mut later_taken: Vec<&str> = Vec::new();
    for (pairs, class) in [(MOMENTS, moment as fn(&SqlType) -> bool), (NUMBERS, number)] {
        for (low, high) in pairs {
            // `max_attempts` also contains `attempts`.
            let within = high.contains(low);
            for (first, name) in free.iter().filter(|(c, n)| class(&c.ty) && n.has(low) && !(within && n.has(high))) {
                let expected = stem(name, low);
                let partner = free.iter().find(|(c, n)| {
                    c.name != first.name
                        && same(&c.ty, &first.ty)
                        && n.has(high)
                        && (within || !n.has(low))
                        && stem(n, high) == expected
                });
                // Guests leave earlier in the day than others arrive.
                let hours = matches!(first.ty, SqlType::Time { .. }) && low.starts_with("check");
                if let Some((second, _)) = partner
                    && !hours
                    && found.len() < MAX_ORDERINGS
                    && (!class(&SqlType::Date) || !later_taken.contains(&second.name.as_str()))
                {
                    later_taken.push(&second.name);
                    let order = order(dialect, &first.name, &second.name);
                    if !found.contains(&order) {
                        found.push(order);
                    }
                }
            }
        }
    }
    found
}

fn order(dialect: Dialect, first: &str, second: &str) -> (String, String) {
    let predicate = format!("{} >= {}", ident::quote(dialect, second), ident::quote(dialect, first));
    (format!("{second} >= {first}"), predicate)
}

/// The name's words without those of the phrase and without `at`, `date`, `time`, `on`.
fn stem(name: &Name, phrase: &str) -> Vec<String> {
    let n = phrase.split(' ').count();
    let at = name.words.windows(n).position(|w| w.iter().map(String::as_str).eq(phrase.split(' '))).unwrap_or(0);
    let rest = name.words[..at].iter().chain(&name.words[(at + n).min(name.words.len())..]);
    rest.filter(|w| !matches!(w.as_str(), "at" | "date" | "time" | "on" | "datetime" | "timestamp")).cloned().collect()
}

/// Whether the column is part of a foreign key or of a unique key, which determines its values.
fn constrained(table: &Table, column: &str) -> bool {
    table.foreign_keys.iter().any(|f| f.columns.iter().any(|c| c == column))
        || table.keys.iter().any(|k| k.parts.iter().any(|p| p.column.as_deref() == Some(column)))
}

fn moment(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Date | SqlType::Timestamp { .. } | SqlType::Time { .. })
}

fn number(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Int { .. } | SqlType::Decimal { .. } | SqlType::Float { .. } | SqlType::Money)
}

/// Whether two types are comparable without a cast that changes values.
fn same(a: &SqlType, b: &SqlType) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
