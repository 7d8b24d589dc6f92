//! Every key of the config file, once: the reader, its error messages, the JSON Schema and `init-config` use this list.

/// The kind of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, 0 or more.
    Count,
    Flag,
    /// 0 to 1.
    CompositeKey,
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
    /// A file, or a file with a column and weights.
    ValueFile,
    /// A number of rows, a multiple of another table's, or a mapping with rows for each row of a parent.
    RowCount,
    /// A law by its name, or a mapping from its name to its numbers.
    Distribution,
    /// A list of `{to, share}`.
    Buckets,
    /// A mapping with its own set of keys.
    Section(&'static [Key]),
    /// A mapping from names of the schema to sections.
    Named(&'static [Key]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
    /// An example, as YAML.
    pub example: &'static str,
}

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, doc, example }
}

pub const FILE: &[Key] = &[
    key("generation", Kind::Section(GENERATION), "", "The run as a whole; flags of the command line override it"),
    key(
        "protect",
        Kind::Scalars,
        "[\"*.prod.*\", \"db: billing\"]",
        "Hosts, or databases after `db:`, that are never filled; `*` stands for any characters",
    ),
    key(
        "references",
        Kind::References,
        "[{from: events.user_ref, to: users.uuid}]",
        "Columns that refer to rows of other tables, though no foreign key says so",
    ),
    key("tables", Kind::Named(TABLE), "", "Tables by name, or by schema.name; those not named here are filled as well"),
];

pub const GENERATION: &[Key] = &[
    key("rows", Kind::Count, "1000", "Rows of every table that has no count of its own; by default what its role says"),
    key("batch_size", Kind::Count, "10000", "Rows of a batch; by default what memory allows"),
    key("max_workers", Kind::Count, "8", "Threads that generate; by default the cores of the machine"),
    key("seed", Kind::Count, "42", "The same seed gives the same rows"),
    key("truncate_existing", Kind::Flag, "false", "Empties the tables first"),
    key("coherence", Kind::Flag, "true", "Whether rows agree beyond keys and CHECKs: sums, order in time, owners"),
];

pub const TABLE: &[Key] = &[
    key("rows_to_generate", Kind::Count, "1000", "As `count`, but only a number"),
    key(
        "count",
        Kind::RowCount,
        "2k",
        "Rows of this table: a number (0 leaves it alone), `3x users`, or rows for each row of a parent, \
         e.g. `{per: users, min: 1, max: 6, mean: 2.5}`",
    ),
    key(
        "use_existing_data",
        Kind::Flag,
        "false",
        "Does not fill the table; foreign keys are drawn from the rows it holds",
    ),
    key("coherence", Kind::Flag, "true", "Whether the table's rows agree beyond keys and CHECKs"),
    key(
        "rows",
        Kind::Rows,
        "[{id: 1, name: open}, {id: 2, name: closed}]",
        "The table's rows as they stand; columns that they leave out are generated",
    ),
    key(
        "rows_from",
        Kind::Text,
        "status.csv",
        "A CSV file with the table's rows: the first line names the columns, an empty field is NULL",
    ),
    key(
        "groups",
        Kind::Groups,
        "[{columns: [make, model, year], rows_from: cars.csv}]",
        "Columns that take their values together, from one row of a list",
    ),
    key("column_configs", Kind::Named(COLUMN), "", "Columns by name; those not named here follow their type and name"),
];

pub const COLUMN: &[Key] = &[
    key(
        "generator_function",
        Kind::Generator,
        "email",
        "What the text looks like; `dbmocker generators` lists the names",
    ),
    key(
        "expression",
        Kind::Text,
        "round(quantity * unit_price * (1 - discount), 2)",
        "SQL over the row's columns, those of parents (`customer_id.name`), `row_number(order_id)` and aggregates of the \
         rows that refer to it (`sum(order_lines.amount)`)",
    ),
    key(
        "rules",
        Kind::Rules,
        "[{when: \"status = 'cancelled'\", values: [too late, too dear]}, {null: true}]",
        "What holds in rows that meet a condition; the first rule that applies decides",
    ),
    key("min_value", Kind::Scalar, "0", "Smallest number, date or time"),
    key("max_value", Kind::Scalar, "100", "Largest number, date or time"),
    key("min_length", Kind::Count, "3", "Fewest characters, or bytes of a blob"),
    key("max_length", Kind::Count, "20", "Most characters, or bytes of a blob"),
    key("length", Kind::Text, "2KiB..40KiB", "Both: fewest and most characters, or bytes of a blob"),
    key("pattern", Kind::Text, "\"[A-Z]{3}-[0-9]{4}\"", "A regular expression that the whole text matches"),
    key("possible_values", Kind::Scalars, "[new, used]", "One of these"),
    key("weighted_values", Kind::Weights, "{new: 3, used: 1}", "One of these, as often as its weight says"),
    key(
        "values_from",
        Kind::ValueFile,
        "cities.txt",
        "One of the lines of a text file, or, with `{file: cities.csv, column: name, weight: population}`, of the values of a \
         column of a CSV file",
    ),
    key(
        "distribution",
        Kind::Distribution,
        "{normal: {mean: 70, sd: 12}}",
        "How often which number, date, moment, length of a text or value of possible_values comes",
    ),
    key("null_probability", Kind::CompositeKey, "0.1", "Share of NULLs, 0 to 1"),
    key(
        "edge_cases",
        Kind::CompositeKey,
        "0.05",
        "Share of rows with a value that breaks programs: the longest, the empty, quotes, emoji, the largest number, leap days",
    ),
    key("format_string", Kind::Text, "\"ORD-{:06d}\"", "Text around the value ({}) or around digits ({:06d})"),
    key("duplicate_mode", Kind::Mode, "smart_duplicates", "Whether values repeat: one for all rows, or few of them"),
    key(
        "duplicate_value",
        Kind::Scalar,
        "new",
        "With allow_duplicates: the value of all rows; one is chosen if it is left out",
    ),
    key(
        "duplicate_probability",
        Kind::CompositeKey,
        "0.5",
        "With smart_duplicates: how much of the rows follow the skewed law",
    ),
    key("max_duplicate_values", Kind::Count, "10", "With smart_duplicates: at most so many different values"),
];

/// The keys of a group of columns.
pub const GROUP: &[Key] = &[
    key("columns", Kind::Scalars, "[make, model, year]", "The columns; by default all of the list but its weights"),
    key("rows_from", Kind::Text, "cars.csv", "A CSV file, whose first line names the columns; an empty field is NULL"),
    key("rows", Kind::Rows, "[{city: Ulm, zip: '89073'}, {city: Hof, zip: '95028'}]", "The rows, in place of a file"),
    key("weight", Kind::Text, "sold", "The column of the list that says how often a row comes, relative to the others"),
];

/// The keys of a rule.
pub const RULE: &[Key] = &[
    key(
        "when",
        Kind::Text,
        "status = 'cancelled'",
        "The condition, of what `expression` may read; without it, all other rows",
    ),
    key(
        "values",
        Kind::Weights,
        "[too late, too dear]",
        "One of these, also with weights: `{too late: 3, too dear: 1}`",
    ),
    key("null", Kind::Flag, "true", "No value"),
    key("expression", Kind::Text, "total * 0.1", "SQL, as `expression` of the column"),
];

/// The keys of the values of a file.
pub const VALUE_FILE: &[Key] = &[
    key("file", Kind::Text, "cities.csv", "A text file with a value on each line, or a CSV file"),
    key("column", Kind::Text, "name", "The column of the CSV file; by default the only one"),
    key("weight", Kind::Text, "population", "The column that says how often a value comes, relative to the others"),
];

/// The keys of a reference.
pub const REFERENCE: &[Key] = &[
    key("from", Kind::Text, "comments.commentable_id", "The column that refers, with its table"),
    key(
        "type",
        Kind::Text,
        "commentable_type",
        "The column of the same row that names the table, where there are several",
    ),
    key(
        "to",
        Kind::Targets,
        "{Post: posts.id, Photo: photos.id}",
        "The column that is referred to; with `type`, one for each of its values",
    ),
];

/// The keys of a count for each row of a parent.
pub const COUNT: &[Key] = &[
    key("per", Kind::Text, "customers", "The parent's table, to which a foreign key leads"),
    key("by", Kind::Text, "sender_id", "A column of the foreign key, where several lead to the parent"),
    key("exactly", Kind::Count, "4", "So many rows for each"),
    key(
        "shares",
        Kind::Weights,
        "{0: 0.2, 1: 0.5, \"2-5\": 0.3}",
        "Shares of the parents that have so many rows; they add up to 1",
    ),
    key(
        "law",
        Kind::CountShape,
        "zipf",
        "How the numbers are distributed; by default uniform, or geometric without `max`",
    ),
    key("min", Kind::Count, "1", "Fewest rows of one parent; by default 0"),
    key("max", Kind::Count, "6", "Most rows of one parent"),
    key("mean", Kind::Number, "2.5", "Rows of one parent on average, kept exactly"),
];

/// Laws of [`Kind::Distribution`]. Numbers of dates and moments are dates and moments, also `now` and `now-30d`.
pub const DISTRIBUTION: &[Key] = &[
    key("uniform", Kind::Section(&[]), "{}", "All as often"),
    key("normal", Kind::Section(NORMAL), "{mean: 70, sd: 12}", "By a bell curve"),
    key(
        "lognormal",
        Kind::Section(LOGNORMAL),
        "{median: 40, sigma: 0.8}",
        "Its logarithm by a bell curve: amounts, sizes",
    ),
    key("exponential", Kind::Section(EXPONENTIAL), "{mean: 30}", "Ever fewer, from the smallest on: waiting times"),
    key("pareto", Kind::Section(PARETO), "{least: 10, alpha: 1.16}", "Few are very large: 80 % of the sum by 20 %"),
    key("triangular", Kind::Section(TRIANGULAR), "{least: 0, mode: 20, most: 100}", "Up to the mode and down again"),
    key("zipf", Kind::Section(ZIPF), "{s: 1.2}", "The k-th value as often as 1 / k^s"),
    key(
        "buckets",
        Kind::Buckets,
        "[{to: 65, share: 0.3}, {to: 80, share: 0.3}, {to: 100, share: 0.4}]",
        "Shares of stretches, each up to and with `to`; `from` in the first one is where they begin",
    ),
    key(
        "quantiles",
        Kind::Scalars,
        "[1, 20, 400]",
        "As many between each two: the smallest, ..., the median, ..., the largest",
    ),
    key(
        "growing",
        Kind::Scalar,
        "3",
        "So many times as much at the end as at the beginning of a range of dates or moments",
    ),
    key("hours", Kind::Scalar, "9-17", "Moments between these hours; `business` is 9-17 from Monday to Friday"),
    key("weekdays", Kind::Section(WEEKDAYS), "{sat: 0.2, sun: 0}", "Weights of weekdays; 1 where none is given"),
];

/// An entry of `buckets`.
pub const BUCKET: &[Key] = &[
    key("to", Kind::Scalar, "65", "The largest value of it"),
    key("share", Kind::Scalar, "0.3", "Its share of the rows, relative to the others"),
    key("from", Kind::Scalar, "0", "In the first one: where it begins"),
];

const NORMAL: &[Key] = &[
    key("mean", Kind::Scalar, "70", "The middle"),
    key("sd", Kind::Scalar, "12", "The standard deviation; a span such as 30d for dates and moments"),
];
const LOGNORMAL: &[Key] = &[
    key("median", Kind::Scalar, "40", "Half lie below; with sigma"),
    key("sigma", Kind::Scalar, "0.8", "The standard deviation of the logarithm"),
    key("mean", Kind::Scalar, "55", "In the place of median: the mean of the values, with sd"),
    key("sd", Kind::Scalar, "40", "The standard deviation of the values"),
];
const EXPONENTIAL: &[Key] = &[
    key("mean", Kind::Scalar, "30", "How far from the beginning, on average; a span for dates and moments"),
    key("from", Kind::Scalar, "0", "Where it begins; by default the smallest value"),
];
const PARETO: &[Key] = &[
    key("least", Kind::Scalar, "10", "The smallest value"),
    key("alpha", Kind::Scalar, "1.16", "The share above x is (least / x) ^ alpha"),
];
const TRIANGULAR: &[Key] = &[
    key("least", Kind::Scalar, "0", "The smallest value"),
    key("mode", Kind::Scalar, "20", "The most frequent one"),
    key("most", Kind::Scalar, "100", "The largest"),
];
const ZIPF: &[Key] = &[key("s", Kind::Scalar, "1.2", "The exponent; 1 by default")];
const WEEKDAYS: &[Key] = &[
    key("mon", Kind::Scalar, "1", "Monday's weight"),
    key("tue", Kind::Scalar, "1", "Tuesday's weight"),
    key("wed", Kind::Scalar, "1", "Wednesday's weight"),
    key("thu", Kind::Scalar, "1", "Thursday's weight"),
    key("fri", Kind::Scalar, "1", "Friday's weight"),
    key("sat", Kind::Scalar, "0.2", "Saturday's weight"),
    key("sun", Kind::Scalar, "0", "Sunday's weight"),
];

/// Names of [`Kind::Mode`].
pub const MODES: [&str; 3] = ["generate_new", "allow_duplicates", "smart_duplicates"];
