//! The plan: every decision made before rows are generated or written, printable, with the reason for each.
//!
//! In: a [`Schema`](dbmocker_core::schema::Schema), the options of the command line, and the key values of existing
//! rows. Out: a [`Plan`]. Planning never writes; running never decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Serialize};

use dbmocker_core::schema::{Dialect, Skipped, SqlType, TableName};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::entity::{Attribute, Entity};
use dbmocker_predicate::CoupledColumns;

mod ancestor_agreement;
mod chunking;
mod config_hint;
mod deferred_indexes;
mod duplicates;
mod error;
mod existing_keys;
mod flow;
mod keys;
mod law;
mod parents;
mod presence;
pub mod print;
mod series;
mod summary;
mod validate;

pub use ancestor_agreement::{AncestorAgreement, PREFERRED};
pub use chunking::{ChunkPlan, ProcessChoice};
pub use config_hint::lines_to_add;
pub use deferred_indexes::DeferredIndexes;
pub use duplicates::{Duplicates, Scalar};
pub use error::{Endless, PlanFault, TableFault};
pub use existing_keys::{ExistingKeys, Sample};
pub use flow::{Flow, FlowKind, FlowPart};
pub use keys::{Attempts, ChildCounts, CompositeKey, Fan, KeyLayout, KeyPlan, UnprovedExpression};
pub use law::{
    Aggregate, Began, Clock, Course, Drawn, DrawnValues, Fold, Form, Formula, Gap, Input, InputOf, Law, LawPlan,
    LengthFit, Moment, NameColumns, Owned, StatusPath, WHOLE,
};
pub use parents::{FkStep, ForeignKeyPlan, ParentChoice, ParentSelection, Spread, TreeShape};
pub use presence::Presence;
pub use print::Detail;
pub use series::{SeasonPlan, SeriesPlan, SeriesText, WalkPlan};
pub use validate::{Copied, Depths, MOST_ROWS};

/// Incremented when the same plan would give other rows; written into the manifest.
pub const ALGORITHM_VERSION: u32 = 6;

/// The CHECKs of other tables read at most this many rows of a table, its first ones.
pub const READ_ROWS: u64 = 4096;

/// A column: table index and column index.
pub type ColumnId = (usize, usize);

/// What a run does: order, row counts, and a rule for every column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub algorithm_version: u32,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC; the current date for all generated values.
    pub now: i64,
    pub dialect: Dialect,
    /// Parents before children.
    pub tables: Vec<TablePlan>,
    /// Tables whose foreign keys form a cycle, each cycle in load order.
    pub cycles: Vec<Vec<TableName>>,
    /// Tables that are not filled, with the reason.
    pub left_out: Vec<Skipped>,
    /// The number of loader processes.
    #[serde(rename = "hands", skip_serializing_if = "Option::is_none", default)]
    pub loaders: Option<ProcessChoice>,
    /// How the row counts follow from `--size`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sized: Option<String>,
}

impl Plan {
    /// Returns the whole plan on one line; [`Plan::from_json`] returns a plan with the same rows.
    ///
    /// # Panics
    /// Never: every plan is representable in JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always fit JSON")
    }

    /// # Errors
    /// If the text is not a plan, or the plan is inconsistent.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        if validate::is_deep(text) {
            return Err(serde_json::Error::custom("it is nested too deeply"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        // A CHECK may be nested more deeply than the reader's default limit.
        reader.disable_recursion_limit();
        let plan = Plan::deserialize(&mut reader)?;
        reader.end()?;
        plan.validate().map_err(serde_json::Error::custom)?;
        Ok(plan)
    }

    /// Returns the bytes of data that only the generator reads: keys of existing rows, combinations of parents and their
    /// index, attempts.
    pub fn held(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let mut sum = 0;
        let mut add = |place: *const (), bytes: u64| sum += if seen.insert(place) { bytes } else { 0 };
        for table in &self.tables {
            table.foreign.iter().for_each(|f| add(Arc::as_ptr(&f.existing_keys).cast(), f.existing_keys.bytes()));
            let combinations = table.sources.iter().filter_map(|s| s.combinations.as_ref());
            let combinations = combinations.chain(table.sources.iter().filter_map(|s| s.agreeing.as_ref()));
            combinations.for_each(|w| add(Arc::as_ptr(w).cast(), (w.len() * size_of::<u64>()) as u64));
            table.sources.iter().for_each(|s| add(std::ptr::from_ref(s).cast(), s.index_bytes()));
            table.attempt_table.iter().for_each(|r| add(Arc::as_ptr(&r.attempts).cast(), r.attempts.len() as u64));
        }
        sum
    }

    /// Returns the plan without data that only the generator reads: keys of existing rows, combinations of parents,
    /// attempts.
    #[must_use]
    pub fn outline(mut self) -> Self {
        for table in &mut self.tables {
            table.foreign.iter_mut().for_each(|f| f.existing_keys = Arc::default());
            table.sources.iter_mut().for_each(|s| (s.combinations, s.agreeing) = (None, None));
            table.attempt_table.iter_mut().for_each(|r| r.attempts = Arc::default());
        }
        self
    }
}

fn is_empty<T>(list: &Arc<Vec<T>>) -> bool {
    list.is_empty()
}

/// One table of a [`Plan`]: its row count, and the rules that generate its rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TablePlan {
    pub name: TableName,
    /// Keys the random streams and names the files.
    pub label: String,
    /// Tables of the same level do not depend on each other.
    pub level: usize,
    pub requested: u64,
    pub rows: u64,
    /// The reason why `rows` is below `requested`.
    pub limited_by: Option<String>,
    /// Number of existing rows.
    pub existing: u64,
    /// One for each column of the table, in order.
    pub columns: Vec<ColumnPlan>,
    pub foreign: Vec<ForeignKeyPlan>,
    /// Independent parent selections; each foreign key belongs to one.
    pub sources: Vec<ParentSelection>,
    pub composite_keys: Vec<CompositeKey>,
    pub keys: Vec<KeyPlan>,
    /// Columns solved together because CHECKs relate them.
    pub groups: Vec<CoupledColumns>,
    pub attempt_table: Option<Attempts>,
    /// How the rows' start times are computed, if the table has times.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub began: Option<Began>,
    /// CHECKs that could not be solved: name, text, reason.
    pub unsolved: Vec<Unsolved>,
    /// Foreign keys that no load order satisfies row by row (cycles): checked at the end of the transaction of their
    /// cycle.
    pub deferred: Vec<String>,
    /// The load method, and the reason for it.
    pub load: String,
    /// Work deferred until the rows are stored; `None` for exports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deferred_indexes: Option<DeferredIndexes>,
    /// How the rows are divided among connections or processes; `None` for a single loader.
    #[serde(rename = "cut", skip_serializing_if = "Option::is_none", default)]
    pub chunks: Option<ChunkPlan>,
    /// Rows refer to other rows of the same table.
    pub self_reference: bool,
    /// Columns whose values cannot repeat although that was requested: one line each, with the constraint.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fallbacks: Vec<String>,
    pub notes: Vec<String>,
}

/// A column's rule, with its reason.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ColumnPlan {
    pub name: String,
    pub ty: SqlType,
    pub type_name: String,
    pub nullable: bool,
    /// A generated column: the server computes it, and the plan only predicts it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub computed: bool,
    pub rule: Rule,
    /// The domain of a foreign key's or solved column's values, where the SQL type leaves it open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<Domain>,
    /// Share of NULLs in a nullable column; foreign keys have their own.
    pub null_share: f64,
    /// Share of NULLs in a sample of the rows, where CHECKs make it differ from `null_share`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampled_nulls: Option<f64>,
    /// The group that determines the value, and the column's position in it.
    pub group: Option<(usize, usize)>,
    /// The attribute of an entity that other columns of the row describe, too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlated: Option<CorrelatedColumn>,
    /// The law that computes the cells, instead of the rule's draw.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub law: Option<LawPlan>,
    /// The condition for having a value, if it depends on another column.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub presence: Option<Presence>,
    /// Values at the limits of the type, in some rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edges: Option<EdgeCases>,
    /// Keys the stream of NULLs, for columns that are NULL together, e.g. a moment and the person who acted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nulls_of: Option<String>,
    /// The requested duplicate mode, if the column supports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duplicates: Option<Duplicates>,
    pub reason: String,
}

/// Values that programs tend to handle wrongly; they replace a column's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdgeCases {
    /// Share of the rows, from 0 to 1.
    pub share: f64,
    #[serde(with = "dbmocker_core::serde_ext::shared")]
    pub values: Arc<Vec<Value>>,
}

/// One attribute of a row's person, place, file or review. It replaces what the rule would draw or number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelatedColumn {
    /// Keys the stream that all columns of the entity share.
    pub of: String,
    pub entity: Entity,
    pub attribute: Attribute,
    /// For a unique column: the text contains the row's number, counted from here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub numbered: Option<u64>,
}

/// The source of a column's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// Not sent: the server generates the value or applies the default.
    Omit,
    Null,
    Constant {
        value: Value,
    },
    /// Values given for each row.
    Fixed {
        #[serde(with = "dbmocker_core::serde_ext::shared")]
        values: Arc<Vec<Value>>,
    },
    /// The value of one row of a list, drawn by weight; columns with the same `of` take it from the same row.
    Listed {
        /// Keys the random stream.
        of: String,
        /// One for each row of the list.
        #[serde(with = "dbmocker_core::serde_ext::shared")]
        values: Arc<Vec<Value>>,
        /// The weight of each row; `None`: all are equal.
        #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
        weights: Option<Arc<Vec<u32>>>,
        /// Each row of the list is taken at most once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        distinct: bool,
    },
    /// `start + row * step`.
    Sequence {
        #[serde(with = "dbmocker_core::serde_ext::signed")]
        start: i128,
        #[serde(with = "dbmocker_core::serde_ext::signed", default = "one", skip_serializing_if = "is_one")]
        step: i128,
    },
    /// Drawn from the domain by the cell's hash.
    Draw {
        domain: Domain,
    },
    /// `domain.value(permutation(first + row))`; NULL for rows whose index is `size` or more.
    Unique {
        domain: Domain,
        size: u64,
        /// Size of the permutation: above `size` only if the rest of the rows is NULL.
        total: u64,
        /// Number of indices of the permutation that earlier runs used.
        first: u64,
        /// A row whose value is taken draws again from the whole domain; the table stores the attempts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retried: bool,
    },
    /// A component of a composite key: `domain.value(component)`.
    Component {
        domain: Domain,
        composite_key: usize,
        place: usize,
    },
    /// Column `position` of the selected parent row's key.
    Foreign {
        foreign: usize,
        position: usize,
    },
    /// The key of a row of the table that the cell of column `by` names.
    AnyOf {
        by: usize,
        parents: Vec<AnyParent>,
    },
    /// The row's position in the tree that a parent selection forms.
    Tree {
        source: usize,
        tells: TreeColumn,
    },
}

/// A table to which a pair of a type and an id may refer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnyParent {
    /// The value of the type column.
    pub value: Value,
    /// Index into [`Plan::tables`].
    pub table: usize,
    pub column: usize,
}

/// The property of the row's position in a tree that a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeColumn {
    /// Depth, where a root has this depth.
    Level {
        root: i64,
    },
    /// Nested-set numbers.
    Left,
    Right,
    /// The cells of another column on the path from the root, with this separator before each or only between them.
    Path {
        column: usize,
        separator: String,
        leading: bool,
    },
}

impl Rule {
    /// Returns the domain from which values are drawn or numbered.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Rule::Draw { domain } | Rule::Unique { domain, .. } | Rule::Component { domain, .. } => Some(domain),
            _ => None,
        }
    }
}

/// A CHECK that the planner cannot guarantee.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unsolved {
    pub check: String,
    pub text: String,
    pub why: String,
}

fn one() -> i128 {
    1
}

fn is_one(step: &i128) -> bool {
    *step == 1
}
