//! Unique texts of a canonical format with digits of its own: UUIDs, card numbers, addresses.

use super::*;

/// The canonical format of a kind with its own digits.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum CanonicalFormat {
    Uuid,
    Ipv4,
    Ipv6,
    Mac,
    HexColor,
    Card,
    Iban,
    Isbn,
    LicensePlate,
    Phone,
    Zip9,
    Sku,
    Date,
    DateTime,
    Time,
    /// Whole numbers below `10^digits`.
    Number {
        digits: u8,
    },
    /// `{"id":"..."}` with this many letters and digits.
    Json {
        digits: u8,
    },
}

impl CanonicalFormat {
    /// The format of a kind; `None` if it has none, or if a text of it exceeds the limits.
    pub(super) fn new(kind: &TextKind, limits: Limits) -> Option<Self> {
        use TextKind as K;
        let room = limits.max.min(limits.distinct_chars);
        let form = match kind {
            K::Uuid => CanonicalFormat::Uuid,
            K::IpAddress => CanonicalFormat::Ipv4,
            K::Ipv6 => CanonicalFormat::Ipv6,
            K::MacAddress => CanonicalFormat::Mac,
            K::HexColor => CanonicalFormat::HexColor,
            K::CreditCard => CanonicalFormat::Card,
            K::Iban => CanonicalFormat::Iban,
            K::Isbn => CanonicalFormat::Isbn,
            K::LicensePlate => CanonicalFormat::LicensePlate,
            K::Phone => CanonicalFormat::Phone,
            K::Zipcode => CanonicalFormat::Zip9,
            K::Sku => CanonicalFormat::Sku,
            K::DateText => CanonicalFormat::Date,
            K::DateTimeText => CanonicalFormat::DateTime,
            K::TimeText => CanonicalFormat::Time,
            K::NumberText => CanonicalFormat::Number { digits: u8::try_from(room.min(12)).ok()? },
            K::Json if room >= 15 => CanonicalFormat::Json { digits: u8::try_from(room.min(19) - 9).ok()? },
            K::Json => CanonicalFormat::Number { digits: u8::try_from(room.min(12)).ok()? },
            _ => return None,
        };
        let (shortest, longest) = form.lengths();
        let varies = limits.fixed && shortest != longest;
        (shortest >= limits.min && longest <= room && !varies).then_some(form)
    }

    /// Minimum and maximum length.
    pub(super) fn lengths(self) -> (usize, usize) {
        let one = match self {
            CanonicalFormat::Uuid => 36,
            CanonicalFormat::Ipv4 => return (7, 15),
            CanonicalFormat::Ipv6 => 38,
            CanonicalFormat::Mac | CanonicalFormat::Phone if matches!(self, CanonicalFormat::Mac) => 17,
            CanonicalFormat::Mac | CanonicalFormat::Phone => 12,
            CanonicalFormat::HexColor => 7,
            CanonicalFormat::Card => 16,
            CanonicalFormat::Iban => 22,
            CanonicalFormat::Isbn => 13,
            CanonicalFormat::LicensePlate | CanonicalFormat::Sku => 9,
            CanonicalFormat::Zip9 | CanonicalFormat::Date => 10,
            CanonicalFormat::DateTime => 19,
            CanonicalFormat::Time => 8,
            CanonicalFormat::Number { digits } => return (1, usize::from(digits)),
            CanonicalFormat::Json { digits } => 9 + usize::from(digits),
        };
        (one, one)
    }

    pub(super) fn size(self) -> u128 {
        let days = u128::from((TEXT_DAYS.1 - TEXT_DAYS.0).unsigned_abs()) + 1;
        match self {
            CanonicalFormat::Uuid => PRACTICALLY_INFINITE,
            CanonicalFormat::Ipv4 => 223 << 24,
            CanonicalFormat::Ipv6 => 1 << 96,
            CanonicalFormat::Mac => 1 << 40,
            CanonicalFormat::HexColor => 1 << 24,
            CanonicalFormat::Card => 100_000_000_000_000,
            CanonicalFormat::Iban => 1_000_000_000_000_000_000,
            CanonicalFormat::Isbn | CanonicalFormat::Zip9 => 1_000_000_000,
            CanonicalFormat::LicensePlate => 26 * 26 * 26 * 26 * 1000,
            CanonicalFormat::Phone => 8_000_000_000,
            CanonicalFormat::Sku => 26 * 26 * 26 * power(36, 5),
            CanonicalFormat::Date => days,
            CanonicalFormat::DateTime => days * 86_400,
            CanonicalFormat::Time => 86_400,
            CanonicalFormat::Number { digits } => power(10, usize::from(digits)),
            CanonicalFormat::Json { digits } => power(36, usize::from(digits)),
        }
    }

    pub(super) fn write(self, i: u128, out: &mut String) {
        // All sizes except the largest are below 2^64, and `i` is below the size.
        let small = i as u64;
        let scattered = || text_format::scatter(i, self.size());
        match self {
            CanonicalFormat::Uuid => text_format::uuid(text_format::scramble(i, 122), out),
            CanonicalFormat::Ipv4 => checksummed::ipv4(host_address(i), out),
            CanonicalFormat::Ipv6 => {
                out.push_str("2001:db8:");
                text_format::hex_groups(text_format::scramble(i, 96), &[4; 6], ':', out);
            }
            CanonicalFormat::Mac => checksummed::mac(text_format::scramble(i, 40), 6, out),
            CanonicalFormat::HexColor => {
                out.push('#');
                text_format::fixed_base(text_format::scramble(i, 24), 6, HEX, out);
            }
            CanonicalFormat::Card => checksummed::credit_card(scattered() as u64, out),
            CanonicalFormat::Iban => checksummed::iban(scattered() as u64, out),
            CanonicalFormat::Isbn => checksummed::isbn(small, out),
            CanonicalFormat::LicensePlate => checksummed::license_plate(small, out),
            CanonicalFormat::Phone => {
                out.push_str("+1");
                text_format::number(2_000_000_000 + scattered() as u64, out);
            }
            CanonicalFormat::Zip9 => {
                text_format::fixed_base(i / 10_000, 5, DIGITS, out);
                out.push('-');
                text_format::fixed_base(i % 10_000, 4, DIGITS, out);
            }
            CanonicalFormat::Sku => {
                let i = scattered();
                text_format::fixed_base(i / power(36, 5), 3, checksummed::UPPER, out);
                out.push('-');
                text_format::fixed_base(i % power(36, 5), 5, LOWER36, out);
            }
            CanonicalFormat::Date => text_format::date(TEXT_DAYS.0 + small as i32, out),
            CanonicalFormat::DateTime => {
                text_format::date(TEXT_DAYS.0 + (small / 86_400) as i32, out);
                out.push(' ');
                text_format::clock((small % 86_400) as u32, out);
            }
            CanonicalFormat::Time => text_format::clock(small as u32, out),
            CanonicalFormat::Number { .. } => text_format::number(small, out),
            CanonicalFormat::Json { digits } => {
                out.push_str("{\"id\":\"");
                text_format::fixed_base(scattered(), usize::from(digits), LOWER36, out);
                out.push_str("\"}");
            }
        }
    }
}
