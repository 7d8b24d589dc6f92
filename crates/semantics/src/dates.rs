//! The range of a date or timestamp by its name, in days relative to "now".

use super::names::Name;
use dbmocker_domain::Shape;

/// Days relative to now, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: i32,
    pub to: i32,
    pub shape: Shape,
}

const fn window(from: i32, to: i32, shape: Shape) -> Window {
    Window { from, to, shape }
}

const YEAR: i32 = 365;

/// Phrases in a name and the window that each indicates; the first match wins.
pub const WINDOWS: &[(&[&str], Window)] = &[
    (&["birth", "birth date", "date of birth", "born"], window(-80 * YEAR, -18 * YEAR, Shape::Uniform)),
    (&["death", "death date", "died", "deceased"], window(-10 * YEAR, -1, Shape::High)),
    (
        &["hire", "hired", "joined", "employment", "since", "founded", "member since", "established"],
        window(-15 * YEAR, -1, Shape::High),
    ),
    (
        &["release", "released", "publication", "published", "issue", "issued", "production"],
        window(-20 * YEAR, -1, Shape::High),
    ),
    (
        &[
            "expiry",
            "expire",
            "expiration",
            "valid to",
            "valid until",
            "valid thru",
            "due",
            "deadline",
            "next",
            "renewal",
            "scheduled",
            "planned",
            "estimated",
            "warranty",
            "target",
            "forecast",
            "upcoming",
            "not after",
            "eol",
            "expected",
            "best before",
            "embargo",
        ],
        window(1, 2 * YEAR, Shape::Low),
    ),
    (
        &[
            "updated",
            "modified",
            "changed",
            "last",
            "edited",
            "seen",
            "accessed",
            "synced",
            "refreshed",
            "update",
            "heartbeat",
            "login",
            "deleted",
            "closed",
            "finished",
            "shipped",
            "ship",
            "delivery",
            "receipt",
            "paid",
            "resolved",
            "ended",
            "end",
            "stop",
            "to",
            "until",
            "completed",
            "delivered",
            "returned",
            "return",
        ],
        window(-YEAR, -1, Shape::High),
    ),
    (&["created", "create", "inserted", "registered", "signup", "added"], window(-3 * YEAR, -YEAR / 4, Shape::High)),
    (
        &[
            "start",
            "started",
            "begin",
            "from",
            "valid from",
            "effective",
            "opened",
            "open",
            "ordered",
            "order",
            "invoice",
            "payment",
            "posted",
            "sent",
            "purchase",
            "purchased",
            "booking",
            "entry",
            "log",
            "logged",
            "event",
            "transaction",
        ],
        window(-3 * YEAR, -30, Shape::High),
    ),
    (&["deleted", "cancelled", "canceled", "archived", "revoked"], window(-2 * YEAR, -1, Shape::High)),
];

/// Years since when rows that last may have begun.
pub const LASTING_YEARS: i32 = 15;

/// Words of the beginning of what lasts: a shop, a machine.
const BEGINNINGS: &[&str] = &[
    "opened",
    "open",
    "opening",
    "launched",
    "launch",
    "commissioned",
    "purchase",
    "purchased",
    "acquired",
    "acquisition",
    "registered",
    "registration",
    "installed",
    "installation",
    "started",
    "start",
    "began",
    "begin",
    "since",
    "built",
    "manufactured",
    "mfd",
    "delivered",
    "inaugurated",
    "licensed",
    "certified",
];

/// Whether a name indicates the beginning of what its row describes.
pub fn is_beginning(name: &Name) -> bool {
    name.has_any(BEGINNINGS) && !name.has("last")
}

/// Days until which something must happen.
const DEADLINE: Window = window(-60, 120, Shape::Uniform);
const ANY: Window = window(-4 * YEAR, -1, Shape::High);

/// The window of a date column by its name, with the phrase that matched; the default window if none does.
pub fn window_of(name: &Name) -> (Option<&'static str>, Window) {
    if let Some(phrase) = DEADLINES.iter().find(|phrase| name.ends(phrase)) {
        return (Some(phrase), DEADLINE);
    }
    // The order of the rows decides: words for future dates come before those for past ones.
    for (phrases, window) in WINDOWS {
        if let Some(phrase) = phrases.iter().find(|p| name.has(p)) {
            return (Some(phrase), *window);
        }
    }
    (None, ANY)
}

/// Whether a name indicates a point in time: `created_at`, `order_date`, `mtime`.
pub fn is_moment(name: &Name) -> bool {
    let tail = [
        "at",
        "date",
        "datetime",
        "timestamp",
        "date time",
        "created",
        "modified",
        "updated",
        "last modified",
        "created on",
        "updated on",
        "modified on",
        "deadline",
    ];
    let time = name.ends("time")
        && name.has_any(&[
            "create",
            "created",
            "modified",
            "start",
            "end",
            "update",
            "updated",
            "last",
            "event",
            "expiry",
            "expire",
            "fire",
            "fired",
            "begin",
            "stop",
            "finish",
            "insert",
            "access",
            "login",
            "sched",
            "schedule",
            "registration",
            "checkin",
            "attempt",
        ]);
    ((name.ends_any(&tail) || name.ends_any(&PERIOD_BOUNDS)) && !(name.words.len() == 1 && name.last() == "at")) || time
}

/// The units per second and their description, if a number column's name indicates a timestamp and its unit:
/// `created_at_ms`; else `None`.
pub fn epoch_unit(name: &Name) -> Option<(i128, &'static str)> {
    let (unit, rest) = name.words.split_last()?;
    let unit = match unit.as_str() {
        "ms" | "msec" | "millis" | "milli" | "millisecond" => (1000, "milliseconds since 1970"),
        "us" | "usec" | "micros" | "micro" | "microsecond" => (1_000_000, "microseconds since 1970"),
        "s" | "sec" | "second" | "epoch" => (1, "seconds since 1970"),
        _ => return None,
    };
    let moment = Name { words: rest.to_vec(), whole: name.whole.clone() };
    (rest == ["at"] || is_moment(&moment)).then_some(unit)
}

/// Ends of names that begin or end a period.
const PERIOD_BOUNDS: [&str; 8] = [
    "period start",
    "period end",
    "effective from",
    "effective to",
    "effective until",
    "valid from",
    "valid to",
    "valid until",
];

/// Ends of names of days until which something must happen.
const DEADLINES: &[&str] = &[
    "ship by",
    "deliver by",
    "due by",
    "pay by",
    "reply by",
    "respond by",
    "return by",
    "use by",
    "sell by",
    "best by",
    "consume by",
    "complete by",
    "finish by",
    "needed by",
    "required by",
];

/// Times of day in minutes: first, last, and step.
type TimesOfDay = (u16, u16, u16);

/// Ends of names, and the usual times of day.
const TIMES_OF_DAY: &[(&[&str], TimesOfDay)] = &[
    (&["check in", "checkin", "check in from", "check in start", "arrival from"], (14 * 60, 16 * 60, 30)),
    (
        &["check out", "checkout", "check out until", "check out to", "check out by", "departure until"],
        (10 * 60, 12 * 60, 30),
    ),
    (&["clock in", "punch in"], (6 * 60 + 30, 9 * 60 + 30, 5)),
    (&["clock out", "punch out"], (15 * 60 + 30, 18 * 60, 5)),
    (&["open", "opens", "opening", "opened"], (7 * 60, 10 * 60, 30)),
    (&["close", "closes", "closing", "closed"], (17 * 60, 22 * 60, 30)),
    (&["start", "starts", "begin", "begins", "from"], (7 * 60, 14 * 60 + 45, 15)),
    (&["end", "ends", "finish", "until", "to"], (15 * 60, 22 * 60, 15)),
    (&["departure", "arrival", "pickup", "pick up", "delivery", "depart", "arrive"], (6 * 60, 22 * 60, 5)),
];

/// The usual times of day of a column, by its name; `None` if it does not say.
pub fn time_of_day(name: &Name) -> Option<TimesOfDay> {
    let mut name = name.clone();
    while name.words.len() > 1 && matches!(name.last(), "time" | "at" | "hour") {
        name.words.pop();
    }
    TIMES_OF_DAY.iter().find(|(ends, _)| name.ends_any(ends)).map(|(_, times)| *times)
}

/// Whether a text column holds a time of day, by its name.
pub fn is_clock(name: &Name) -> bool {
    name.ends_any(&["time", "open time", "close time", "time of day"]) && !is_moment(name)
}

/// Whether a text column holds a date without a time, by its name.
pub fn is_day(name: &Name) -> bool {
    let bounds =
        ["starts on", "ends on", "start on", "end on", "hired on", "born on", "due on", "issued on", "paid on"];
    let day = name.ends("date") || name.ends_any(&bounds) || name.ends_any(&PERIOD_BOUNDS) || name.ends_any(DEADLINES);
    day && !name.has("update")
}
