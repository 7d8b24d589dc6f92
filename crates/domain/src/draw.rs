//! Draws texts of each kind that need not be unique.
//!
//! Data in: the kind, the maximum length (`room`) in characters, a cell's random stream. Data out: ASCII text of at
//! most `room` characters appended to a `String`, without other allocations. If the usual form does not fit, a shorter
//! one is used.

use super::catalogue::{EntryBody, Named};
use super::checksummed;
use super::fake::*;
use super::fit::extend;
use super::prose::{append_word, capitalised, lorem, paragraph, sentence, slug, title, words};
use super::text::TextKind;
use super::text_format;
use super::text_format::{DIGITS, HEX, LOWER36};
use dbmocker_core::rng_stream::CellRng;

const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const UPPER36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
/// Letters and digits of vehicle identification numbers (ISO 3779, without I, O, Q).
pub const VIN_CHARS: &[u8] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
/// First and last day of dates that are texts, in days since 1970-01-01: the years 2000 to 2024, as text domains do not
/// depend on the current date.
pub const TEXT_DAYS: (i32, i32) = (10_957, 20_088);

/// Appends a text of `kind` with at most `room` characters; random letters if no text of the kind fits.
pub fn draw(kind: &TextKind, room: usize, rng: &mut CellRng, out: &mut String) {
    use TextKind as K;
    if room == 0 {
        return;
    }
    let start = out.len();
    match kind {
        _ if let Some(list) = list(kind) => list.put(room, rng, out),
        _ if let Some((alphabet, most)) = letters(kind) => {
            text_format::random_chars(alphabet, room.min(most), rng, out)
        }
        K::Name => full_name(room, rng, out),
        K::Username => username(room, rng, out),
        K::Email => email(room, rng, out),
        K::PasswordHash => password_hash(room, rng, out),
        K::Phone => phone(room, rng, out),
        K::StreetAddress => street(room, rng, out),
        K::SecondaryAddress => {
            out.push_str(if rng.below(2) == 0 { "Apt. " } else { "Suite " });
            text_format::number(1 + rng.below(999), out);
        }
        K::City => city(room, rng, out),
        K::Company => company(room, rng, out),
        K::JobTitle => job(room, rng, out),
        K::Product => product(room, rng, out),
        K::Sku => sku(room, rng, out),
        K::Title => title(room, rng, out),
        K::Slug => slug(room, rng, out),
        K::Words => words(room, rng, out),
        K::Lorem => lorem(room, rng, out),
        K::Sentence => sentence(room, rng, out),
        K::Paragraph => paragraph(room, rng, out),
        K::Url => url(room, rng, out),
        K::Hostname => hostname(room, rng, out),
        K::Domain => domain(room, rng, out),
        K::Path => path(room, rng, out),
        K::FileName => file_name(room, rng, out),
        K::Gender if room < 6 => out.push_str(rng.pick::<&str>(&["f", "m"])),
        K::Gender if rng.below(24) == 0 => out.push_str("other"),
        K::Gender => out.push_str(rng.pick::<&str>(&["female", "male"])),
        K::Json => json_text(room, rng, out),
        K::Catalogue(named) => named.entry().draw(room, rng, out),
        K::Prose(named) => prose_about(*named, room, rng, out),
        K::Html => html(room, rng, out),
        K::Pattern { .. } => {} // the sampler holds the compiled pattern
        _ => formatted(kind, rng, out),
    }
    let written = out.len() - start;
    if written > room || (written == 0 && !matches!(kind, K::Pattern { .. })) {
        out.truncate(start);
        text_format::random_chars(LETTERS, room.min(8), rng, out);
    }
}

/// The list of a kind whose texts are words of one list; `None` for other kinds.
pub fn list(kind: &TextKind) -> Option<&'static Words> {
    use TextKind as K;
    Some(match kind {
        K::FirstName => &FIRST_NAMES,
        K::LastName => &LAST_NAMES,
        K::State => &STATES,
        K::StateCode => &STATE_CODES,
        K::Country => &COUNTRIES,
        K::CountryCode => &COUNTRY_CODES,
        K::Department => &DEPARTMENTS,
        K::Category => &CATEGORIES,
        K::Brand => &PLAIN_LAST_NAMES,
        K::Word => &WORDS,
        K::MimeType => &MIME_TYPES,
        K::UserAgent => &USER_AGENTS,
        K::Color => &COLORS,
        K::CurrencyCode => &CURRENCY_CODES,
        K::LanguageCode => &LANGUAGE_CODES,
        K::Locale => &LOCALES,
        K::TimeZone => &TIME_ZONES,
        K::Status => &STATUSES,
        K::Priority => &PRIORITIES,
        K::Catalogue(named) => match named.entry().body {
            EntryBody::List(words) => words,
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether texts of the kind may contain letters beyond ASCII.
pub fn may_be_non_ascii(kind: &TextKind) -> bool {
    use TextKind as K;
    matches!(kind, K::LastName | K::Name | K::City | K::Sentence | K::Paragraph | K::Html | K::Prose(_))
}

/// The alphabet and the usual length of a kind whose texts are random characters; `None` for other kinds.
pub fn letters(kind: &TextKind) -> Option<(&'static [u8], usize)> {
    use TextKind as K;
    Some(match kind {
        K::Password => (ALPHANUMERIC, 12),
        K::Zipcode => (DIGITS, 5),
        K::Hex { length } => (HEX, *length as usize),
        K::Code { length } => (UPPER36, *length as usize),
        K::Digits { length } => (DIGITS, *length as usize),
        K::Signs { .. } => (LOWER36, 8),
        _ => return None,
    })
}

/// Appends a text of a kind with a fixed format.
fn formatted(kind: &TextKind, rng: &mut CellRng, out: &mut String) {
    use TextKind as K;
    match kind {
        K::IpAddress => checksummed::ipv4(test_address(rng), out),
        K::Ipv6 => {
            out.push_str("2001:db8:");
            text_format::hex_groups(rng.below_u128(1 << 96), &[4; 6], ':', out);
        }
        K::MacAddress => checksummed::mac(u128::from(rng.word()), 6, out),
        K::HexColor => {
            out.push('#');
            text_format::random_chars(HEX, 6, rng, out);
        }
        K::CreditCard => checksummed::credit_card(rng.below(100_000_000_000_000), out),
        K::Iban => checksummed::iban(rng.below(1_000_000_000_000_000_000), out),
        K::Isbn => checksummed::isbn(rng.below(1_000_000_000), out),
        K::Vin => text_format::random_chars(VIN_CHARS, 17, rng, out),
        K::LicensePlate => checksummed::license_plate(rng.below(26 * 26 * 26 * 26 * 1000), out),
        K::Uuid => text_format::uuid(rng.below_u128(1 << 122), out),
        K::Version => {
            text_format::number(rng.below(6), out);
            out.push('.');
            text_format::number(rng.below(20), out);
            out.push('.');
            text_format::number(rng.below(30), out);
        }
        K::DateText => text_format::date(recent_day(rng), out),
        K::DateTimeText => {
            text_format::date(recent_day(rng), out);
            out.push(' ');
            text_format::clock(rng.below(86_400) as u32, out);
        }
        K::TimeText => text_format::clock(rng.below(86_400) as u32, out),
        K::NumberText => {
            let magnitude = 10u64.pow(1 + rng.below(4) as u32);
            text_format::number(rng.below(magnitude), out);
        }
        _ => {}
    }
}

/// Appends two to five sentences about one subject.
fn prose_about(named: Named, room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    for i in 0..2 + rng.below(4) {
        let left = room - (out.len() - start);
        if i > 0 && left < 60 {
            break;
        }
        let before = out.len();
        if i > 0 {
            out.push(' ');
        }
        named.entry().draw(left - usize::from(i > 0), rng, out);
        if out.len() == before + 1 && i > 0 {
            out.pop();
        }
    }
}

/// An address of the networks reserved for documentation and tests (RFC 5737, RFC 2544).
fn test_address(rng: &mut CellRng) -> u32 {
    let word = rng.word() as u32;
    match word & 15 {
        0 => 0xc000_0200 | (word >> 8 & 0xff),
        1 | 2 => 0xc633_6400 | (word >> 8 & 0xff),
        3 | 4 => 0xcb00_7100 | (word >> 8 & 0xff),
        _ => 0xc612_0000 | (word >> 8 & 0x1_ffff),
    }
}

/// A random day since 1970-01-01; later days are more likely.
fn recent_day(rng: &mut CellRng) -> i32 {
    let span = f64::from(TEXT_DAYS.1 - TEXT_DAYS.0 + 1);
    let u = rng.unit();
    TEXT_DAYS.1 - (span * u * u) as i32
}

fn full_name(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    FIRST_NAMES.put(room, rng, out);
    append_word(&LAST_NAMES, " ", start, room, rng, out);
}

fn username(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    FIRST_NAMES.put(room, rng, out);
    match rng.below(3) {
        0 => {
            append_word(&PLAIN_LAST_NAMES, ".", start, room, rng, out);
        }
        1 => {
            append_word(&PLAIN_LAST_NAMES, "_", start, room, rng, out);
        }
        _ => {}
    }
    if out.len() - start + 2 <= room {
        text_format::number(10 + rng.below(90), out);
    }
    out[start..].make_ascii_lowercase();
}

fn email(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    let domain = match room {
        28.. => MAIL_HOSTS.get(MAIL_HOSTS.pick_index(MAIL_HOSTS.len(), rng)),
        _ => *rng.pick::<&str>(&MAIL_DOMAINS),
    };
    match room {
        14.. => {
            let local = room - domain.len() - 1;
            FIRST_NAMES.put(local, rng, out);
            if rng.below(4) > 0 {
                append_word(&PLAIN_LAST_NAMES, ".", start, local, rng, out);
            }
            if rng.below(2) == 0 && out.len() - start + 2 <= local {
                text_format::number(10 + rng.below(90), out);
            }
            if out.len() == start {
                text_format::random_chars(LETTERS, local.min(6), rng, out);
            }
            out[start..].make_ascii_lowercase();
            out.push('@');
            out.push_str(domain);
        }
        8..14 => {
            text_format::random_chars(LETTERS, (room - 7).min(6), rng, out);
            out.push_str("@x.test");
        }
        5..8 => {
            text_format::random_chars(LETTERS, room - 4, rng, out);
            out.push_str("@x.y");
        }
        _ => {}
    }
}

fn password_hash(room: usize, rng: &mut CellRng, out: &mut String) {
    if room >= 60 {
        out.push_str("$2b$12$");
        text_format::random_chars(ALPHANUMERIC, 53, rng, out);
    } else {
        text_format::random_chars(HEX, if room >= 40 { 40 } else { room.min(32) }, rng, out);
    }
}

fn digits(n: usize, rng: &mut CellRng, out: &mut String) {
    text_format::random_chars(DIGITS, n, rng, out);
}

/// A number in the North American format with the exchange 555, which is not assigned.
fn phone(room: usize, rng: &mut CellRng, out: &mut String) {
    let area = 200 + rng.below(800);
    let (open, middle) = match (room, rng.below(3)) {
        (15.., 0) => ("+1-", "-"),
        (14.., 1) => ("(", ") "),
        (12.., _) => ("", "-"),
        (10..12, _) => ("", ""),
        _ => return digits(room, rng, out),
    };
    out.push_str(open);
    text_format::number(area, out);
    out.push_str(middle);
    out.push_str("555");
    if room >= 12 {
        out.push('-');
    }
    digits(4, rng, out);
}

fn street(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    text_format::number(1 + rng.below(999), out);
    append_word(&PLAIN_LAST_NAMES, " ", start, room, rng, out);
    append_word(&STREET_SUFFIXES, " ", start, room, rng, out);
}

fn city(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    if rng.below(3) == 0 && room > 12 {
        CITY_PREFIXES.put(room, rng, out);
        out.push(' ');
    }
    let room = room - (out.len() - start);
    let at = out.len();
    PLAIN_LAST_NAMES.put(room.saturating_sub(4).max(room.min(3)), rng, out);
    append_word(&CITY_SUFFIXES, "", at, room, rng, out);
    if out.len() > at {
        out[at + 1..].make_ascii_lowercase();
    }
}

fn company(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    PLAIN_LAST_NAMES.put(room, rng, out);
    match rng.below(3) {
        0 => {
            append_word(&PLAIN_LAST_NAMES, "-", start, room, rng, out);
        }
        1 => {
            append_word(&PLAIN_LAST_NAMES, " and ", start, room, rng, out);
        }
        _ => {
            append_word(&COMPANY_SUFFIXES, " ", start, room, rng, out);
        }
    }
}

fn job(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    if room > 24 && rng.below(2) == 0 {
        JOB_SENIORITY.put(room, rng, out);
        append_word(&JOB_FIELDS, " ", start, room, rng, out);
        append_word(&JOB_POSITIONS, " ", start, room, rng, out);
    } else if room > 16 {
        JOB_FIELDS.put(room - 10, rng, out);
        append_word(&JOB_POSITIONS, " ", start, room, rng, out);
    } else {
        JOB_POSITIONS.put(room, rng, out);
    }
}

fn product(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    capitalised(THINGS.pick(room, rng), out);
    // The noun is written first, as it is required; the adjectives are inserted before it: "Walnut Desk", "Bold Walnut
    // Desk".
    for list in [&*MATERIALS, &*ADJECTIVES] {
        let left = room.saturating_sub(out.len() - start + 1);
        let word = list.pick(left, rng);
        if word.is_empty() {
            break;
        }
        out.insert(start, ' ');
        out.insert_str(start, word);
        out[start..=start].make_ascii_uppercase();
    }
}

fn sku(room: usize, rng: &mut CellRng, out: &mut String) {
    if room >= 9 {
        text_format::random_chars(checksummed::UPPER, 3, rng, out);
        out.push('-');
        text_format::random_chars(UPPER36, 5, rng, out);
    } else {
        text_format::random_chars(UPPER36, room, rng, out);
    }
}

fn url(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    let scheme = if rng.below(5) > 0 { "https://" } else { "https://www." };
    if room < scheme.len() + 11 {
        return domain(room, rng, out);
    }
    out.push_str(scheme);
    out.push_str(rng.pick::<&str>(&MAIL_DOMAINS));
    append_word(&NOUNS, "/", start, room, rng, out);
    if rng.below(2) == 0 {
        append_word(&THINGS, "/", start, room, rng, out);
    }
}

fn hostname(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    let name_room = if room >= 18 { room - 14 } else { room.saturating_sub(2) };
    NOUNS.put(name_room, rng, out);
    if room >= out.len() - start + 2 {
        text_format::two(rng.below(100) as u32, out);
    }
    if room >= out.len() - start + 12 {
        out.push('.');
        out.push_str(rng.pick::<&str>(&MAIL_DOMAINS));
    }
}

fn domain(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    if room < 8 {
        return;
    }
    PLAIN_LAST_NAMES.put(room - 5, rng, out);
    out[start..].make_ascii_lowercase();
    out.push_str(".test");
}

fn path(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    PATH_ROOTS.put(room, rng, out);
    append_word(&NOUNS, "/", start, room, rng, out);
    if rng.below(2) == 0 {
        append_word(&NOUNS, "/", start, room, rng, out);
    }
    append_word(&EXTENSIONS, ".", start, room, rng, out);
}

fn file_name(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    NOUNS.put(room.saturating_sub(4).max(room.min(3)), rng, out);
    if room >= 14 {
        append_word(&THINGS, "-", start, room - 4, rng, out);
    }
    append_word(&EXTENSIONS, ".", start, room, rng, out);
}

fn json_text(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    if room >= 60 {
        super::json::object(rng, out);
    }
    if room < 60 || out.len() - start > room {
        out.truncate(start);
        // A number is a valid JSON text of any length.
        let magnitude = 10u64.pow(room.min(4) as u32);
        text_format::number(rng.below(magnitude), out);
    }
}

fn html(room: usize, rng: &mut CellRng, out: &mut String) {
    if room < 16 {
        return;
    }
    out.push_str("<p>");
    sentence(room - 7, rng, out);
    out.push_str("</p>");
}

/// Pads the text from `start` to `min` characters: texts of words by words, others by letters or digits.
pub fn pad(kind: &TextKind, start: usize, min: usize, rng: &mut CellRng, out: &mut String) {
    use TextKind as K;
    let missing = min.saturating_sub(characters(&out[start..]));
    if missing == 0 {
        return;
    }
    match kind {
        K::Digits { .. } | K::Zipcode | K::Phone | K::NumberText | K::CreditCard | K::Isbn => digits(missing, rng, out),
        K::Hex { .. } => text_format::random_chars(HEX, missing, rng, out),
        kind if has_several_words(kind) => extend(missing, start, rng, out),
        _ => text_format::random_chars(LOWER36, missing, rng, out),
    }
}

/// Returns true for kinds whose texts are extended by words.
pub fn has_several_words(kind: &TextKind) -> bool {
    use TextKind as K;
    match kind {
        K::Title | K::Words | K::Sentence | K::Paragraph | K::Lorem | K::Html | K::Prose(_) => true,
        K::Catalogue(named) => named.is_prose(),
        _ => false,
    }
}

/// Returns the number of characters of a text.
pub fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_kind_fit() {
        for (_, kind) in crate::text::GENERATORS {
            for room in 0..80 {
                for seed in 0..20 {
                    let mut s = String::from("x");
                    draw(kind, room, &mut CellRng::new(seed), &mut s);
                    assert!(s.len() - 1 <= room, "{kind:?} room {room}: {s}");
                    assert!(room == 0 || s.len() > 1 || matches!(kind, TextKind::Pattern { .. }), "{kind:?} {room}");
                    assert!(!s.ends_with(' ') && s.is_ascii(), "{kind:?} {s:?}");
                }
            }
        }
    }
}
