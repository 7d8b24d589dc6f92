//! The plan: everything decided before anything is generated or written, printable, with the reason for each choice.
//!
//! In: a [`Schema`](dbmocker_core::schema::Schema), the wishes of the command line, and the key values of rows that are already
//! there. Out: a [`Plan`]. Planning never writes; running never decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Serialize};

use dbmocker_core::schema::{Dialect, Skipped, SqlType, TableName};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_domain::entity::{Attribute, Entity};
use dbmocker_predicate::CoupledColumns;

mod chunking;
mod config_hint;
mod deferred_indexes;
mod duplicates;
mod existing_keys;
mod law;
mod meeting;
mod presence;
pub mod print;
mod validate;

pub use chunking::{ChunkPlan, ProcessChoice};
pub use config_hint::lines_to_add;
pub use deferred_indexes::DeferredIndexes;
pub use duplicates::{Duplicates, Scalar};
pub use existing_keys::{ExistingKeys, Sample};
pub use law::{Aggregate, Began, Clock, Fold, Form, Formula, Gap, Input, InputOf, Law, LawPlan, Moment, Owned};
pub use meeting::{Meeting, PREFERRED};
pub use presence::Presence;
pub use print::Detail;
pub use validate::{Copied, Depths, MOST_ROWS};

/// Raised whenever the same plan gives other rows; written into the manifest.
pub const ALGORITHM_VERSION: u32 = 4;

/// First rows of a table that the CHECKs of others read: rows that keep these CHECKs need no others.
pub const READ_ROWS: u64 = 4096;

/// What a run will do: order, rows, and a rule for every column; all that can be decided without generating.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub algorithm_version: u32,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC; "today" for every generated date.
    pub now: i64,
    pub dialect: Dialect,
    /// Parents before children.
    pub tables: Vec<TablePlan>,
    /// Tables that refer to each other in a ring, each ring in load order.
    pub cycles: Vec<Vec<TableName>>,
    /// Seen and left alone, with the reason.
    pub left_out: Vec<Skipped>,
    /// Who loads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hands: Option<ProcessChoice>,
}

impl Plan {
    /// The whole plan in one line; [`Plan::from_json`] gives one whose rows are the same.
    ///
    /// # Panics
    /// Never: a plan is made of what JSON can hold.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always fit JSON")
    }

    /// # Errors
    /// Not a plan, or one that does not hold together.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        if validate::is_deep(text) {
            return Err(serde_json::Error::custom("it is nested too deeply"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        // A CHECK may be nested more deeply than the reader's usual limit.
        reader.disable_recursion_limit();
        let plan = Plan::deserialize(&mut reader)?;
        reader.end()?;
        plan.validate().map_err(serde_json::Error::custom)?;
        Ok(plan)
    }

    /// Bytes of what the generator reads besides the rules: keys of rows that are there, combinations of parents,
    /// attempts.
    pub fn held(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let mut sum = 0;
        let mut add = |place: *const (), bytes: u64| sum += if seen.insert(place) { bytes } else { 0 };
        for table in &self.tables {
            table.foreign.iter().for_each(|f| add(Arc::as_ptr(&f.pool).cast(), f.pool.bytes()));
            let combinations = table.sources.iter().filter_map(|s| s.combinations.as_ref());
            let combinations = combinations.chain(table.sources.iter().filter_map(|s| s.agreeing.as_ref()));
            combinations.for_each(|w| add(Arc::as_ptr(w).cast(), (w.len() * size_of::<u64>()) as u64));
            table.attempt_table.iter().for_each(|r| add(Arc::as_ptr(&r.attempts).cast(), r.attempts.len() as u64));
        }
        sum
    }

    /// The plan without what only the generator reads: keys of rows that are there, combinations of parents, attempts.
    #[must_use]
    pub fn outline(mut self) -> Self {
        for table in &mut self.tables {
            table.foreign.iter_mut().for_each(|f| f.pool = Arc::default());
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

fn no_pool(pool: &Arc<ExistingKeys>) -> bool {
    pool.is_empty()
}

fn is_empty<T>(list: &Arc<Vec<T>>) -> bool {
    list.is_empty()
}

/// One table of a [`Plan`]: how many rows, and what gives them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TablePlan {
    pub name: TableName,
    /// Keys the random streams and names the files.
    pub label: String,
    /// Tables of one level do not depend on each other.
    pub level: usize,
    pub requested: u64,
    pub rows: u64,
    /// Why `rows` is below `requested`.
    pub limited_by: Option<String>,
    /// Rows that were there before.
    pub existing: u64,
    /// One a column of the table, in order.
    pub columns: Vec<ColumnPlan>,
    pub foreign: Vec<ForeignKeyPlan>,
    /// Independent choices of parent rows; each foreign key belongs to one.
    pub sources: Vec<ParentSelection>,
    pub composite_keys: Vec<CompositeKey>,
    pub keys: Vec<KeyPlan>,
    /// Columns solved together because CHECKs couple them.
    pub groups: Vec<CoupledColumns>,
    pub attempt_table: Option<Attempts>,
    /// When the rows began, where rows agree with time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub began: Option<Began>,
    /// CHECKs that could not be solved: name, text, why.
    pub unsolved: Vec<Unsolved>,
    /// Foreign keys that the order cannot satisfy row by row (cycles): checked at the end of the component's
    /// transaction.
    pub deferred: Vec<String>,
    /// The way into the server, and why.
    pub load: String,
    /// What waits until the rows are in; `None` for exports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deferred_indexes: Option<DeferredIndexes>,
    /// How the rows are shared out among connections or processes; `None` where nobody shares.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cut: Option<ChunkPlan>,
    /// Rows refer to other rows of the same table.
    pub self_reference: bool,
    /// Columns whose values cannot repeat although that was asked for: one line each, with the constraint.
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
    /// The server works it out itself: the row agrees with it, and nothing is sent.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub computed: bool,
    pub rule: Rule,
    /// What a foreign key's or a solved column's values look like, where the SQL type leaves it open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<Domain>,
    /// Share of NULLs among values that may be NULL; foreign keys have their own.
    pub null_share: f64,
    /// (group, place in it) for columns whose value the group decides.
    pub group: Option<(usize, usize)>,
    /// What the column tells of an entity that other columns of the row tell of, too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlated: Option<CorrelatedColumn>,
    /// How the cells are worked out from others, in the place of what the rule would draw.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub law: Option<LawPlan>,
    /// Whether there is a value at all, where another column decides that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub presence: Option<Presence>,
    /// Keys the NULLs by chance, where columns are NULL together: a moment, and who did it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nulls_of: Option<String>,
    /// The mode that was asked for and is kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duplicates: Option<Duplicates>,
    pub reason: String,
}

/// One attribute of a row's person, place, file or review. It takes the place of what the rule would draw or number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelatedColumn {
    /// Keys the stream that all columns of the entity share.
    pub of: String,
    pub entity: Entity,
    pub attribute: Attribute,
    /// A column that is unique: the text holds the row's number, counted from here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub numbered: Option<u64>,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// Not sent: generated by the server, or left to its default.
    Omit,
    Null,
    Constant {
        value: Value,
    },
    /// Given row by row.
    Fixed {
        #[serde(with = "dbmocker_core::serde_ext::shared")]
        values: Arc<Vec<Value>>,
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
    /// `domain.value(permutation(first + row))`; rows whose place is beyond `size` are NULL.
    Unique {
        domain: Domain,
        size: u64,
        /// Size of the permutation: above `size` only where NULLs fill up.
        total: u64,
        /// Rows of earlier runs come first in the permutation.
        first: u64,
        /// Rows whose value is taken draw another of all: their table keeps the attempts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retried: bool,
    },
    /// A digit of a shared key: `domain.value(digit)`.
    Component {
        domain: Domain,
        composite_key: usize,
        place: usize,
    },
    /// Column `position` of the chosen parent row's key.
    Foreign {
        foreign: usize,
        position: usize,
    },
    /// The key of a row of the table that the row's column `by` names.
    AnyOf {
        by: usize,
        parents: Vec<AnyParent>,
    },
    /// Where the row stands in the tree that a choice of parents makes.
    Tree {
        source: usize,
        tells: TreeColumn,
    },
}

/// A table that a pair of a kind and an id may refer to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnyParent {
    /// What the kind says.
    pub value: Value,
    /// Index into [`Plan::tables`].
    pub table: usize,
    pub column: usize,
}

/// What a column says of its row's place in a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeColumn {
    /// Steps to the root, of which the root has so many.
    Level {
        root: i64,
    },
    /// The numbers of nested sets.
    Left,
    Right,
    /// What another column holds in each row from the root on, with this before each or only between them.
    Path {
        column: usize,
        separator: String,
        leading: bool,
    },
}

impl Rule {
    /// What values are drawn from or numbered in.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Rule::Draw { domain } | Rule::Unique { domain, .. } | Rule::Component { domain, .. } => Some(domain),
            _ => None,
        }
    }
}

/// A foreign key: whose rows it refers to, and which of its columns may be NULL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForeignKeyPlan {
    pub name: String,
    pub columns: Vec<usize>,
    pub parent: TableName,
    /// Index into [`Plan::tables`], `None` if only rows that are already there are referred to.
    pub parent_table: Option<usize>,
    pub parent_columns: Vec<usize>,
    pub source: usize,
    /// Columns that become NULL together; empty where none may.
    pub null_columns: Vec<usize>,
    pub null_share: f64,
    /// Key tuples of the parent's rows that were there before, first in the parent's index space.
    #[serde(with = "dbmocker_core::serde_ext::shared", skip_serializing_if = "no_pool", default)]
    pub pool: Arc<ExistingKeys>,
    pub pooled: u64,
}

/// One choice of a parent row, for one foreign key or for several that must agree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParentSelection {
    /// The foreign keys that it serves, all of one parent row or of parent rows that agree.
    pub members: Vec<usize>,
    pub pick: ParentChoice,
    /// First index of the parent's space that is used (above 0 to pass over rows that were there before).
    pub first: u64,
    /// Where several foreign keys share columns: the combinations of parent rows that agree, `members.len()` indices
    /// each.
    #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
    pub combinations: Option<Arc<Vec<u64>>>,
    /// So many combinations in a row are those of one row of the leading parent: that row is picked, and one of them
    /// drawn. 0: each combination is picked by itself.
    #[serde(skip_serializing_if = "is_none_each", default)]
    pub partners: u64,
    /// So many rows of the space at most, for the tables whose rows must meet rows of the same parent again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub within: Option<u64>,
    /// For [`ParentChoice::Agreeing`]: rows of the parent as pairs of the digest of their shared columns and the row, sorted.
    /// For [`Meeting`]: as pairs of the ancestor's row and the row, where no law gives the rows of an ancestor.
    #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
    pub agreeing: Option<Arc<Vec<u64>>>,
    /// The other way to the same ancestor, which decides before `pick` does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meets: Option<Meeting>,
    pub reason: String,
}

/// How a parent row is chosen for a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pick", rename_all = "snake_case")]
pub enum ParentChoice {
    /// By hash, early parents more often.
    Skewed,
    /// By hash, as unevenly as it says.
    Spread { how: Spread },
    /// Self reference to an earlier row, of a tree of this shape; roots are NULL, or their own parents where `rooted`.
    Tree { shape: TreeShape, rooted: bool },
    /// One to one; children beyond the parents are NULL.
    OneToOne,
    /// A digit of a shared key.
    Component { composite_key: usize, place: usize },
    /// The rows lie together in the order of their parents: the details of one thing, a few for each and one at least
    /// where there are enough (`even`), or what one owner gathers in time, more for some.
    Detail { even: bool },
    /// The rows lie together in the order of their parents, of which so many have each number of rows.
    Counted { counts: ChildCounts },
    /// By a weight of each parent, the same in all periods of the rows, among the first so many in each period: those
    /// that exist by then.
    Active { existing: Vec<u64> },
    /// Self reference to an earlier row; the first row is NULL, or its own parent where `rooted`.
    Earlier { rooted: bool },
    /// Self reference to the row itself.
    Itself,
    /// Always NULL.
    Never,
    /// One of a few parent rows, as many as `weights`: these (indices of the parent's space), or if none are given
    /// those that the key's hash chooses. `earlier`: a self reference, which stays below its own row.
    Few { weights: Vec<u32>, rows: Vec<u64>, earlier: bool, rooted: bool },
    /// By hash, but each of the first rows has a parent of its own, so that most parents (`all`, where there are rows
    /// enough) have a child that can be told from the parent's row.
    Cover { all: bool },
    /// A row that agrees in the columns which something else decides, `shared` (positions in the foreign key): the
    /// row's own child along `way`, else any of [`ParentSelection::agreeing`].
    Agreeing {
        shared: Vec<usize>,
        /// Foreign keys from the row's own table to the parent, child by child.
        way: Vec<Step>,
        /// Only its own child: no other row has the same parent.
        own: bool,
        /// A self reference, which stays below its own row.
        earlier: bool,
        /// The row itself where there is none.
        rooted: bool,
    },
    /// Unique self reference that is never NULL: the next row, in closed chains of so many rows.
    Chain { length: u64 },
}

/// A foreign key of a planned table, gone along from parent to child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The child: index into [`Plan::tables`].
    pub table: usize,
    /// Index into its foreign keys.
    pub foreign: usize,
}

/// How unevenly rows are spread over their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Few parents: kinds, countries; of many only some are used.
    Lookup,
    /// Half of the parents have none, the others about as many.
    Some,
    /// A few parents have most.
    Heavy,
    /// Very few parents have nearly all: followers, views.
    Extreme,
}

/// What trees look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeShape {
    /// Shallow and wide: categories.
    Wide,
    /// One head, each with some below: employees.
    Staff,
    /// Answers to answers: comments.
    Thread,
}

/// Several columns that are unique together: a row's index is taken apart into one digit for each member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompositeKey {
    pub law: KeyLayout,
    /// Size of each member, same order as the `place` of its users.
    pub sizes: Vec<u64>,
    /// Every parent has a row at least.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub every: bool,
    /// How many rows a parent has, for laws that have one.
    #[serde(skip_serializing_if = "is_usual", default)]
    pub fan: Fan,
    /// Exact numbers of rows for the parents, instead of `fan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<ChildCounts>,
    /// All members but the first are columns of the table itself.
    #[serde(skip)]
    pub free: bool,
    pub reason: String,
}

/// How many parents have how many rows each: pairs of the number of rows and of the parents that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildCounts(pub Vec<(u64, u64)>);

impl ChildCounts {
    /// All parents, those without rows included.
    pub fn parents(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, parents)| sum.saturating_add(*parents))
    }

    /// The rows of all parents.
    pub fn rows(&self) -> u64 {
        self.0.iter().fold(0, |sum, (rows, parents)| sum.saturating_add(rows.saturating_mul(*parents)))
    }

    /// The most rows that a parent has.
    pub fn most(&self) -> u64 {
        self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).max().unwrap_or(0)
    }

    /// The fewest and the most rows of a parent, as text.
    pub fn span(&self) -> String {
        let least = self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).min().unwrap_or(0);
        match self.most() {
            most if most == least => format!("{most}"),
            most => format!("{least} to {most}"),
        }
    }
}

/// How many rows the parents of a key have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// Most have few, some many, few none.
    #[default]
    Usual,
    /// One at least, where there are enough, and few have many.
    Light,
    /// Only so many parents in a hundred have any.
    Among(u8),
}

/// How the digits of one number are shared out among the members of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLayout {
    /// Member 0 is the parent by a fan-out law; the ordinal among its children gives the other digits, scattered.
    FanOut,
    /// As `FanOut`, the ordinal being member 1 itself: 1, 2, 3, ...
    Ordinal,
    /// Mixed radix of a permuted row number.
    Product,
}

/// What makes a key unique.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyPlan {
    pub name: String,
    pub primary: bool,
    pub columns: Vec<String>,
    /// How many different values it holds; saturates.
    #[serde(with = "dbmocker_core::serde_ext::unsigned")]
    pub capacity: u128,
    pub how: String,
}

/// Uniqueness that no formula gives here: rows are tried in order before the run, and the attempt that fits is kept,
/// one byte a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempts {
    pub keys: Vec<String>,
    #[serde(with = "dbmocker_core::serde_ext::runs", skip_serializing_if = "is_empty", default)]
    pub attempts: Arc<Vec<u8>>,
}

/// A CHECK that rows may break, as far as planning knows.
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
