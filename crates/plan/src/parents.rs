//! Foreign keys of a planned table, and how its rows select their parent rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AncestorAgreement, ChildCounts, ExistingKeys};
use dbmocker_core::schema::TableName;
use dbmocker_domain::distribution::Ranks;

/// A foreign key: its parent table, and which of its columns may be NULL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForeignKeyPlan {
    pub name: String,
    pub columns: Vec<usize>,
    pub parent: TableName,
    /// Index into [`Plan::tables`](crate::Plan::tables); `None` if the key refers to existing rows only.
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
    /// For foreign keys that share columns: the combinations of parent rows that agree, `members.len()` indices each. For
    /// a single foreign key: the only parent rows that may be selected, in order.
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
    /// [`AncestorAgreement`]: pairs of the ancestor's row and the row below it, if no law gives these rows.
    #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
    pub agreeing: Option<Arc<Vec<u64>>>,
    /// The other foreign key that leads to the same ancestor; it is evaluated before `pick`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meets: Option<AncestorAgreement>,
    pub reason: String,
}

impl ParentSelection {
    /// Returns the bytes of the index that finds the rows which refer to a parent row by one of several foreign keys: a
    /// 32-bit place for each member of a combination.
    pub fn index_bytes(&self) -> u64 {
        let indexed = self.members.len() > 1 && self.pick == ParentChoice::OneToOne;
        let combinations = self.combinations.as_ref().filter(|_| indexed);
        combinations.map_or(0, |rows| (rows.len() * size_of::<u32>()) as u64)
    }

    /// Returns the number of candidates among the first `rows` rows of the only foreign key's parent, existing rows
    /// first.
    pub fn candidates(&self, rows: u64) -> u64 {
        match &self.combinations {
            Some(of_parent) => of_parent.partition_point(|&row| row < rows) as u64,
            None => rows.saturating_sub(self.first),
        }
    }
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
    /// `roots`: their share of the rows, if it is not that of the shape.
    Tree {
        shape: TreeShape,
        rooted: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        roots: Option<f64>,
    },
    /// One to one; NULL for rows beyond the number of parents.
    OneToOne,
    /// One to one in the order of the parents; where there are more parents than rows, evenly spaced ones.
    InOrder,
    /// A component of a composite key.
    Component { composite_key: usize, place: usize },
    /// Rows in parent order: details of one object, a few for each parent and at least one if there are enough
    /// (`even`), or rows that an owner accumulates over time, unevenly.
    Detail { even: bool },
    /// Rows in parent order, where each number of rows applies to a given number of parents.
    Counted { counts: ChildCounts },
    /// Rows in parent order, with a number for each parent.
    Weighted {
        #[serde(with = "dbmocker_core::serde_ext::shared")]
        counts: Arc<Vec<u32>>,
    },
    /// Rows in parent order, geometrically distributed, with a minimum for each parent.
    Together { least: u64 },
    /// By a weight for each parent, the same in all periods of the rows, among the parents that exist in the period:
    /// the first `existing[period]`. `weights`: learned weights at equal steps of the sorted weights, ascending; by
    /// default few parents have most rows.
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
    /// The parent row of a row of a list: `rows` are indices of the parent's space, one for each row of the list. `of`,
    /// `weights`: as of [`Rule::Listed`](crate::Rule::Listed), so that all columns of the list come from one row.
    Listed {
        of: String,
        rows: Vec<u64>,
        #[serde(with = "dbmocker_core::serde_ext::shared_option", skip_serializing_if = "Option::is_none", default)]
        weights: Option<Arc<Vec<u32>>>,
    },
    /// By hash, but the parents of the first rows are distinct, so that most parents (all, if there are enough rows:
    /// `all`) have a child that can be computed from the parent's row number.
    Cover { all: bool },
    /// A row that agrees with columns determined otherwise, `shared` (positions in the foreign key): the row's own
    /// child along `way`, else one of [`ParentSelection::agreeing`].
    Agreeing {
        shared: Vec<usize>,
        /// Foreign keys from the row's own table to the parent, from child to child.
        #[serde(rename = "way")]
        path: Vec<FkStep>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FkStep {
    /// The child table: index into [`Plan::tables`](crate::Plan::tables).
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_each(partners: &u64) -> bool {
    *partners == 0
}

fn is_no_key(keys: &Arc<ExistingKeys>) -> bool {
    keys.is_empty()
}
