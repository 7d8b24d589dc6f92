//! Domains of text columns, by meaning and maximum length.

use super::{Charset, ColumnInference};
use crate::dates;
use crate::dictionary::Meaning;
use crate::text;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::locale;
use dbmocker_domain::locale::Locales;
use dbmocker_domain::text::{Case, TextKind};
use dbmocker_domain::{Domain, TextDomain};

impl ColumnInference<'_> {
    pub(super) fn text(&self, max_chars: Option<u32>, max_bytes: Option<u32>, fixed: bool) -> (Domain, String) {
        let room = max_chars.unwrap_or(u32::MAX).min(max_bytes.unwrap_or(u32::MAX));
        let domain = |kind: TextKind| {
            let kind = match Named::find("valid_phone").filter(|_| self.context.valid_phones && kind == TextKind::Phone)
            {
                Some(valid) => TextKind::Catalogue(valid),
                None => kind,
            };
            let use_subject = self.locales.is_empty() && !self.context.in_key;
            let kind = if use_subject { text::about(kind, &self.name, &self.neighbours) } else { kind };
            let kind = match kind {
                TextKind::Json if room >= 400 && !self.context.in_key => match self.json_shape() {
                    Some(shape) => TextKind::Catalogue(shape),
                    None => kind,
                },
                kind => kind,
            };
            let kind = text::fitting(kind, room);
            // These codes are written in capitals; case variants would also be equal keys in case-insensitive
            // collations.
            let upper = matches!(
                kind,
                TextKind::CountryCode
                    | TextKind::CurrencyCode
                    | TextKind::StateCode
                    | TextKind::Sku
                    | TextKind::Vin
                    | TextKind::Iban
                    | TextKind::LicensePlate
            ) || matches!(&kind, TextKind::Catalogue(named) if CAPITALS.contains(&named.name()));
            let case = if upper { Case::Upper } else { Case::Any };
            let locales = if locale::has(&kind) { self.locales.clone() } else { Locales::new() };
            let four_bytes =
                matches!(&kind, TextKind::Catalogue(named) | TextKind::Prose(named) if named.is_beyond_basic());
            let ascii = self.charset == Charset::Ascii || (self.charset == Charset::Basic && four_bytes);
            let limits = TextDomain::new(kind, max_chars.unwrap_or(u32::MAX));
            Domain::Text(TextDomain { max_bytes, case, locales, ascii, ..limits })
        };
        if let Some(kind) = self.moment_text() {
            return (domain(kind), self.named("a moment as text"));
        }
        if self.is_identifier() {
            let kind = identifier(room, fixed);
            return (domain(kind), self.named("identifier"));
        }
        if let (false, Some(choice)) = (self.context.in_key, self.listed_texts(room)) {
            return (choice, "comment: a list of values".into());
        }
        let plain = || match self.meaning_of_name(room) {
            None => true,
            Some((_, Meaning::Kind(kind))) => matches!(kind, TextKind::Words | TextKind::Word | TextKind::Code { .. }),
            Some(_) => false,
        };
        // A form says less than a name that is understood, and it may not fit the column, or not have enough texts for
        // a key.
        if let Some((kind, exact)) =
            self.stated.as_ref().filter(|(_, exact)| (*exact || plain()) && !self.context.in_key)
        {
            let stated = domain(kind.clone());
            let fits = stated.sampler().size() > 0 && (*kind != TextKind::HexColor || room >= HEX_COLOR);
            if fits {
                let what = if *exact { "comment: the form of the texts" } else { "comment: the form of an example" };
                return (stated, what.into());
            }
        }
        match self.meaning(room) {
            // A name or code of which only that is known.
            Some((word, Meaning::Kind(TextKind::Words))) if let Some(label) = self.label(room) => {
                (domain(label), self.named(&word))
            }
            // A number of a fixed length has digits only.
            Some((word, Meaning::Kind(kind))) if fixed && self.is_number_of_length(&kind, room) => {
                (domain(TextKind::Digits { length: room }), self.named(&word))
            }
            Some((word, Meaning::Kind(TextKind::Code { .. }))) if let Some(code) = self.code(room, fixed) => {
                (domain(code), self.named(&word))
            }
            Some((word, Meaning::Flag(yes))) if room <= 5 && !self.context.in_key => {
                (flag_text(yes, room), self.named(&word))
            }
            Some((word, Meaning::OneOf(members))) if !self.context.in_key => match choice(&members, room) {
                Some(choice) => (choice, self.named(&word)),
                None => (domain(by_length(room, fixed)), self.named(&word)),
            },
            None if self.by_default().is_some() => {
                (domain(self.by_default().expect("just looked")), format!("default `{}`", self.default))
            }
            Some((word, Meaning::Kind(kind))) => (domain(kind), self.named(&word)),
            Some((word, Meaning::Flag(yes))) if !self.context.in_key => (flag_text(yes, room), self.named(&word)),
            _ => (domain(by_length(room, fixed)), "type: text of its length".into()),
        }
    }

    /// Whether a column of a fixed length holds a number whose usual form has another length.
    fn is_number_of_length(&self, kind: &TextKind, room: u32) -> bool {
        let form = match kind {
            TextKind::Catalogue(named) => NUMBERS.contains(&named.name()),
            kind => matches!(kind, TextKind::Code { .. }),
        };
        self.name.last() == "number" && form && (6..=20).contains(&room)
    }

    /// The kind of a date or time that is stored as text, as SQLite does; else `None`.
    pub(super) fn moment_text(&self) -> Option<TextKind> {
        if dates::is_day(&self.name) && self.context.dialect == Dialect::Sqlite {
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

    pub(super) fn is_identifier(&self) -> bool {
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
                "vat id",
                "steuer id",
                "request id",
                "trace id",
                "correlation id",
                "message id",
                "chinese id",
                "object id",
                "public id",
                "snowflake id",
                "passport id",
                "card id",
                "mongo id",
                "citizen id",
            ])
    }

    /// The values that the comment lists, if there are at least two and all fit into `room` characters.
    fn listed_texts(&self, room: u32) -> Option<Domain> {
        let fit = |t: &String| t.chars().count() <= room as usize;
        let all = self.listed.len() >= 2 && self.listed.iter().all(fit);
        let values = || self.listed.iter().map(Value::text).collect();
        all.then(|| Domain::Choice { values: values(), weights: None })
    }
}

/// Characters of `#rrggbb`.
const HEX_COLOR: u32 = 7;
/// Kinds of codes that are written in capitals.
const CAPITALS: [&str; 16] = [
    "reference_number",
    "customer_number",
    "invoice_number",
    "order_number",
    "tracking_number",
    "booking_reference",
    "airport_code",
    "icao_airport",
    "airline_code",
    "flight_number",
    "aircraft_registration",
    "fare_basis",
    "passport_number",
    "batch_number",
    "serial_number",
    "model_number",
];

/// Kinds of numbers of documents, whose form depends on who writes them.
const NUMBERS: [&str; 5] = ["reference_number", "customer_number", "invoice_number", "order_number", "tracking_number"];

fn flag_text(yes: u32, room: u32) -> Domain {
    let (on, off) = if room >= 5 { ("true", "false") } else { ("Y", "N") };
    Domain::Choice { values: vec![Value::text(on), Value::text(off)], weights: Some(vec![yes, 100 - yes]) }
}

/// The members that fit into `room` characters, if they have at least half of the weight; members are never truncated.
/// For one or two characters: the members' initials.
fn choice(members: &[(String, u32)], room: u32) -> Option<Domain> {
    let room = room as usize;
    let weight = |of: &[(String, u32)]| of.iter().map(|(_, w)| w).sum::<u32>();
    let mut fitting: Vec<(String, u32)> = members.iter().filter(|(m, _)| m.chars().count() <= room).cloned().collect();
    if fitting.len() < 2 || 2 * weight(&fitting) < weight(members) {
        if room > 2 {
            return None;
        }
        fitting.clear();
        for (member, weight) in members {
            let initial: String =
                member.chars().filter(|c| c.is_alphanumeric()).take(1).flat_map(char::to_uppercase).collect();
            match fitting.iter_mut().find(|(known, _)| *known == initial) {
                Some((_, all)) => *all += weight,
                None if !initial.is_empty() => fitting.push((initial, *weight)),
                None => {}
            }
        }
    }
    let weights: Vec<u32> = fitting.iter().map(|(_, w)| *w).collect();
    let level = weights.windows(2).all(|w| w[0] == w[1]);
    let values: Vec<Value> = fitting.into_iter().map(|(m, _)| Value::text(m)).collect();
    (values.len() >= 2).then_some(Domain::Choice { values, weights: (!level).then_some(weights) })
}

/// The usual form of an identifier of this length.
fn identifier(room: u32, fixed: bool) -> TextKind {
    match room {
        32 | 40 | 64 if fixed => TextKind::Hex { length: room },
        36.. => TextKind::Uuid,
        32..36 => TextKind::Hex { length: 32 },
        24..32 => TextKind::Hex { length: 24 },
        _ => TextKind::Code { length: room.clamp(1, 12) },
    }
}

/// The kind of text where the name is not in the dictionary: hashes and codes for the usual fixed lengths, else words.
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
