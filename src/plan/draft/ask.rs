//! CHECKs that only the server can work out: it is asked which of many rows keep them, and these are the rows to choose from.
//!
//! The answers are values in the plan, like any list: a cell stays a function of its row.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, Draft, Keys};
use crate::domain::Domain;
use crate::plan::candidates::{Asked, EACH_OF_SEVERAL, Hints, combinations, distinct};
use crate::predicate::{NamedCheck, Solution, conjuncts, listed};
use crate::schema::{AskedCell, Dialect, Question};
use crate::value::Value;

/// Values of one column asked about at once, and combinations of several.
pub(super) const AT_ONCE: u64 = 1500;
/// Different values that do for a column that may repeat them.
const ENOUGH: usize = 300;
/// Different values kept for a key.
const MOST: u64 = 50_000;
/// Questions about a key that needs more values.
const ROUNDS: u64 = 60;
/// More columns than this are not tried together.
const COLUMNS: usize = 5;
/// Rows of parents and of tables that a function reads.
const POOL: u64 = 512;

/// A CHECK with what is known in its place.
pub(super) struct Answer {
    check: NamedCheck,
    instead: Vec<NamedCheck>,
}

/// Part of a CHECK that the server is asked about.
struct Part {
    /// Its index among those that are asked about.
    check: usize,
    text: String,
    /// It is a domain's.
    value: bool,
}

/// What is known while questions are put.
struct Asking {
    /// Columns as the CHECKs that can be read leave them; empty if they contradict each other.
    narrowed: Vec<Option<Domain>>,
    /// Values that earlier answers leave of a column, NULL included.
    accepted: BTreeMap<usize, Vec<Value>>,
}

/// Asked to see whether there is anybody to ask.
const NOBODY: Question<'_> = Question { expression: "true", cells: &[], rows: &[] };

/// What came of a question.
enum Heard {
    /// Nobody can say.
    Nothing,
    /// Rows that keep it.
    Rows(Vec<Vec<Value>>),
    /// So many were asked about, and all keep it.
    All(usize),
    /// So many were asked about, and none keeps it.
    None(usize),
}

impl Draft<'_> {
    /// Asks about the CHECKs that cannot be read here.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub(super) fn ask_unread(&mut self, b: &Builder<'_>) -> Result<(), String> {
        let unread: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && self.unread(b, &c.text)).collect();
        self.ask(b, unread)
    }

    /// Asks about the CHECKs that could be read but not solved; whether there are any answers.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub(super) fn ask_unsolved(&mut self, b: &Builder<'_>, solution: &Solution) -> Result<bool, String> {
        let unsolved = |c: &NamedCheck| solution.unsolved.iter().any(|u| u.check == c.name && u.text == c.text);
        let open = |c: &NamedCheck| !c.soft && c.answer.is_none() && unsolved(c) && !self.unread(b, &c.text);
        let checks: Vec<NamedCheck> = self.every_check(b).into_iter().filter(open).collect();
        let before = self.answers.len();
        self.ask(b, checks)?;
        Ok(self.answers.len() > before)
    }

    fn unread(&self, b: &Builder<'_>, text: &str) -> bool {
        self.worked_out(b, text).is_err()
    }

    /// The CHECK with what the server says put in; what it does not say, stands.
    pub(super) fn with_answers(&self, check: NamedCheck) -> Vec<NamedCheck> {
        match self.answers.iter().find(|a| a.check == check) {
            Some(answer) => answer.instead.clone(),
            None => vec![check],
        }
    }

    fn ask(&mut self, b: &Builder<'_>, mut checks: Vec<NamedCheck>) -> Result<(), String> {
        checks.retain(|check| !self.all_given(b, check));
        if checks.is_empty() || b.existing.judge(&NOBODY)?.is_none() {
            return Ok(());
        }
        let others: Vec<NamedCheck> =
            self.every_check(b).into_iter().filter(|c| !c.soft && c.answer.is_none() && !checks.contains(c)).collect();
        let mut asking = Asking { narrowed: self.left_by(b, &others), accepted: BTreeMap::new() };
        let mut instead: Vec<Vec<NamedCheck>> = vec![Vec::new(); checks.len()];
        // Questions about the same columns are one: their answers must agree.
        let mut questions: BTreeMap<Vec<usize>, Vec<Part>> = BTreeMap::new();
        for (check, c) in checks.iter().enumerate() {
            for text in self.parts(b, c) {
                if self.unread(b, &text) || text == c.text {
                    let mut columns = self.looked_at(b, c, &text);
                    columns.sort_unstable();
                    questions.entry(columns).or_default().push(Part { check, text, value: c.value.is_some() });
                } else {
                    instead[check].push(NamedCheck::new(&c.name, text));
                }
            }
        }
        let mut questions: Vec<(Vec<usize>, Vec<Part>)> = questions.into_iter().collect();
        questions.sort_by_key(|(columns, _)| columns.len());
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for (columns, parts) in questions {
            let asked: Vec<usize> = parts.iter().map(|p| p.check).collect();
            let names = || asked.iter().map(|&c| checks[c].name.clone());
            match self.hear(b, &columns, &parts, &others, &asking)? {
                Heard::Nothing => open.extend(&asked),
                Heard::None(n) => {
                    self.unheard.extend(names().map(|name| (name, n)));
                    open.extend(&asked);
                }
                Heard::All(n) => self.notes.push(format!(
                    "CHECK `{}`: the server lets all of {n} different rows pass that it was asked about",
                    names().collect::<Vec<_>>().join("`, `")
                )),
                Heard::Rows(rows) => {
                    let columns_named: Vec<String> =
                        columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
                    let answer = listed(&columns_named, &rows);
                    for &c in &asked {
                        instead[c].push(NamedCheck {
                            answer: Some(answer.clone()),
                            ..NamedCheck::new(&checks[c].name, &checks[c].text)
                        });
                    }
                    if let &[column] = &*columns {
                        asking.accepted.insert(column, rows.into_iter().flatten().collect());
                    }
                }
            }
        }
        let answered = checks.into_iter().zip(instead).enumerate().filter(|(i, _)| !open.contains(i));
        self.answers.extend(answered.map(|(_, (check, instead))| Answer { check, instead }));
        Ok(())
    }

    /// What CHECKs that can be read leave of the columns; nothing if they leave no row.
    fn left_by(&mut self, b: &Builder<'_>, checks: &[NamedCheck]) -> Vec<Option<Domain>> {
        let mut solution = self.solve_checks(b, Keys::Fixed, checks);
        if !solution.impossible.is_empty() {
            // Not among the likely values: among all that the types allow.
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

    /// The conjuncts of a CHECK that cannot be read; the whole of one that can.
    fn parts(&self, b: &Builder<'_>, check: &NamedCheck) -> Vec<String> {
        let one_by_one = check.value.is_none() && b.schema.dialect == Dialect::Postgres;
        if one_by_one && self.unread(b, &check.text) { conjuncts(&check.text) } else { vec![check.text.clone()] }
    }

    /// The columns that a CHECK looks at.
    fn looked_at(&self, b: &Builder<'_>, check: &NamedCheck, text: &str) -> Vec<usize> {
        match &check.value {
            Some(column) => self.table.column_index(column).into_iter().collect(),
            None => match self.worked_out(b, text) {
                Ok(tree) => tree.columns().iter().filter_map(|c| self.table.column_index(c)).collect(),
                Err(mentioned) => mentioned,
            },
        }
    }

    fn hear(
        &self,
        b: &Builder<'_>,
        columns: &[usize],
        parts: &[Part],
        others: &[NamedCheck],
        asking: &Asking,
    ) -> Result<Heard, String> {
        let generated = |&c: &usize| self.table.columns[c].generated.is_some();
        let several = columns.len() > 1;
        let fixed = |&c: &usize| several && self.counted(b, c);
        if columns.is_empty() || columns.len() > COLUMNS || columns.iter().any(|c| generated(c) || fixed(c)) {
            return Ok(Heard::Nothing);
        }
        // Rows must keep the other CHECKs on these columns as well.
        let beside = others.iter().filter(|c| {
            let looked_at = self.looked_at(b, c, &c.text);
            !looked_at.is_empty() && looked_at.iter().all(|c| columns.contains(c)) && (c.value.is_none() || !several)
        });
        let texts: Vec<&str> = parts.iter().map(|p| p.text.as_str()).collect();
        let conditions = texts.iter().copied().chain(beside.clone().map(|c| c.text.as_str()));
        let expression = conditions.map(|text| format!("(({text}) is not false)")).collect::<Vec<_>>().join(" and ");
        let value = parts.iter().any(|p| p.value) || beside.clone().any(|c| c.value.is_some());
        let cell = |&c: &usize| {
            let column = &self.table.columns[c];
            AskedCell { name: &column.name, type_name: &column.type_name, below: !column.domain_checks.is_empty() }
        };
        let mut cells: Vec<AskedCell<'_>> = columns.iter().map(cell).collect();
        // A domain's CHECKs call the column otherwise.
        let twice = value && cells[0].name != "value";
        if twice {
            cells.push(AskedCell { name: "value", ..cells[0] });
        }
        let sources = b.existing.sources(&expression)?;
        let hints = Hints::of(sources.iter().map(String::as_str).chain([expression.as_str()]));
        let kept = |rows: Vec<Vec<Value>>| -> Result<Vec<Vec<Value>>, String> {
            let doubled: Vec<Vec<Value>>;
            let asked = if twice {
                doubled = rows.iter().map(|row| row.iter().chain([&row[0]]).cloned().collect()).collect();
                &doubled
            } else {
                &rows
            };
            let question = Question { expression: &expression, cells: &cells, rows: asked };
            let judged = b.existing.judge(&question)?.unwrap_or_default();
            Ok(rows.into_iter().zip(judged).filter(|(_, kept)| *kept).map(|(row, _)| row).collect())
        };
        if several {
            self.hear_of_several(b, columns, &hints, asking, &kept)
        } else {
            self.hear_of_one(b, columns[0], &hints, asking, &kept)
        }
    }

    fn hear_of_one(
        &self,
        b: &Builder<'_>,
        c: usize,
        hints: &Hints,
        asking: &Asking,
        kept: &dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String>,
    ) -> Result<Heard, String> {
        let rows = |values: Vec<Value>| values.into_iter().map(|v| vec![v]).collect::<Vec<_>>();
        let null = if b.nullable(self.index, c) { kept(vec![vec![Value::Null]])? } else { Vec::new() };
        let mut asked = null.len();
        let mut heard: Vec<Value> = Vec::new();
        let mut hear = |values: Vec<Value>, heard: &mut Vec<Value>| -> Result<usize, String> {
            asked += values.len();
            let before = heard.len();
            heard.extend(kept(rows(values))?.into_iter().flatten());
            *heard = distinct(heard.drain(..));
            Ok(heard.len() - before)
        };
        match self.fixed_values(b, c)? {
            Some(values) => _ = hear(values, &mut heard)?,
            None => {
                let Some(asked) = self.asked(b, c, asking) else { return Ok(Heard::Nothing) };
                let likely = asked.likely(AT_ONCE, 0);
                let whole = (likely.len() as u128) >= asked.likely.size();
                hear(likely, &mut heard)?;
                if heard.len() < ENOUGH || self.in_key(&[c]) && whole {
                    let mut further = self.values_read(b, c, hints);
                    further.extend(asked.further(hints, AT_ONCE, 0));
                    hear(further, &mut heard)?;
                }
                let wanted = b.rows(self.index).min(if self.in_key(&[c]) { MOST } else { ENOUGH as u64 }) as usize;
                for salt in 1..if self.in_key(&[c]) { ROUNDS } else { ROUNDS / 10 } {
                    if heard.len() >= wanted || heard.is_empty() {
                        break;
                    }
                    let mut new = hear(asked.alike(&heard, AT_ONCE, salt), &mut heard)?;
                    if new < 10 {
                        new += hear(asked.likely(AT_ONCE, salt), &mut heard)?;
                        new += hear(asked.further(hints, AT_ONCE, salt), &mut heard)?;
                    }
                    if new == 0 {
                        break;
                    }
                }
            }
        }
        let rows: Vec<Vec<Value>> = rows(heard).into_iter().chain(null).collect();
        Ok(if rows.is_empty() { Heard::None(asked) } else { Heard::Rows(rows) })
    }

    fn hear_of_several(
        &self,
        b: &Builder<'_>,
        columns: &[usize],
        hints: &Hints,
        asking: &Asking,
        kept: &dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String>,
    ) -> Result<Heard, String> {
        let mut lists = Vec::new();
        // How many of a list's values come first because they are likely.
        let mut likely = Vec::new();
        for &c in columns {
            let accepted = asking.accepted.get(&c);
            let known = accepted.map(|values| distinct(values.iter().cloned()));
            let mut values = match known.map_or_else(|| self.fixed_values(b, c), |known| Ok(Some(known)))? {
                Some(values) => values,
                None => {
                    let Some(asked) = self.asked(b, c, asking) else { return Ok(Heard::Nothing) };
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
            return Ok(Heard::Nothing);
        }
        // Rows as they would be without the CHECK.
        let usual = combinations(&lists, &likely, AT_ONCE / 3, 1);
        let all = usual.len();
        let mut rows = kept(usual)?;
        if rows.len() == all && all > 100 {
            return Ok(Heard::All(all));
        }
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let more = combinations(&lists, &lengths, AT_ONCE * 2, 2);
        let asked = all + more.len();
        rows.extend(kept(more)?);
        Ok(if rows.is_empty() { Heard::None(asked) } else { Heard::Rows(rows) })
    }

    /// The only values that a column can have: given ones, and those of parents.
    fn fixed_values(&self, b: &Builder<'_>, c: usize) -> Result<Option<Vec<Value>>, String> {
        if self.is_given(c) {
            return Ok(Some(distinct(self.given_values(c).iter().cloned())));
        }
        let Some((f, at)) = self.columns[c].foreign else { return Ok(None) };
        let f = &self.foreign[f];
        let mut values: Vec<Value> = (0..f.pool.len().min(POOL as usize)).map(|row| f.pool.cell(row, at)).collect();
        if let Some(parent) = f.parent_table.filter(|&p| p < self.position) {
            for row in 0..b.generator.table(parent).rows.min(POOL) {
                values.push(b.generator.cell(parent, f.parent_columns[at], row).map_err(|e| e.to_string())?);
            }
        }
        if values.is_empty()
            && let Some(domain) = &self.columns[c].parents
        {
            let sampler = domain.sampler();
            values.extend((0..sampler.size().min(POOL.into())).map(|i| sampler.value(i)));
        }
        Ok(Some(distinct(values)))
    }

    fn asked<'d>(&'d self, b: &Builder<'_>, c: usize, asking: &'d Asking) -> Option<Asked<'d>> {
        let d = &self.columns[c];
        let likely = asking.narrowed.get(c).and_then(Option::as_ref).or(d.domain.as_ref())?;
        let legal = d.legal.as_ref().unwrap_or(likely);
        Some(Asked { likely, legal, ty: &self.table.columns[c].ty, dialect: b.schema.dialect, now: b.options.now })
    }

    /// Values in tables that the functions name: they may look something up.
    fn values_read(&self, b: &Builder<'_>, c: usize, hints: &Hints) -> Vec<Value> {
        let ty = std::mem::discriminant(&self.table.columns[c].ty);
        let mut out = Vec::new();
        for (t, table) in b.schema.tables.iter().enumerate().filter(|(_, t)| hints.words.contains(&t.name.name)) {
            let same = (0..table.columns.len()).filter(|&c| std::mem::discriminant(&table.columns[c].ty) == ty);
            for column in same {
                // What may not be read helps nobody.
                let pool = b.pool(t, &[column], POOL).unwrap_or_default();
                out.extend((0..pool.len()).map(|row| pool.cell(row, 0)));
            }
        }
        out
    }
}
