//! CHECKs that only the server can work out: it is asked which of many rows keep them, and these are the rows to choose
//! from.
//!
//! The answers are values in the plan, like any list: a cell stays a function of its row.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, Draft, Keys};
use crate::domain::Domain;
use crate::plan::candidates::{EACH_OF_SEVERAL, Hints, combinations, distinct};
use crate::predicate::{Hole, Holes, NamedCheck, Solution, Tree, listed, take_out};
use crate::schema::{AskedCell, Dialect, Question};
use crate::value::Value;

/// Values of one source, and combinations of several columns, asked about at once.
pub(super) const AT_ONCE: u64 = 1500;
/// More columns than this are not tried together.
const COLUMNS: usize = 5;

/// A CHECK with what is known in its place.
pub(super) struct Answer {
    check: NamedCheck,
    instead: Vec<NamedCheck>,
}

/// Part of a CHECK that the server is asked about.
struct Part {
    /// Its index among those that are asked about.
    check: usize,
    hole: Hole,
    /// It is a domain's.
    value: bool,
}

/// What is known while questions are put.
pub(super) struct Asking {
    /// Columns as the CHECKs that can be read leave them; empty if they contradict each other.
    pub narrowed: Vec<Option<Domain>>,
    /// Values that earlier answers leave of a column, NULL included.
    pub accepted: BTreeMap<usize, Vec<Value>>,
    /// Rows asked about in vain, by CHECK.
    asked: BTreeMap<String, usize>,
}

/// A CHECK that is asked about as a whole.
fn all_of_it(check: &NamedCheck) -> Holes {
    let hole = Hole { name: "condition".into(), text: check.text.clone(), must: true };
    Holes { tree: Tree::column(&hole.name), holes: vec![hole] }
}

/// Asked to see whether there is anybody to ask.
const NOBODY: Question<'_> = Question { expression: "true", cells: &[], rows: &[] };

/// What came of a question.
pub(super) enum Heard {
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
        let mut asking =
            Asking { narrowed: self.left_by(b, &others), accepted: BTreeMap::new(), asked: BTreeMap::new() };
        let taken: Vec<Holes> = checks.iter().map(|c| self.taken_out(b, c)).collect();
        let whole: Vec<NamedCheck> = self.put(b, checks, taken, &others, &mut asking)?;
        // What the parts could not say, the whole may.
        let taken = whole.iter().map(all_of_it).collect();
        let unheard = self.put(b, whole, taken, &others, &mut asking)?;
        self.unheard.extend(unheard.into_iter().filter_map(|c| Some((c.name.clone(), *asking.asked.get(&c.name)?))));
        Ok(())
    }

    /// What is asked, and about which columns: what every row must keep first.
    fn questions(&self, b: &Builder<'_>, checks: &[NamedCheck], taken: &[Holes]) -> Vec<(Vec<usize>, Vec<Part>)> {
        let mut questions: Vec<(Vec<usize>, Vec<Part>)> = Vec::new();
        for (check, holes) in taken.iter().enumerate() {
            for hole in &holes.holes {
                let mut columns = self.looked_at(b, &checks[check], &hole.text);
                columns.sort_unstable();
                let part = Part { check, hole: hole.clone(), value: checks[check].value.is_some() };
                // What every row must keep about the same columns is one question: the answers must agree.
                match questions.iter_mut().find(|(c, parts)| hole.must && parts[0].hole.must && *c == columns) {
                    Some((_, parts)) => parts.push(part),
                    None => questions.push((columns, vec![part])),
                }
            }
        }
        questions.sort_by_key(|(columns, parts)| (!parts[0].hole.must, columns.len()));
        questions
    }

    /// Puts the questions, and keeps the answers; gives the CHECKs for which there are none.
    fn put(
        &mut self,
        b: &Builder<'_>,
        checks: Vec<NamedCheck>,
        taken: Vec<Holes>,
        others: &[NamedCheck],
        asking: &mut Asking,
    ) -> Result<Vec<NamedCheck>, String> {
        let mut known: BTreeMap<(usize, String), Tree> = BTreeMap::new();
        for (columns, parts) in self.questions(b, &checks, &taken) {
            let answer = match self.hear(b, &columns, &parts, others, asking)? {
                Heard::Nothing => continue,
                Heard::None(n) => {
                    asking.asked.extend(parts.iter().map(|p| (checks[p.check].name.clone(), n)));
                    continue;
                }
                Heard::All(n) => {
                    let names: BTreeSet<&str> = parts.iter().map(|p| checks[p.check].name.as_str()).collect();
                    let names = names.into_iter().collect::<Vec<_>>().join("`, `");
                    self.notes.push(format!(
                        "CHECK `{names}`: the server lets all of {n} different rows pass that it was asked about"
                    ));
                    Tree::boolean(true)
                }
                Heard::Rows(rows) => {
                    let names: Vec<String> = columns.iter().map(|&c| self.table.columns[c].name.clone()).collect();
                    let answer = listed(&names, &rows);
                    if let &[column] = &*columns
                        && parts[0].hole.must
                    {
                        asking.accepted.insert(column, rows.into_iter().flatten().collect());
                    }
                    answer
                }
            };
            known.extend(parts.into_iter().map(|p| ((p.check, p.hole.name), answer.clone())));
        }
        Ok(self.fill(checks, taken, &known))
    }

    /// Puts the answers in the place of what was asked about; gives the CHECKs that have a hole left.
    fn fill(
        &mut self,
        checks: Vec<NamedCheck>,
        taken: Vec<Holes>,
        known: &BTreeMap<(usize, String), Tree>,
    ) -> Vec<NamedCheck> {
        let mut open = Vec::new();
        for (i, (check, holes)) in checks.into_iter().zip(taken).enumerate() {
            match holes.filled(&|hole| known.get(&(i, hole.to_owned())).cloned()) {
                Some(tree) => {
                    let tree = check.value.iter().fold(tree, |t, column| t.rename("VALUE", column));
                    let instead = vec![NamedCheck { answer: Some(tree), value: None, ..check.clone() }];
                    self.answers.push(Answer { check, instead });
                }
                None => open.push(check),
            }
        }
        open
    }

    /// What of a CHECK is asked about: the conditions that cannot be read, or all of one that can.
    fn taken_out(&self, b: &Builder<'_>, check: &NamedCheck) -> Holes {
        let by_parts = b.schema.dialect == Dialect::Postgres && self.unread(b, &check.text);
        let taken = if by_parts { take_out(&check.text, &|text| self.unread(b, text)) } else { None };
        taken.unwrap_or_else(|| all_of_it(check))
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
        let texts: Vec<&str> = parts.iter().map(|p| p.hole.text.as_str()).collect();
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
        // A default is a value that the CHECK's author had in mind.
        let defaults = columns.iter().filter_map(|&c| self.table.columns[c].default.as_deref());
        let hints = Hints::of(sources.iter().map(String::as_str).chain([expression.as_str()]).chain(defaults));
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
            let mut values = match self.known_values(b, c, asking)? {
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
}
