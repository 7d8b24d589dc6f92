//! Rules of the config file that cannot be applied to a column.

use dbmocker_core::schema::{Column, Dialect, TableName};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::DistributionError;
use dbmocker_domain::pattern::PatternError;
use dbmocker_plan::Scalar;

use crate::distribution::LAWS;

/// A rule of the config file that cannot be applied to its column.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    #[error(
        "column `{column}`: `null_probability: {asked}` cannot be kept: {why} makes it NULL in {nulls} of {sampled} sampled rows; \
         leave it out, or change the values of the other columns"
    )]
    NullShareUnkept { column: String, asked: f64, why: String, nulls: f64, sampled: f64 },
    #[error("column `{column}`: `{rule}` does not fit the type `{ty}`: {why}; change it in the config file")]
    Type { column: String, rule: String, ty: String, why: Box<OverrideMisfit> },
    #[error(
        "column `{column}`: `{rule}` sets the values twice; keep one of generator_function, pattern, possible_values, weighted_values, values_from, json, json_example, json_schema and \
         items"
    )]
    Twice { column: String, rule: String },
    #[error(
        "column `{column}`: no generator `{name}`{} (`dbmocker generators` lists them)",
        like.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?"))
    )]
    Generator { column: String, name: String, like: Option<String> },
    #[error("column `{column}`: weight {weight} of `{value}` must be 0 or more")]
    Weight { column: String, weight: f64, value: Scalar },
    #[error("column `{column}`: the weights of `{key}` are all 0")]
    NoWeight { column: String, key: String },
    #[error("column `{column}`: `{key}` {why}; leave it out, or change the CHECK")]
    Forbidden { column: String, key: &'static str, why: Box<ForbiddenValue> },
    #[error("column `{column}`: no values of `{ty}`")]
    NoRuleValues { column: String, ty: String },
    #[error("column `{column}`: `null_probability: {share}` must be from 0 to 1")]
    NullShare { column: String, share: f64 },
    #[error("column `{column}`: `null_probability: {share}` contradicts its NOT NULL; leave it out")]
    NullShareOfNotNull { column: String, share: f64 },
    #[error("column `{column}`: `default: true` cannot be kept: {why}; leave it out")]
    Default { column: String, why: DefaultConflict },
    #[error("column `{column}`: `{key}` cannot be kept, the server generates the column; leave it out")]
    Generated { column: String, key: &'static str },
    #[error("column `{column}`: `distribution: {text}` cannot be kept: parents are no numbers; write zipf")]
    DistributionOfParents { column: String, text: String },
    #[error(
        "column `{column}`: `{key}` cannot be kept, foreign key `{foreign_key}` decides the values; leave it out, use \
         duplicate_mode for few parents, or `groups` of the table for given ones: \
         `groups: [{{rows: [{{{column}: 1, w: 3}}, {{{column}: 2, w: 1}}], weight: w}}]`"
    )]
    ForeignKey { column: String, key: &'static str, foreign_key: String },
    #[error("column `{column}`: `duplicate_value: null` contradicts its NOT NULL")]
    NullDuplicate { column: String },
    #[error("column `{column}`: no value of type `{ty}` can be given")]
    NoDuplicate { column: String, ty: String },
    #[error(
        "column `{column}`: `duplicate_value: {value}` is no row of `{parent}`; give a key that is there, or leave the value out"
    )]
    NoParentRow { column: String, value: Scalar, parent: TableName },
    #[error(
        "column `{column}`: `distribution` cannot be kept: a key or other columns decide which parent a row has; leave it out"
    )]
    ParentsDecided { column: String },
    #[error("column `{column}`: `distribution: {text}` cannot be kept: {why}; change it in the config file")]
    Distribution { column: String, text: String, why: DistributionConflict },
    #[error("column `{column}`: `edge_cases: {share}` cannot be kept: {why}; leave it out")]
    EdgeCases { column: String, share: f64, why: NoEdgeCases },
}

impl OverrideError {
    /// Returns the column that the rule is for.
    pub fn column(&self) -> &str {
        match self {
            OverrideError::NullShareUnkept { column, .. }
            | OverrideError::Type { column, .. }
            | OverrideError::Twice { column, .. }
            | OverrideError::Generator { column, .. }
            | OverrideError::Weight { column, .. }
            | OverrideError::NoWeight { column, .. }
            | OverrideError::Forbidden { column, .. }
            | OverrideError::NoRuleValues { column, .. }
            | OverrideError::NullShare { column, .. }
            | OverrideError::NullShareOfNotNull { column, .. }
            | OverrideError::Default { column, .. }
            | OverrideError::Generated { column, .. }
            | OverrideError::DistributionOfParents { column, .. }
            | OverrideError::ForeignKey { column, .. }
            | OverrideError::NullDuplicate { column, .. }
            | OverrideError::NoDuplicate { column, .. }
            | OverrideError::NoParentRow { column, .. }
            | OverrideError::ParentsDecided { column, .. }
            | OverrideError::Distribution { column, .. }
            | OverrideError::EdgeCases { column, .. } => column,
        }
    }

    /// The error for a rule that does not fit a column's type.
    pub fn misfit(column: &Column, rule: &str, why: impl Into<OverrideMisfit>) -> Self {
        OverrideError::Type {
            column: column.name.clone(),
            rule: rule.to_owned(),
            ty: column.type_name.clone(),
            why: Box::new(why.into()),
        }
    }
}

/// Why a rule does not fit a column's type.
#[derive(Debug, thiserror::Error)]
pub enum OverrideMisfit {
    #[error("it leaves no value")]
    NoValue,
    #[error("it describes JSON documents or the items of an array")]
    NoDocument,
    #[error(
        "the JSON Schema has a keyword that is not supported, a `$ref` beyond the file or to itself, more than 12 levels, or \
         documents of more than 1 MiB"
    )]
    UnknownSchema,
    #[error("no document that the JSON Schema accepts was found; the last one was {0}")]
    SchemaUnkept(String),
    #[error("a document has {chars} characters, and it holds {room}")]
    DocumentRoom { chars: usize, room: usize },
    #[error("{asked} different items were asked for, and there are {different}")]
    UniqueItems { asked: u32, different: u128 },
    #[error("the smallest is above the largest")]
    Reversed,
    #[error("it is no number")]
    NoNumber,
    #[error("it has no order to bound")]
    NoOrder,
    #[error(transparent)]
    Value(#[from] ScalarError),
    /// A value of a file.
    #[error("`{typed}`: {why}")]
    Listed { typed: Scalar, why: ScalarError },
    #[error(transparent)]
    Weights(#[from] WeightError),
    #[error(transparent)]
    Distribution(#[from] DistributionProblem),
    #[error("the generator makes text; use min_value and max_value, or possible_values")]
    GeneratorOfText,
    #[error("it describes text")]
    OfText,
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("no text of that length matches")]
    NoMatch,
    #[error("it holds up to {0} bytes")]
    Bytes(u32),
    #[error("no text has that length")]
    NoSuchLength,
    #[error("lengths are for text")]
    LengthOfText,
    #[error("write {{}} for the value, {{:05d}} for digits, {{{{ for a brace")]
    FormatSyntax,
    #[error("the text does not fit around the values")]
    FormatRoom,
    #[error("only one {{}} is understood, without digits beside it")]
    FormatParts,
}

/// Why a column cannot hold a value of the config file or of a file with values.
#[derive(Debug, thiserror::Error)]
pub enum ScalarError {
    #[error("null is no value; use null_probability")]
    Null,
    #[error("values of arrays cannot be listed")]
    OfArray,
    #[error("`{0}` is no value of it")]
    Unreadable(String),
    #[error("`{0}` is outside of what it holds")]
    Outside(String),
    #[error("{dialect} does not store `{typed}`, which PostgreSQL does")]
    NotFinite { typed: String, dialect: Dialect },
}

/// A value that a CHECK over its column alone does not allow.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("lists {value}, which CHECK `{check}` does not allow ({text})")]
pub struct ForbiddenValue {
    pub value: Value,
    pub check: String,
    pub text: String,
}

/// A value of a fixed row that its column cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("`{typed}` does not fit the type `{ty}`: {why}")]
pub struct TypedValueError {
    pub typed: Scalar,
    pub ty: String,
    pub why: ScalarError,
}

/// Weights that select nothing.
#[derive(Debug, thiserror::Error)]
pub enum WeightError {
    #[error("there are no values")]
    Empty,
    #[error("the weights are all 0")]
    Zero,
}

/// Why a distribution of the config file is none of the column's values.
#[derive(Debug, thiserror::Error)]
pub enum DistributionProblem {
    #[error("the values are a list; it takes `zipf`, or weighted_values")]
    OfList,
    #[error("distributions are for numbers, dates, moments, lengths of texts and lists")]
    OfType,
    #[error("`exponential` begins at 0, above `max_value: {max}`; give `min_value`, or `from` in the distribution")]
    BeginsAbove { max: String },
    #[error("`{law}` needs `{name}`")]
    Missing { law: String, name: &'static str },
    /// A parameter, as `name: value` or as the value alone, and what it must be.
    #[error("`{given}` is no {needed}")]
    Parameter { given: String, needed: &'static str },
    #[error("`lognormal` needs `median` and `sigma`, or `mean` and `sd`")]
    Lognormal,
    #[error("`hours: {0}` must be `business`, or from and to, e.g. 9-17")]
    Hours(String),
    #[error("growing, hours and weekdays are for dates and moments")]
    Calendar,
    #[error("there is no distribution `{0}`; there are {known}", known = LAWS[..9].join(", "))]
    Unknown(String),
    #[error(transparent)]
    Shape(#[from] DistributionError),
}

/// Why rows cannot have a requested distribution.
#[derive(Debug, thiserror::Error)]
pub enum DistributionConflict {
    #[error("a CHECK couples the column with others, which decide its values")]
    Coupled,
    #[error("a key gives each row a value of its own")]
    Unique,
    /// The smallest and the largest value that the column may have.
    #[error("none of its values lies within {} to {}", .0[0], .0[1])]
    OutOfReach(Box<[Value; 2]>),
    #[error(transparent)]
    Shape(#[from] DistributionError),
}

/// Why the server's default cannot give a column its values.
#[derive(Debug, thiserror::Error)]
pub enum DefaultConflict {
    #[error("`{0}` gives its values as well")]
    Rule(&'static str),
    #[error("an expression or rules give its values as well")]
    Formula,
    #[error("the server generates the column as it is")]
    Generated,
    #[error("it has no default, and is NOT NULL")]
    NoDefault,
    #[error("values of keys are computed here, so that rows can refer to them")]
    Key,
    #[error("foreign key `{0}` decides the column")]
    ForeignKey(String),
    #[error("{0} reads the value, which only the server knows")]
    Check(String),
    #[error("an exclusion constraint reads the value, which only the server knows")]
    Exclusion,
    #[error("other columns are computed from the value, which only the server knows")]
    Computed,
}

/// Why a column has no edge cases.
#[derive(Debug, thiserror::Error)]
pub enum NoEdgeCases {
    #[error("it is part of a key")]
    Key,
    #[error("other columns, or what was asked for, decide its values")]
    Decided,
    #[error("a CHECK couples it to other columns")]
    Coupled,
    #[error("its values were asked for")]
    Requested,
    #[error("it is part of an exclusion constraint")]
    Exclusion,
    #[error("other columns are worked out from it")]
    Computed,
    #[error("its type and CHECKs leave no such value")]
    NoValue,
}
