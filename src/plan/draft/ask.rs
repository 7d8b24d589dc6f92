//! CHECKs that only the server can work out: it is asked which of many rows keep them, and these are the rows to choose from.
//!
//! The answers are values in the plan, like any list: a cell stays a function of its row.

use super::{Builder, Draft};
use crate::generate::stream::{CellRng, mix};
use crate::plan::candidates::{Asked, Hints, distinct};
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
/// Values of each of several columns.
const EACH: usize = 60;
/// More columns than this are not tried together.
const COLUMNS: usize = 5;
/// Rows of parents and of tables that a function reads.
const POOL: u64 = 512;

/// A CHECK with what is known in its place.
pub(super) struct Answer {
    check: NamedCheck,
    instead: Vec<NamedCheck>,
}

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

    fn ask(&mut self, b: &Builder<'_>, checks: Vec<NamedCheck>) -> Result<(), String> {
        for check in checks {
            if self.all_given(b, &check) {
                continue;
            }
            if let Some(instead) = self.answered(b, &check)? {
                self.answers.push(Answer { check, instead });
            }
        }
        Ok(())
    }

    /// The CHECK with what the server says put in; what it does not say, stands.
    pub(super) fn with_answers(&self, check: NamedCheck) -> Vec<NamedCheck> {
        match self.answers.iter().find(|a| a.check == check) {
            Some(answer) => answer.instead.clone(),
            None => vec![check],
        }
    }

    /// What takes the CHECK's place; `None` if that is not known.
    fn answered(&mut self, b: &Builder<'_>, check: &NamedCheck) -> Result<Option<Vec<NamedCheck>>, String> {
        let one_by_one = check.value.is_none() && b.schema.dialect == Dialect::Postgres;
        let parts = if one_by_one { conjuncts(&check.text) } else { vec![check.text.clone()] };
        let mut instead = Vec::new();
        // A CHECK that could be read is asked about as a whole.
        let whole = parts.iter().all(|p| !self.unread(b, p));
        for part in if whole { vec![check.text.clone()] } else { parts } {
            if !whole && check.value.is_none() && !self.unread(b, &part) {
                instead.push(NamedCheck::new(&check.name, part));
                continue;
            }
            let columns = match &check.value {
                Some(column) => self.table.column_index(column).into_iter().collect(),
                None => self.mentioned(b, &part),
            };
            match self.hear(b, check, &part, &columns)? {
                Heard::Nothing => return Ok(None),
                Heard::None(asked) => {
                    self.unheard.push((check.name.clone(), asked));
                    return Ok(None);
                }
                Heard::All(asked) => self.notes.push(format!(
                    "CHECK `{}`: the server lets all of {asked} different rows pass that it was asked about",
                    check.name
                )),
                Heard::Rows(rows) => {
                    let names: Vec<String> = columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
                    instead.push(NamedCheck {
                        answer: Some(listed(&names, &rows)),
                        ..NamedCheck::new(&check.name, &check.text)
                    });
                }
            }
        }
        Ok(Some(instead))
    }

    fn mentioned(&self, b: &Builder<'_>, text: &str) -> Vec<usize> {
        match self.worked_out(b, text) {
            Ok(tree) => tree.columns().iter().filter_map(|c| self.table.column_index(c)).collect(),
            Err(mentioned) => mentioned,
        }
    }

    fn hear(&self, b: &Builder<'_>, check: &NamedCheck, text: &str, columns: &[usize]) -> Result<Heard, String> {
        let generated = |&c: &usize| self.table.columns[c].generated.is_some();
        let several = columns.len() > 1;
        let fixed = |&c: &usize| several && self.counted(b, c);
        if columns.is_empty() || columns.len() > COLUMNS || columns.iter().any(|c| generated(c) || fixed(c)) {
            return Ok(Heard::Nothing);
        }
        // Whether anybody answers at all, before values are made.
        let value = check.value.is_some();
        let cell = |&c: &usize| {
            let column = &self.table.columns[c];
            let name = if value { "value" } else { column.name.as_str() };
            AskedCell { name, type_name: &column.type_name, below: !column.domain_checks.is_empty() }
        };
        let cells: Vec<AskedCell<'_>> = columns.iter().map(cell).collect();
        let ask = |rows: &[Vec<Value>]| b.existing.judge(&Question { expression: text, cells: &cells, rows });
        if ask(&[vec![Value::Null; columns.len()]])?.is_none() {
            return Ok(Heard::Nothing);
        }
        let sources = b.existing.sources(text)?;
        let hints = Hints::of(sources.iter().map(String::as_str).chain([text]));
        let kept = |rows: Vec<Vec<Value>>| -> Result<Vec<Vec<Value>>, String> {
            let judged = ask(&rows)?.unwrap_or_default();
            Ok(rows.into_iter().zip(judged).filter(|(_, kept)| *kept).map(|(row, _)| row).collect())
        };
        if several {
            self.hear_of_several(b, columns, &hints, &kept)
        } else {
            self.hear_of_one(b, columns[0], &hints, &kept)
        }
    }

    fn hear_of_one(
        &self,
        b: &Builder<'_>,
        c: usize,
        hints: &Hints,
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
                let Some(asked) = self.asked(b, c) else { return Ok(Heard::Nothing) };
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
        kept: &dyn Fn(Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>, String>,
    ) -> Result<Heard, String> {
        let mut lists = Vec::new();
        // How many of a list's values come first because they are likely.
        let mut likely = Vec::new();
        for &c in columns {
            let mut values = match self.fixed_values(b, c)? {
                Some(values) => values,
                None => {
                    let Some(asked) = self.asked(b, c) else { return Ok(Heard::Nothing) };
                    let mut values = asked.likely(EACH as u64 / 2, 0);
                    likely.push(values.len());
                    values.extend(self.values_read(b, c, hints).into_iter().take(EACH / 2));
                    values.extend(asked.further(hints, EACH as u64 / 4, 0).into_iter().take(EACH / 2));
                    distinct(values)
                }
            };
            if likely.len() <= lists.len() {
                likely.push(values.len());
            }
            values.truncate(EACH * 3 / 2);
            if b.nullable(self.index, c) {
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
        let mut values: Vec<Value> = f.pool.iter().take(POOL as usize).map(|t| t[at].clone()).collect();
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

    fn asked<'d>(&'d self, b: &Builder<'_>, c: usize) -> Option<Asked<'d>> {
        let d = &self.columns[c];
        let likely = d.domain.as_ref()?;
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
                out.extend(pool.iter().map(|row| row[0].clone()));
            }
        }
        out
    }
}

/// Rows of the first `lengths` values of each list (NULL, at a list's end, among them): all of them, or `n` by chance and as
/// many again of the first values with each other.
fn combinations(lists: &[Vec<Value>], lengths: &[usize], n: u64, salt: u64) -> Vec<Vec<Value>> {
    let lists: Vec<Vec<&Value>> = lists
        .iter()
        .zip(lengths)
        .map(|(list, &length)| {
            list.iter().take(length).chain(list.iter().skip(length).filter(|v| v.is_null())).collect()
        })
        .collect();
    let product = |most: usize| lists.iter().fold(1u64, |n, l| n.saturating_mul(l.len().min(most) as u64));
    let grid = |most: usize| {
        (0..product(most)).map(move |i| (i, most)).map(|(mut i, most)| {
            let cell = |list: &Vec<&Value>| {
                let size = list.len().min(most) as u64;
                let at = (i % size) as usize;
                i /= size;
                list[at].clone()
            };
            lists.iter().map(cell).collect::<Vec<Value>>()
        })
    };
    if product(usize::MAX) <= n * 2 {
        return grid(usize::MAX).collect();
    }
    let most = (2..EACH).rev().find(|&m| product(m) <= n).unwrap_or(1);
    let drawn = (0..n).map(|i| {
        let mut rng = CellRng::new(mix(i ^ mix(salt)));
        lists.iter().map(|list| (*rng.pick(list)).clone()).collect()
    });
    let mut out: Vec<Vec<Value>> = if salt == 1 { Vec::new() } else { grid(most).collect() };
    out.extend(drawn);
    out
}
