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
    /// A number of rows, a multiple of another table's, or a mapping with rows for each row of a parent.
    RowCount,
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
    key("min_value", Kind::Scalar, "0", "Smallest number, date or time"),
    key("max_value", Kind::Scalar, "100", "Largest number, date or time"),
    key("min_length", Kind::Count, "3", "Fewest characters"),
    key("max_length", Kind::Count, "20", "Most characters"),
    key("pattern", Kind::Text, "\"[A-Z]{3}-[0-9]{4}\"", "A regular expression that the whole text matches"),
    key("possible_values", Kind::Scalars, "[new, used]", "One of these"),
    key("weighted_values", Kind::Weights, "{new: 3, used: 1}", "One of these, as often as its weight says"),
    key("null_probability", Kind::CompositeKey, "0.1", "Share of NULLs, 0 to 1"),
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

/// Names of [`Kind::Mode`].
pub const MODES: [&str; 3] = ["generate_new", "allow_duplicates", "smart_duplicates"];
