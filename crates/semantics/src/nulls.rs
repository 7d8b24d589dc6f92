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

/// The share of NULLs by name, from 0 to 1.
pub fn share(name: &Name) -> f64 {
    named(name).unwrap_or(USUAL)
}

/// The share of NULLs by name, from 0 to 1; `None` if no phrase matches.
pub fn named(name: &Name) -> Option<f64> {
    if let Some((_, share)) = name.best(&super::dictionary::dictionary().nulls) {
        return Some(*share);
    }
    if let Some((_, share)) = SHARES.iter().find(|(phrases, _)| name.ends_any(phrases)) {
        return Some(*share);
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
        ] {
            assert_eq!(super::share(&Name::new(column)), share, "{column}");
        }
    }

    /// A phrase that is not in the normalized form of names would never match.
    #[test]
    fn phrases_are_normalized() {
        let all = SHARES.iter().flat_map(|(phrases, _)| *phrases).chain(NEVER_NULL);
        let wrong: Vec<&&str> = all.filter(|p| Name::new(&p.replace(' ', "_")).words.join(" ") != **p).collect();
        assert_eq!(wrong, Vec::<&&str>::new());
    }
}
