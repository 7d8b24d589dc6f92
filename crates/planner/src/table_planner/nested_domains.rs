//! Domains inside arrays, ranges and composites: their CHECKs narrow the elements of the cell.
//!
//! A CHECK on one such value is solved like one on a column; for a composite, its fields are the columns. If that
//! fails, the check oracle selects from candidate values.

use super::check_oracle::AT_ONCE;
use super::{PendingColumn, PlanContext, TablePlanner};
use crate::candidates::{Hints, ProbeColumn, distinct};
use crate::error::Unplannable;
use crate::error::constraints::CheckError;
use dbmocker_core::schema::{Column, Inner, OracleQuery, QueryCell, SqlType, Step};
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, Special};
use dbmocker_predicate as predicate;
use dbmocker_predicate::{ColumnInput, Expr, NamedCheck, ValueSource};

impl TablePlanner<'_> {
    /// Narrows a column's domains by the domains inside its type.
    ///
    /// # Errors
    /// If no valid value is found, or the query fails.
    pub(super) fn narrow_inside(
        &mut self,
        b: &PlanContext<'_>,
        column: &Column,
        planned: &mut PendingColumn,
    ) -> Result<(), Unplannable> {
        for inner in &column.inner {
            let Some(ty) = type_at(&column.ty, &inner.path) else { continue };
            for whole in planned.domain.iter_mut().chain(&mut planned.legal) {
                let Some(domain) = domain_at(whole, &inner.path) else { continue };
                match self.allowed_inside(b, column, inner, ty, domain)? {
                    Some(narrowed) => *domain = narrowed,
                    None => {
                        let note = format!("column `{}`: {} is not understood here", column.name, said(inner));
                        if !self.notes.contains(&note) {
                            self.notes.push(note);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the values that a domain's CHECKs allow; `None` if that is unknown.
    fn allowed_inside(
        &self,
        b: &PlanContext<'_>,
        column: &Column,
        inner: &Inner,
        ty: &SqlType,
        domain: &Domain,
    ) -> Result<Option<Domain>, Unplannable> {
        let solved = solved(b, inner, ty, domain);
        let base = match solved {
            SolvedParts::Wholly(narrowed) => return Ok(Some(narrowed)),
            SolvedParts::InPart(narrowed) => narrowed,
            SolvedParts::NotAtAll => domain.clone(),
        };
        let conditions: Vec<String> = inner.checks.iter().map(|c| format!("(({}) is not false)", c.text)).collect();
        let expression = conditions.join(" and ");
        let cells = [QueryCell { name: "value", type_name: &inner.type_name, below: false }];
        let ask = |rows: &[Vec<Value>]| {
            b.existing.check_oracle(&OracleQuery { expression: &expression, cells: &cells, rows, scenes: &[] })
        };
        let sources = b.existing.sources(&expression)?;
        let hints = Hints::of(sources.iter().map(String::as_str).chain([expression.as_str()]));
        let asked = ProbeColumn { likely: &base, legal: domain, ty, dialect: b.schema.dialect, now: b.options.now };
        let mut tried = 0;
        for values in [asked.likely(AT_ONCE, 0), asked.further(&hints, AT_ONCE, 1), asked.likely(AT_ONCE * 10, 2)] {
            tried += values.len();
            let rows: Vec<Vec<Value>> = values.into_iter().map(|v| vec![v]).collect();
            let Some(kept) = ask(&rows)? else { return Ok(None) };
            let kept = rows.into_iter().flatten().zip(kept).filter(|(_, kept)| *kept).map(|(v, _)| v);
            let values = distinct(kept);
            if !values.is_empty() {
                return Ok(Some(Domain::Choice { values, weights: None }));
            }
        }
        let (column, table) = (column.name.clone(), b.schema.label(&self.table.name));
        Err(CheckError::Domain { column, tried, domain: said(inner), table }.into())
    }
}

fn said(inner: &Inner) -> String {
    let checks: Vec<String> = inner.checks.iter().map(|c| format!("{} ({})", c.name, c.text)).collect();
    format!("the domain over `{}` inside it, CHECK {}", inner.type_name, checks.join(", "))
}

enum SolvedParts {
    /// Every value satisfies the CHECKs.
    Wholly(Domain),
    /// Values that violate supported CHECKs are excluded; other CHECKs remain.
    InPart(Domain),
    NotAtAll,
}

fn solved(b: &PlanContext<'_>, inner: &Inner, ty: &SqlType, domain: &Domain) -> SolvedParts {
    match (domain, ty) {
        (Domain::Special(Special::Composite { fields }), SqlType::Composite { fields: named, .. }) => {
            let columns: Vec<(&str, &SqlType, &Domain)> =
                named.iter().zip(fields).map(|((name, ty), d)| (name.as_str(), ty, d)).collect();
            let over_fields = |text: &str| Some(fields_of(&predicate::parse(text, b.schema.dialect).ok()?));
            let (whole, domains) = narrowed(b, inner, &columns, &over_fields);
            let fields = domains.into_iter().zip(fields).map(|(d, f)| d.unwrap_or_else(|| f.clone())).collect();
            let composite = Domain::Special(Special::Composite { fields });
            if whole { SolvedParts::Wholly(composite) } else { SolvedParts::InPart(composite) }
        }
        (Domain::Special(Special::Listed { array, delimiter }), _) => {
            let listed = |d: Domain| match d {
                array @ Domain::Array { .. } => {
                    Domain::Special(Special::Listed { array: Box::new(array), delimiter: *delimiter })
                }
                // Explicitly listed values are literals already.
                other => other,
            };
            match solved(b, inner, ty, array) {
                SolvedParts::Wholly(d) => SolvedParts::Wholly(listed(d)),
                SolvedParts::InPart(d) => SolvedParts::InPart(listed(d)),
                SolvedParts::NotAtAll => SolvedParts::NotAtAll,
            }
        }
        _ => match narrowed(b, inner, &[("value", ty, domain)], &|_| None) {
            (true, mut domains) => domains.pop().flatten().map_or(SolvedParts::NotAtAll, SolvedParts::Wholly),
            (false, mut domains) => domains.pop().flatten().map_or(SolvedParts::NotAtAll, SolvedParts::InPart),
        },
    }
}

/// Returns the narrowed domain of each column, and whether this satisfies all CHECKs.
fn narrowed(
    b: &PlanContext<'_>,
    inner: &Inner,
    columns: &[(&str, &SqlType, &Domain)],
    tree: &dyn Fn(&str) -> Option<Expr>,
) -> (bool, Vec<Option<Domain>>) {
    let input = |(name, ty, domain): &(&str, &SqlType, &Domain)| ColumnInput {
        name: (*name).to_owned(),
        domain: Some((*domain).clone()),
        legal: None,
        ty: (*ty).clone(),
        nullable: false,
        null_share: 0.0,
        role: ValueSource::Free,
        same_parent: None,
    };
    let inputs: Vec<ColumnInput> = columns.iter().map(input).collect();
    let check =
        |c: &dbmocker_core::schema::Check| NamedCheck { answer: tree(&c.text), ..NamedCheck::new(&c.name, &c.text) };
    let checks: Vec<NamedCheck> = inner.checks.iter().map(check).collect();
    let solution = predicate::solve(&inputs, &checks, b.schema.dialect, b.options.now);
    let whole = solution.unsolved.is_empty() && solution.impossible.is_empty() && solution.groups.is_empty();
    (whole, solution.columns.into_iter().map(|c| c.domain).collect())
}

/// Replaces `(VALUE).name` by the column `name`.
fn fields_of(tree: &Expr) -> Expr {
    match tree {
        Expr::Call { name, args } if name == "field_of" => match args.as_slice() {
            [Expr::Column(of), Expr::Literal(Value::Text(field))] if of.eq_ignore_ascii_case("value") => {
                Expr::column(field)
            }
            _ => tree.clone(),
        },
        other => other.map_children(&mut fields_of),
    }
}

fn type_at<'t>(ty: &'t SqlType, path: &[Step]) -> Option<&'t SqlType> {
    let Some((step, rest)) = path.split_first() else { return Some(ty) };
    match (ty, step) {
        (SqlType::Array { element, .. } | SqlType::Range { element, .. }, Step::Element) => type_at(element, rest),
        (SqlType::Composite { fields, .. }, Step::Field(i)) => type_at(&fields.get(*i)?.1, rest),
        _ => None,
    }
}

fn domain_at<'d>(domain: &'d mut Domain, path: &[Step]) -> Option<&'d mut Domain> {
    let Some((step, rest)) = path.split_first() else { return Some(domain) };
    match (domain, step) {
        (Domain::Array { element, .. }, Step::Element) => {
            // Further dimensions of one array.
            if matches!(**element, Domain::Array { .. }) { domain_at(element, path) } else { domain_at(element, rest) }
        }
        (Domain::Special(Special::Listed { array, .. }), Step::Element) => domain_at(array, path),
        (Domain::Special(Special::RangeOf { element, .. }), Step::Element) => domain_at(element, rest),
        (Domain::Special(Special::Composite { fields }), Step::Field(i)) => domain_at(fields.get_mut(*i)?, rest),
        _ => None,
    }
}
