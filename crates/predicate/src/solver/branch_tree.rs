//! The compiled conditions of coupled columns: a tree of choices whose leaves define how to generate the row.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Nulls;
use super::leaf_program::LeafProgram;
use super::state::Relation;
use dbmocker_domain::{Domain, Sampler};

/// The weights of a choice add up to about this.
pub(super) const WHOLE: u64 = 1 << 40;

/// A choice between branches, or the columns of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BranchNode {
    BranchLeaf(BranchLeaf),
    /// One of these, by weight.
    Any(Vec<(u64, BranchNode)>),
    /// All of these: they share no column.
    All(Vec<BranchNode>),
}

/// Columns generated together, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BranchLeaf {
    pub cells: Vec<LeafCell>,
    pub relations: Vec<Relation>,
    #[serde(skip)]
    pub program: Ready<LeafProgram>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LeafCell {
    /// The column's index in the table.
    pub column: usize,
    pub domain: Option<Domain>,
    pub nulls: Nulls,
    #[serde(skip)]
    pub sampler: Ready<Sampler>,
}

impl LeafCell {
    pub fn sampler(&self) -> Option<&Sampler> {
        let d = self.domain.as_ref()?;
        Some(self.sampler.0.get_or_init(|| d.sampler()))
    }
}

/// A value that is computed on first use; comparison ignores it, and a clone computes it again.
#[derive(Debug)]
pub(super) struct Ready<T>(pub OnceLock<T>);

impl<T> Default for Ready<T> {
    fn default() -> Self {
        Ready(OnceLock::new())
    }
}

impl<T> Clone for Ready<T> {
    fn clone(&self) -> Self {
        Ready::default()
    }
}

impl<T> PartialEq for Ready<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl BranchNode {
    /// A choice of two, with nested choices flattened; `share` of the rows take the first.
    pub fn either(share: f64, yes: BranchNode, no: BranchNode) -> BranchNode {
        let first = (share.clamp(0.0, 1.0) * WHOLE as f64) as u64;
        let mut out = vec![];
        for (part, node) in [(first, yes), (WHOLE - first, no)] {
            match node {
                BranchNode::Any(inner) => {
                    let total: u64 = inner.iter().map(|(w, _)| w).sum();
                    let scaled = |w: u64| u128::from(w) * u128::from(part) / u128::from(total.max(1));
                    out.extend(inner.into_iter().map(|(w, n)| (u64::try_from(scaled(w)).unwrap_or(part).max(1), n)));
                }
                n => out.push((part.max(1), n)),
            }
        }
        BranchNode::Any(out)
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        match self {
            BranchNode::BranchLeaf(_) => 1,
            BranchNode::Any(v) => v.iter().map(|(_, n)| n.leaves()).sum(),
            BranchNode::All(v) => v.iter().map(BranchNode::leaves).sum(),
        }
    }

    /// Number of paths through the tree; saturating.
    pub fn ways(&self) -> u64 {
        match self {
            BranchNode::BranchLeaf(_) => 1,
            BranchNode::Any(v) => v.iter().fold(0, |n, (_, x)| n.saturating_add(x.ways())),
            BranchNode::All(v) => v.iter().fold(1, |n, x| n.saturating_mul(x.ways())),
        }
    }

    pub fn each_cell(&mut self, f: &mut impl FnMut(&mut LeafCell)) {
        match self {
            BranchNode::BranchLeaf(l) => l.cells.iter_mut().for_each(f),
            BranchNode::Any(v) => v.iter_mut().for_each(|(_, n)| n.each_cell(f)),
            BranchNode::All(v) => v.iter_mut().for_each(|n| n.each_cell(f)),
        }
    }

    /// Visits every leaf with its share of `share`.
    pub fn weighted<'n>(&'n self, share: f64, f: &mut impl FnMut(f64, &'n BranchLeaf)) {
        match self {
            BranchNode::BranchLeaf(l) => f(share, l),
            BranchNode::Any(v) => {
                let total: u64 = v.iter().map(|(w, _)| w).sum();
                v.iter().for_each(|(w, n)| n.weighted(share * *w as f64 / total.max(1) as f64, f));
            }
            BranchNode::All(v) => v.iter().for_each(|n| n.weighted(share, f)),
        }
    }

    pub fn visit<'n>(&'n self, f: &mut impl FnMut(&'n BranchLeaf)) {
        match self {
            BranchNode::BranchLeaf(l) => f(l),
            BranchNode::Any(v) => v.iter().for_each(|(_, n)| n.visit(f)),
            BranchNode::All(v) => v.iter().for_each(|n| n.visit(f)),
        }
    }
}
