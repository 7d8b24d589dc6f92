//! Texts: what they are of, and in what length.

use super::Subject;
use crate::dates;
use crate::text;
use crate::text::Meaning;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::text::{Case, TextKind};
use dbmocker_domain::{Domain, TextDomain};

impl Subject {
    pub(super) fn text(&self, max_chars: Option<u32>, max_bytes: Option<u32>, fixed: bool) -> (Domain, String) {
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
    pub(super) fn moment_text(&self) -> Option<TextKind> {
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
            ])
    }
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
