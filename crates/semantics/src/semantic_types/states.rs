//! Names about states and kinds.

use super::Table;
use crate::text::Meaning::{Kind, OneOf};
use dbmocker_domain::text::TextKind as K;

pub(super) const STATES: Table = &[
    (&["status", "order status", "current status", "job status", "workflow status"], Kind(K::Status)),
    (&["current state", "task state", "job state", "desired state", "trigger state"], Kind(K::Status)),
    (&["priority", "urgency", "importance"], Kind(K::Priority)),
    (&["severity", "risk level", "risk"], OneOf(&["info", "low", "medium", "high", "critical"])),
    (&["log level", "loglevel"], OneOf(&["INFO", "DEBUG", "WARN", "ERROR"])),
    (
        &["cron", "cron expression", "schedule expression"],
        OneOf(&["0 * * * *", "*/5 * * * *", "0 3 * * *", "0 0 * * 0", "30 6 1 * *"]),
    ),
    (
        &["level", "difficulty", "grade", "tier", "membership level"],
        OneOf(&["basic", "standard", "advanced", "expert"]),
    ),
    (
        &["plan", "subscription", "plan name", "edition", "package"],
        OneOf(&["free", "basic", "pro", "team", "enterprise"]),
    ),
    (
        &["role", "user role", "role name", "access level", "group role"],
        OneOf(&["admin", "editor", "viewer", "user", "guest", "owner"]),
    ),
    (
        &[
            "permission",
            "privilege",
            "right",
            "permission name",
            "action",
            "operation",
            "event type",
            "event",
            "activity",
            "audit action",
        ],
        OneOf(&["create", "read", "update", "delete", "login", "export", "import", "view"]),
    ),
    (
        &["type", "kind", "class", "type name", "mode", "style", "variant", "sort type", "flavor"],
        OneOf(&["standard", "basic", "premium", "custom", "internal", "external", "default", "other"]),
    ),
    (
        &["data type", "value type", "field type", "column type", "param type"],
        OneOf(&["string", "integer", "boolean", "date", "float", "json", "text"]),
    ),
    (
        &["channel", "source", "medium", "lead source", "utm source", "utm medium"],
        OneOf(&["web", "email", "phone", "store", "partner", "import", "api", "social"]),
    ),
    (&["direction"], OneOf(&["in", "out", "both"])),
    (
        &["frequency", "recurrence", "period", "billing cycle", "interval"],
        OneOf(&["daily", "weekly", "monthly", "yearly"]),
    ),
    (&["size", "size name", "shirt size"], OneOf(&["S", "M", "L", "XL", "XS", "XXL"])),
    (
        &["weekday", "day of week", "day name"],
        OneOf(&["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
    ),
    (
        &["month name"],
        OneOf(&[
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ]),
    ),
    (&["season"], OneOf(&["spring", "summer", "autumn", "winter"])),
    (&["rating"], OneOf(&["A", "B", "C", "D", "AA", "AAA"])),
    (&["environment", "stage"], OneOf(&["dev", "test", "staging", "prod"])),
    (&["material"], OneOf(&["wood", "steel", "glass", "cotton", "leather", "plastic", "stone"])),
    (&["condition"], OneOf(&["new", "used", "good", "fair", "refurbished"])),
    (&["visibility", "access", "privacy"], OneOf(&["public", "private", "internal", "shared"])),
    (&["format"], OneOf(&["text", "html", "json", "xml", "csv", "pdf"])),
    (&["encoding", "charset"], OneOf(&["utf-8", "latin1", "ascii", "utf-16"])),
    (
        &[
            "module",
            "component",
            "feature",
            "service",
            "service name",
            "application",
            "app",
            "app name",
            "plugin",
            "library",
            "queue",
            "queue name",
            "logger",
            "job class",
            "namespace",
            "scope",
            "subsystem",
            "schema name",
            "table name",
            "model",
            "resource",
            "index name",
        ],
        Kind(K::Slug),
    ),
];
