//! Parses sizes in bytes: `512MiB`, `2g`, `1000000`.

/// Reads a number of bytes.
///
/// A bare letter and `KiB`, `MiB`, ... count in 1024, `kB`, `MB`, ... in 1000; case is ignored, fractions are allowed
/// with a unit.
///
/// ```
/// use dbmocker_files::size::parse;
/// assert_eq!(parse("512MiB").unwrap(), 512 << 20);
/// assert_eq!(parse("2g").unwrap(), 2 << 30);
/// assert_eq!(parse("1.5 GB").unwrap(), 1_500_000_000);
/// assert_eq!(parse("1000000").unwrap(), 1_000_000);
/// assert!(parse("lots").is_err());
/// ```
///
/// # Errors
/// Any other text, or a size beyond 64 bits.
pub fn parse(text: &str) -> Result<u64, SizeError> {
    let error = || SizeError { text: text.to_owned() };
    let trimmed = text.trim();
    let cut = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(cut);
    let unit = unit.trim().to_ascii_lowercase();
    let (letter, base) = match unit.as_str() {
        "" | "b" => ("", 1),
        u if u.len() == 1 => (u, 1024),
        u => match (u.strip_suffix("ib"), u.strip_suffix('b')) {
            (Some(letter), _) => (letter, 1024),
            (None, Some(letter)) => (letter, 1000),
            (None, None) => return Err(error()),
        },
    };
    let power = match letter {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return Err(error()),
    };
    if letter.is_empty() && base != 1 {
        return Err(error());
    }
    let unit = u64::pow(base, power);
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit).ok_or_else(error);
    }
    let fraction: f64 = number.parse().map_err(|_| error())?;
    let bytes = fraction * unit as f64;
    // Below 2^63 a float converts without saturating; a fraction of one byte is irrelevant.
    if unit == 1 || !(0.0..9.2e18).contains(&bytes) {
        return Err(error());
    }
    Ok(bytes.round() as u64)
}

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a size; write it like 512MiB, 2g or 1000000")]
pub struct SizeError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_rubbish() {
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse(" 64 kB "), Ok(64_000));
        assert_eq!(parse("64K"), Ok(65_536));
        assert_eq!(parse("0.5KiB"), Ok(512));
        assert_eq!(parse("7b"), Ok(7));
        assert_eq!(parse("1TiB"), Ok(1 << 40));
        for bad in ["", "MiB", "-1", "1.5", "1.2.3k", "5 x", "1ib", "99999999999999999999", "20000000P", "1e3", "nan k"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
