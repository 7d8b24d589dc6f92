//! The role of a table by its name: details of a parent, activity of a parent, or a lookup list.

use super::names::Name;
use super::periods;

/// A name with all of its words in the singular. ([`Name::new`] keeps some plurals, such as `items`, which have another
/// meaning in names of columns.)
pub fn singular(name: &str) -> Name {
    let mut name = Name::new(name);
    for word in &mut name.words {
        let plural = word.len() > 3 && word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e));
        if plural {
            word.pop();
        }
    }
    name
}

/// The relationship of a table's rows to those of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Parts of the parent: items of an order.
    Detail,
    /// Events over time: orders of a customer.
    Activity,
    /// Events concentrated on few parents: followers.
    Crowd,
    /// Unknown.
    Other,
}

/// Tables whose rows are parts of another table's.
const PARTS: &[&str] = &[
    "adjustment",
    "address",
    "allocation",
    "answer option",
    "attachment",
    "attribute",
    "beneficiary",
    "certificate",
    "chapter",
    "choice",
    "component",
    "contact",
    "dependent",
    "detail",
    "discount",
    "disk",
    "document",
    "dose",
    "education",
    "entry line",
    "experience",
    "fee",
    "field",
    "guest",
    "holiday",
    "image",
    "ingredient",
    "installment",
    "instalment",
    "interface",
    "item",
    "language",
    "leg",
    "lesson",
    "line",
    "member role",
    "meta",
    "module",
    "opening hour",
    "option",
    "page",
    "paragraph",
    "parcel",
    "part",
    "passenger",
    "payment",
    "permission",
    "phone",
    "photo",
    "picture",
    "port",
    "position",
    "preference",
    "price",
    "property",
    "question",
    "rate",
    "refund",
    "role",
    "room",
    "schedule",
    "seat",
    "section",
    "segment",
    "sensor",
    "setting",
    "shipment",
    "skill",
    "slot",
    "step",
    "stop",
    "surcharge",
    "symptom",
    "tag",
    "tax",
    "track",
    "translation",
    "value",
    "variant",
];

/// Tables of events; few parents have most of the rows.
const HAPPENINGS: &[&str] = &[
    "activity",
    "alarm",
    "alert",
    "appointment",
    "attendance",
    "audit",
    "booking",
    "call",
    "case",
    "check",
    "claim",
    "comment",
    "conversation",
    "delivery",
    "email",
    "encounter",
    "enrollment",
    "error",
    "event",
    "expense",
    "history",
    "incident",
    "inspection",
    "invoice",
    "job",
    "loan",
    "log",
    "login",
    "measurement",
    "message",
    "metric",
    "movement",
    "notification",
    "observation",
    "order",
    "ping",
    "post",
    "prescription",
    "purchase",
    "rating",
    "reading",
    "rental",
    "request",
    "reservation",
    "review",
    "ride",
    "run",
    "sale",
    "sample",
    "search",
    "session",
    "submission",
    "ticket",
    "transaction",
    "transfer",
    "trip",
    "usage",
    "visit",
    "vote",
];

/// Tables of events that are concentrated on very few parents.
const CROWDS: &[&str] = &[
    "click",
    "download",
    "favorite",
    "follow",
    "follower",
    "following",
    "friendship",
    "hit",
    "impression",
    "like",
    "page view",
    "play",
    "reaction",
    "share",
    "stream",
    "subscriber",
    "view",
    "watch",
];

/// Tables of events that take their course over some time, and end.
const EPISODES: &[&str] = &[
    "admission",
    "appointment",
    "auction",
    "batch",
    "bill",
    "booking",
    "case",
    "chat",
    "claim",
    "contract",
    "conversation",
    "delivery",
    "encounter",
    "entry",
    "exam",
    "flight",
    "game",
    "incident",
    "inspection",
    "invoice",
    "issue",
    "itinerary",
    "job",
    "journey",
    "loan",
    "match",
    "order",
    "parcel",
    "policy",
    "prescription",
    "question",
    "quiz",
    "race",
    "rental",
    "request",
    "reservation",
    "ride",
    "round",
    "route",
    "run",
    "shift",
    "shipment",
    "stay",
    "surgery",
    "survey",
    "task",
    "thread",
    "ticket",
    "tour",
    "transfer",
    "treatment",
    "trip",
    "visit",
    "voyage",
];

/// Tables of what happens in the course of an event.
const COURSE: &[&str] = &[
    "activity",
    "administration",
    "answer",
    "charge",
    "checkpoint",
    "coverage",
    "event",
    "history",
    "log",
    "log entry",
    "measurement",
    "message",
    "milestone",
    "movement",
    "note",
    "observation",
    "position",
    "reading",
    "reply",
    "response",
    "result",
    "sample",
    "scan",
    "sign",
    "status",
    "transition",
    "update",
    "vital",
];

/// Tables of tenants and other containers, whose rows own large parts of the database.
const CONTAINERS: &[&str] = &[
    "tenant",
    "organization",
    "organisation",
    "company",
    "workspace",
    "account",
    "client",
    "agency",
    "school",
    "site",
];

/// Tables of people and things whose number grows with the business.
const MANY: &[&str] = &[
    "account",
    "animal",
    "article",
    "asset",
    "author",
    "book",
    "candidate",
    "client",
    "contact",
    "customer",
    "device",
    "document",
    "driver",
    "employee",
    "film",
    "guest",
    "item",
    "lead",
    "member",
    "movie",
    "passenger",
    "patient",
    "person",
    "people",
    "pet",
    "player",
    "product",
    "property",
    "staff",
    "student",
    "subscriber",
    "supplier",
    "teacher",
    "user",
    "vehicle",
];

/// Lookup lists, and their usual number of rows.
const LISTS: &[(&[&str], u64)] = &[
    (&["gender", "sex", "severity", "priority", "visibility"], 4),
    (&["status", "state type", "stage", "phase", "tier", "level", "plan", "size"], 6),
    (&["type", "kind", "class", "role", "unit", "currency", "tax rate", "shipping method", "payment method"], 8),
    (&["warehouse", "branch", "office", "region", "season", "carrier", "channel", "reason"], 12),
    (&["department", "language", "locale", "permission", "group", "team", "firmware", "campaign"], 20),
    (&["category", "genre", "brand", "manufacturer", "location", "site", "store", "shop", "city"], 40),
    (&["tag", "topic", "skill", "coupon", "voucher", "airport", "country", "timezone", "ward", "room"], 60),
];

/// The role of a table for a parent. `owner`: the parent is the table's first required one.
pub fn role(table: &str, parent: &str, owner: bool) -> Role {
    let (table, parent) = (singular(table), singular(parent));
    let named = table.words.len() > parent.words.len() && table.words.starts_with(&parent.words);
    match () {
        () if table.ends_any(CROWDS) => Role::Crowd,
        () if owner && parent.ends_any(EPISODES) && table.ends_any(COURSE) => Role::Detail,
        () if owner && periods::is_part(&table, &parent) => Role::Detail,
        () if named && !table.ends_any(HAPPENINGS) => Role::Detail,
        () if table.ends_any(HAPPENINGS) => Role::Activity,
        () if table.ends_any(PARTS) => {
            if owner && !parent.ends_any(CONTAINERS) {
                Role::Detail
            } else {
                Role::Activity
            }
        }
        () if parent.ends_any(CONTAINERS) || table.ends_any(MANY) => Role::Activity,
        () if owner && parent.ends_any(EPISODES) => Role::Detail,
        () => Role::Other,
    }
}

/// Whether a table's rows happen while the parent's row takes its course: a stay's charges, not its reviews.
pub fn is_part_of_course(table: &str, parent: &str) -> bool {
    singular(parent).ends_any(EPISODES) && singular(table).ends_any(COURSE)
}

/// Whether a table's name begins with its parent's: `order_items` with `orders`.
pub fn is_named_after(table: &str, parent: &str) -> bool {
    let (table, parent) = (singular(table), singular(parent));
    table.words.len() > parent.words.len() && table.words.starts_with(&parent.words)
}

/// Whether a table's rows are containers, such as tenants.
pub fn is_container(table: &str) -> bool {
    singular(table).ends_any(CONTAINERS)
}

/// Whether a table's number of rows grows with the business.
pub fn are_many(table: &str) -> bool {
    singular(table).ends_any(MANY)
}

/// The usual number of rows of a lookup list; `None` if the table is not one by its name.
pub fn listed(table: &str) -> Option<u64> {
    let name = singular(table);
    LISTS.iter().find(|(words, _)| name.ends_any(words)).map(|(_, rows)| *rows)
}

/// Whether a column, outside of keys, counts the rows of its parent: a position, not a version, rank or attempt.
pub fn is_place(column: &str) -> bool {
    let other = ["version", "revision", "attempt", "place", "slot", "rank", "page number", "index", "order number"];
    is_position(column) && !singular(column).ends_any(&other) && !singular(column).ends_any(&["display order"])
        || singular(column).ends_any(&["installment number", "question number"])
}

/// Whether a column holds a row's position among the rows of its parent.
pub fn is_position(column: &str) -> bool {
    let words = [
        "position",
        "ordinal",
        "line",
        "line number",
        "sequence",
        "sequence number",
        "sort order",
        "sort",
        "order number",
        "display order",
        "rank",
        "row number",
        "item number",
        "index",
        "page number",
        "step number",
        "track number",
        "version",
        "revision",
        "attempt",
        "place",
        "slot",
    ];
    singular(column).ends_any(&words)
}

/// Whether a column holds the name of an attribute (as in an attribute-value table).
pub fn is_attribute(column: &str) -> bool {
    singular(column).ends_any(&[
        "key",
        "attribute",
        "property",
        "option",
        "setting",
        "field",
        "parameter",
        "name",
        "feature",
    ])
}

/// Names of attributes, for columns of [`is_attribute`].
pub const ATTRIBUTES: &[&str] = &[
    "color",
    "size",
    "weight",
    "material",
    "brand",
    "width",
    "height",
    "depth",
    "warranty",
    "origin",
    "language",
    "timezone",
    "theme",
    "currency",
    "locale",
    "status",
    "priority",
    "category",
    "source",
    "notes",
    "capacity",
    "condition",
    "release_date",
    "model",
    "format",
    "shape",
    "pattern",
    "finish",
    "power",
    "voltage",
    "energy_class",
    "care",
    "season",
    "gender",
    "age_group",
    "flavor",
    "scent",
    "volume",
    "length",
    "page_size",
    "email_notifications",
    "newsletter",
    "dark_mode",
    "layout",
    "signature",
    "default_view",
    "items_per_page",
    "date_format",
    "week_start",
    "auto_save",
    "two_factor",
    "backup_email",
    "display_name",
    "website",
    "reference",
    "external_id",
    "campaign",
    "last_sync",
    "retries",
    "timeout",
    "thumbnail",
    "caption",
    "keywords",
    "visibility",
];

/// Whether a column distinguishes the rows of one parent, as the key of a key-value table.
pub fn is_naming(column: &str) -> bool {
    let words = [
        "key",
        "name",
        "attribute",
        "property",
        "option",
        "setting",
        "field",
        "parameter",
        "locale",
        "language",
        "language code",
        "label",
        "tag",
        "permission",
        "feature",
        "currency",
        "currency code",
        "country code",
        "platform",
        "provider",
        "channel",
        "topic",
        "scope",
        "code",
        "metric",
        "tier",
    ];
    singular(column).ends_any(&words)
}

/// The property of a tree's row that a column stores (`level`, `left`, `right`, `path`); `None` for other columns.
pub fn tree_column(column: &str) -> Option<&'static str> {
    let name = singular(column);
    let is = |words: &[&str]| words.iter().any(|w| w.split(' ').eq(name.words.iter().map(String::as_str)));
    match () {
        () if is(&["level", "depth", "tree level", "tree depth", "lvl", "nesting level"]) => Some("level"),
        () if is(&["lft", "left", "tree left", "lft value"]) => Some("left"),
        () if is(&["rgt", "rght", "right", "tree right"]) => Some("right"),
        () if is(&["path", "tree path", "full path", "materialized path", "url path"]) => Some("path"),
        () => None,
    }
}

/// The kind of a tree that a table's rows form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hierarchy {
    /// People and their managers.
    Staff,
    /// Posts and their replies.
    Thread,
    /// Categories and subcategories, places within places.
    Groups,
}

/// The kind of tree that a self-reference forms, by the names of table and column.
pub fn hierarchy(table: &str, column: &str) -> Hierarchy {
    let (table, column) = (singular(table), singular(column));
    let staff = column.has_any(&["manager", "supervisor", "boss", "report to", "reports to", "head", "leader"]);
    let answers = column.has_any(&["reply", "replied", "thread", "quoted"])
        || table.ends_any(&["comment", "message", "reply", "post", "answer", "mail", "email", "tweet", "note"]);
    match () {
        () if staff => Hierarchy::Staff,
        () if answers => Hierarchy::Thread,
        () => Hierarchy::Groups,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_by_name() {
        for (table, parent, owner, expected) in [
            ("order_items", "orders", true, Role::Detail),
            ("order_items", "products", false, Role::Activity),
            ("payments", "invoices", true, Role::Detail),
            ("addresses", "customers", true, Role::Detail),
            ("sensors", "devices", true, Role::Detail),
            ("readings", "sensors", true, Role::Activity),
            ("orders", "customers", true, Role::Activity),
            ("users", "tenants", true, Role::Activity),
            ("user_logins", "users", true, Role::Activity),
            ("page_views", "pages", true, Role::Crowd),
            ("follows", "users", true, Role::Crowd),
            ("gizmos", "gadgets", true, Role::Other),
        ] {
            assert_eq!(role(table, parent, owner), expected, "{table} of {parent}");
        }
    }

    #[test]
    fn tree_columns_and_kinds_by_name() {
        assert_eq!(hierarchy("categories", "parent_id"), Hierarchy::Groups);
        assert_eq!(hierarchy("employees", "manager_id"), Hierarchy::Staff);
        assert_eq!(hierarchy("comments", "parent_id"), Hierarchy::Thread);
        assert_eq!(tree_column("lft"), Some("left"));
        assert_eq!(tree_column("level"), Some("level"));
        assert_eq!(tree_column("noise_level"), None);
        assert!(is_position("line_no") && is_position("sort_order") && !is_position("order_id"));
        assert!(is_naming("meta_key") && is_naming("locale") && !is_naming("product_id"));
    }
}
