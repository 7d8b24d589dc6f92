//! Texts of a kind in a locale.

use super::{Locale, pick};
use crate::catalogue::{iban_of, vat_of};
use crate::entity;
use crate::text::TextKind;
use dbmocker_core::rng_stream::CellRng;

/// Appends a text of at most `room` bytes. Returns false, and appends nothing, if the locale has none that fits.
pub fn draw(locale: Locale, kind: &TextKind, room: usize, rng: &mut CellRng, out: &mut String) -> bool {
    let start = out.len();
    write_kind(locale, kind, room, rng, out);
    let written = out.len() - start;
    if written == 0 || written > room {
        out.truncate(start);
        return false;
    }
    true
}

/// The name of a kind in a language's file; `None` for other kinds.
fn kind_name(kind: &TextKind) -> Option<&'static str> {
    use TextKind as K;
    Some(match kind {
        K::StreetAddress => "address",
        K::Company => "company",
        K::JobTitle => "job",
        K::Department => "department",
        K::Category => "category",
        K::Product => "product",
        K::Color => "color",
        K::Word => "word",
        K::Status => "status",
        K::Sentence => "sentence",
        K::Catalogue(named) => match named.name() {
            "name_prefix" => "salutation",
            "house_number" => "house",
            "street_name" => "street",
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether texts of the kind depend on the locale.
pub fn has(kind: &TextKind) -> bool {
    use TextKind as K;
    let more = matches!(kind, K::Catalogue(named) if matches!(named.name(), "vat_number" | "eu_vat" | "iban" | "country_calling_code"));
    more || kind_name(kind).is_some()
        || matches!(
            kind,
            K::FirstName
                | K::LastName
                | K::Name
                | K::Username
                | K::Email
                | K::Paragraph
                | K::Title
                | K::Words
                | K::City
                | K::State
                | K::StateCode
                | K::Zipcode
                | K::Phone
                | K::TimeZone
                | K::Country
                | K::CountryCode
                | K::CurrencyCode
                | K::LanguageCode
                | K::Locale
        )
}

fn write_kind(locale: Locale, kind: &TextKind, room: usize, rng: &mut CellRng, out: &mut String) {
    use TextKind as K;
    let language = locale.language();
    if let Some(entry) = kind_name(kind).and_then(|name| language.kind(name)) {
        return entry.draw(room, rng, out);
    }
    match kind {
        K::FirstName | K::LastName | K::Name | K::Username | K::Email => {
            entity::write_person(locale.language_place(), kind, room, rng, out);
        }
        K::Paragraph => {
            let Some(sentence) = language.kind("sentence") else { return };
            let start = out.len();
            for i in 0..2 + rng.below(3) {
                let left = room - (out.len() - start);
                if i > 0 && left > 40 {
                    out.push(' ');
                }
                if i == 0 || left > 40 {
                    sentence.draw(left - usize::from(i > 0), rng, out);
                }
            }
            out.truncate(out.trim_end().len());
        }
        K::Title | K::Words => {
            let (Some(word), start) = (language.kind("word"), out.len()) else { return };
            word.draw(room, rng, out);
            if room - (out.len() - start) > 16 {
                out.push_str(match language.code {
                    "ja" | "zh" => "・",
                    _ => " – ",
                });
                word.draw(room - (out.len() - start), rng, out);
            }
        }
        K::City | K::State | K::StateCode | K::Zipcode | K::Phone | K::TimeZone => {
            let country = locale.country();
            let weights: Vec<(usize, u32)> = country.cities.iter().map(|c| c.weight).enumerate().collect();
            let Some(city) = (!weights.is_empty()).then(|| &country.cities[pick(&weights, rng)]) else { return };
            match kind {
                K::City => out.push_str(city.names[1]),
                K::State => out.push_str(city.states[1]),
                K::StateCode => out.push_str(city.state_code),
                K::Zipcode => entity::fill_template(city.zipcode, rng, out),
                K::TimeZone => out.push_str(city.zone),
                _ => entity::fill_template(city.phone, rng, out),
            }
        }
        K::Country => out.push_str(locale.country().native),
        K::CountryCode => out.push_str(locale.country().codes[0]),
        K::CurrencyCode => out.push_str(locale.country().money),
        K::LanguageCode => out.push_str(language.code),
        K::Locale => {
            out.push_str(language.code);
            out.push('_');
            out.push_str(locale.country().codes[0]);
        }
        K::Catalogue(named) => {
            let code = locale.country().codes[0];
            match named.name() {
                "vat_number" | "eu_vat" => vat_of(code, rng.below_u128(10_000_000), out),
                "iban" => drop(iban_of(code, rng.below_u128(10_000_000_000), out)),
                "country_calling_code" => out.push_str(locale.country().calling),
                _ => {}
            }
        }
        _ => {}
    }
}
