//! Tables of members, and of what only members do, by their names: marks are given to students who are enrolled.

use super::names::Name;
use super::roles::singular;

/// Tables whose rows make one row a member of another.
const MEMBERSHIPS: &[&str] = &[
    "enrollment",
    "enrolment",
    "registration",
    "membership",
    "participation",
    "participant",
    "subscription",
    "roster",
    "member",
    "assignment",
    "allocation",
    "attendee",
];

/// Tables of what members do or receive.
const BY_MEMBERS: &[&str] = &[
    "attendance",
    "grade",
    "mark",
    "score",
    "submission",
    "result",
    "absence",
    "evaluation",
    "assessment",
    "certificate",
    "progress",
    "completion",
    "time entry",
    "work log",
    "timesheet",
];

/// Returns true if the rows of a table belong to pairs of rows that another table makes members.
///
/// ```
/// use dbmocker_semantics::memberships::is_by_members;
/// assert!(is_by_members("grades", "enrollments") && is_by_members("class_attendance", "class_members"));
/// assert!(!is_by_members("enrollments", "grades") && !is_by_members("payments", "enrollments"));
/// ```
pub fn is_by_members(table: &str, memberships: &str) -> bool {
    let ends = |name: &Name, words: &[&str]| name.ends_any(words);
    ends(&singular(table), BY_MEMBERS) && ends(&singular(memberships), MEMBERSHIPS)
}
