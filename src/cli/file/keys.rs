//! Every key of the config file, once: the reader, its error messages, the JSON Schema and `init-config` use this list.

/// The kind of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A whole number, 0 or more.
    Count,
    Flag,
    /// 0 to 1.
    Share,
    Scalar,
    /// A list of scalars.
    Scalars,
    /// Values with weights: a mapping, or a list of `{value, weight}`.
    Weights,
    Text,
    /// A name that `dbmocker generators` lists.
    Generator,
    Number,
    /// A list of references.
    References,
    /// A column, or columns by the value of another one.
    Targets,
    /// `uniform`, `poisson`, `geometric` or `zipf`.
    CountShape,
    /// `generate_new`, `allow_duplicates` or `smart_duplicates`.
    Mode,
    /// A list of mappings from columns to values.
    Rows,
    /// A list of groups of columns.
    Groups,
    /// A list of conditions and values.
    Rules,
    /// A mapping from names of members to rules or values.
    Template,
    /// The rule of an item.
    Item,
    /// Any value.
    Example,
    /// A file with a JSON Schema, or the schema.
    JsonSchema,
    /// A file, or a file with a column and weights.
    ValueFile,
    /// A number of rows, a multiple of another table's, or a mapping with rows for each row of a parent.
    RowCount,
    /// A distribution by its name, or a mapping from its name to its parameters.
    Distribution,
    /// A list of `{to, share}`.
    Buckets,
    /// Names and values, as the server knows them.
    Settings,
    /// A mapping with its own set of keys.
    Section(&'static [ConfigKey]),
    /// A mapping from names of the schema to sections.
    Named(&'static [ConfigKey]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigKey {
    pub name: &'static str,
    pub kind: KeyKind,
    pub doc: &'static str,
    /// An example, as YAML.
    pub example: &'static str,
}

const fn key(name: &'static str, kind: KeyKind, example: &'static str, doc: &'static str) -> ConfigKey {
    ConfigKey { name, kind, doc, example }
}

/// Words of other tools and languages, each with the keys that it may mean, most specific first.
pub const SYNONYMS: &[(&str, &[&str])] = &[
    ("choices", &["possible_values"]),
    ("columns", &["column_configs"]),
    ("condition", &["when", "rules"]),
    ("conditions", &["rules"]),
    ("date_range", &["min_value"]),
    ("default_value", &["default", "possible_values"]),
    ("enum", &["possible_values"]),
    ("faker", &["generator_function"]),
    ("fields", &["column_configs"]),
    ("foreign_keys", &["references"]),
    ("format", &["format_string", "pattern"]),
    ("formula", &["expression"]),
    ("from", &["min_value", "start"]),
    ("function", &["generator_function"]),
    ("generator", &["generator_function"]),
    ("if", &["when", "rules"]),
    ("increment", &["step", "series"]),
    ("interval", &["step", "series"]),
    ("max", &["max_value", "most"]),
    ("max_rows", &["count"]),
    ("mean", &["distribution"]),
    ("min", &["min_value", "least"]),
    ("mu", &["mean"]),
    ("null_rate", &["null_probability"]),
    ("null_share", &["null_probability"]),
    ("nullable", &["null_probability"]),
    ("nulls", &["null_probability"]),
    ("one_of", &["possible_values"]),
    ("otherwise", &["rules"]),
    ("per_parent", &["count"]),
    ("prefix", &["format_string"]),
    ("provider", &["generator_function"]),
    ("range", &["min_value", "length"]),
    ("regex", &["pattern"]),
    ("row_count", &["count", "rows"]),
    ("sd", &["distribution"]),
    ("sequence", &["series"]),
    ("sigma", &["sd"]),
    ("sql", &["expression"]),
    ("std", &["sd", "distribution"]),
    ("stddev", &["sd", "distribution"]),
    ("template", &["format_string", "json"]),
    ("then", &["values", "rules"]),
    ("to", &["max_value", "most"]),
    ("type", &["generator_function"]),
    ("unique", &["duplicate_mode"]),
    ("value", &["possible_values", "values", "expression"]),
    ("values", &["possible_values"]),
    ("weights", &["weighted_values"]),
    ("when", &["rules"]),
];

pub const FILE: &[ConfigKey] = &[
    key(
        "extends",
        KeyKind::Text,
        "base.yaml",
        "Another config file, beside this one; what stands here takes precedence, column by column",
    ),
    key("generation", KeyKind::Section(GENERATION), "", "The run as a whole; flags of the command line override it"),
    key(
        "protect",
        KeyKind::Scalars,
        "[\"*.prod.*\", \"db: billing\"]",
        "Hosts, or databases after `db:`, that are never filled; `*` stands for any characters",
    ),
    key(
        "session",
        KeyKind::Settings,
        "{app.tenant_id: 7, role: loader}",
        "Settings of every session with the server: PostgreSQL's, also `role`; MySQL's, also variables such as `@tenant`",
    ),
    key(
        "references",
        KeyKind::References,
        "[{from: events.user_ref, to: users.uuid}]",
        "Columns that refer to rows of other tables, without a foreign key",
    ),
    key(
        "tables",
        KeyKind::Named(TABLE),
        "",
        "Tables by name, or by schema.name; those not named here are filled as well",
    ),
];

pub const GENERATION: &[ConfigKey] = &[
    key(
        "rows",
        KeyKind::Count,
        "1000",
        "Rows of every table that has no count of its own; by default what its role says",
    ),
    key("batch_size", KeyKind::Count, "10000", "Rows of a batch; by default what memory allows"),
    key("max_workers", KeyKind::Count, "8", "Threads that generate; by default the cores of the machine"),
    key("seed", KeyKind::Count, "42", "The same seed gives the same rows"),
    key("truncate_existing", KeyKind::Flag, "false", "Empties the tables first"),
    key("coherence", KeyKind::Flag, "true", "Whether rows agree beyond keys and CHECKs: sums, order in time, owners"),
];

pub const TABLE: &[ConfigKey] = &[
    key("rows_to_generate", KeyKind::Count, "1000", "As `count`, but only a number"),
    key(
        "count",
        KeyKind::RowCount,
        "2k",
        "Rows of this table: a number (0 leaves it alone), `3x users`, or rows for each row of a parent, \
         e.g. `{per: users, min: 1, max: 6, mean: 2.5}`",
    ),
    key(
        "use_existing_data",
        KeyKind::Flag,
        "false",
        "Does not fill the table; foreign keys are drawn from the rows it holds",
    ),
    key("coherence", KeyKind::Flag, "true", "Whether the table's rows agree beyond keys and CHECKs"),
    key(
        "rows",
        KeyKind::Rows,
        "[{id: 1, name: open}, {id: 2, name: closed}]",
        "The table's rows as they stand; columns that they leave out are generated",
    ),
    key(
        "rows_from",
        KeyKind::Text,
        "status.csv",
        "A CSV file with the table's rows: the first line names the columns, an empty field is NULL",
    ),
    key(
        "groups",
        KeyKind::Groups,
        "[{columns: [make, model, year], rows_from: cars.csv}]",
        "Columns that take their values together, from one row of a list",
    ),
    key(
        "column_configs",
        KeyKind::Named(COLUMN),
        "",
        "Columns by name; those not named here follow their type and name",
    ),
];

pub const COLUMN: &[ConfigKey] = &[
    key(
        "generator_function",
        KeyKind::Generator,
        "email",
        "What the text looks like; `dbmocker generators` lists the names",
    ),
    key(
        "expression",
        KeyKind::Text,
        "round(quantity * unit_price * (1 - discount), 2)",
        "SQL over the row's columns, those of parents (`customer_id.name`), `row_number(order_id)` and aggregates of the \
         rows that refer to it (`sum(order_lines.amount)`)",
    ),
    key(
        "rules",
        KeyKind::Rules,
        "[{when: \"status = 'cancelled'\", values: [too late, too dear]}, {null: true}]",
        "What holds in rows that meet a condition; the first rule that applies decides",
    ),
    key(
        "series",
        KeyKind::Section(SERIES),
        "{start: 2026-01-01, step: 5min, per: device_id, jitter: 10s, gaps: 1%}",
        "Numbers, dates or moments at regular steps",
    ),
    key(
        "random_walk",
        KeyKind::Section(WALK),
        "{start: 20, step: 0.5, min: 0, max: 40, per: device_id}",
        "Each row's number is that of the row before, and a random step",
    ),
    key(
        "seasonality",
        KeyKind::Section(SEASON),
        "{by: sold_at, weekdays: {sun: 0.5}, months: {dec: 3}}",
        "The column's numbers are multiplied by factors of the hour, weekday and month",
    ),
    key("min_value", KeyKind::Scalar, "0", "Smallest number, date or time"),
    key("max_value", KeyKind::Scalar, "100", "Largest number, date or time"),
    key("min_length", KeyKind::Count, "3", "Fewest characters, or bytes of a blob"),
    key("max_length", KeyKind::Count, "20", "Most characters, or bytes of a blob"),
    key("length", KeyKind::Text, "2KiB..40KiB", "Both: fewest and most characters, or bytes of a blob"),
    key("pattern", KeyKind::Text, "\"[A-Z]{3}-[0-9]{4}\"", "A regular expression that the whole text matches"),
    key("possible_values", KeyKind::Scalars, "[new, used]", "One of these"),
    key("weighted_values", KeyKind::Weights, "{new: 3, used: 1}", "One of these, as often as its weight says"),
    key(
        "values_from",
        KeyKind::ValueFile,
        "cities.txt",
        "One of the lines of a text file, or, with `{file: cities.csv, column: name, weight: population}`, of the values of a \
         column of a CSV file",
    ),
    key(
        "distribution",
        KeyKind::Distribution,
        "{normal: {mean: 70, sd: 12}}",
        "How often which number, date, moment, length of a text or value of possible_values comes",
    ),
    JSON,
    JSON_EXAMPLE,
    JSON_SCHEMA,
    ITEMS,
    ITEM_COUNT,
    UNIQUE_ITEMS,
    key("null_probability", KeyKind::Share, "0.1", "Share of NULLs, 0 to 1"),
    key("default", KeyKind::Flag, "true", "Leaves the column to the server's DEFAULT"),
    key(
        "edge_cases",
        KeyKind::Share,
        "0.05",
        "Share of rows with a value that breaks programs: the longest, the empty, quotes, emoji, the largest number, leap days",
    ),
    key("format_string", KeyKind::Text, "\"ORD-{:06d}\"", "Text around the value ({}) or around digits ({:06d})"),
    key("duplicate_mode", KeyKind::Mode, "smart_duplicates", "Whether values repeat: one for all rows, or few of them"),
    key(
        "duplicate_value",
        KeyKind::Scalar,
        "new",
        "With allow_duplicates: the value of all rows; one is chosen if it is left out",
    ),
    key(
        "duplicate_probability",
        KeyKind::Share,
        "0.5",
        "With smart_duplicates: how much of the rows follow the skewed law",
    ),
    key("max_duplicate_values", KeyKind::Count, "10", "With smart_duplicates: at most so many different values"),
];

const JSON: ConfigKey = key(
    "json",
    KeyKind::Template,
    "{theme: {possible_values: [dark, light]}, version: 2}",
    "The members of a JSON object, in this order: a rule for each, or the value of all documents",
);
const JSON_EXAMPLE: ConfigKey = key(
    "json_example",
    KeyKind::Example,
    "{theme: dark, font_size: 14, tags: [a, b]}",
    "JSON documents with the members of this one, and values of the same kind",
);
const JSON_SCHEMA: ConfigKey = key(
    "json_schema",
    KeyKind::JsonSchema,
    "settings.schema.json",
    "JSON documents that the JSON Schema of a file accepts; the schema may also stand here",
);
const ITEMS: ConfigKey = key(
    "items",
    KeyKind::Item,
    "{possible_values: [red, green, blue]}",
    "The rule of the items of an array, in a column of an array type or in JSON",
);
const ITEM_COUNT: ConfigKey =
    key("item_count", KeyKind::Text, "1..4", "Fewest and most items of an array, or one number for both");
const UNIQUE_ITEMS: ConfigKey = key("unique_items", KeyKind::Flag, "true", "No item occurs twice in an array");

/// The keys of a member of `json`, and of `items`.
pub const MEMBER: &[ConfigKey] = &[
    key("missing", KeyKind::Share, "0.2", "Share of the objects without the member"),
    key("null_probability", KeyKind::Share, "0.1", "Share of `null`"),
    JSON,
    JSON_EXAMPLE,
    JSON_SCHEMA,
    ITEMS,
    ITEM_COUNT,
    UNIQUE_ITEMS,
    key("generator_function", KeyKind::Generator, "email", "As of a column; so are the next ones"),
    key("possible_values", KeyKind::Scalars, "[new, used]", "One of these; numbers, true, false and null stay such"),
    key("weighted_values", KeyKind::Weights, "{new: 3, used: 1}", "One of these, as often as its weight says"),
    key("values_from", KeyKind::ValueFile, "cities.txt", "One of the texts of a file"),
    key("min_value", KeyKind::Scalar, "0", "Smallest whole number, number with a fraction (`0.0`), date or moment"),
    key("max_value", KeyKind::Scalar, "100", "Largest one"),
    key("min_length", KeyKind::Count, "3", "Fewest characters"),
    key("max_length", KeyKind::Count, "20", "Most characters"),
    key("length", KeyKind::Text, "3..20", "Both"),
    key("pattern", KeyKind::Text, "\"[A-Z]{3}\"", "A regular expression that the whole text matches"),
    key("format_string", KeyKind::Text, "\"ORD-{:06d}\"", "Text around the value or around digits"),
];

/// The keys of a group of columns.
pub const GROUP: &[ConfigKey] = &[
    key("columns", KeyKind::Scalars, "[make, model, year]", "The columns; by default all of the list but its weights"),
    key(
        "rows_from",
        KeyKind::Text,
        "cars.csv",
        "A CSV file, whose first line names the columns; an empty field is NULL",
    ),
    key(
        "rows",
        KeyKind::Rows,
        "[{city: Ulm, zip: '89073'}, {city: Hof, zip: '95028'}]",
        "The rows, in place of a file",
    ),
    key(
        "weight",
        KeyKind::Text,
        "sold",
        "The column of the list that says how often a row comes, relative to the others",
    ),
];

/// The keys of a rule.
pub const RULE: &[ConfigKey] = &[
    key(
        "when",
        KeyKind::Text,
        "status = 'cancelled'",
        "The condition, of what `expression` may read; without it, all other rows",
    ),
    key(
        "values",
        KeyKind::Weights,
        "[too late, too dear]",
        "One of these, also with weights: `{too late: 3, too dear: 1}`",
    ),
    key("null", KeyKind::Flag, "true", "No value"),
    key("expression", KeyKind::Text, "total * 0.1", "SQL, as `expression` of the column"),
];

/// The keys of a series.
pub const SERIES: &[ConfigKey] = &[
    key("start", KeyKind::Scalar, "2026-01-01", "The first value; 1 for numbers; also `now-30d`"),
    key(
        "step",
        KeyKind::Scalar,
        "5min",
        "From one value to the next: a number, or `250ms`, `10s`, `5min`, `1h`, `1d`, `1mo`, `1y`",
    ),
    key("per", KeyKind::Text, "device_id", "A column of a foreign key: each row of its parent has a series of its own"),
    key("jitter", KeyKind::Scalar, "10s", "How far a value may lie from its step, before or after"),
    key("gaps", KeyKind::Share, "1%", "Share of steps that are left out"),
];

/// The keys of a random walk.
pub const WALK: &[ConfigKey] = &[
    key("start", KeyKind::Number, "20", "The first value; by default halfway between min and max"),
    key("step", KeyKind::Number, "0.5", "The standard deviation of a step; 1 by default"),
    key("drift", KeyKind::Number, "0.01", "The mean of a step; 0 by default"),
    key("min", KeyKind::Number, "0", "The walk turns back here"),
    key("max", KeyKind::Number, "40", "The walk turns back here"),
    key("per", KeyKind::Text, "device_id", "A column of a foreign key: each row of its parent has a walk of its own"),
];

/// The keys of factors by the moment.
pub const SEASON: &[ConfigKey] = &[
    key("by", KeyKind::Text, "sold_at", "The column of the row with the date or moment"),
    key("hours", KeyKind::Weights, "{\"0-5\": 0.2, \"18-21\": 2}", "Factors of hours; 1 where none is given"),
    key("weekdays", KeyKind::Weights, "{mon-fri: 1, sat: 0.5, sun: 0.2}", "Factors of weekdays"),
    key("months", KeyKind::Weights, "{jun-aug: 0.7, dec: 3}", "Factors of months, by name or number"),
];

/// The keys of the values of a file.
pub const VALUE_FILE: &[ConfigKey] = &[
    key("file", KeyKind::Text, "cities.csv", "A text file with a value on each line, or a CSV file"),
    key("column", KeyKind::Text, "name", "The column of the CSV file; by default the only one"),
    key("weight", KeyKind::Text, "population", "The column that says how often a value comes, relative to the others"),
];

/// The keys of a reference.
pub const REFERENCE: &[ConfigKey] = &[
    key("from", KeyKind::Text, "comments.commentable_id", "The column that refers, with its table"),
    key(
        "type",
        KeyKind::Text,
        "commentable_type",
        "The column of the same row that names the table, where there are several",
    ),
    key(
        "to",
        KeyKind::Targets,
        "{Post: posts.id, Photo: photos.id}",
        "The column that is referred to; with `type`, one for each of its values",
    ),
];

/// The keys of a count for each row of a parent.
pub const COUNT: &[ConfigKey] = &[
    key("per", KeyKind::Text, "customers", "The parent's table, to which a foreign key leads"),
    key("by", KeyKind::Text, "sender_id", "A column of the foreign key, where several lead to the parent"),
    key("exactly", KeyKind::Count, "4", "So many rows for each"),
    key(
        "shares",
        KeyKind::Weights,
        "{0: 0.2, 1: 0.5, \"2-5\": 0.3}",
        "Shares of the parents that have so many rows; they add up to 1",
    ),
    key(
        "law",
        KeyKind::CountShape,
        "zipf",
        "How the numbers are distributed; by default uniform, or geometric without `max`",
    ),
    key("min", KeyKind::Count, "1", "Fewest rows of one parent; by default 0"),
    key("max", KeyKind::Count, "6", "Most rows of one parent"),
    key("mean", KeyKind::Number, "2.5", "Rows of one parent on average, kept exactly"),
    key(
        "weight",
        KeyKind::Text,
        "credit_limit",
        "A column of the parent, in proportion to which its rows have rows; with `mean`, and `min` if wanted",
    ),
];

/// The distributions of [`KeyKind::Distribution`]. Parameters of date and timestamp columns are dates and timestamps,
/// also `now` and `now-30d`.
pub const DISTRIBUTION: &[ConfigKey] = &[
    key("uniform", KeyKind::Section(&[]), "{}", "All as often"),
    key("normal", KeyKind::Section(NORMAL), "{mean: 70, sd: 12}", "By a bell curve"),
    key(
        "lognormal",
        KeyKind::Section(LOGNORMAL),
        "{median: 40, sigma: 0.8}",
        "Its logarithm by a bell curve: amounts, sizes",
    ),
    key(
        "exponential",
        KeyKind::Section(EXPONENTIAL),
        "{mean: 30}",
        "Ever fewer, from `from`, `min_value` or 0 on; `mean` is how far above it: waiting times",
    ),
    key("pareto", KeyKind::Section(PARETO), "{least: 10, alpha: 1.16}", "Few are very large: 80 % of the sum by 20 %"),
    key("triangular", KeyKind::Section(TRIANGULAR), "{least: 0, mode: 20, most: 100}", "Up to the mode and down again"),
    key("zipf", KeyKind::Section(ZIPF), "{s: 1.2}", "The k-th value as often as 1 / k^s"),
    key(
        "buckets",
        KeyKind::Buckets,
        "[{to: 65, share: 0.3}, {to: 80, share: 0.3}, {to: 100, share: 0.4}]",
        "Shares of stretches, each up to and with `to`; `from` in the first one is where they begin",
    ),
    key(
        "quantiles",
        KeyKind::Scalars,
        "[1, 20, 400]",
        "As many between each two: the smallest, ..., the median, ..., the largest",
    ),
    key(
        "growing",
        KeyKind::Scalar,
        "3",
        "So many times as much at the end as at the beginning of a range of dates or moments",
    ),
    key("hours", KeyKind::Scalar, "9-17", "Moments between these hours; `business` is 9-17 from Monday to Friday"),
    key("weekdays", KeyKind::Section(WEEKDAYS), "{sat: 0.2, sun: 0}", "Weights of weekdays; 1 where none is given"),
];

/// An entry of `buckets`.
pub const BUCKET: &[ConfigKey] = &[
    key("to", KeyKind::Scalar, "65", "The largest value of it"),
    key("share", KeyKind::Scalar, "0.3", "Its share of the rows, relative to the others"),
    key("from", KeyKind::Scalar, "0", "In the first one: where it begins"),
];

const NORMAL: &[ConfigKey] = &[
    key("mean", KeyKind::Scalar, "70", "The middle"),
    key("sd", KeyKind::Scalar, "12", "The standard deviation; a span such as 30d for dates and moments"),
];
const LOGNORMAL: &[ConfigKey] = &[
    key("median", KeyKind::Scalar, "40", "Half lie below; with sigma"),
    key("sigma", KeyKind::Scalar, "0.8", "The standard deviation of the logarithm"),
    key("mean", KeyKind::Scalar, "55", "In the place of median: the mean of the values, with sd"),
    key("sd", KeyKind::Scalar, "40", "The standard deviation of the values"),
];
const EXPONENTIAL: &[ConfigKey] = &[
    key("mean", KeyKind::Scalar, "30", "How far from the beginning, on average; a span for dates and moments"),
    key("from", KeyKind::Scalar, "0", "Where it begins; by default the smallest value"),
];
const PARETO: &[ConfigKey] = &[
    key("least", KeyKind::Scalar, "10", "The smallest value"),
    key("alpha", KeyKind::Scalar, "1.16", "The share above x is (least / x) ^ alpha"),
];
const TRIANGULAR: &[ConfigKey] = &[
    key("least", KeyKind::Scalar, "0", "The smallest value"),
    key("mode", KeyKind::Scalar, "20", "The most frequent one"),
    key("most", KeyKind::Scalar, "100", "The largest"),
];
const ZIPF: &[ConfigKey] = &[key("s", KeyKind::Scalar, "1.2", "The exponent; 1 by default")];
const WEEKDAYS: &[ConfigKey] = &[
    key("mon", KeyKind::Scalar, "1", "Monday's weight"),
    key("tue", KeyKind::Scalar, "1", "Tuesday's weight"),
    key("wed", KeyKind::Scalar, "1", "Wednesday's weight"),
    key("thu", KeyKind::Scalar, "1", "Thursday's weight"),
    key("fri", KeyKind::Scalar, "1", "Friday's weight"),
    key("sat", KeyKind::Scalar, "0.2", "Saturday's weight"),
    key("sun", KeyKind::Scalar, "0", "Sunday's weight"),
];

/// Names of [`KeyKind::Mode`].
pub const MODES: [&str; 3] = ["generate_new", "allow_duplicates", "smart_duplicates"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_name_keys_of_the_file() {
        let schema = crate::cli::file::json_schema::json_schema().to_string();
        for (word, keys) in SYNONYMS {
            assert!(keys.iter().all(|k| schema.contains(&format!("\"{k}\""))), "{word}: {keys:?}");
        }
    }
}
