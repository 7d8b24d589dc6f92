//! CHECKs that only the server can evaluate: the server evaluates them for candidate rows, and the accepted rows become
//! the list to choose from.
//!
//! The accepted values are stored in the plan, so a cell stays a function of its row.

use std::collections::{BTreeMap, BTreeSet};

use super::{Keys, PlanContext, TablePlanner};
use crate::error::Unplannable;
use dbmocker_core::schema::{Dialect, OracleQuery};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_predicate::{Expr, NamedCheck, Placeholder, Placeholders, Solution, listed, take_out};

/// Maximum number of values of one source, or combinations of several columns, in one query.
pub(super) const AT_ONCE: u64 = 1500;
/// Maximum number of columns that are queried together.
pub(super) const COLUMNS: usize = 5;

/// A CHECK and the conditions that replace it.
pub(super) struct CheckAnswer {
    check: NamedCheck,
    instead: Vec<NamedCheck>,
}

/// Part of a CHECK that the server evaluates.
pub(super) struct QueryPart {
    /// Index of the CHECK among those queried.
    check: usize,
    pub placeholder: Placeholder,
    /// It belongs to a domain.
    pub value: bool,
}

/// A series of queries about one table's CHECKs.
pub(super) struct CheckOracle<'c, 's> {
    pub context: &'c PlanContext<'s>,
    /// The CHECKs that are not queried: rows must satisfy them as well.
    pub others: Vec<NamedCheck>,
    /// Domains narrowed by the CHECKs that the solver supports; empty if these contradict each other.
    pub narrowed: Vec<Option<Domain>>,
    /// Values of a column that earlier queries accepted, NULL included.
    pub accepted: BTreeMap<usize, Vec<Value>>,
    /// Number of rejected rows, by CHECK.
    rejected: BTreeMap<String, usize>,
}

/// Queries a CHECK as a whole.
fn all_of_it(check: &NamedCheck) -> Placeholders {
    let placeholder = Placeholder { name: "condition".into(), text: check.text.clone(), must: true };
    Placeholders { tree: Expr::column(&placeholder.name), placeholders: vec![placeholder] }
}

/// A query that tests whether there is a server.
const NOBODY: OracleQuery<'_> = OracleQuery { expression: "true", cells: &[], rows: &[], scenes: &[] };

/// The result of a query.
pub(super) enum OracleAnswer {
    /// There is no server to evaluate it.
    Nothing,
    /// The accepted rows, and the number of rows queried.
    Rows(Vec<Vec<Value>>, usize),
    /// The number of rows queried; all are accepted.
    All(usize),
    /// The number of rows queried; none is accepted.
    None(usize),
}

impl TablePlanner<'_> {
    /// Queries the CHECKs that the parser rejects.
    ///
    /// # Errors
    /// If the query fails.
    pub(super) fn query_unreadable(&mut self, b: &PlanContext<'_>) -> Result<(), Unplannable> {
        let unread: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && self.unread(b, &c.text)).collect();
        self.query_checks(b, unread)
    }

    /// Queries the CHECKs that the solver could not solve; returns true if there are results.
    ///
    /// # Errors
    /// If the query fails.
    pub(super) fn query_unsolved(&mut self, b: &PlanContext<'_>, solution: &Solution) -> Result<bool, Unplannable> {
        let unsolved = |c: &NamedCheck| solution.unsolved.iter().any(|u| u.check == c.name && u.text == c.text);
        let open = |c: &NamedCheck| !c.soft && c.answer.is_none() && unsolved(c) && !self.unread(b, &c.text);
        let checks: Vec<NamedCheck> = self.every_check(b).into_iter().filter(open).collect();
        let before = self.answers.len();
        self.query_checks(b, checks)?;
        Ok(self.answers.len() > before)
    }

    fn unread(&self, b: &PlanContext<'_>, text: &str) -> bool {
        self.worked_out(b, text).is_err()
    }

    /// Returns the conditions that replace a CHECK; the CHECK itself if there is no result.
    pub(super) fn with_answers(&self, check: NamedCheck) -> Vec<NamedCheck> {
        match self.answers.iter().find(|a| a.check == check) {
            Some(answer) => answer.instead.clone(),
            None => vec![check],
        }
    }

    fn query_checks(&mut self, b: &PlanContext<'_>, mut checks: Vec<NamedCheck>) -> Result<(), Unplannable> {
        checks.retain(|check| !self.all_fixed(b, check));
        if checks.is_empty() || b.existing.check_oracle(&NOBODY)?.is_none() {
            return Ok(());
        }
        let others: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && c.answer.is_none() && !checks.contains(c)).collect();
        let narrowed = self.left_by(b, &others);
        let mut oracle =
            CheckOracle { context: b, others, narrowed, accepted: BTreeMap::new(), rejected: BTreeMap::new() };
        let taken: Vec<Placeholders> = checks.iter().map(|c| self.taken_out(b, c)).collect();
        let whole: Vec<NamedCheck> = self.query_parts(&mut oracle, checks, taken)?;
        // Without results for the parts, query the whole.
        let taken = whole.iter().map(all_of_it).collect();
        let unanswered = self.query_parts(&mut oracle, whole, taken)?;
        self.unanswered
            .extend(unanswered.into_iter().filter_map(|c| Some((c.name.clone(), *oracle.rejected.get(&c.name)?))));
        Ok(())
    }

    /// Returns the queries and their columns: mandatory conditions first.
    fn queries(
        &self,
        b: &PlanContext<'_>,
        checks: &[NamedCheck],
        taken: &[Placeholders],
    ) -> Vec<(Vec<usize>, Vec<QueryPart>)> {
        let mut queries: Vec<(Vec<usize>, Vec<QueryPart>)> = Vec::new();
        for (check, placeholders) in taken.iter().enumerate() {
            for placeholder in &placeholders.placeholders {
                let mut columns = self.looked_at(b, &checks[check], &placeholder.text);
                columns.sort_unstable();
                let part = QueryPart { check, placeholder: placeholder.clone(), value: checks[check].value.is_some() };
                // Mandatory conditions on the same columns are one query: a row must satisfy all of them.
                match queries
                    .iter_mut()
                    .find(|(c, parts)| placeholder.must && parts[0].placeholder.must && *c == columns)
                {
                    Some((_, parts)) => parts.push(part),
                    None => queries.push((columns, vec![part])),
                }
            }
        }
        queries.sort_by_key(|(columns, parts)| (!parts[0].placeholder.must, columns.len()));
        queries
    }

    /// Executes the queries and stores the results; returns the CHECKs without result.
    fn query_parts(
        &mut self,
        oracle: &mut CheckOracle<'_, '_>,
        checks: Vec<NamedCheck>,
        taken: Vec<Placeholders>,
    ) -> Result<Vec<NamedCheck>, Unplannable> {
        let b = oracle.context;
        let mut known: BTreeMap<(usize, String), Expr> = BTreeMap::new();
        for (columns, parts) in self.queries(b, &checks, &taken) {
            let answer = match oracle.answer(self, &columns, &parts)? {
                OracleAnswer::Nothing => continue,
                OracleAnswer::None(n) => {
                    oracle.rejected.extend(parts.iter().map(|p| (checks[p.check].name.clone(), n)));
                    continue;
                }
                OracleAnswer::All(n) => {
                    let names: BTreeSet<&str> = parts.iter().map(|p| checks[p.check].name.as_str()).collect();
                    let names = names.into_iter().collect::<Vec<_>>().join("`, `");
                    self.notes.push(format!("CHECK `{names}`: the server accepts all of {n} candidate rows"));
                    Expr::boolean(true)
                }
                OracleAnswer::Rows(rows, asked) if self.is_free(b, &columns) && parts[0].placeholder.must => {
                    let names = parts.iter().map(|p| checks[p.check].name.as_str()).collect();
                    oracle.accepted.insert(columns[0], rows.iter().flatten().cloned().collect());
                    self.take_list(columns[0], rows, asked, &names)
                }
                OracleAnswer::Rows(rows, _) => {
                    let names: Vec<String> = columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
                    let answer = listed(&names, &rows);
                    if let &[column] = &*columns
                        && parts[0].placeholder.must
                    {
                        oracle.accepted.insert(column, rows.into_iter().flatten().collect());
                    }
                    answer
                }
            };
            known.extend(parts.into_iter().map(|p| ((p.check, p.placeholder.name), answer.clone())));
        }
        Ok(self.fill(checks, taken, &known))
    }

    /// Returns true for a single column whose domain the accepted values can replace.
    fn is_free(&self, b: &PlanContext<'_>, columns: &[usize]) -> bool {
        let free = |&c: &usize| self.columns[c].foreign.is_none() && !self.is_fixed(c) && !self.counted(b, c);
        columns.len() == 1 && columns.iter().all(free)
    }

    /// Replaces the column's domain by the accepted values; returns the remaining condition, which restricts NULL.
    fn take_list(&mut self, c: usize, rows: Vec<Vec<Value>>, asked: usize, checks: &BTreeSet<&str>) -> Expr {
        let (nulls, values): (Vec<Value>, Vec<Value>) = rows.into_iter().flatten().partition(Value::is_null);
        let column = &mut self.columns[c];
        for name in checks {
            column.reason = format!("{}; CHECK {name}", column.reason);
        }
        let name = &self.table.columns[c].name;
        if values.is_empty() {
            return Expr::column(name).is_null(false);
        }
        column.made = Some(format!("the server accepts {} of {asked} different values tried for", values.len()));
        let list = Domain::Choice { values, weights: None };
        (column.domain, column.legal) = (Some(list.clone()), Some(list));
        if nulls.is_empty() { Expr::column(name).is_null(true) } else { Expr::boolean(true) }
    }

    /// Replaces the queried parts by their results; returns the CHECKs with a part that has none.
    fn fill(
        &mut self,
        checks: Vec<NamedCheck>,
        taken: Vec<Placeholders>,
        known: &BTreeMap<(usize, String), Expr>,
    ) -> Vec<NamedCheck> {
        let mut open = Vec::new();
        for (i, (check, placeholders)) in checks.into_iter().zip(taken).enumerate() {
            match placeholders.filled(&|placeholder| known.get(&(i, placeholder.to_owned())).cloned()) {
                Some(tree) => {
                    let tree = check.value.iter().fold(tree, |t, column| t.rename("VALUE", column));
                    let instead = vec![NamedCheck { answer: Some(tree), value: None, ..check.clone() }];
                    self.answers.push(CheckAnswer { check, instead });
                }
                None => open.push(check),
            }
        }
        open
    }

    /// Returns the queried parts of a CHECK: the conditions that the parser rejects, or the whole of a supported CHECK.
    fn taken_out(&self, b: &PlanContext<'_>, check: &NamedCheck) -> Placeholders {
        let by_parts = b.schema.dialect == Dialect::Postgres && self.unread(b, &check.text);
        let taken = if by_parts { take_out(&check.text, &|text| self.unread(b, text)) } else { None };
        taken.unwrap_or_else(|| all_of_it(check))
    }

    /// Returns the domains narrowed by supported CHECKs; empty if these leave no row.
    fn left_by(&mut self, b: &PlanContext<'_>, checks: &[NamedCheck]) -> Vec<Option<Domain>> {
        let mut solution = self.solve_checks(b, Keys::Fixed, checks);
        if !solution.impossible.is_empty() {
            // No likely value satisfies them.
            let likely: Vec<Option<Domain>> = self.columns.iter().map(|c| c.domain.clone()).collect();
            while !solution.impossible.is_empty() && self.widen(b, &solution) {
                solution = self.solve_checks(b, Keys::Fixed, checks);
            }
            self.columns.iter_mut().zip(likely).for_each(|(c, domain)| c.domain = domain);
        }
        if solution.impossible.is_empty() {
            solution.columns.into_iter().map(|c| c.domain).collect()
        } else {
            Vec::new()
        }
    }

    /// Returns the columns that a CHECK reads.
    pub(super) fn looked_at(&self, b: &PlanContext<'_>, check: &NamedCheck, text: &str) -> Vec<usize> {
        match &check.value {
            Some(column) => self.table.column_index(column).into_iter().collect(),
            None => match self.worked_out(b, text) {
                Ok(tree) => tree.columns().iter().filter_map(|c| self.table.column_index(c)).collect(),
                Err(mentioned) => mentioned,
            },
        }
    }
}
