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
use dbmocker_domain::distribution::Ranks;
use dbmocker_domain::entity::{Attribute, Entity};
use dbmocker_predicate::CoupledColumns;

mod chunking;
mod config_hint;
mod deferred_indexes;
mod duplicates;
mod error;
mod existing_keys;
mod law;
mod meeting;
mod presence;
pub mod print;
mod summary;
mod validate;

pub use chunking::{ChunkPlan, ProcessChoice};
pub use config_hint::lines_to_add;
pub use deferred_indexes::DeferredIndexes;
pub use duplicates::{Duplicates, Scalar};
pub use error::{Endless, PlanFault, TableFault};
pub use existing_keys::{ExistingKeys, Sample};
pub use law::{
    Aggregate, Began, Clock, Drawn, DrawnValues, Fold, Form, Formula, Gap, Input, InputOf, Law, LawPlan, Moment, Owned,
    WHOLE,
};
pub use meeting::{Meeting, PREFERRED};
pub use presence::Presence;
pub use print::Detail;
pub use validate::{Copied, Depths, MOST_ROWS};

/// Incremented when the same plan would give other rows; written into the manifest.
pub const ALGORITHM_VERSION: u32 = 4;

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
    /// How the row counts follow from a size that was asked for.
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

    /// Returns the bytes of data that only the generator reads: keys of existing rows, combinations of parents,
    /// attempts.
    pub fn held(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let mut sum = 0;
        let mut add = |place: *const (), bytes: u64| sum += if seen.insert(place) { bytes } else { 0 };
        for table in &self.tables {
            table.foreign.iter().for_each(|f| add(Arc::as_ptr(&f.existing_keys).cast(), f.existing_keys.bytes()));
            let combinations = table.sources.iter().filter_map(|s| s.combinations.as_ref());
            let combinations = combinations.chain(table.sources.iter().filter_map(|s| s.agreeing.as_ref()));
            combinations.for_each(|w| add(Arc::as_ptr(w).cast(), (w.len() * size_of::<u64>()) as u64));
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_each(partners: &u64) -> bool {
    *partners == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_usual(fan: &Fan) -> bool {
    *fan == Fan::Usual
}

fn is_no_key(keys: &Arc<ExistingKeys>) -> bool {
    keys.is_empty()
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

/// Values that programs tend to handle wrongly, in place of a column's own.
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

/// A foreign key: its parent table, and which of its columns may be NULL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForeignKeyPlan {
    pub name: String,
    pub columns: Vec<usize>,
    pub parent: TableName,
    /// Index into [`Plan::tables`]; `None` if the key refers to existing rows only.
    pub parent_table: Option<usize>,
    pub parent_columns: Vec<usize>,
    pub source: usize,
    /// Columns that are NULL together; empty if none may be NULL.
    pub null_columns: Vec<usize>,
    pub null_share: f64,
    /// Key tuples of the parent's existing rows; these come first in the parent's index space.
    #[serde(with = "dbmocker_core::serde_ext::shared", rename = "pool", skip_serializing_if = "is_no_key", default)]
    pub existing_keys: Arc<ExistingKeys>,
    #[serde(rename = "pooled")]
    pub existing_count: u64,
}

/// One selection of a parent row, for one foreign key or for several that must agree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParentSelection {
    /// The foreign keys of this selection; they refer to one parent row, or to parent rows that agree.
    pub members: Vec<usize>,
    pub pick: ParentChoice,
    /// First index used of the parent's index space (above 0 to skip existing rows).
    pub first: u64,
    /// For foreign keys that share columns: the combinations of parent rows that agree, `members.len()` indices each.
    #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
    pub combinations: Option<Arc<Vec<u64>>>,
    /// Number of consecutive combinations that belong to one row of the leading parent: `pick` selects this row, then
    /// one of its combinations is drawn. 0: each combination is selected directly.
    #[serde(skip_serializing_if = "is_none_each", default)]
    pub partners: u64,
    /// Maximum number of indices used, for tables whose rows must share their parent with other rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub within: Option<u64>,
    /// For [`ParentChoice::Agreeing`]: pairs of the digest of a parent row's shared columns and the row, sorted. For
    /// [`Meeting`]: pairs of the ancestor's row and the row below it, if no law gives these rows.
    #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
    pub agreeing: Option<Arc<Vec<u64>>>,
    /// The other foreign key that leads to the same ancestor; it is evaluated before `pick`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meets: Option<Meeting>,
    pub reason: String,
}

/// The method by which a row selects its parent row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "pick", rename_all = "snake_case")]
pub enum ParentChoice {
    /// By hash, low indices more often.
    Skewed,
    /// By hash, with this degree of unevenness.
    Spread { how: Spread },
    /// By the frequencies of the parents, most frequent first, scattered over all parents.
    Ranked { ranks: Ranks },
    /// Self reference to an earlier row, in a tree of this shape; roots are NULL, or their own parents if `rooted`.
    Tree { shape: TreeShape, rooted: bool },
    /// One to one; NULL for rows beyond the number of parents.
    OneToOne,
    /// A component of a composite key.
    Component { composite_key: usize, place: usize },
    /// Rows in parent order: details of one object, a few for each parent and at least one if there are enough
    /// (`even`), or rows that an owner accumulates over time, unevenly.
    Detail { even: bool },
    /// Rows in parent order, where each number of rows applies to a given number of parents.
    Counted { counts: ChildCounts },
    /// Rows in parent order, geometrically distributed, with a minimum for each parent.
    Together { least: u64 },
    /// By a weight for each parent, the same in all periods of the rows, among the parents that exist in the period:
    /// the first `existing[period]`.
    /// `weights`: of parents at even places among all, from the lightest to the heaviest; by default few have most.
    Active {
        existing: Vec<u64>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        weights: Vec<u32>,
    },
    /// Self reference to an earlier row; the first row is NULL, or its own parent if `rooted`.
    Earlier { rooted: bool },
    /// Self reference to the row itself.
    Itself,
    /// Always NULL.
    Never,
    /// One of a few parent rows, one for each of `weights`: `rows` (indices of the parent's space), or rows chosen by
    /// hash if that is empty. `earlier`: a self reference to rows before the row.
    Few { weights: Vec<u32>, rows: Vec<u64>, earlier: bool, rooted: bool },
    /// By hash, but the parents of the first rows are distinct, so that most parents (all, if there are enough rows:
    /// `all`) have a child that can be computed from the parent's row number.
    Cover { all: bool },
    /// A row that agrees with columns determined otherwise, `shared` (positions in the foreign key): the row's own
    /// child along `way`, else one of [`ParentSelection::agreeing`].
    Agreeing {
        shared: Vec<usize>,
        /// Foreign keys from the row's own table to the parent, from child to child.
        way: Vec<FkStep>,
        /// Only the row's own child: no other row has the same parent.
        own: bool,
        /// A self reference to rows before the row.
        earlier: bool,
        /// The row itself if no other row agrees.
        rooted: bool,
    },
    /// Unique self reference that is never NULL: the next row, in closed chains of `length` rows.
    Chain { length: u64 },
    /// Unique self reference: the row before, in open chains of `length` rows, of which the first is NULL.
    Previous { length: u64 },
}

/// A foreign key of a planned table, followed from parent to child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FkStep {
    /// The child table: index into [`Plan::tables`].
    pub table: usize,
    /// Index into its foreign keys.
    pub foreign: usize,
}

/// How unevenly rows are distributed over their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Few parents, such as kinds or countries; of many parents only some are used.
    Lookup,
    /// Half of the parents have no rows, the others similar numbers.
    Some,
    /// A few parents have most rows.
    Heavy,
    /// Very few parents have nearly all rows: followers, views.
    Extreme,
}

/// The shape of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeShape {
    /// Shallow and wide: categories.
    Wide,
    /// One root, and several children for each inner row: employees.
    Staff,
    /// Replies to replies: comments.
    Thread,
}

/// Several columns that are unique together: a row's number is decomposed into one component for each member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompositeKey {
    pub law: KeyLayout,
    /// Number of values of each member, in the order of `place`.
    pub sizes: Vec<u64>,
    /// Every parent has at least one row.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub every: bool,
    /// The distribution of rows over parents, for layouts that have one.
    #[serde(skip_serializing_if = "is_usual", default)]
    pub fan: Fan,
    /// Exact numbers of rows of the parents, instead of `fan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<ChildCounts>,
    /// All members but the first are columns of the table itself.
    #[serde(skip)]
    pub free: bool,
    pub reason: String,
}

/// Pairs of a number of rows and the number of parents that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildCounts(pub Vec<(u64, u64)>);

impl ChildCounts {
    /// Returns the number of parents, including those without rows.
    pub fn parents(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, parents)| sum.saturating_add(*parents))
    }

    /// Returns the rows of all parents.
    pub fn rows(&self) -> u64 {
        self.0.iter().fold(0, |sum, (rows, parents)| sum.saturating_add(rows.saturating_mul(*parents)))
    }

    /// Returns the largest number of rows of a parent.
    pub fn most(&self) -> u64 {
        self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).max().unwrap_or(0)
    }

    /// Returns the smallest and largest number of rows of a parent, as text.
    pub fn span(&self) -> String {
        let least = self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).min().unwrap_or(0);
        match self.most() {
            most if most == least => format!("{most}"),
            most => format!("{least} to {most}"),
        }
    }
}

/// The distribution of rows over the parents of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// Most parents have few rows, some have many, few have none.
    #[default]
    Usual,
    /// At least one row each if there are enough; few parents have many.
    Light,
    /// Only this percentage of the parents has rows.
    Among(u8),
}

/// How the components of one number are assigned to the members of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLayout {
    /// Member 0 is the parent by a fan-out law; the ordinal among its children gives the other components, permuted.
    FanOut,
    /// As `FanOut`, but the ordinal itself is member 1: 1, 2, 3, ...
    Ordinal,
    /// Mixed radix of a permuted row number.
    Product,
}

/// The reason why a key is unique.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyPlan {
    pub name: String,
    pub primary: bool,
    pub columns: Vec<String>,
    /// Number of distinct key values; saturates.
    #[serde(with = "dbmocker_core::serde_ext::unsigned")]
    pub capacity: u128,
    pub how: String,
}

impl KeyPlan {
    /// Returns the capacity; `None` if it is too large to matter.
    pub fn limit(&self) -> Option<u128> {
        (self.capacity < 1 << 62).then_some(self.capacity)
    }
}

/// Uniqueness that no formula gives: rows are tried in order before the run, and the first valid attempt is stored, one
/// byte per row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempts {
    pub keys: Vec<String>,
    #[serde(with = "dbmocker_core::serde_ext::runs", skip_serializing_if = "is_empty", default)]
    pub attempts: Arc<Vec<u8>>,
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
