//! How often a nullable column is NULL, by its name.

use super::names::Name;

const USUAL: f64 = 0.08;

const ALWAYS_THERE: &[&str] = &[
    "id",
    "name",
    "title",
    "code",
    "email",
    "status",
    "type",
    "created at",
    "created",
    "created on",
    "created date",
    "updated at",
    "updated",
    "modified at",
    "last update",
    "price",
    "amount",
    "total",
    "quantity",
    "uuid",
    "user name",
    "username",
    "password",
    "first name",
    "last name",
    "enabled",
    "active",
    "key",
    "value",
    "position",
    "version",
];

/// The more telling words first.
const SHARES: &[(&[&str], f64)] = &[
    (
        &[
            "deleted at",
            "deleted",
            "deleted on",
            "deletion date",
            "archived at",
            "cancelled at",
            "canceled at",
            "revoked at",
            "banned at",
            "suspended at",
            "blocked at",
            "death date",
            "terminated",
            "termination date",
            "merged",
            "rejected at",
        ],
        0.85,
    ),
    (
        &[
            "address 2",
            "address line 2",
            "address 3",
            "line 2",
            "street 2",
            "secondary address",
            "fax",
            "suffix",
            "nickname",
        ],
        0.6,
    ),
    (&["middle name", "maiden name", "prefix"], 0.5),
    (&["error", "error message", "last error", "failure reason", "reject reason", "cancel reason", "exception"], 0.7),
    (
        &[
            "finished at",
            "completed at",
            "closed at",
            "ended at",
            "end date",
            "end time",
            "delivered at",
            "shipped at",
            "shipped date",
            "paid at",
            "resolved at",
            "locked at",
            "locked by",
            "expires at",
            "expiry date",
            "return date",
            "returned at",
        ],
        0.25,
    ),
    (&["note", "notes", "comment", "comments", "remark", "remarks", "bio", "website", "avatar"], 0.3),
    (&["parent", "replaced", "superseded"], 0.2),
];

pub fn share(name: &Name) -> f64 {
    if let Some((_, share)) = name.best(&super::dictionary::dictionary().nulls) {
        return *share;
    }
    if let Some((_, share)) = SHARES.iter().find(|(phrases, _)| name.ends_any(phrases)) {
        return *share;
    }
    if ALWAYS_THERE.iter().any(|p| p.split(' ').eq(name.words.iter().map(String::as_str))) { 0.0 } else { USUAL }
}
