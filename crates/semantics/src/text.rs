//! Infers the meaning of a text column from its name and its table's name, within its maximum length.
//!
//! Data in: names and a limit in characters. Data out: a [`TextKind`] or a list of members, with the phrase that
//! matched.

use super::dictionary::{Meaning, dictionary};
use super::names::Name;
use super::neighbours::Neighbours;
use super::verbs::is_done_by_people;
use dbmocker_domain::catalogue::{EntryBody, Named};
use dbmocker_domain::text::TextKind;

use Meaning::Kind;
use TextKind as K;

/// A text column's properties besides its type.
pub struct TextColumn<'a> {
    pub name: &'a Name,
    pub neighbours: &'a Neighbours,
    /// Maximum length in characters.
    pub room: u32,
    /// The beginning of the column's comment, as a name.
    pub comment: Option<&'a Name>,
}

/// The meaning of a text column by its name, its neighbours or its comment, with the phrase that matched; `None` if
/// none does.
pub fn meaning(column: &TextColumn<'_>) -> Option<(String, Meaning)> {
    let TextColumn { name, neighbours, .. } = column;
    let ship = name.words == ["flag"] && is_of_ships(neighbours);
    if let Some(flag) = flag(name).filter(|_| !ship) {
        return Some(("flag".into(), Meaning::Flag(flag)));
    }
    if let Some(found) = by_neighbours(column) {
        return Some(found);
    }
    let found = of_table(neighbours, name).or_else(|| by_name(name, neighbours));
    // The comment counts only where the name matches no phrase.
    found.or_else(|| by_name(column.comment?, neighbours).map(|(phrase, m)| (format!("comment: {phrase}"), m)))
}

fn of_kind(kind: TextKind) -> Option<(String, Meaning)> {
    Some((String::new(), Kind(kind)))
}

fn of_catalogue(kind: &str) -> Option<(String, Meaning)> {
    of_kind(K::Catalogue(Named::find(kind)?))
}

/// Whether the rows are ships, whose `flag` is a country.
fn is_of_ships(neighbours: &Neighbours) -> bool {
    neighbours.any_ends(SHIPS) || neighbours.table.ends_any(&["vessel", "ship", "yacht"])
}

/// Ends of names in tables of ships.
const SHIPS: &[&str] = &["imo number", "imo", "mmsi", "call sign", "dwt", "gross tonnage"];
/// Ends of names in tables about elections.
const ELECTIONS: &[&str] =
    &["candidate", "candidate id", "turnout", "turnout percent", "party", "constituency", "precinct", "electorate"];

/// The meaning of a name that depends on the table's other columns.
fn by_neighbours(column: &TextColumn<'_>) -> Option<(String, Meaning)> {
    let TextColumn { name, neighbours, room, .. } = column;
    let words: Vec<&str> = name.words.iter().map(String::as_str).collect();
    let names_of_people = neighbours.any_ends(&["first name", "last name"]);
    match words.as_slice() {
        // A German `name` in a table with a `vorname`.
        ["name"]
            if neighbours.language.is_some() && neighbours.any_is("first name") && !neighbours.any_is("last name") =>
        {
            of_kind(K::LastName)
        }
        ["name"]
            if neighbours.language.is_some() && neighbours.any_is("last name") && !neighbours.any_is("first name") =>
        {
            of_kind(K::FirstName)
        }
        // The accounts of a ledger, not of customers.
        ["name" | "title"]
            if neighbours.table.ends("account")
                && (neighbours.any_ends(&["normal balance", "account class"])
                    || neighbours.any_is("code") && neighbours.any_ends(&["type", "class", "category"])) =>
        {
            of_catalogue("account_name")
        }
        // What an insurer sells.
        ["name" | "title"]
            if neighbours.table.ends("product")
                && neighbours.any_ends(&[
                    "premium",
                    "sum insured",
                    "premium cent",
                    "line of business",
                    "coverage type",
                ]) =>
        {
            of_catalogue("insurance_product")
        }
        // A form of address (`Mr.`) beside a first or last name, in a short column.
        ["title"] if names_of_people && *room <= 20 => of_catalogue("name_prefix"),
        ["prefix"] if names_of_people => of_catalogue("name_prefix"),
        ["suffix"] if names_of_people => of_catalogue("name_suffix"),
        ["prefix"] if neighbours.any_ends(&["hash", "key", "token", "secret"]) => of_catalogue("key_prefix"),
        ["prefix" | "suffix"] => of_kind(K::Code { length: 3.min(*room).max(1) }),
        // Actions of a site's visitors, not messages between programs.
        ["event", "type" | "name"] | ["event"]
            if !neighbours.trades.iter().any(|trade| trade == "software")
                && neighbours.any_ends(&["page", "url", "referrer", "referer", "device", "browser", "user agent"]) =>
        {
            of_catalogue("web_event")
        }
        // `content_type` with `content_id`: a polymorphic reference.
        [rest @ .., "type" | "kind" | "class"] if !rest.is_empty() && rest != ["mime"] => {
            let of = format!("{} id", rest.join(" "));
            neighbours.any_is(&of).then(|| of_catalogue("entity_type")).flatten()
        }
        // Two or three letters are a code, not the name.
        [.., "language"] if (2..=3).contains(room) => of_kind(K::LanguageCode),
        [.., "nationality" | "citizenship"] if (2..=3).contains(room) => of_kind(K::CountryCode),
        // A district of voters, not of a hospital.
        [.., "ward"] if neighbours.any_ends(ELECTIONS) => {
            dictionary().columns.get("electoral ward").map(|meaning| ("electoral ward".to_owned(), meaning.clone()))
        }
        // The flag under which a ship sails.
        ["flag"] if is_of_ships(neighbours) => {
            dictionary().columns.get("flag state").map(|meaning| ("flag state".to_owned(), meaning.clone()))
        }
        [.., "national"] if (2..=3).contains(room) => of_kind(K::CountryCode),
        [.., "revision"] if *room <= 4 => {
            dictionary().columns.get("revision letter").map(|meaning| ("revision".to_owned(), meaning.clone()))
        }
        // `#4fbc25`.
        [.., "color"] if *room == 7 => of_kind(K::HexColor),
        // The month of a ledger's period.
        [.., "period"] if *room == 7 => of_catalogue("year_month"),
        ["currency", "symbol"] => None,
        ["symbol"] if neighbours.any_ends(&["currency", "currency code"]) || neighbours.table.ends("currency") => {
            of_catalogue("currency_symbol")
        }
        ["symbol"] => of_catalogue("stock_symbol"),
        // `first` and `last` are names only if the table has both.
        ["first"] if !neighbours.any_is("last") => of_kind(K::Words),
        ["last"] if !neighbours.any_is("first") => of_kind(K::Words),
        _ => None,
    }
}

/// The meaning of a name that depends on the table's name: `name`, `number` and `code` of invoices, airports, colours.
fn of_table(neighbours: &Neighbours, name: &Name) -> Option<(String, Meaning)> {
    let d = dictionary();
    let table = &neighbours.table;
    let noun = table.last();
    if let Some(found) = of_rows(neighbours, name) {
        return Some(found);
    }
    // `number` in `invoices` is an invoice number.
    let own = name.words.join(" ");
    let repeated = name.words.first().is_some_and(|w| w == noun);
    let joined = match table.words.as_slice() {
        // `event_code` in `tracking_events` is a tracking event code.
        [.., of, _] if repeated => format!("{of} {own}"),
        _ => format!("{noun} {own}"),
    };
    let short = name.words.len() <= 2 && !noun.is_empty() && (!repeated || table.words.len() > 1);
    let of_trade = || neighbours.trades.iter().find_map(|trade| d.columns.get(&format!("{trade} {joined}")));
    let meaning = of_trade().or_else(|| d.columns.get(&joined)).filter(|_| short).cloned();
    meaning.map(|meaning| (joined, meaning))
}

/// Words before `name` that do not say whose name it is: the row's own.
const OWN_NAMES: [&str; 6] = ["display", "legal", "official", "common", "public", "trading"];

/// The meaning of `name`, `title` and `code` in a table whose name is in the dictionary.
fn of_rows(neighbours: &Neighbours, name: &Name) -> Option<(String, Meaning)> {
    let (table, noun) = (&neighbours.table, neighbours.table.last());
    let bare = match name.words.as_slice() {
        [only] => only.as_str(),
        [whose, last] if last == "name" && OWN_NAMES.contains(&whose.as_str()) => "name",
        // `customer_name` in `customers` is `name`.
        [first, last] if noun == first => last.as_str(),
        _ => return None,
    };
    let rows = neighbours.rows();
    let kind = match rows {
        Some(Kind(kind)) => Some(kind),
        _ => None,
    };
    match (bare, kind) {
        // Articles with a title are texts, not goods.
        ("title", Some(K::Product)) if noun == "article" => of_kind(K::Title),
        ("level", _) if table.has("log") => of_catalogue("log_level"),
        ("title", Some(K::Name)) => of_kind(K::JobTitle),
        ("code" | "abbreviation" | "iso", Some(K::Country)) => of_kind(K::CountryCode),
        ("code" | "abbreviation", Some(K::State)) => of_kind(K::StateCode),
        ("code" | "iata", _) if table.ends("airport") => of_catalogue("airport_code"),
        ("code", _) if table.ends("currency") => of_kind(K::CurrencyCode),
        ("code", _) if table.ends("language") => of_kind(K::LanguageCode),
        ("code", _) if table.ends_any(&["plan", "role", "permission", "feature", "setting"]) => of_kind(K::Slug),
        ("code", _) if table.ends("warehouse") => of_catalogue("short_code"),
        ("name" | "title" | "label" | "full name", _)
            if rows.is_some() && !(bare == "full name" && kind != Some(&K::Name)) =>
        {
            Some((format!("in table `{}`", table.whole), rows?.clone()))
        }
        _ => None,
    }
}

/// The meaning of a name in any table.
fn by_name(name: &Name, neighbours: &Neighbours) -> Option<(String, Meaning)> {
    if name.last() == "state" && !dictionary().columns.contains_key(&name.words.join(" ")) {
        let place =
            neighbours.is_of_places() || name.has_any(&["billing", "shipping", "ship", "home", "birth", "mailing"]);
        return of_kind(if place { K::State } else { K::Status });
    }
    let best = name.best_in(&dictionary().columns, &neighbours.trades);
    // What is known of the words before `name` is more than what is known of those with it.
    let words = |phrase: &str| phrase.split(' ').count();
    let is_more = |of: &str| best.as_ref().is_none_or(|(phrase, _)| !name.ends(phrase) || words(of) >= words(phrase));
    // Whoever did it: `ordered_by`, `counted_by`.
    if let [.., verb, by] = &name.words[..]
        && by == "by"
        && is_done_by_people(verb)
        && best.as_ref().is_none_or(|(phrase, _)| !name.ends(phrase))
    {
        return Some(("by".to_owned(), Kind(K::Name)));
    }
    // The name of a ward is a ward.
    if let (["name" | "label"], Some(of)) = (&[name.last()], name.words.len().checked_sub(1).filter(|n| *n > 0))
        && let Some(found) = named_thing(&name.words[..of], neighbours).filter(|(of, _)| is_more(of))
    {
        return Some(found);
    }
    best.map(|(phrase, meaning)| (phrase, meaning.clone()))
}

/// The meaning of words before `name`, if it is a short list or a kind of names; else `None`.
fn named_thing(words: &[String], neighbours: &Neighbours) -> Option<(String, Meaning)> {
    let columns = &dictionary().columns;
    let (phrase, meaning) = (0..words.len()).find_map(|i| {
        let phrase = words[i..].join(" ");
        let of_trade = neighbours.trades.iter().find_map(|trade| columns.get(&format!("{trade} {phrase}")));
        of_trade.or_else(|| columns.get(&phrase)).map(|meaning| (phrase, meaning))
    })?;
    let is_name = match meaning {
        Meaning::OneOf(_) => true,
        Kind(K::Catalogue(named)) => matches!(named.entry().body, EntryBody::List(_)),
        Kind(kind) => matches!(
            kind,
            K::Name
                | K::Company
                | K::City
                | K::Country
                | K::State
                | K::Department
                | K::JobTitle
                | K::Product
                | K::Brand
        ),
        Meaning::Flag(_) => false,
    };
    is_name.then(|| (phrase, meaning.clone()))
}

/// The subject of a column's long texts: by the column's name, else by its table's.
pub(super) fn subject(name: &Name, neighbours: &Neighbours) -> Named {
    let (d, table) = (dictionary(), &neighbours.table);
    let trade = || neighbours.trades.iter().find_map(|trade| d.texts.get(trade).copied());
    let ends = |name: &Name| {
        (0..name.words.len()).find_map(|i| {
            let phrase = name.words[i..].join(" ");
            let of_trade = neighbours.trades.iter().find_map(|trade| d.texts.get(&format!("{trade} {phrase}")));
            of_trade.or_else(|| d.texts.get(&phrase)).copied()
        })
    };
    let specific = ends(name).filter(|_| !matches!(name.words.as_slice(), [only] if is_general(only)));
    let general = || Named::find("text_general").expect("the catalogue has general sentences");
    let of_table = || ends(table).or_else(|| ends(&singular(table)));
    specific.or_else(of_table).or_else(trade).or_else(|| ends(name)).unwrap_or_else(general)
}

/// A table's name with its last word in the singular, also for words that are no plurals in a column's name (`items`,
/// `properties`).
fn singular(table: &Name) -> Name {
    let mut one = table.clone();
    if let Some(last) = one.words.last_mut() {
        if let Some(stem) = last.strip_suffix("ies") {
            *last = format!("{stem}y");
        } else if let Some(stem) = last.strip_suffix('s') {
            *last = stem.to_owned();
        }
    }
    one
}

/// Whether a column's name, as its only word, does not indicate the subject of its texts.
fn is_general(word: &str) -> bool {
    matches!(
        word,
        "content" | "body" | "text" | "note" | "notes" | "message" | "comment" | "remark" | "answer" | "feedback"
    )
}

/// The kind with the column's subject, for sentences and paragraphs; other kinds unchanged.
pub(super) fn about(kind: TextKind, name: &Name, neighbours: &Neighbours) -> TextKind {
    match kind {
        K::Sentence => K::Catalogue(subject(name, neighbours)),
        K::Paragraph => K::Prose(subject(name, neighbours)),
        kind => kind,
    }
}

/// The percentage of true values of a column that is a boolean by its name; `None` for other columns.
pub fn flag(name: &Name) -> Option<u32> {
    let verb = [
        "is", "has", "can", "should", "allow", "allows", "was", "use", "enable", "needs", "must", "show", "hide",
        "require", "requires", "supports", "ignore", "skip", "include", "exclude", "needs",
    ];
    let starts = name.words.len() > 1 && verb.contains(&name.words[0].as_str());
    let state = [
        "active",
        "enabled",
        "disabled",
        "deleted",
        "visible",
        "hidden",
        "published",
        "available",
        "archived",
        "locked",
        "blocked",
        "banned",
        "verified",
        "confirmed",
        "approved",
        "required",
        "public",
        "default",
        "flag",
        "suspended",
        "deprecated",
        "obsolete",
        "bool",
        "boolean",
        "readonly",
        "read only",
        "mandatory",
        "optional",
        "featured",
        "expired",
        "paid",
        "completed",
        "processed",
        "discontinued",
        "removed",
        "inactive",
        "yn",
        "recursive",
        "transient",
    ];
    let named = name.ends_any(&state) && !name.ends_any(&["public key"]);
    // `is_*_at`, `has_*_count` and the like are not flags.
    let other = name.ends_any(&[
        "at", "date", "time", "count", "id", "by", "type", "number", "name", "reason", "code", "status", "case",
    ]);
    if other || !(starts || named) {
        return None;
    }
    let rare = [
        "deleted",
        "archived",
        "locked",
        "blocked",
        "banned",
        "hidden",
        "disabled",
        "suspended",
        "deprecated",
        "obsolete",
        "expired",
        "discontinued",
        "removed",
        "inactive",
    ];
    let usual = ["active", "enabled", "visible", "published", "available", "verified", "confirmed", "approved"];
    Some(if name.has_any(&rare) {
        8
    } else if name.has_any(&usual) {
        85
    } else {
        50
    })
}

/// The characters that values of a kind required, and the kind to use in shorter columns.
fn required(kind: &TextKind) -> (u32, TextKind) {
    let code = |length| K::Code { length };
    match kind {
        K::Name => (10, K::LastName),
        K::FirstName | K::LastName => (4, code(4)),
        K::Username => (6, K::Word),
        K::Email => (14, K::Username),
        K::PasswordHash => (32, K::Password),
        K::Password => (6, code(6)),
        K::Phone => (10, K::Digits { length: 10 }),
        K::StreetAddress => (16, K::City),
        K::SecondaryAddress => (9, code(8)),
        K::City | K::Company => (8, K::Word),
        K::Country => (8, K::CountryCode),
        K::State => (8, K::StateCode),
        K::StateCode | K::CountryCode | K::LanguageCode => (2, code(1)),
        K::CurrencyCode => (3, code(2)),
        K::Zipcode => (5, K::Digits { length: 5 }),
        K::JobTitle | K::Department | K::Product | K::Title => (12, K::Word),
        K::Category | K::Brand => (6, K::Word),
        K::Words => (10, K::Word),
        K::Slug | K::FileName | K::MimeType | K::Path => (9, K::Word),
        K::Word => (4, code(4)),
        K::Sentence => (24, K::Words),
        K::Paragraph | K::Lorem | K::Html => (60, K::Sentence),
        K::UserAgent => (60, K::Words),
        K::Url | K::Hostname => (20, K::Domain),
        K::Domain => (10, K::Word),
        K::IpAddress => (15, code(8)),
        K::Ipv6 => (38, K::IpAddress),
        K::MacAddress => (17, K::Hex { length: 12 }),
        K::HexColor => (7, K::Hex { length: 6 }),
        K::Color => (4, code(4)),
        K::Locale => (5, K::LanguageCode),
        K::TimeZone => (12, code(3)),
        K::CreditCard => (16, K::Digits { length: 16 }),
        K::Iban => (22, code(22)),
        K::Isbn => (13, K::Digits { length: 13 }),
        K::Vin => (17, code(17)),
        K::LicensePlate | K::Sku => (9, code(9)),
        K::Uuid => (36, K::Hex { length: 32 }),
        K::Status => (6, code(2)),
        K::Priority => (4, code(2)),
        K::Gender => (1, code(1)),
        K::Version => (8, K::Digits { length: 4 }),
        K::Json => (60, K::Words),
        K::DateTimeText => (19, K::DateText),
        K::DateText => (10, K::Digits { length: 8 }),
        K::TimeText => (8, K::Digits { length: 4 }),
        K::NumberText => (1, code(1)),
        K::Catalogue(named) if named.is_prose() => (30, K::Words),
        K::Prose(named) => (90, K::Catalogue(*named)),
        K::Catalogue(named) => {
            let longest = match named.entry().body {
                EntryBody::List(_) => named.entry().need(),
                _ => named.entry().longest(),
            };
            (u32::try_from(longest).unwrap_or(u32::MAX), shorter(*named))
        }
        _ => (1, code(1)),
    }
}

/// The kind that replaces a catalogue kind in shorter columns.
fn shorter(kind: Named) -> TextKind {
    let code = |length| K::Code { length };
    match kind.name() {
        "iban" => K::Iban,
        "semver" | "version_number" => K::Version,
        "image_file" | "image_mime" | "mime_type" => K::Word,
        "user_agent" => K::Words,
        "ean13" | "gtin" | "isbn" | "isbn13" => K::Digits { length: 13 },
        "upc" => K::Digits { length: 12 },
        "credit_card" => K::Digits { length: 16 },
        "md5" | "sha1" | "sha256" | "sha512" | "git_hash" | "session_id" => K::Hex { length: 128 },
        "access_token" | "refresh_token" | "api_key" | "secret" | "jwt" => K::Hex { length: 64 },
        "gender_letter" | "sex_letter" => code(1),
        "middle_initial" => Named::find("initial_letter").map_or(code(1), K::Catalogue),
        "nationality" => K::CountryCode,
        _ => match kind.entry().body {
            EntryBody::List(_) => code(3),
            _ => code(12),
        },
    }
}

/// The kind itself, or the nearest shorter one that fits into `room` characters.
pub fn fitting(mut kind: TextKind, room: u32) -> TextKind {
    for _ in 0..6 {
        let (chars, shorter) = required(&kind);
        if room >= chars {
            break;
        }
        kind = match shorter {
            K::Code { length } => K::Code { length: length.min(room).max(1) },
            K::Hex { length } => K::Hex { length: length.min(room).max(1) },
            other => other,
        };
    }
    kind
}
