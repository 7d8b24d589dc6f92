//! Data of [`text`](super::text): which names mean what.

use std::sync::LazyLock;

use super::text::Meaning;
use dbmocker_domain::text::{TextKind, TextKind as K};

mod people;
mod states;
mod texts;
mod things;
mod web;

type Entry = (&'static [&'static str], Meaning);
type Table = &'static [Entry];

/// Phrases at the end of a name (or anywhere in it), and what they mean. The longest phrase decides; of equal ones the
/// last.
pub static MEANINGS: LazyLock<Vec<Entry>> =
    LazyLock::new(|| [people::PEOPLE, things::THINGS, texts::TEXTS, web::WEB, states::STATES].concat());

/// What the rows of a table are, by its name: the meaning of a column called `name` (or `title`, `code`,
/// `description`).
pub const TABLES: &[(&[&str], TextKind)] = &[
    (
        &[
            "user",
            "person",
            "people",
            "customer",
            "employee",
            "staff",
            "contact",
            "author",
            "actor",
            "member",
            "patient",
            "student",
            "teacher",
            "client",
            "owner",
            "driver",
            "guest",
            "doctor",
            "candidate",
            "applicant",
            "player",
            "artist",
            "passenger",
            "child",
            "attendee",
            "subscriber",
            "instructor",
            "director",
        ],
        K::Name,
    ),
    (
        &[
            "company",
            "organization",
            "supplier",
            "vendor",
            "manufacturer",
            "publisher",
            "bank",
            "employer",
            "airline",
            "agency",
            "carrier",
            "shipper",
            "merchant",
            "business",
            "distributor",
            "institution",
            "hospital",
            "store",
            "shop",
            "restaurant",
        ],
        K::Company,
    ),
    (&["country", "nation"], K::Country),
    (&["city", "town", "location", "place", "airport"], K::City),
    (&["state", "region", "province", "county", "district", "territory"], K::State),
    (&["product", "item", "article", "part", "material", "good"], K::Product),
    (&["category", "genre", "topic", "industry"], K::Category),
    (&["brand", "make"], K::Brand),
    (&["department", "division"], K::Department),
    (&["file", "attachment", "document", "image", "picture", "upload"], K::FileName),
    (&["host", "server", "machine", "node", "computer"], K::Hostname),
    (&["domain"], K::Domain),
    (&["color"], K::Color),
    (&["timezone"], K::TimeZone),
    (
        &[
            "album", "track", "song", "film", "movie", "book", "post", "article", "course", "event", "project",
            "playlist", "task", "video", "game", "story", "exam", "survey",
        ],
        K::Title,
    ),
    (&["status"], K::Status),
    (&["priority"], K::Priority),
    (&["tag", "keyword", "word"], K::Word),
    (&["permission", "privilege", "module", "setting", "service", "queue", "plugin", "role", "feature"], K::Slug),
];
