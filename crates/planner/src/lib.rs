//! Makes the plan: schema, overrides and keys of existing rows in, a [`Plan`](dbmocker_plan::Plan) out.
//!
//! Planning never writes; running never decides. [`build()`] is the entry point; `table_planner` plans one table.

mod apply_override;
mod back_edges;
mod build;
mod candidates;
pub mod chunking;
mod coherence;
mod context;
mod counts;
mod declared;
pub mod deferred_indexes;
mod derived_constraints;
pub mod distribution;
mod documents;
mod error;
mod exclusions;
mod fixed_rows;
mod fk_cycles;
mod foreign_keys;
mod formulas;
mod generated_columns;
mod key_types;
mod keys;
mod load_path;
mod memberships;
mod options;
pub mod order;
mod overlapping_fks;
mod overrides;
mod parent_weights;
mod partition_constraints;
mod partitions;
mod patterns;
pub mod profile;
mod references;
mod rejection_sampling;
mod row_counts;
mod sampled_nulls;
mod select;
mod series;
mod sizes;
mod table_planner;
mod wanted_keys;

#[cfg(test)]
mod distribution_tests;
#[cfg(test)]
mod override_tests;
#[cfg(test)]
mod tests;

pub use build::{PlanError, build};
pub use chunking::LoaderPool;
pub use counts::{
    COUNT_SHAPES, CountError, CountLaw, CountShape, CountShare, DependentCount, PerParent, RequestedRows,
};
pub use declared::{DeclaredReference, DeclaredTargets, ReferenceOverride, ReferenceOverrideTarget, ReferenceProblem};
pub use distribution::DistributionOverride;
pub use fixed_rows::{ColumnGroup, FixedRow, FixedRows, ValueFile};
pub use formulas::FormulaProblem;
pub use options::{ExistingRows, KeyRequest, NoExistingRows, PlanOptions, QueryError, RowDistribution, TableProblem};
pub use overrides::{
    ColumnOverride, ItemsOverride, JsonOverride, MemberOverride, Overrides, RuleOverride, RuleValue, TableOverride,
    find_column,
};
pub use profile::LearnedProfile;
pub use row_counts::CountProblem;
pub use select::{Selection, fits, nearest, resolve, retain, select};
pub use series::{SeasonOverride, SeriesOverride, SeriesProblem, WalkOverride};
