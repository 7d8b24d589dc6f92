//! A leaf's conditions compiled once: columns are read by their places in the row instead of by name.
//!
//! In: the cells and relations of a leaf, the coupled columns. Out: for each cell the conditions that narrow its domain
//! once the cells before it are known, and all conditions for the complete row.

use super::branch_tree::{BranchLeaf, LeafCell};
use super::coupled_columns::CoupledMember;
use super::domain_ops::bounds;
use super::terms::bound;
use crate::eval::{Env, Row};
use crate::expr::{Cmp, Expr};
use dbmocker_core::value::Value;

/// The known values of the coupled columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedRow<'a>(pub &'a [Option<Value>]);

impl Row for PlacedRow<'_> {
    fn get(&self, _: &str) -> Option<Value> {
        None
    }

    fn at(&self, place: usize) -> Option<Value> {
        self.0[place].clone()
    }
}

/// The program of a leaf.
#[derive(Debug)]
pub(super) struct LeafProgram {
    /// The leaf's cells, in their order.
    pub cells: Vec<CellProgram>,
    /// The leaf's relations, in their order.
    pub relations: Vec<PlacedRelation>,
}

/// How a cell is drawn.
#[derive(Debug)]
pub(super) struct CellProgram {
    /// Its place in the row.
    pub place: usize,
    /// The conditions between its column and others; those on its column alone have narrowed its domain already.
    pub between: Vec<Between>,
}

/// A relation as a condition on one cell's column, which is the only one that it names.
#[derive(Debug)]
pub(super) struct Between {
    /// Its index among the leaf's relations.
    pub relation: usize,
    tree: Expr,
    others: Vec<usize>,
}

/// A relation over places.
#[derive(Debug)]
pub(super) struct PlacedRelation {
    pub tree: Expr,
    /// The places that it reads.
    pub places: Vec<usize>,
}

impl LeafProgram {
    /// `columns` and `members` are those of the coupled columns, in the order of their row.
    pub fn of(leaf: &BranchLeaf, columns: &[usize], members: &[CoupledMember]) -> LeafProgram {
        let place = |name: &str| members.iter().position(|m| m.name == name);
        let placed = |t: &Expr, except: Option<&str>| {
            t.substitute(&|name| if except == Some(name) { None } else { place(name).map(Expr::Place) })
        };
        let places = |t: &Expr| t.columns().iter().filter_map(|name| place(name)).collect::<Vec<_>>();
        let between = |own: usize| {
            let name = members[own].name.as_str();
            let coupled = leaf.relations.iter().enumerate().filter(move |(_, r)| r.tree.mentions(name));
            let coupled = coupled.filter(|(_, r)| r.tree.columns().len() > 1);
            let condition = |(relation, r): (usize, &super::state::Relation)| {
                let others = places(&r.tree).into_iter().filter(|&p| p != own).collect();
                Between { relation, tree: placed(&r.tree, Some(name)), others }
            };
            coupled.map(condition).collect()
        };
        let cell = |c: &LeafCell| {
            let place = columns.iter().position(|x| *x == c.column).unwrap_or(0);
            CellProgram { place, between: between(place) }
        };
        let relation =
            |r: &super::state::Relation| PlacedRelation { tree: placed(&r.tree, None), places: places(&r.tree) };
        LeafProgram {
            cells: leaf.cells.iter().map(cell).collect(),
            relations: leaf.relations.iter().map(relation).collect(),
        }
    }

    /// The bounds of the domain of the cell at a place.
    fn bounds(&self, leaf: &BranchLeaf, place: usize, env: Env) -> Option<(Value, Value)> {
        let cell = self.cells.iter().position(|c| c.place == place)?;
        bounds(leaf.cells[cell].domain.as_ref()?, env)
    }
}

impl PlacedRelation {
    /// Whether a value that it reads is NULL.
    pub fn has_null(&self, values: &[Option<Value>]) -> bool {
        self.places.iter().any(|&p| values[p] == Some(Value::Null))
    }
}

impl Between {
    /// The conditions on the cell's column alone, with the values, or the bounds, of the others.
    pub fn known(&self, program: &LeafProgram, leaf: &BranchLeaf, values: &[Option<Value>], env: Env) -> Vec<Expr> {
        if self.others.iter().any(|&p| values[p] == Some(Value::Null)) {
            return vec![];
        }
        let mut unknown = self.others.iter().copied().filter(|&p| values[p].is_none());
        match (unknown.next(), unknown.next()) {
            (None, _) => vec![bound(&self.tree, values, env)],
            (Some(other), None) => self.limits(program, leaf, other, values, env),
            _ => vec![],
        }
    }

    /// `a <= b` with `b` not yet drawn: `a` is at most the maximum of `b`.
    fn limits(
        &self,
        program: &LeafProgram,
        leaf: &BranchLeaf,
        other: usize,
        values: &[Option<Value>],
        env: Env,
    ) -> Vec<Expr> {
        let Expr::Compare { op, left, right } = &self.tree else { return vec![] };
        let (expr, op) = match (&**left, &**right) {
            (l, Expr::Place(r)) if *r == other && !l.reads(other) => (l, *op),
            (Expr::Place(l), r) if *l == other && !r.reads(other) => (r, op.flip()),
            _ => return vec![],
        };
        let Some((lo, hi)) = program.bounds(leaf, other, env) else { return vec![] };
        let limit = |op, v| bound(&Expr::compare(op, expr.clone(), Expr::Literal(v)), values, env);
        match op {
            Cmp::Lt | Cmp::Le => vec![limit(op, hi)],
            Cmp::Gt | Cmp::Ge => vec![limit(op, lo)],
            Cmp::Eq => vec![limit(Cmp::Le, hi), limit(Cmp::Ge, lo)],
            Cmp::Ne => vec![],
        }
    }
}
