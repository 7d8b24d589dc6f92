//! Rare types (snapshots, paths, product codes): each value is a constant pattern of the type's input syntax with a
//! number.

use std::fmt::Write;

use super::text_index::power;

/// The number of different values; 0 for an unknown type.
pub(super) fn size(kind: &str) -> u128 {
    match kind {
        "ean13" | "isbn13" | "upc" | "isbn" => power(10, 8),
        "ismn" => power(10, 7),
        "issn" => power(10, 6),
        "tid" => power(10, 9),
        "earth" => 360 * 170 * 100,
        "int2vector" => power(30_000, 2),
        "jsonpath" | "txid_snapshot" | "pg_snapshot" | "lquery" | "ltxtquery" | "oidvector" | "cube" | "seg"
        | "query_int" | "semver" | "ip4" | "ip4r" => power(10, 8),
        _ if sparse(kind).is_some() => power(10, 8),
        _ => 0,
    }
}

/// Appends the `i`-th value.
pub(super) fn value(kind: &str, i: u128, out: &mut String) {
    let (n, wide) = (i % 100_000_000, i);
    let (high, low) = (n / 10_000, n % 10_000);
    // Writing to a String cannot fail.
    let _ = match kind {
        "jsonpath" => write!(out, "$.\"k{n}\""),
        "txid_snapshot" | "pg_snapshot" => write!(out, "{}:{}:", n + 3, n + 3 + n % 7),
        "tid" => write!(out, "({},{})", wide / 200, wide % 200 + 1),
        "int2vector" | "oidvector" => write!(out, "{} {}", wide % 30_000 + 1, wide / 30_000 % 30_000 + 1),
        "lquery" => write!(out, "*.k{n}.*"),
        "ltxtquery" => write!(out, "k{n} & top"),
        "cube" => write!(out, "({high}, {low})"),
        "seg" => write!(out, "{n} .. {}", n + 1),
        "query_int" => write!(out, "{high}&{low}"),
        "semver" => write!(out, "{}.{}.{low}", high / 100, high % 100),
        "ip4" => write!(out, "10.{}.{}.{}", n / 65_536 % 256, n / 256 % 256, n % 256),
        "ip4r" => write!(out, "{}.{}.{}.0/24", n / 65_536 % 223 + 1, n / 256 % 256, n % 256),
        "earth" => return earth(wide, out),
        "ean13" => return ean(&format!("40{:010}", n), out),
        "isbn13" => return ean(&format!("978{n:09}"), out),
        "isbn" => return mod_11(&format!("{n:09}"), out),
        "ismn" => return ean(&format!("9790{:08}", n % 10_000_000), out),
        "issn" => return mod_11(&format!("{:07}", n % 1_000_000), out),
        "upc" => return ean(&format!("00{n:010}"), out),
        _ => match sparse(kind) {
            Some(1) => write!(out, "{{1:1.{n:08}}}/1"),
            Some(dimensions) => {
                let half = dimensions / 2;
                let (first, second) = (high % half + 1, half + low % (dimensions - half) + 1);
                write!(out, "{{{first}:1.{high:04},{second}:1.{low:04}}}/{dimensions}")
            }
            None => Ok(()),
        },
    };
}

/// The dimensions of pgvector's `sparsevec`.
fn sparse(kind: &str) -> Option<u128> {
    kind.strip_prefix("sparsevec:")?.parse().ok().filter(|n| *n > 0)
}

/// Digits and the check digit of a European Article Number, weights 1 and 3.
fn ean(digits: &str, out: &mut String) {
    let sum: u32 = digits.bytes().zip([1, 3].into_iter().cycle()).map(|(d, w)| u32::from(d - b'0') * w).sum();
    out.push_str(digits);
    out.push(char::from(b'0' + u8::try_from((10 - sum % 10) % 10).expect("one digit")));
}

/// Digits and a check digit modulo 11, with weights descending to 2; `X` is ten.
fn mod_11(digits: &str, out: &mut String) {
    let weights = (2..=digits.len() + 1).rev();
    let sum: usize = digits.bytes().zip(weights).map(|(d, w)| usize::from(d - b'0') * w).sum();
    out.push_str(digits);
    match (11 - sum % 11) % 11 {
        10 => out.push('X'),
        d => out.push(char::from(b'0' + u8::try_from(d).expect("one digit"))),
    }
}

/// A point on the sphere of the extension `earthdistance`, in metres.
fn earth(i: u128, out: &mut String) {
    const RADIUS: f64 = 6_378_168.0;
    let at = |n: u128, steps: u128| f64::from(u32::try_from(n % steps).unwrap_or(0));
    let (lon, lat) = (at(i, 360) - 180.0, at(i / 360, 170) - 85.0);
    let lat = lat + at(i / 61_200, 100) / 100.0;
    let (lon, lat) = (lon.to_radians(), lat.to_radians());
    let (x, y, z) = (lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin());
    let _ = write!(out, "({:.6}, {:.6}, {:.6})", RADIUS * x, RADIUS * y, RADIUS * z);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, i: u128) -> String {
        let mut out = String::new();
        value(kind, i, &mut out);
        out
    }

    #[test]
    fn product_codes_have_check_digits() {
        assert_eq!(of("isbn13", 30_640_615), "9780306406157");
        assert_eq!(of("isbn", 30_640_615), "0306406152");
        let mut issn = String::new();
        mod_11("0378595", &mut issn);
        assert_eq!(issn, "03785955");
    }

    #[test]
    fn values_of_every_type_differ() {
        for kind in ["jsonpath", "pg_snapshot", "tid", "oidvector", "cube", "seg", "earth", "issn", "upc", "ip4r"] {
            let mut all: Vec<String> = (0..500).map(|i| of(kind, i)).collect();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 500, "{kind}");
            assert!(size(kind) > 500, "{kind}");
        }
        assert_eq!(size("unheard_of"), 0);
    }
}
