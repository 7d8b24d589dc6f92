//! The percentage of true values in a boolean column, by its name and its default.

use super::names::Name;

/// Percentages by phrases at the end of a name, else anywhere in it; the phrase with most words wins, then the first.
const SHARES: &[(u32, &[&str])] = &[
    (
        1,
        &[
            "root",
            "superuser",
            "super admin",
            "superadmin",
            "impersonated",
            "fraud",
            "fraudulent",
            "deceased",
            "stolen",
        ],
    ),
    (
        3,
        &[
            "banned",
            "blacklisted",
            "blocked",
            "bounced",
            "chargeback",
            "charged back",
            "disputed",
            "do not call",
            "do not contact",
            "duplicate",
            "emergency",
            "fatal",
            "frozen",
            "quarantined",
            "reversed",
            "spam",
            "sticky",
            "suspended",
            "suspicious",
            "terminated",
            "voided",
            "void",
            "written off",
        ],
    ),
    (
        5,
        &[
            "admin",
            "administrator",
            "anomaly",
            "archived",
            "bot",
            "broken",
            "cancelled",
            "canceled",
            "complained",
            "contagious",
            "damaged",
            "deleted",
            "demo",
            "deprecated",
            "disabled",
            "discontinued",
            "error",
            "exempt",
            "failed",
            "fault",
            "flagged",
            "gift",
            "hidden",
            "locked",
            "lost",
            "moderator",
            "muted",
            "obsolete",
            "outlier",
            "pinned",
            "pregnant",
            "refunded",
            "rejected",
            "removed",
            "reported",
            "sensitive",
            "staff",
            "system",
            "tax exempt",
            "test",
            "unsubscribed",
            "opted out",
            "opt out",
            "vip",
            "wheelchair",
            "withdrawn",
        ],
    ),
    (
        10,
        &[
            "adult",
            "allergic",
            "anonymous",
            "built in",
            "builtin",
            "controlled",
            "critical",
            "custom",
            "disability",
            "edited",
            "escalated",
            "exclusive",
            "expired",
            "featured",
            "fragile",
            "hazardous",
            "inactive",
            "internal",
            "late",
            "limited",
            "manager",
            "nsfw",
            "overdue",
            "override",
            "owner",
            "promoted",
            "readonly",
            "read only",
            "recommended",
            "returned",
            "sponsored",
            "urgent",
        ],
    ),
    (
        20,
        &[
            "clearance",
            "discounted",
            "draft",
            "evening",
            "guest",
            "holiday",
            "mfa enabled",
            "mfa",
            "new",
            "on sale",
            "override price",
            "premium",
            "private",
            "sale",
            "shared",
            "smoker",
            "trial",
            "two factor",
            "two factor enabled",
            "totp enabled",
            "insured extra",
        ],
    ),
    (
        30,
        &[
            "2fa",
            "furnished",
            "marketing",
            "newsletter",
            "newsletter subscribed",
            "opt in",
            "opted in",
            "parking",
            "pet allowed",
            "promotion",
            "recurring",
            "refrigerated",
            "remote",
            "subscribed",
            "subscribe",
            "weekend",
            "wish list",
        ],
    ),
    (45, &["default", "mandatory", "married", "optional", "primary", "required"]),
    (
        65,
        &[
            "accepted marketing",
            "auto renew",
            "autorenew",
            "consent",
            "current",
            "in person",
            "notification",
            "notify",
            "open",
            "paid",
            "public",
            "read",
            "refundable",
            "returnable",
            "seen",
            "shippable",
            "taxable",
        ],
    ),
    (
        80,
        &[
            "accepted",
            "agreed",
            "attended",
            "available",
            "closed",
            "completed",
            "delivered",
            "done",
            "finished",
            "in stock",
            "online",
            "processed",
            "published",
            "registered",
            "resolved",
            "sent",
            "verified",
        ],
    ),
    (
        88,
        &[
            "active",
            "allowed",
            "approved",
            "confirmed",
            "enabled",
            "insured",
            "listed",
            "operational",
            "present",
            "searchable",
            "visible",
            "working",
        ],
    ),
    (95, &["healthy", "ok", "passed", "success", "successful", "term accepted", "term agreed", "valid"]),
];

/// The percentage if neither the name nor the default indicates one.
const UNKNOWN: u32 = 35;
/// The percentages if the default is false, and if it is true.
const BY_DEFAULT: (u32, u32) = (15, 85);

/// The percentage of true values, and whether it follows from the name, the default or neither.
pub fn true_percent(column: &str, default: Option<bool>) -> (u32, &'static str) {
    let name = Name::new(column);
    let named = share(&name).map(|share| if is_negated(&name) { 100 - share } else { share });
    match (named, default) {
        (Some(share), _) => (share, "name"),
        (None, Some(true)) => (BY_DEFAULT.1, "default"),
        (None, Some(false)) => (BY_DEFAULT.0, "default"),
        (None, None) => (UNKNOWN, "some"),
    }
}

fn share(name: &Name) -> Option<u32> {
    let all = || SHARES.iter().flat_map(|(share, phrases)| phrases.iter().map(move |p| (*share, *p)));
    let words = |p: &str| p.split(' ').count();
    let best = |fits: &dyn Fn(&str) -> bool| {
        let fitting = all().filter(|(_, p)| fits(p));
        fitting.fold(None, |best: Option<(u32, &str)>, new| match best {
            Some(old) if words(old.1) >= words(new.1) => Some(old),
            _ => Some(new),
        })
    };
    best(&|p| name.ends(p)).or_else(|| best(&|p| name.has(p))).map(|(share, _)| share)
}

fn is_negated(name: &Name) -> bool {
    name.words.iter().any(|w| matches!(w.as_str(), "not" | "non" | "no" | "never" | "without"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_by_name_and_default() {
        for (column, default, percent) in [
            ("is_admin", Some(false), 5),
            ("is_active", Some(true), 88),
            ("active", None, 88),
            ("email_verified", None, 80),
            ("is_deleted", None, 5),
            ("deleted", None, 5),
            ("newsletter", Some(false), 30),
            ("is_not_active", None, 12),
            ("glows", Some(true), 85),
            ("glows", Some(false), 15),
            ("glows", None, 35),
            ("two_factor_enabled", None, 20),
        ] {
            assert_eq!(true_percent(column, default).0, percent, "{column}");
        }
    }

    /// A phrase that is not in the normalized form of names would never match.
    #[test]
    fn phrases_are_normalized() {
        let all = SHARES.iter().flat_map(|(_, phrases)| *phrases);
        let wrong: Vec<&&str> = all.filter(|p| Name::new(&p.replace(' ', "_")).words.join(" ") != **p).collect();
        assert_eq!(wrong, Vec::<&&str>::new());
    }
}
