//! The order of a row's dates and timestamps, and the usual time between them, by their names.

mod words;

use super::histories::is_history;
use super::names::Name;
use words::{ENDS_OF_LIFE, JOURNEYS, PAIRED, PLANNED, SPANS, STAGES, STAYS};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The place of a date or timestamp in the life cycle of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Years before the row.
    Born,
    /// The creation of the row.
    Begun,
    /// Before the row's creation, by a number of seconds in this range.
    Before((i64, i64)),
    /// As `Then`, or years before the row if the column is a date and the row's creation is a timestamp.
    Out(u8, (i64, i64)),
    /// A later event: its rank in the order, and the range of seconds that it usually takes.
    Then(u8, (i64, i64)),
    /// The last occurrence of a repeated event.
    Last,
    /// The start of the current period, a short time ago.
    Current,
    /// The last change of the row.
    Changed,
    /// The deletion of the row.
    Gone,
    /// A future or expected date: one of these numbers of seconds after the row's creation.
    Ahead(&'static [i64]),
    /// The end of the current period.
    CurrentEnd,
}

use Stage::{Begun, Then};

/// Ranks of [`Then`]: the start of what a row describes, departures, arrivals, ends and closings.
const STARTED: u8 = 25;
const LEFT: u8 = 50;
const ARRIVED: u8 = 55;
const ENDED: u8 = 65;
const CLOSED: u8 = 75;

/// Seconds from the beginning to the end of what lasts.
const LIFE: (i64, i64) = (90 * DAY, 9 * YEAR);

/// Whether a name indicates a planned time rather than an actual one.
pub fn is_planned(name: &str) -> bool {
    Name::new(name).has_any(PLANNED)
}

/// Whether the rows of a table account for a period that has ended: invoices, pay runs.
pub fn is_billed(table: &str) -> bool {
    Name::new(table).has_any(&[
        "invoice",
        "bill",
        "billing",
        "statement",
        "payslip",
        "pay slip",
        "pay run",
        "payroll",
        "payout",
        "settlement",
        "remittance",
        "timesheet",
        "commission",
        "royalty",
    ])
}

/// The stage of a date or timestamp column by its name; `None` if no phrase matches.
pub fn stage(table: &str, name: &str) -> Option<Stage> {
    let (table, mut name) = (Name::new(table), Name::new(name));
    if name.has_any(PAIRED) {
        name.words.retain(|w| !PLANNED.contains(&w.as_str()) && w != "actual");
    }
    // At a stop, the arrival is before the departure.
    if table.last() == "stop" && name.has_any(&["arrival", "arrived", "arrive"]) {
        return Some(Begun);
    }
    if table.last() == "stop" && name.has_any(&["departure", "departed", "depart"]) {
        return Some(Then(70, (MINUTE / 2, 4 * MINUTE)));
    }
    // Guests arrive before they leave.
    if table.has_any(STAYS) && !table.has_any(JOURNEYS) {
        if name.has_any(&["arrival", "arrived", "arrive"]) {
            return Some(Then(STARTED, (DAY, 60 * DAY)));
        }
        if name.has_any(&["departure", "departed", "depart"]) {
            return Some(Then(70, (DAY, 7 * DAY)));
        }
    }
    let found = STAGES.iter().find_map(|(phrases, stage)| phrases.iter().any(|p| name.has(p)).then_some(*stage))?;
    Some(match found {
        // What lasts ends years later: an employment, a shop, a machine.
        Then(at, _) if is_end_of_life(&name) && super::nulls::lasts(&table) => Then(at, LIFE),
        // A row of a history is made by the change.
        Stage::Changed if name.has_any(&["changed", "change"]) && is_history(&table) => Begun,
        Then(70, by_name) if !name.has_any(&["out"]) => Then(70, span(&table).unwrap_or(by_name)),
        Then(55, _) if name.has("arrival") => Then(55, span(&table).unwrap_or((HOUR, 10 * HOUR))),
        other => other,
    })
}

/// Whether a name is that of the end of its row, without other words: `terminated_on`, but not `kyc_completed_at`.
fn is_end_of_life(name: &Name) -> bool {
    let about = |word: &str| matches!(word, "at" | "on" | "date" | "time" | "timestamp");
    let words: Vec<&str> = name.words.iter().map(String::as_str).filter(|word| !about(word)).collect();
    ENDS_OF_LIFE.contains(&words.join(" ").as_str())
}

/// The usual duration of what a table's rows describe, in seconds.
fn span(table: &Name) -> Option<(i64, i64)> {
    SPANS.iter().find(|(words, _)| words.iter().any(|w| table.has(w))).map(|(_, span)| *span)
}

/// The columns in which the course of a row begins and ends: of an admission from `admitted_at` to `discharged_at`.
/// `None` as the first: it begins with the row. The columns are those of moments, with any index.
pub fn course(table: &str, columns: &[(usize, &str)]) -> Option<(Option<usize>, usize)> {
    let at = |name: &str| if let Some(Then(at, _)) = stage(table, name) { Some(at) } else { None };
    let actual = |name: &str| !is_planned(name);
    let placed = |range: std::ops::RangeInclusive<u8>| {
        let mut found: Vec<(usize, &str)> =
            columns.iter().copied().filter(|(_, name)| at(name).is_some_and(|at| range.contains(&at))).collect();
        // What happened, rather than what was planned.
        found.sort_by_key(|(_, name)| !actual(name));
        found.first().copied()
    };
    let (to, end) = placed(ENDED..=CLOSED).or_else(|| placed(ARRIVED..=ARRIVED))?;
    let from = placed(STARTED..=STARTED).or_else(|| placed(LEFT..=LEFT));
    let from = from.filter(|(_, start)| actual(start) || !actual(end)).map(|(from, _)| from);
    Some((from, to))
}

/// The usual time between a parent row and a row of this table, in seconds, for tables of details.
pub fn delay(table: &str) -> (i64, i64) {
    let table = Name::new(table);
    let by_word: &[(&[&str], (i64, i64))] = &[
        (&["item", "line", "detail", "entry", "image", "option", "tag", "seat", "passenger"], (1, 20)),
        (&["stop", "leg", "checkpoint", "waypoint", "segment"], (10 * MINUTE, 40 * MINUTE)),
        (&["payment", "charge", "transaction", "authorization"], (MINUTE, 3 * HOUR)),
        (&["shipment", "delivery", "dispatch"], (6 * HOUR, 3 * DAY)),
        (&["return", "refund", "claim", "dispute"], (4 * DAY, 20 * DAY)),
        (&["review", "rating", "feedback", "survey"], (3 * DAY, 30 * DAY)),
        (
            &["comment", "reply", "message", "answer", "response", "note", "event", "history", "log", "attachment"],
            (2 * MINUTE, 4 * DAY),
        ),
    ];
    let found = by_word.iter().find(|(words, _)| words.iter().any(|w| table.has(w)));
    found.map_or((MINUTE, 2 * DAY), |(_, span)| *span)
}

/// Seconds between two rows of a time series (readings, rates, daily snapshots); `None` if the table is not a time
/// series by its name.
pub fn step(table: &str, column: &str) -> Option<i64> {
    let (table, column) = (Name::new(table), Name::new(column));
    let named = |words: &[&str]| table.has_any(words) || column.has_any(words);
    let by_word: &[(&[&str], i64)] = &[
        (&["hourly", "hour"], HOUR),
        (&["weekly", "week"], 7 * DAY),
        (&["monthly", "month"], 30 * DAY),
        (&["quarterly", "quarter"], 91 * DAY),
        (&["yearly", "annual", "year"], YEAR),
        (
            &[
                "daily",
                "snapshot",
                "rate",
                "balance",
                "stat",
                "statistic",
                "quote",
                "timesheet",
                "attendance",
                "history",
                "forecast",
                "price",
                "candle",
            ],
            DAY,
        ),
        (&["position", "location", "ping", "track", "gp", "gps", "heartbeat"], MINUTE),
        (
            &[
                "reading",
                "measurement",
                "metric",
                "telemetry",
                "sample",
                "observation",
                "usage",
                "consumption",
                "datum",
                "data",
            ],
            15 * MINUTE,
        ),
    ];
    by_word.iter().find(|(words, _)| named(words)).map(|(_, step)| *step)
}

/// Whether two columns are the start and end of the row's validity period, as of a salary or a price.
pub fn is_validity(table: &str, start: &str, end: &str) -> bool {
    let (table, start, end) = (Name::new(table), Name::new(start), Name::new(end));
    let of = |a: &[&str], b: &[&str]| start.has_any(a) && end.has_any(b);
    let starts: &[&str] = &["valid from", "effective from", "valid since", "effective", "from", "valid"];
    let ends: &[&str] =
        &["valid to", "valid until", "valid thru", "effective to", "effective until", "to", "until", "thru"];
    // In tables of journeys, `from` and `to` are not a validity period.
    let travels = table.has_any(&[
        "trip",
        "flight",
        "booking",
        "reservation",
        "leave",
        "transfer",
        "route",
        "vacation",
        "absence",
        "rental",
        "stay",
    ]);
    let histories = &[
        "salary",
        "title",
        "tier",
        "membership",
        "price",
        "position",
        "role",
        "grade",
        "rank",
        "rate",
        "history",
        "statement",
        "assignment",
        "tenure",
        "contract",
        "lease",
        "employment",
        "tariff",
        "manager",
        "address",
        "plan",
        "ownership",
        "period",
        "term",
        "semester",
        "quarter",
        "season",
        "sprint",
    ];
    let is_history =
        of(&["start", "started", "begin"], &["end", "ended", "finish"]) && histories.contains(&table.last());
    !travels && of(starts, ends) || is_history
}

/// The range of ages, in seconds, at which a person or animal gets a row in the table.
pub fn ages(table: &str) -> (i64, i64) {
    let table = Name::new(table);
    let ages: &[(&[&str], (i64, i64))] = &[
        (&["patient", "resident"], (0, 90)),
        (&["pupil"], (6, 17)),
        (&["student", "undergraduate", "apprentice", "trainee"], (16, 30)),
        (&["employee", "staff", "worker", "teacher", "doctor", "driver", "nurse", "instructor"], (19, 55)),
        (&["child", "children"], (0, 16)),
        (&["pet", "animal"], (0, 12)),
        (&["player", "athlete"], (16, 36)),
    ];
    let found = ages.iter().find(|(words, _)| words.iter().any(|w| table.has(w)));
    let (least, most) = found.map_or((18, 75), |(_, ages)| *ages);
    (least * YEAR + least / 4 * DAY, most * YEAR)
}

/// Whether the rows are absences, whose first and last days both count.
pub fn is_leave(table: &str) -> bool {
    Name::new(table).has_any(&["leave", "vacation", "absence", "holiday", "time off", "sick", "pto"])
}

/// Whether machines create the rows, at all hours of the day.
pub fn is_machine(table: &str) -> bool {
    let table = Name::new(table);
    table.has_any(&[
        "reading",
        "measurement",
        "metric",
        "telemetry",
        "heartbeat",
        "ping",
        "sample",
        "sensor",
        "alert",
        "alarm",
        "job",
        "run",
        "sync",
        "snapshot",
        "probe",
        "device",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stage::{Ahead, Before, Born, Changed, Current, CurrentEnd, Gone, Last, Out};

    #[test]
    fn what_lasts_ends_years_later() {
        for (table, column) in [
            ("agents", "terminated_on"),
            ("airports", "closed_at"),
            ("employees", "term_date"),
            ("tenants", "moved_out_on"),
        ] {
            assert!(
                matches!(stage(table, column), Some(Then(_, LIFE))),
                "{table}.{column}: {:?}",
                stage(table, column)
            );
        }
        for (table, column) in [("users", "kyc_completed_at"), ("employees", "shift_end"), ("users", "logged_out_at")] {
            assert!(!matches!(stage(table, column), Some(Then(_, LIFE))), "{table}.{column}");
        }
        assert!(matches!(stage("tickets", "closed_at"), Some(Then(75, gap)) if gap != LIFE));
        assert!(matches!(stage("tenancies", "end_date"), Some(Then(70, (least, _))) if least == 180 * DAY));
    }

    #[test]
    fn stages_follow_the_order_of_events() {
        let place = |table: &str, name: &str| match stage(table, name) {
            Some(Then(place, _) | Out(place, _)) => i32::from(place),
            Some(Before(_)) => -2,
            Some(Begun) => 0,
            Some(Born) => -1,
            Some(Last) => 90,
            Some(Changed) => 91,
            Some(Gone) => 92,
            Some(Ahead(_)) => 100,
            Some(Current) => 101,
            Some(CurrentEnd) => 102,
            None => 200,
        };
        let order = |table: &str, names: &[&str]| names.windows(2).all(|w| place(table, w[0]) < place(table, w[1]));
        assert!(order(
            "orders",
            &["placed_at", "paid_at", "shipped_at", "delivered_at", "refunded_at", "updated_at", "deleted_at"]
        ));
        assert!(order(
            "users",
            &["birth_date", "created_at", "email_verified_at", "last_login_at", "updated_at", "deleted_at"]
        ));
        assert!(order("subscriptions", &["created_at", "canceled_at", "ended_at", "trial_ends_at"]));
        assert!(order("tickets", &["created_at", "resolved_at", "closed_at"]));
        assert!(order("lab_tests", &["ordered_at", "collected_at", "resulted_at"]));
        assert!(order("stops", &["arrival_time", "departure_time"]));
        assert!(order("flights", &["departure_time", "arrival_time"]));
        assert!(order("bookings", &["created_at", "arrival_date", "departure_date"]));
        assert!(order("flight_bookings", &["departure_date", "arrival_date"]));
        assert!(order("tasks", &["created_at", "assigned_at", "due_date"]));
        assert_eq!(stage("ticket_status_history", "changed_at"), Some(Begun));
        assert_eq!(stage("tickets", "changed_at"), Some(Changed));
        assert_eq!(stage("t", "color"), None);
        for name in ["best_by", "use_by", "needed_by", "ship_by", "pay_by"] {
            assert_eq!(place("orders", name), 100, "{name}");
        }
    }
}
