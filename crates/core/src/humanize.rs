//! Formats numbers for reading.

/// With thousands separators.
///
/// ```
/// use dbmocker_core::humanize::count;
/// assert_eq!(count(0), "0");
/// assert_eq!(count(1_234_567), "1,234,567");
/// ```
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

/// A non-negative rate, as whole units with thousands separators.
pub fn rate(x: f64) -> String {
    // Float-to-integer casts saturate, which is right for display.
    count(x.max(0.0).round() as u64)
}

/// In the largest binary unit that keeps the number above 1.
///
/// ```
/// use dbmocker_core::humanize::bytes;
/// assert_eq!(bytes(999), "999 B");
/// assert_eq!(bytes(1536), "1.5 KiB");
/// assert_eq!(bytes(512 << 20), "512 MiB");
/// ```
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut x = n as f64 / 1024.0; // rounded to one digit below
    let mut unit = 0;
    while x >= 1023.95 && unit + 1 < UNITS.len() {
        x /= 1024.0;
        unit += 1;
    }
    let shown = format!("{x:.1}");
    format!("{} {}", shown.strip_suffix(".0").unwrap_or(&shown), UNITS[unit])
}

/// `1 row`, `2 rows`.
pub fn rows(n: u64) -> String {
    plural(n, "row")
}

/// `1 thing`, `1,000 things`.
pub fn plural(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}
