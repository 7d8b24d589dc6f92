//! Edge cases: values that a type allows, and that programs tend to handle wrongly.

use dbmocker_core::schema::{Column, Dialect, SqlType};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_timestamp};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::range_units::of_units;

use crate::types::Charset;
use crate::{InferContext, legal};

/// Texts that ASCII can spell.
const PLAIN: [&str; 26] = [
    "",
    " ",
    "  leading and trailing  ",
    "'",
    "\"",
    "`",
    "O'Brien \"Bob\"",
    "\\",
    "back\\slash\\n",
    "\\N",
    "NULL",
    "line one\nline two",
    "carriage\r\nreturn",
    "tab\there",
    "\u{1}\u{7}\u{8}\u{b}\u{1b}\u{7f}",
    "a,b;c|d \"e\"",
    "%s %d %n {0} ${x} #{y}",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "=1+1",
    "-0",
    "1e309",
    "true",
    "--",
];

/// Texts of the basic multilingual plane.
const BASIC: [&str; 11] = [
    "שלום עולם",
    "مرحبا بالعالم",
    "\u{202e}right to left",
    "e\u{301}\u{327} combining",
    "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}",
    "İıſß",
    "ﬃ",
    "\u{feff}mark",
    "zero\u{200b}width",
    "田中さん",
    "ÅÅ Ｆｕｌｌ",
];

/// Texts beyond it.
const WIDE: [&str; 4] = ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "𝕳𝖊𝖑𝖑𝖔"];

/// Characters of the longest text of a type without a limit, and bytes of its longest blob.
const LONGEST: usize = 4_000;
/// Nesting of the deepest document: the least that a server allows is 32.
const DEEP: usize = 30;
/// Elements of the longest array.
const ELEMENTS: usize = 100;

/// Moments: leap days, hours that summer time skips or repeats, ends of centuries and of 32 bits.
const MOMENTS: [&str; 9] = [
    "2024-02-29 12:00:00",
    "2000-02-29 00:00:00",
    "2024-03-31 02:30:00",
    "2024-03-10 02:30:00",
    "2024-11-03 01:30:00",
    "1999-12-31 23:59:59",
    "1970-01-01 00:00:01",
    "2038-01-19 03:14:07",
    "2016-12-31 23:59:59",
];

/// Returns the edge cases of a column; empty for types without any.
pub fn edge_cases(column: &Column, context: &InferContext<'_>) -> Vec<Value> {
    match &column.ty {
        SqlType::Text { max_chars, max_bytes, fixed, .. } => {
            let most = max_chars.map_or(LONGEST, |n| (n as usize).min(LONGEST));
            let most = max_bytes.map_or(most, |n| most.min(n as usize));
            texts(column, context, most, *fixed, *max_bytes)
        }
        SqlType::Int { .. } | SqlType::Decimal { precision: 1.., .. } => numbers(&column.ty, context),
        SqlType::Float { bytes, unsigned } if !column.type_name.contains('(') => floats(*bytes, *unsigned),
        SqlType::Date => dates(context.dialect),
        SqlType::Timestamp { epoch_range, .. } => moments(context.dialect, *epoch_range),
        SqlType::Time { span, .. } => {
            let day = MICROS_PER_DAY - MICROS_PER_SECOND;
            let most = if *span { (839 * 3_600 - 1) * MICROS_PER_SECOND } else { day };
            [0, day, if *span { -most } else { 0 }, most].map(Value::Time).to_vec()
        }
        SqlType::Interval => {
            let year = 365 * MICROS_PER_DAY;
            [0, MICROS_PER_SECOND, -MICROS_PER_SECOND, MICROS_PER_DAY, year, -year].map(Value::Interval).to_vec()
        }
        SqlType::Binary { max_bytes, fixed } => blobs(max_bytes.map(|n| n as usize), *fixed),
        SqlType::Json { .. } => documents(),
        SqlType::Uuid => {
            let all = |digit: &str| {
                let of = |n: usize| digit.repeat(n);
                Value::Text(format!("{}-{}-{}-{}-{}", of(8), of(4), of(4), of(4), of(12)))
            };
            vec![all("0"), all("f")]
        }
        SqlType::Array { dimensions: 1, .. } => match legal(&column.ty, context) {
            Some(Domain::Array { element, .. }) if !matches!(*element, Domain::Array { .. }) => {
                let sampler = element.sampler();
                let size = sampler.size().max(1);
                let all = (0..ELEMENTS as u128).map(|i| sampler.value(i * (size / ELEMENTS as u128).max(1) % size));
                vec![Value::Array(Vec::new()), Value::Array(all.collect())]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn texts(column: &Column, context: &InferContext<'_>, most: usize, fixed: bool, max_bytes: Option<u32>) -> Vec<Value> {
    let charset = Charset::of(column, context);
    let mut all: Vec<String> = PLAIN.iter().map(ToString::to_string).collect();
    if charset != Charset::Ascii {
        all.extend(BASIC.iter().map(ToString::to_string));
    }
    if charset == Charset::Unicode {
        all.extend(WIDE.iter().map(ToString::to_string));
    }
    all.push("longest ".repeat(most.div_ceil(8)).chars().take(most.saturating_sub(1)).collect::<String>() + "t");
    // Columns of fixed length lose their trailing spaces.
    let fits = |text: &String| {
        let bytes = max_bytes.is_none_or(|most| text.len() <= most as usize);
        text.chars().count() <= most && bytes && !(fixed && text.ends_with(' '))
    };
    all.into_iter().filter(fits).map(Value::Text).collect()
}

fn numbers(ty: &SqlType, context: &InferContext<'_>) -> Vec<Value> {
    let Some(Domain::Range { kind, lo, hi, step, .. }) = legal(ty, context) else { return Vec::new() };
    let mut all = vec![lo, hi, 0, step, -step];
    all.retain(|n| (lo..=hi).contains(n));
    all.dedup();
    all.into_iter().map(|n| of_units(kind, n)).collect()
}

fn floats(bytes: u8, unsigned: bool) -> Vec<Value> {
    let (most, least) = if bytes <= 4 { (3.4e38, 1.2e-38) } else { (1.7e308, 2.3e-308) };
    let signed = [-0.0, -most, -least, -1.0];
    let all = [0.0, most, least, 0.1].into_iter().chain(signed.into_iter().filter(|_| !unsigned));
    all.map(Value::Float).collect()
}

fn moment(text: &str) -> Option<i64> {
    parse_timestamp(text)
}

/// The first and the last moment that every server of a dialect holds.
fn ends(dialect: Dialect) -> [&'static str; 2] {
    let first = if dialect == Dialect::Mysql { "1000-01-01 00:00:00" } else { "0001-01-01 00:00:00" };
    [first, "9999-12-31 23:59:59"]
}

fn moments(dialect: Dialect, epoch_range: bool) -> Vec<Value> {
    let ends = ends(dialect).into_iter().filter(|_| !epoch_range);
    MOMENTS.into_iter().chain(ends).filter_map(moment).map(Value::Timestamp).collect()
}

fn dates(dialect: Dialect) -> Vec<Value> {
    let all = MOMENTS.into_iter().chain(ends(dialect)).filter_map(moment);
    let mut days: Vec<i64> = all.map(|at| at.div_euclid(MICROS_PER_DAY)).collect();
    days.dedup();
    days.into_iter().filter_map(|d| i32::try_from(d).ok()).map(Value::Date).collect()
}

fn blobs(most: Option<usize>, fixed: bool) -> Vec<Value> {
    let long = most.unwrap_or(LONGEST).min(LONGEST);
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let all = if fixed {
        vec![vec![0; long], vec![u8::MAX; long]]
    } else {
        vec![Vec::new(), vec![0], every, b"'\\x00\"".to_vec(), vec![u8::MAX; long]]
    };
    all.into_iter().filter(|b| most.is_none_or(|most| b.len() <= most)).map(Value::Bytes).collect()
}

fn documents() -> Vec<Value> {
    let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let escapes = "{\"a\\\"b\": \"\\\\ \\n \\u00e9\"}".to_owned();
    let plain = ["{}", "[]", "null", "\"\"", "0", "-0.0", "1e15", "{\"\": \"\"}", "[null, true, {\"a\": [1, \"2\"]}]"];
    plain.iter().map(ToString::to_string).chain([deep, escapes]).map(Value::Text).collect()
}
