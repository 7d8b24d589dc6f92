//! CHECKs that only the server can evaluate: the server evaluates them for candidate rows, and the accepted rows become
//! the list to choose from.
//!
//! The accepted values are stored in the plan, so a cell stays a function of its row.

use std::collections::{BTreeMap, BTreeSet};

use super::{Keys, PlanContext, TablePlanner};
use crate::candidates::{EACH_OF_SEVERAL, Hints, combinations, distinct};
use dbmocker_core::schema::{Dialect, OracleQuery, QueryCell};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_predicate::{Expr, NamedCheck, Placeholder, Placeholders, Solution, listed, take_out};

/// Maximum number of values of one source, or combinations of several columns, in one query.
pub(super) const AT_ONCE: u64 = 1500;
/// Maximum number of columns that are queried together.
const COLUMNS: usize = 5;

/// A CHECK and the conditions that replace it.
pub(super) struct CheckAnswer {
    check: NamedCheck,
    instead: Vec<NamedCheck>,
}

/// Part of a CHECK that the server evaluates.
struct QueryPart {
    /// Index of the CHECK among those queried.
    check: usize,
    placeholder: Placeholder,
    /// It belongs to a domain.
    value: bool,
}

/// State of a series of queries.
pub(super) struct OracleSession {
    /// Domains narrowed by the CHECKs that the solver supports; empty if these contradict each other.
    pub narrowed: Vec<Option<Domain>>,
    /// Values of a column that earlier queries accepted, NULL included.
    pub accepted: BTreeMap<usize, Vec<Value>>,
    /// Number of rejected rows, by CHECK.
    asked: BTreeMap<String, usize>,
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
    pub(super) fn query_unreadable(&mut self, b: &PlanContext<'_>) -> Result<(), String> {
        let unread: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && self.unread(b, &c.text)).collect();
        self.check_oracle(b, unread)
    }

    /// Queries the CHECKs that the solver could not solve; returns true if there are results.
    ///
    /// # Errors
    /// If the query fails.
    pub(super) fn query_unsolved(&mut self, b: &PlanContext<'_>, solution: &Solution) -> Result<bool, String> {
        let unsolved = |c: &NamedCheck| solution.unsolved.iter().any(|u| u.check == c.name && u.text == c.text);
        let open = |c: &NamedCheck| !c.soft && c.answer.is_none() && unsolved(c) && !self.unread(b, &c.text);
        let checks: Vec<NamedCheck> = self.every_check(b).into_iter().filter(open).collect();
        let before = self.answers.len();
        self.check_oracle(b, checks)?;
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

    fn check_oracle(&mut self, b: &PlanContext<'_>, mut checks: Vec<NamedCheck>) -> Result<(), String> {
        checks.retain(|check| !self.all_fixed(b, check));
        if checks.is_empty() || b.existing.check_oracle(&NOBODY)?.is_none() {
            return Ok(());
        }
        let others: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && c.answer.is_none() && !checks.contains(c)).collect();
        let mut asking =
            OracleSession { narrowed: self.left_by(b, &others), accepted: BTreeMap::new(), asked: BTreeMap::new() };
        let taken: Vec<Placeholders> = checks.iter().map(|c| self.taken_out(b, c)).collect();
        let whole: Vec<NamedCheck> = self.put(b, checks, taken, &others, &mut asking)?;
        // Without results for the parts, query the whole.
        let taken = whole.iter().map(all_of_it).collect();
        let unanswered = self.put(b, whole, taken, &others, &mut asking)?;
        self.unanswered
            .extend(unanswered.into_iter().filter_map(|c| Some((c.name.clone(), *asking.asked.get(&c.name)?))));
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
    fn put(
        &mut self,
        b: &PlanContext<'_>,
        checks: Vec<NamedCheck>,
        taken: Vec<Placeholders>,
        others: &[NamedCheck],
        asking: &mut OracleSession,
    ) -> Result<Vec<NamedCheck>, String> {
        let mut known: BTreeMap<(usize, String), Expr> = BTreeMap::new();
        for (columns, parts) in self.queries(b, &checks, &taken) {
            let answer = match self.receive(b, &columns, &parts, others, asking)? {
                OracleAnswer::Nothing => continue,
                OracleAnswer::None(n) => {
                    asking.asked.extend(parts.iter().map(|p| (checks[p.check].name.clone(), n)));
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
                    asking.accepted.insert(columns[0], rows.iter().flatten().cloned().collect());
                    self.take_list(columns[0], rows, asked, &names)
                }
                OracleAnswer::Rows(rows, _) => {
                    let names: Vec<String> = columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
                    let answer = listed(&names, &rows);
                    if let &[column] = &*columns
                        && parts[0].placeholder.must
                    {
                        asking.accepted.insert(column, rows.into_iter().flatten().collect());
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
            // No likely value satisfies them: use all values of the type.
            let likely: Vec<Option<Domain>> = self.columns.iter().map(|c| c.domain.clone()).collect();
            self.widen(b);
            solution = self.solve_checks(b, Keys::Fixed, checks);
            self.columns.iter_mut().zip(likely).for_each(|(c, domain)| c.domain = domain);
        }
        if solution.impossible.is_empty() {
            solution.columns.into_iter().map(|c| c.domain).collect()
        } else {
            Vec::new()
        }
    }

    /// Returns the columns that a CHECK reads.
    fn looked_at(&self, b: &PlanContext<'_>, check: &NamedCheck, text: &str) -> Vec<usize> {
        match &check.value {
            Some(column) => self.table.column_index(column).into_iter().collect(),
            None => match self.worked_out(b, text) {
                Ok(tree) => tree.columns().iter().filter_map(|c| self.table.column_index(c)).collect(),
                Err(mentioned) => mentioned,
            },
        }
    }

    fn receive(
        &self,
        b: &PlanContext<'_>,
        columns: &[usize],
        parts: &[QueryPart],
        others: &[NamedCheck],
        asking: &OracleSession,
    ) -> Result<OracleAnswer, String> {
        let generated = |&c: &usize| self.table.columns[c].generated.is_some();
        let several = columns.len() > 1;
        let fixed = |&c: &usize| several && self.counted(b, c);
        if columns.is_empty() || columns.len() > COLUMNS || columns.iter().any(|c| generated(c) || fixed(c)) {
            return Ok(OracleAnswer::Nothing);
        }
        // Rows must satisfy the other CHECKs on these columns as well.
        let beside = others.iter().filter(|c| {
            let looked_at = self.looked_at(b, c, &c.text);
            !looked_at.is_empty() && looked_at.iter().all(|c| columns.contains(c)) && (c.value.is_none() || !several)
        });
        let texts: Vec<&str> = parts.iter().map(|p| p.placeholder.text.as_str()).collect();
        let conditions = texts.iter().copied().chain(beside.clone().map(|c| c.text.as_str()));
        let expression = conditions.map(|text| format!("(({text}) is not false)")).collect::<Vec<_>>().join(" and ");
        let value = parts.iter().any(|p| p.value) || beside.clone().any(|c| c.value.is_some());
        let cell = |&c: &usize| {
            let column = &self.table.columns[c];
            QueryCell { name: &column.name, type_name: column.sql_type(), below: !column.domain_checks.is_empty() }
        };
        let mut cells: Vec<QueryCell<'_>> = columns.iter().map(cell).collect();
        // A domain's CHECKs call the column VALUE.
        let twice = value && cells[0].name != "value";
        if twice {
            cells.push(QueryCell { name: "value", ..cells[0] });
        }
        let sources = b.existing.sources(&expression)?;
        // A default value is likely to satisfy the CHECK.
        let defaults = columns.iter().filter_map(|&c| self.table.columns[c].default.as_deref());
        let hints = Hints::of(sources.iter().map(String::as_str).chain([expression.as_str()]).chain(defaults));
        let scenes = self.scenes(b, &hints)?;
        let kept = |rows: Vec<Vec<Value>>| -> Result<Vec<Vec<Value>>, String> {
            let doubled: Vec<Vec<Value>>;
            let asked = if twice {
                doubled = rows.iter().map(|row| row.iter().chain([&row[0]]).cloned().collect()).collect();
                &doubled
            } else {
                &rows
            };
            let oracle_query = OracleQuery { expression: &expression, cells: &cells, rows: asked, scenes: &scenes };
            let judged = b.existing.check_oracle(&oracle_query)?.unwrap_or_default();
            Ok(rows.into_iter().zip(judged).filter(|(_, kept)| *kept).map(|(row, _)| row).collect())
        };
        if several {
            self.answer_for_several(b, columns, &hints, asking, &kept)
        } else {
            self.answer_for_one(b, columns[0], &hints, asking, &kept)
        }
    }

    fn answer_for_several(
        &self,
        b: &PlanContext<'_>,
        columns: &[usize],
        hints: &Hints,
        asking: &OracleSession,
        kept: &dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String>,
    ) -> Result<OracleAnswer, String> {
        let mut lists = Vec::new();
        // Number of likely values at the start of each list.
        let mut likely = Vec::new();
        for &c in columns {
            let accepted = asking.accepted.get(&c);
            let mut values = match self.known_values(b, c, asking)? {
                Some(values) => values,
                None => {
                    let Some(asked) = self.asked(b, c, asking) else { return Ok(OracleAnswer::Nothing) };
                    let mut values = asked.likely(EACH_OF_SEVERAL as u64 / 2, 0);
                    likely.push(values.len());
                    values.extend(self.values_read(b, c, hints).into_iter().take(EACH_OF_SEVERAL / 2));
                    values.extend(
                        asked.further(hints, EACH_OF_SEVERAL as u64 / 4, 0).into_iter().take(EACH_OF_SEVERAL / 2),
                    );
                    distinct(values)
                }
            };
            if likely.len() <= lists.len() {
                likely.push(values.len());
            }
            values.truncate(EACH_OF_SEVERAL * 3 / 2);
            if b.nullable(self.index, c) && accepted.is_none_or(|values| values.iter().any(Value::is_null)) {
                values.push(Value::Null);
            }
            lists.push(values);
        }
        if lists.iter().any(Vec::is_empty) {
            return Ok(OracleAnswer::Nothing);
        }
        // Combinations of likely values.
        let usual = combinations(&lists, &likely, AT_ONCE / 3, 1);
        let all = usual.len();
        let mut rows = kept(usual)?;
        if rows.len() == all && all > 100 {
            return Ok(OracleAnswer::All(all));
        }
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let more = combinations(&lists, &lengths, AT_ONCE * 2, 2);
        let asked = all + more.len();
        rows.extend(kept(more)?);
        Ok(if rows.is_empty() { OracleAnswer::None(asked) } else { OracleAnswer::Rows(rows, asked) })
    }
}
