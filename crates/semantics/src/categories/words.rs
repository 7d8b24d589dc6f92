//! Data of [`categories`](super): lists whose members are equally common, pairs of yes and no, numbers of distinct values.

/// Lists whose members are equally common.
pub(super) const UNIFORM: &[&[&str]] = &[
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    &["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    &["spring", "summer", "autumn", "fall", "winter"],
    &["north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"],
    &["f", "m", "w", "female", "male", "woman", "man", "mr", "mrs", "ms", "miss", "herr", "frau", "mme"],
    &["left", "right"],
    &["home", "away"],
    &["heads", "tails"],
];

/// Pairs of values for true and false.
pub(super) const YES_NO: &[(&str, &str)] = &[
    ("y", "n"),
    ("yes", "no"),
    ("t", "f"),
    ("true", "false"),
    ("1", "0"),
    ("j", "n"),
    ("s", "n"),
    ("o", "n"),
    ("on", "off"),
];

/// Columns of which most businesses use few values.
pub(super) const SINGLE_REGION: &[&str] = &["currency", "currency code", "locale", "language", "language code"];

/// Columns with few distinct texts, and their number.
pub(super) const DISTINCT_VALUES: &[(&[&str], usize)] = &[
    (&["model", "model name", "device model"], 40),
    (&["manufacturer", "brand", "make", "vendor name", "supplier name", "publisher name"], 18),
    (&["firmware version", "firmware", "app version", "software version", "os version", "agent version"], 14),
    (&["carrier", "courier", "airline", "insurer", "insurance company", "provider", "bank name", "gateway"], 9),
    (&["method", "mode", "result", "outcome", "unit", "unit of measure", "measure unit"], 6),
    (&["group", "group name", "class", "class name", "segment", "cohort", "tier", "grade"], 7),
    (&["category", "category name", "sub category", "subcategory", "genre", "family", "product type"], 20),
    (&["department", "team", "division", "section", "unit name", "cost center", "branch"], 12),
    (&["specialty", "specialization", "profession", "industry", "sector", "species", "breed", "ward"], 16),
    (&["topic", "subject area", "campaign", "utm campaign", "queue", "queue name", "worker", "job name"], 12),
    (&["warehouse", "zone", "aisle", "terminal", "gate", "shift", "lane"], 10),
];
