//! What takes place at a time that was set before, and what people book for it.

use super::names::Name;

/// Tables whose rows take place at a set time.
const OCCASIONS: &[&str] = &[
    "appointment",
    "auction",
    "ceremony",
    "class",
    "concert",
    "conference",
    "course",
    "cruise",
    "departure",
    "event",
    "excursion",
    "exam",
    "exhibition",
    "fixture",
    "flight",
    "game",
    "gig",
    "hearing",
    "lecture",
    "lesson",
    "match",
    "meeting",
    "meetup",
    "performance",
    "race",
    "sailing",
    "screening",
    "seminar",
    "service time",
    "show",
    "showing",
    "showtime",
    "tour",
    "tournament",
    "training",
    "voyage",
    "webinar",
    "workshop",
];

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

/// Tables whose rows people make before what they are for, and verbs of it.
const BOOKINGS: &[&str] = &[
    "bet",
    "booking",
    "enrollment",
    "enrolment",
    "invitation",
    "preorder",
    "registration",
    "reservation",
    "rsvp",
    "sign up",
    "signup",
    "ticket",
    "wager",
    "waiting list",
    "waitlist",
];
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
    table.ends_any(OCCASIONS)
        && !column.has_any(RECORDED)
        && (column.has_any(BEGINS) || column.has_any(OCCASIONS) || is_plain(&column))
}

/// `date`, `at`, `date_time`.
fn is_plain(column: &Name) -> bool {
    column.words.iter().all(|word| matches!(word.as_str(), "at" | "on" | "date" | "time" | "datetime" | "day"))
}

/// Whether a table's rows, by its name and that of the moment at which they begin, are made before what they are for.
pub fn is_booking(table: &str, column: &str) -> bool {
    let (table, column) = (Name::new(table), Name::new(column));
    !column.has_any(CAME) && (table.ends_any(BOOKINGS) || column.has_any(BOOKED))
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
