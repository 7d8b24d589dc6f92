//! The share of NULLs in a nullable column, by its name.

use super::names::Name;

/// The share for names that are not listed.
const USUAL: f64 = 0.08;

/// Columns that are never NULL: identity, state and creation time.
const NEVER_NULL: &[&str] = &[
    "id",
    "name",
    "title",
    "code",
    "email",
    "status",
    "state",
    "type",
    "kind",
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
    "subtotal",
    "quantity",
    "currency",
    "uuid",
    "user name",
    "username",
    "password",
    "first name",
    "last name",
    "full name",
    "enabled",
    "active",
    "key",
    "value",
    "position",
    "min value",
    "max value",
    "minimum value",
    "maximum value",
    "version",
    "slug",
    "country",
    "country code",
    "city",
    "timezone",
    "locale",
    "language",
];

/// Phrases at the end of a name and the share of NULLs; the first match wins.
const SHARES: &[(&[&str], f64)] = &[
    (
        &[
            "deleted at",
            "deleted",
            "deleted on",
            "deleted by",
            "deletion date",
            "deletion reason",
            "archived at",
            "archived by",
            "cancelled at",
            "canceled at",
            "cancelled by",
            "canceled by",
            "cancel reason",
            "cancellation reason",
            "revoked at",
            "revoked by",
            "banned at",
            "banned until",
            "ban reason",
            "suspended at",
            "suspended until",
            "blocked at",
            "blocked until",
            "death date",
            "date of death",
            "deceased at",
            "deceased on",
            "died at",
            "died on",
            "decommissioned at",
            "decommissioned on",
            "dismantled at",
            "dismantled on",
            "removed at",
            "removed on",
            "retired at",
            "retired on",
            "terminated",
            "terminated at",
            "termination date",
            "termination reason",
            "merged",
            "rejected at",
            "rejected by",
            "reject reason",
            "rejection reason",
            "refunded at",
            "refund reason",
            "refund amount",
            "refunded amount",
            "voided at",
            "disputed at",
            "failed at",
            "failure reason",
            "failure code",
            "failure message",
            "error",
            "error message",
            "error code",
            "last error",
            "exception",
            "stack trace",
            "replaced",
            "superseded",
            "disabled at",
            "deprecated at",
            "discontinued at",
            "unsubscribed at",
            "locked at",
            "locked by",
            "locked until",
        ],
        0.93,
    ),
    (&["fax", "fax number", "suffix", "name suffix", "maiden name", "address 3", "line 3", "street 3"], 0.88),
    (
        &[
            "coupon",
            "coupon id",
            "coupon code",
            "voucher id",
            "discount code",
            "promo code",
            "promotion id",
            "gift message",
            "referrer id",
            "referred by",
            "referral code",
            "utm campaign",
        ],
        0.8,
    ),
    (
        &[
            "address 2",
            "address line 2",
            "line 2",
            "street 2",
            "secondary address",
            "nick name",
            "middle name",
            "second name",
            "prefix",
            "delivery instruction",
            "special instruction",
            "allergy",
        ],
        0.65,
    ),
    (&["note", "notes", "remark", "remarks", "internal note", "avatar", "avatar url", "logo", "bio", "about"], 0.55),
    (&["comment", "comments", "website", "tax id", "vat number", "compare at price", "old price", "sale price"], 0.5),
    (
        &[
            "end date",
            "ended at",
            "end time",
            "end at",
            "valid to",
            "valid until",
            "closed at",
            "resolved at",
            "returned at",
            "return date",
            "expire at",
            "expiry date",
            "expiration date",
            "two factor secret",
            "remember token",
            "reset token",
        ],
        0.45,
    ),
    (
        &[
            "finished at",
            "completed at",
            "delivered at",
            "shipped at",
            "shipped date",
            "paid at",
            "approved at",
            "approved by",
            "reviewed at",
            "reviewed by",
            "acknowledged at",
            "acknowledged by",
            "assigned to",
            "assignee id",
            "assigned at",
            "used at",
            "read at",
            "opened at",
            "clicked at",
            "brand id",
            "company",
            "birth date",
            "gender",
        ],
        0.25,
    ),
    (&["parent", "parent id", "phone", "phone number", "mobile", "verified at", "description"], 0.15),
];

/// Ends of events that most rows do not have, whatever the table's rows are.
const RARE_EVENTS: &[&str] = &[
    "deleted",
    "removed",
    "archived",
    "cancelled",
    "canceled",
    "revoked",
    "withdrawn",
    "recalled",
    "banned",
    "suspended",
    "blocked",
    "frozen",
    "blacklisted",
    "decommissioned",
    "dismantled",
    "scrapped",
    "demolished",
    "retired",
    "terminated",
    "resigned",
    "dismissed",
    "laid off",
    "left",
    "departed company",
    "offboarded",
    "churned",
    "dissolved",
    "liquidated",
    "deactivated",
    "disabled",
    "deprecated",
    "discontinued",
    "obsoleted",
    "superseded",
    "replaced",
    "merged",
    "rejected",
    "declined",
    "denied",
    "refunded",
    "reversed",
    "voided",
    "annulled",
    "disputed",
    "charged back",
    "failed",
    "bounced",
    "unsubscribed",
    "opted out",
    "locked",
    "lost",
    "stolen",
    "defaulted",
    "written off",
    "escalated",
    "abandoned",
    "deceased",
    "died",
    "expelled",
    "evicted",
    "reopened",
    "overridden",
    "muted",
    "edited",
    "pinned",
    "transferred out",
    "dropped out",
    "delisted",
    "unpublished",
    "sold off",
    "renounced",
    "forfeited",
    "quarantined",
];
const RARE: f64 = 0.9;

/// Ends of events that end what lasts: an employment, a shop, an allergy.
const ENDS: &[&str] = &[
    "closed",
    "ended",
    "end",
    "resolved",
    "finished",
    "stopped",
    "expired",
    "ceased",
    "exited",
    "exit",
    "vacated",
    "discharged",
    "graduated",
    "inactivated",
    "shut down",
    "cured",
    "healed",
];
const LASTING: f64 = 0.85;

/// Rows that last: people, places, companies, goods, diseases. A case, a task or a stay usually ends.
const LASTING_ROWS: &[&str] = &[
    "warehouse",
    "store",
    "shop",
    "branch",
    "office",
    "site",
    "location",
    "place",
    "building",
    "plant",
    "factory",
    "depot",
    "station",
    "hotel",
    "restaurant",
    "clinic",
    "hospital",
    "school",
    "university",
    "library",
    "venue",
    "facility",
    "zone",
    "person",
    "people",
    "user",
    "customer",
    "client",
    "member",
    "employee",
    "staff",
    "provider",
    "doctor",
    "nurse",
    "teacher",
    "instructor",
    "student",
    "patient",
    "contact",
    "agent",
    "driver",
    "supplier",
    "vendor",
    "partner",
    "carrier",
    "company",
    "organization",
    "organisation",
    "department",
    "team",
    "club",
    "account",
    "bank account",
    "wallet",
    "allergy",
    "condition",
    "disease",
    "disability",
    "device",
    "machine",
    "asset",
    "vehicle",
    "equipment",
    "product",
    "article",
    "item",
    "brand",
    "position",
    "job position",
    "post",
    "domain",
    "farm",
    "field",
    "meter",
    "property",
    "dealer",
    "franchise",
    "airline",
];

/// First words of columns that refer to a row that this one undoes or repeats: few rows do.
const UNDOING: &[&str] = &[
    "reverse",
    "reversal",
    "reversed",
    "correct",
    "corrected",
    "replace",
    "replaced",
    "supersede",
    "superseded",
    "duplicate",
    "merged",
    "amend",
    "amended",
    "copied",
    "cloned",
    "forked",
    "predecessor",
    "migrated",
];

/// The share of NULLs by the names of a column and its table, from 0 to 1.
pub fn share(name: &Name, table: &Name) -> f64 {
    ended(name, table).or_else(|| named(name)).unwrap_or(USUAL)
}

/// The share of NULLs in a column about the end of what lasts: `closed_on` of warehouses.
fn ended(name: &Name, table: &Name) -> Option<f64> {
    let lasts = || LASTING_ROWS.iter().any(|rows| table.ends(rows));
    let event = event(name)?;
    (event.ends_any(ENDS) && event.words.len() == 1 && lasts()).then_some(LASTING)
}

/// The share of NULLs in a column that refers to a row that this one undoes or repeats (`reverses_entry_id`); `None` for
/// other columns.
pub fn undoing(name: &Name) -> Option<f64> {
    let undoes = name.words.first().is_some_and(|word| UNDOING.contains(&word.as_str()));
    let refers = matches!(name.last(), "id" | "number" | "uuid" | "key" | "of" | "from" | "into");
    (undoes && refers).then_some(RARE)
}

/// The event of a column about when, why or by whom it happened: `left` for `left_on`.
fn event(name: &Name) -> Option<Name> {
    let (last, words) = name.words.split_last()?;
    let about = matches!(last.as_str(), "at" | "on" | "date" | "time" | "by" | "reason" | "until" | "timestamp");
    (about && !words.is_empty()).then(|| Name { words: words.to_vec(), whole: name.whole.clone() })
}

/// The share of NULLs by name, from 0 to 1; `None` if no phrase matches.
pub fn named(name: &Name) -> Option<f64> {
    if let Some((_, share)) = name.best(&super::dictionary::dictionary().nulls) {
        return Some(*share);
    }
    if let Some((_, share)) = SHARES.iter().find(|(phrases, _)| name.ends_any(phrases)) {
        return Some(*share);
    }
    if event(name).is_some_and(|event| event.ends_any(RARE_EVENTS) && event.words.len() <= 2) {
        return Some(RARE);
    }
    if let Some(share) = undoing(name) {
        return Some(share);
    }
    NEVER_NULL.iter().any(|p| p.split(' ').eq(name.words.iter().map(String::as_str))).then_some(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_events_have_many_nulls() {
        for (column, share) in [
            ("deleted_at", 0.93),
            ("failure_code", 0.93),
            ("street2", 0.65),
            ("middle_name", 0.65),
            ("paid_at", 0.25),
            ("email", 0.0),
            ("status", 0.0),
            ("billing_email", 0.08),
            ("glow", 0.08),
            ("left_on", 0.9),
            ("offboarded_at", 0.9),
            ("reverses_journal_id", 0.9),
            ("replacement_cost", 0.08),
            ("closed_at", 0.45),
        ] {
            assert_eq!(super::share(&Name::new(column), &Name::new("tickets")), share, "{column}");
        }
    }

    #[test]
    fn what_lasts_seldom_ends() {
        for (column, table, share) in [
            ("closed_on", "wh_warehouses", 0.85),
            ("closed_at", "stores", 0.85),
            ("resolved_on", "allergy", 0.85),
            ("resolved_on", "tickets", 0.08),
            ("ended_on", "employees", 0.85),
            ("end_date", "bookings", 0.45),
        ] {
            assert_eq!(super::share(&Name::new(column), &Name::new(table)), share, "{table}.{column}");
        }
    }

    /// A phrase that is not in the normalized form of names would never match.
    #[test]
    fn phrases_are_normalized() {
        let lists = [NEVER_NULL, RARE_EVENTS, ENDS, UNDOING];
        let all = SHARES.iter().flat_map(|(phrases, _)| *phrases).chain(lists.into_iter().flatten());
        let wrong: Vec<&&str> = all.filter(|p| Name::new(&p.replace(' ', "_")).words.join(" ") != **p).collect();
        assert_eq!(wrong, Vec::<&&str>::new());
    }
}
