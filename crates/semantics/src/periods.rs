//! Tables whose rows lie within the period of a parent row, by their names: the sessions of an event, the phases of a
//! project.

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
