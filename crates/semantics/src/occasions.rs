//! What takes place at a time that was set before, and what people book for it; the tables are data (`[occasions]`,
//! `[bookings]` of a dictionary).

use super::dictionary::dictionary;
use super::names::Name;

/// Words of the moment at which such a row takes place.
const SET: &[&str] = &["starts", "begins", "departs", "scheduled", "kickoff", "kick off", "showtime", "takes place"];
const BEGINS: &[&str] = &["start", "begin", "departure", "held", "opening"];

/// Words of the moment at which a row was recorded, or at which something happened.
const RECORDED: &[&str] = &[
    "announced",
    "booked",
    "cancelled",
    "created",
    "ended",
    "end",
    "ends",
    "finished",
    "inserted",
    "logged",
    "published",
    "received",
    "recorded",
    "registered",
    "requested",
    "started",
    "updated",
];

/// What people do before that for which they do it.
const BOOKED: &[&str] = &[
    "bought",
    "booked",
    "enrolled",
    "invited",
    "issued",
    "ordered",
    "placed",
    "purchased",
    "registered",
    "requested",
    "reserved",
    "signed up",
    "sold",
];

/// Words of a moment at or after what was booked.
const CAME: &[&str] = &[
    "admitted",
    "arrived",
    "attended",
    "boarded",
    "cancelled",
    "checked",
    "check",
    "completed",
    "entered",
    "finished",
    "scanned",
    "started",
    "used",
];

/// Whether a column holds the moment, set before, at which a row of a table takes place: `starts_at`, `flight_date`.
pub fn is_scheduled(table: &str, column: &str) -> bool {
    let (table, column) = (Name::new(table), Name::new(column));
    if column.has_any(SET) {
        return true;
    }
    let occasions = &dictionary().occasions;
    occasions.iter().any(|noun| table.ends(noun))
        && !column.has_any(RECORDED)
        && (column.has_any(BEGINS) || is_plain(&column) || occasions.iter().any(|noun| column.has(noun)))
}

/// `date`, `at`, `date_time`.
fn is_plain(column: &Name) -> bool {
    column.words.iter().all(|word| matches!(word.as_str(), "at" | "on" | "date" | "time" | "datetime" | "day"))
}

/// Whether a table's rows, by its name and that of the moment at which they begin, are made before what they are for.
pub fn is_booking(table: &str, column: &str) -> bool {
    let (table, column) = (Name::new(table), Name::new(column));
    !column.has_any(CAME) && (column.has_any(BOOKED) || dictionary().bookings.iter().any(|noun| table.ends(noun)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookings_of_occasions() {
        for (table, column) in
            [("classes", "starts_at"), ("flights", "departure_time"), ("concerts", "concert_date"), ("exams", "date")]
        {
            assert!(is_scheduled(table, column), "{table}.{column}");
        }
        for (table, column) in [
            ("classes", "created_at"),
            ("orders", "order_date"),
            ("rides", "started_at"),
            ("subscriptions", "start_date"),
        ] {
            assert!(!is_scheduled(table, column), "{table}.{column}");
        }
        for (table, column) in
            [("bookings", "created_at"), ("tickets", "purchased_at"), ("participants", "registered_at")]
        {
            assert!(is_booking(table, column), "{table}.{column}");
        }
        for (table, column) in [("bookings", "checked_in_at"), ("attendance", "scanned_at"), ("reviews", "created_at")]
        {
            assert!(!is_booking(table, column), "{table}.{column}");
        }
    }
}
