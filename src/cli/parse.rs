//! Argument values: sizes, counts, instants, lists of names.

use std::path::PathBuf;

use dbmocker_core::time::{MICROS_PER_DAY, days, parse_timestamp};
use dbmocker_domain::locale::{Locale, Locales};
use dbmocker_files::Slice;
use dbmocker_files::size::SizeError;
use dbmocker_files::slice::SliceError;
use dbmocker_plan::MOST_ROWS;

/// An argument that is not understood, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    #[error(transparent)]
    Size(#[from] SizeError),
    #[error("must be more than nothing")]
    NoBytes,
    #[error("this is a URL; give a folder")]
    Url,
    #[error("`{0}` is not a number of rows; write 100000, 100_000, 100k or 1e5")]
    Rows(String),
    #[error("{0} rows are more than any server holds; at most {most}", most = dbmocker_core::humanize::count(MOST_ROWS))]
    TooManyRows(String),
    #[error("the session setting `{name}` cannot be changed: {why}; leave it out")]
    OwnSetting { name: String, why: &'static str },
    #[error("must be 1 or more")]
    NoRows,
    #[error("two numbers for every table; write those of single tables as users=2k")]
    RowsTwice,
    #[error("`{0}` is not a factor; write a number above 0, e.g. 0.1 or 10")]
    Factor(String),
    #[error("`{0}` is not a seed; write a whole number from 0 to {most}", most = u64::MAX)]
    Seed(String),
    #[error("a double quote does not end; write names as users,\"a,b\"")]
    OpenQuote,
    #[error("a table's name is missing; write them as users,orders")]
    NoTable,
    #[error(transparent)]
    Slice(#[from] SliceError),
    #[error("`{0}` is not one character; write a character such as ; or the word tab")]
    Character(String),
    #[error("`{0}` is not a probability; write a number from 0 to 1")]
    Share(String),
    #[error("`{0}` is no setting; write it as app.tenant_id=7")]
    Setting(String),
    #[error("`{0}` is not a share; write 1% or 0.01")]
    Percent(String),
    #[error("`{0}` is not a date or time (UTC); write 2026-01-01, 2026-01-01T12:30:00Z or today")]
    Instant(String),
    #[error("no locale `{name}`; there are {}", known.join(", "))]
    Locale { name: String, known: Vec<String> },
    #[error("`{0}`: a weight is a whole number from 1 to 1000")]
    LocaleWeight(String),
    #[error("a list like `de_DE=7,fr_FR=2,ja_JP`")]
    NoLocale,
}

/// Bytes, as parsed by [`dbmocker_files::size::parse`], but not 0.
///
/// # Errors
/// Not a positive number with a known unit, or too large.
pub fn size(text: &str) -> Result<u64, ArgumentError> {
    let bytes = dbmocker_files::size::parse(text)?;
    if bytes == 0 { Err(ArgumentError::NoBytes) } else { Ok(bytes) }
}

/// A folder; a URL is none, and would become one of that name.
///
/// # Errors
/// A URL.
pub fn folder(text: &str) -> Result<PathBuf, ArgumentError> {
    match dbmocker_files::objects::is_url(text) {
        true => Err(ArgumentError::Url),
        false => Ok(text.into()),
    }
}

/// A number of rows, from `100000`, `100_000`, `100k`, `2.5M` (powers of ten), `1e6`.
///
/// ```
/// use dbmocker::cli::parse::rows;
/// assert_eq!(rows("100_000"), Ok(100_000));
/// assert_eq!(rows("2.5M"), Ok(2_500_000));
/// assert_eq!(rows("1e6"), Ok(1_000_000));
/// assert!(rows("-1").is_err() && rows("9e18").is_err());
/// ```
///
/// # Errors
/// Not a whole number of rows.
pub fn rows(text: &str) -> Result<u64, ArgumentError> {
    let lower = text.trim().to_ascii_lowercase();
    let (number, power) = match lower.split_once('e') {
        Some((number, power)) => (number, power.parse().unwrap_or(u32::MAX)),
        None => match lower.strip_suffix(['k', 'm', 'g']) {
            Some(number) if lower.ends_with('k') => (number, 3),
            Some(number) if lower.ends_with('m') => (number, 6),
            Some(number) => (number, 9),
            None => (lower.as_str(), 0),
        },
    };
    let unit = 10_u64.checked_pow(power);
    let rows = unit.and_then(|unit| scaled(number, unit)).ok_or_else(|| ArgumentError::Rows(text.to_owned()))?;
    if rows > MOST_ROWS {
        return Err(ArgumentError::TooManyRows(text.to_owned()));
    }
    Ok(rows)
}

/// A number above 0, such as 0.1 or 10.
///
/// # Errors
/// Not a number above 0.
pub fn factor(text: &str) -> Result<f64, ArgumentError> {
    let found = text.trim().parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0 && *x <= 1e6);
    found.ok_or_else(|| ArgumentError::Factor(text.to_owned()))
}

/// The seed.
///
/// # Errors
/// Not a 64-bit integer.
pub fn seed(text: &str) -> Result<u64, ArgumentError> {
    text.trim().parse().map_err(|_| ArgumentError::Seed(text.to_owned()))
}

/// The tables of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableList(pub Vec<String>);

/// Table names, separated by commas. A name, or the part of it before or after the dot, may be double-quoted, as in
/// SQL: it may then contain commas, and two quotes mean one.
///
/// ```
/// use dbmocker::cli::parse::tables;
/// assert_eq!(tables("users, shop.orders").unwrap().0, ["users", "shop.orders"]);
/// assert_eq!(tables(r#"shop."a,b",c"d"#).unwrap().0, ["shop.a,b", "c\"d"]);
/// assert!(tables("users,,orders").is_err() && tables("\"users").is_err());
/// ```
///
/// # Errors
/// An empty name, or a quote that is not closed.
pub fn tables(text: &str) -> Result<TableList, ArgumentError> {
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), 0);
    let mut chars = text.chars().chain([',']).peekable();
    while let Some(c) = chars.next() {
        match c {
            ',' => {
                name.truncate(name.trim_end().len().max(quoted));
                quoted = 0;
                names.push(std::mem::take(&mut name));
            }
            '"' if name.is_empty() || name.ends_with('.') => {
                loop {
                    match chars.next() {
                        Some('"') if chars.next_if_eq(&'"').is_none() => break,
                        Some(c) if chars.peek().is_some() => name.push(c),
                        _ => return Err(ArgumentError::OpenQuote),
                    }
                }
                quoted = name.len();
            }
            c if name.is_empty() && c.is_whitespace() => {}
            c => name.push(c),
        }
    }
    if names.iter().any(String::is_empty) {
        return Err(ArgumentError::NoTable);
    }
    Ok(TableList(names))
}

/// `3/16`: the third of sixteen parts.
///
/// # Errors
/// Not two numbers, or the first is not between 1 and the second.
pub fn part(text: &str) -> Result<Slice, ArgumentError> {
    match text.parse() {
        Ok(part @ Slice::Part { .. }) => Ok(part),
        Ok(_) => Err(SliceError::Part(text.into()).into()),
        Err(e @ SliceError::Parts(_)) => Err(e.into()),
        Err(_) => Err(SliceError::Part(text.into()).into()),
    }
}

/// One character, or its name: `tab`, `\t`.
///
/// # Errors
/// Not one character.
pub fn character(text: &str) -> Result<char, ArgumentError> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(c), None) => Ok(c),
        _ => Err(ArgumentError::Character(text.to_owned())),
    }
}

/// `orders:1000..2000`: rows of a table.
///
/// # Errors
/// Not a table and a non-empty range.
pub fn rows_range(text: &str) -> Result<Slice, ArgumentError> {
    match text.parse() {
        Ok(rows @ Slice::Rows { .. }) => Ok(rows),
        _ => Err(SliceError::Rows(text.into()).into()),
    }
}

/// As [`rows`], but not 0.
///
/// # Errors
/// Not a whole number of rows above 0.
pub fn some_rows(text: &str) -> Result<u64, ArgumentError> {
    match rows(text)? {
        0 => Err(ArgumentError::NoRows),
        n => Ok(n),
    }
}

/// A share, from 0 to 1.
///
/// # Errors
/// Not a number in that range.
pub fn share(text: &str) -> Result<f64, ArgumentError> {
    let number = text.trim().parse().ok().filter(|p| (0.0..=1.0).contains(p));
    number.ok_or_else(|| ArgumentError::Share(text.to_owned()))
}

/// A setting of a session: `app.tenant_id=7`, `role=loader`, `@tenant=7`.
///
/// ```
/// use dbmocker::cli::parse::session_setting;
/// assert_eq!(session_setting("app.tenant_id=7"), Ok(("app.tenant_id".into(), "7".into())));
/// assert!(session_setting("x; drop table t=1").is_err() && session_setting("x").is_err());
/// ```
///
/// # Errors
/// No `=`, or a name that is none.
pub fn session_setting(text: &str) -> Result<(String, String), ArgumentError> {
    let wrong = || ArgumentError::Setting(text.to_owned());
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let bare = name.strip_prefix('@').unwrap_or(name);
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if bare.is_empty() || bare.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '_') || !bare.chars().all(named) {
        return Err(wrong());
    }
    if let Some((_, why)) = OWN_SETTINGS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
        return Err(ArgumentError::OwnSetting { name: name.to_owned(), why });
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Settings on which reading and loading depend, with the reason.
const OWN_SETTINGS: [(&str, &str); 12] = [
    ("search_path", "statements name the schema of each table; `--schema` selects schemas"),
    ("client_encoding", "rows are sent as UTF-8"),
    ("TimeZone", "rows are sent, and read, in UTC"),
    ("DateStyle", "dates are sent, and read, in ISO format"),
    ("IntervalStyle", "intervals are sent, and read, in the style `postgres`"),
    ("standard_conforming_strings", "texts are sent with backslashes as they are"),
    ("bytea_output", "bytes are read as hexadecimal digits"),
    ("extra_float_digits", "numbers are read with all digits"),
    ("time_zone", "rows are sent, and read, in UTC"),
    ("unique_checks", "the load turns it off and on by itself"),
    ("foreign_key_checks", "the load turns it off and on by itself"),
    ("max_error_count", "the warnings of the load are read"),
];

/// A share as a percentage, or a number from 0 to 1.
///
/// ```
/// use dbmocker::cli::parse::percent;
/// assert_eq!(percent("1%"), Ok(0.01));
/// assert_eq!(percent("0.5"), Ok(0.5));
/// assert!(percent("101%").is_err() && percent("2").is_err());
/// ```
///
/// # Errors
/// Not a number in that range.
pub fn percent(text: &str) -> Result<f64, ArgumentError> {
    let wrong = || ArgumentError::Percent(text.to_owned());
    match text.trim().strip_suffix('%') {
        Some(number) => {
            let number: Option<f64> = number.trim().parse().ok();
            number.map(|n| n / 100.0).filter(|p| (0.0..=1.0).contains(p)).ok_or_else(wrong)
        }
        None => share(text).map_err(|_| wrong()),
    }
}

/// `number * unit`, exactly; `None` if that is not an integer, or too large.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || fraction.len() > 12 {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let product = digits.checked_mul(u128::from(unit))?;
    if product % divisor != 0 {
        return None;
    }
    u64::try_from(product / divisor).ok()
}

/// Microseconds since 1970-01-01 UTC, from `2026-01-01`, `2026-01-01 12:30:00` or `2026-01-01T12:30:00Z`.
///
/// ```
/// use dbmocker::cli::parse::instant;
/// assert_eq!(instant("1970-01-02"), Ok(86_400_000_000));
/// assert_eq!(instant("1970-01-01T00:00:01Z"), Ok(1_000_000));
/// assert!(instant("yesterday").is_err());
/// ```
///
/// `today` is the current day, UTC.
///
/// # Errors
/// Not a date, or not a date and a time.
pub fn instant(text: &str) -> Result<i64, ArgumentError> {
    if text.trim() == "today" {
        return Ok(today());
    }
    let clock = text.trim().get(11..13).unwrap_or("00");
    let of_the_day = clock.parse::<u8>().is_ok_and(|hour| hour < 24);
    let lowest = i64::from(days(1000, 1, 1)) * MICROS_PER_DAY;
    let highest = i64::from(days(9999, 12, 31)) * MICROS_PER_DAY;
    parse_timestamp(text)
        .filter(|at| of_the_day && (lowest..=highest).contains(at))
        .ok_or_else(|| ArgumentError::Instant(text.to_owned()))
}

/// The beginning of the current day, UTC, in microseconds since 1970.
pub fn today() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    micros - micros.rem_euclid(MICROS_PER_DAY)
}

/// The value of `--locale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByLocale(pub Locales);

/// `de_DE=7,fr_FR=2,ja_JP`: locales with weights, 1 where none is given.
pub fn locales(text: &str) -> Result<ByLocale, ArgumentError> {
    let one = |part: &str| -> Result<(Locale, u32), ArgumentError> {
        let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
        let locale = Locale::parse(name).ok_or_else(|| {
            let mut known: Vec<String> = Locale::all().map(|l| l.to_string()).collect();
            known.sort();
            ArgumentError::Locale { name: name.trim().to_owned(), known }
        })?;
        let weight = weight.trim().parse().ok().filter(|w| (1..=1000).contains(w));
        Ok((locale, weight.ok_or_else(|| ArgumentError::LocaleWeight(part.to_owned()))?))
    };
    let found: Vec<_> = text.split(',').filter(|p| !p.trim().is_empty()).map(one).collect::<Result<_, _>>()?;
    if found.is_empty() { Err(ArgumentError::NoLocale) } else { Ok(ByLocale(found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_counts() {
        for (text, n) in
            [("0", 0), ("7", 7), ("1k", 1000), ("0.5k", 500), ("1g", 1_000_000_000), ("1e0", 1), ("2.5E3", 2500)]
        {
            assert_eq!(rows(text), Ok(n), "{text}");
        }
        for text in ["", "k", "1.5", "0.0001k", "ten", "1e", "e6", "1e-1", "1.5e0", "1e30", "99999999999g", "é"] {
            assert!(rows(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_of_tables() {
        for (text, names) in [
            ("users, shop.orders ,x", &["users", "shop.orders", "x"][..]),
            (r#"shop."a,b",c"d"#, &["shop.a,b", "c\"d"]),
            (r#""a ""b"", c".d, " e ", é"#, &["a \"b\", c.d", " e ", "é"]),
        ] {
            assert_eq!(tables(text).unwrap().0, names, "{text}");
        }
        for text in ["", "users,,orders", "users,", "\"users", "\"\"", "a.\"b,c"] {
            assert!(tables(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants() {
        let noon = 1_767_225_600_000_000 + 43_200_000_000;
        for text in ["2026-01-01 12:00:00", "2026-01-01T12:00", "2026-01-01T12:00:00.000Z", "2026-01-01T14:00:00+02:00"]
        {
            assert_eq!(instant(text), Ok(noon), "{text}");
        }
        let today = instant("today").expect("today is a day");
        assert!(today > noon && today % MICROS_PER_DAY == 0);
        for text in ["", "2026-13-01", "2026-02-30", "01.02.2026", "2026-01-01T25:00:00"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn locales_with_weights() {
        let shown = |text: &str| locales(text).map(|l| format!("{:?}", l.0));
        assert_eq!(shown("de_DE=7, fr-FR=2,ja").as_deref(), Ok("[(de_DE, 7), (fr_FR, 2), (ja_JP, 1)]"));
        assert!(
            shown("xx_YY").is_err_and(|e| e.to_string().starts_with("no locale `xx_YY`; there are cs_CZ, da_DK, "))
        );
        assert!(shown("de_DE=0").is_err() && shown("").is_err());
    }
}
