//! Tables whose rows lie within the period of a parent row, by their names: the sessions of an event, the phases of a
//! project. Periods of a fixed length: weeks, pay periods.

use super::names::Name;
use super::roles::singular;

/// Parents with a start and an end, within which their parts lie.
const PERIODS: &[&str] = &[
    "project",
    "event",
    "conference",
    "congress",
    "festival",
    "season",
    "semester",
    "term",
    "trimester",
    "academic year",
    "school year",
    "fiscal year",
    "financial year",
    "campaign",
    "program",
    "programme",
    "tournament",
    "championship",
    "league",
    "competition",
    "sprint",
    "phase",
    "iteration",
    "expedition",
    "retreat",
    "camp",
    "workshop",
    "training",
    "exhibition",
    "engagement",
    "production",
    "mission",
    "challenge",
    "cohort",
    "internship",
    "section",
    "offering",
    "course",
    "class",
];

/// Parts that make up such a period, in their order.
const PARTS: &[&str] = &[
    "session",
    "phase",
    "milestone",
    "stage",
    "sprint",
    "round",
    "match",
    "game",
    "fixture",
    "lesson",
    "lecture",
    "talk",
    "slot",
    "exam",
    "iteration",
    "workshop",
    "performance",
    "screening",
    "race",
    "heat",
    "week",
    "month",
    "quarter",
    "period",
    "term",
    "semester",
    "trimester",
    "class meeting",
];

/// Other rows that lie within such a period.
const OTHERS: &[&str] = &[
    "task",
    "activity",
    "booking",
    "reservation",
    "shift",
    "assignment",
    "allocation",
    "rotation",
    "deliverable",
    "meeting",
    "appearance",
    "flight",
    "placement",
    "ad group",
    "section",
    "offering",
    "module",
];

/// Returns true if the rows of a table lie within the period of the parent row.
///
/// ```
/// use dbmocker_semantics::periods::lies_within;
/// assert!(lies_within("event_sessions", "events") && lies_within("tasks", "projects"));
/// assert!(!lies_within("sessions", "users"));
/// ```
pub fn lies_within(table: &str, parent: &str) -> bool {
    let (table, parent) = (singular(table), singular(parent));
    table != parent && parent.ends_any(PERIODS) && (table.ends_any(PARTS) || table.ends_any(OTHERS))
}

/// Returns true if the rows of a table make up the period of the parent row, in their order. Both are names in the
/// singular.
pub(super) fn is_part(table: &Name, parent: &Name) -> bool {
    table != parent && parent.ends_any(PERIODS) && table.ends_any(PARTS)
}

/// Returns the number of days of the period that starts and ends in these columns, if it is the same for all rows.
///
/// ```
/// use dbmocker_semantics::periods::days;
/// assert_eq!(days("timesheets", "week_start", "week_end"), Some(7));
/// assert_eq!(days("pay_periods", "start_date", "end_date"), Some(14));
/// assert_eq!(days("projects", "start_date", "end_date"), None);
/// ```
pub fn days(table: &str, start: &str, end: &str) -> Option<i64> {
    let (table, start, end) = (singular(table), Name::new(start), Name::new(end));
    let starts = ["start", "begin", "beginning", "from", "starting", "commencing", "started"];
    if !start.has_any(&starts) || !end.has_any(&["end", "ending", "to", "until", "ended"]) {
        return None;
    }
    let both = |words: &[&str]| start.has_any(words) && end.has_any(words);
    match () {
        () if both(&["week"]) || table.has_any(&["week", "weekly"]) => Some(7),
        () if both(&["fortnight"]) || table.has_any(&["fortnight", "biweekly"]) => Some(14),
        () if both(&["pay period"]) || table.ends_any(&["pay period", "payroll period", "pay cycle"]) => Some(14),
        () if both(&["period"]) && table.has("timesheet") => Some(7),
        () => None,
    }
}
