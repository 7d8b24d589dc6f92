//! Readings of instruments: range and unit by the measured quantity, values within the range, alarms beyond a
//! threshold.

use super::{ParentLink, RowLaws};
use dbmocker_core::schema::SqlType;
use dbmocker_plan::{Formula, Law, LawPlan};
use dbmocker_semantics::{Measure, Name, is_reading};

/// Names of columns that hold the measured quantity.
const KINDS: &[&str] =
    &["type", "kind", "metric", "measure", "parameter", "quantity", "property", "category", "channel"];
/// Names of columns that hold the value that exceeded a threshold.
const ACTUAL: &[&str] =
    &["actual", "actual value", "measured value", "observed value", "current value", "trigger value"];

impl RowLaws<'_> {
    /// Adds the laws of instruments and readings. `at`: the column of a row's moment.
    pub fn readings(&mut self, leads: &[ParentLink<'_>], texts: &[usize], at: Option<usize>) {
        self.instruments(texts);
        self.ranges();
        let ranged = leads.iter().find_map(|lead| Some((lead, range(lead)?)));
        if let Some((lead, (min, max))) = ranged {
            self.within(lead, min, max, at);
        }
        leads.iter().for_each(|lead| self.between(lead));
        self.alarms();
    }

    /// Unit and range of an instrument, by the column that lists the measured quantity.
    fn instruments(&mut self, texts: &[usize]) {
        let of = |list: &[String]| -> Vec<(String, &'static Measure)> {
            list.iter().filter_map(|text| Some((text.clone(), Measure::of(text)?))).collect()
        };
        let named = |c: &usize| Name::new(self.name(*c)).ends_any(KINDS);
        let lists = self.lists.iter().filter(|(c, _)| named(c)).map(|(c, list)| (*c, of(list), list.len()));
        let found = lists.into_iter().find(|(_, known, all)| !known.is_empty() && known.len() * 2 > *all);
        let Some((by, known, _)) = found else { return };
        let (kind, text) = (self.name(by).to_owned(), format!("usual for {}", self.name(by)));
        let free = |c| self.open(Some(c)).is_some();
        if let Some((min, max, _)) = pairs(|c| self.name(c), self.table.columns.len(), free).into_iter().next() {
            for (c, ends) in [(min, (|m| m.least) as fn(&Measure) -> _), (max, |m| m.most)] {
                let values = |m: &Measure| Formula::OneOf { values: <[(i64, u32)]>::to_vec(ends(m)), scale: 0 };
                let cases = known.iter().map(|(text, m)| (vec![text.clone()], values(m))).collect();
                let expr = Formula::ByText { column: by, cases, otherwise: Box::new(Formula::Own) };
                self.law(Some(c), expr, text.clone());
            }
        }
        let unit = |c: &usize| Name::new(self.name(*c)).ends_any(&["unit", "unit of measure", "uom"]);
        let Some(unit) = texts.iter().copied().find(unit) else { return };
        let SqlType::Text { max_chars, .. } = self.table.columns[unit].ty else { return };
        let most = max_chars.unwrap_or(u32::MAX);
        let cases = known.iter().filter_map(|(text, m)| Some((text.clone(), m.unit(most)?.to_owned()))).collect();
        self.laws.insert(unit, LawPlan { law: Law::Text { by, cases }, text: format!("that of {kind}") });
    }

    /// A maximum above the minimum, where nothing else determines them.
    fn ranges(&mut self) {
        let free = |c| self.open(Some(c)).is_some();
        for (min, max, _) in pairs(|c| self.name(c), self.table.columns.len(), free) {
            let scale = self.scale(max);
            let more = Formula::Own.times(Formula::Between { lo: 10, hi: 60, scale: 2 }, scale);
            let expr = Formula::Cell(min) + more.most(Formula::Number { n: 1, scale });
            self.law(Some(max), expr, format!("above {}", self.name(min)));
        }
    }

    /// A number between the bounds in the parent's row: `salary` between a grade's `min_salary` and `max_salary`.
    fn between(&mut self, lead: &ParentLink<'_>) {
        let parent = &lead.parent.name.name;
        for (min, max, of) in ends(lead).into_iter().filter(|(.., of)| !of.is_empty()) {
            let named = |c: &usize| self.open(Some(*c)).is_some() && Name::new(self.name(*c)).words == of;
            let Some(c) = (0..self.table.columns.len()).find(named) else { continue };
            let parent_of = |column| Formula::Parent { foreign: lead.foreign, column };
            let share = Formula::Between { lo: 0, hi: 100, scale: 2 };
            let span = (parent_of(max) - parent_of(min)).times(share, self.scale(c));
            self.law(Some(c), (parent_of(min) + span).or(Formula::Own), format!("within the range of {parent}"));
        }
    }

    /// A reading within its instrument's range; consecutive readings are similar.
    fn within(&mut self, lead: &ParentLink<'_>, min: usize, max: usize, at: Option<usize>) {
        let of = |column| Formula::Parent { foreign: lead.foreign, column };
        let span = || of(max) - of(min);
        let parent = &lead.parent.name.name;
        if let Some(threshold) = self.threshold() {
            let share = Formula::Between { lo: 60, hi: 90, scale: 2 };
            let expr = (of(min) + span().times(share, self.scale(threshold))).or(Formula::Own);
            self.law(Some(threshold), expr, format!("within the range of {parent}"));
            let Some(actual) = self.actual() else { return };
            let beyond = Formula::Between { lo: 2, hi: 100, scale: 2 };
            let expr = Formula::Cell(threshold)
                + (of(max) - Formula::Cell(threshold)).times(beyond, self.scale(actual)).or(Formula::whole(0));
            self.law(Some(actual), expr, format!("beyond {}", self.name(threshold)));
            return;
        }
        let reading = (0..self.table.columns.len()).find(|&c| self.scales[c].is_some() && is_reading(self.name(c)));
        let Some(reading) = self.open(reading) else { return };
        let wave = Formula::Wave { foreign: lead.foreign, at };
        let expr = (of(min) + span().times(wave, self.scale(reading))).or(Formula::Own);
        self.law(Some(reading), expr, format!("within the range of {parent}, like the one before"));
    }

    /// The value that triggered an alarm, beyond its threshold.
    fn alarms(&mut self) {
        let (Some(threshold), Some(actual)) = (self.threshold(), self.actual()) else { return };
        let factor = Formula::Between { lo: 101, hi: 140, scale: 2 };
        let expr = Formula::Cell(threshold).times(factor, self.scale(actual));
        self.law(Some(actual), expr, format!("beyond {}", self.name(threshold)));
    }

    fn threshold(&self) -> Option<usize> {
        let named = |c: &usize| Name::new(self.name(*c)).ends_any(&["threshold", "threshold value", "limit value"]);
        (0..self.table.columns.len()).filter(|&c| self.scales[c].is_some()).find(named)
    }

    fn actual(&self) -> Option<usize> {
        let named = |c: &usize| Name::new(self.name(*c)).ends_any(ACTUAL) || is_reading(self.name(*c));
        (0..self.table.columns.len()).filter(|&c| self.scales[c].is_some()).find(named)
    }
}

/// Returns the parent's columns that hold the range of values.
fn range(lead: &ParentLink<'_>) -> Option<(usize, usize)> {
    let said = |of: &[String]| of.is_empty() || ["value", "range", "reading", "limit"].contains(&of[0].as_str());
    ends(lead).into_iter().find(|(.., of)| said(of)).map(|(min, max, _)| (min, max))
}

/// Returns the parent's pairs of minimum and maximum columns, with the remaining words of their names.
fn ends(lead: &ParentLink<'_>) -> Vec<(usize, usize, Vec<String>)> {
    let columns = &lead.parent.columns;
    pairs(|c| &columns[c].name, columns.len(), |c| lead.scales[c].is_some())
}

/// Returns pairs of columns whose names differ only in minimum and maximum, with the remaining words.
fn pairs<'n>(
    name: impl Fn(usize) -> &'n str,
    columns: usize,
    allowed: impl Fn(usize) -> bool,
) -> Vec<(usize, usize, Vec<String>)> {
    let without = |c: usize, end: &str| {
        let mut words = Name::new(name(c)).words;
        let at = words.iter().position(|w| w == end)?;
        words.remove(at);
        Some(words)
    };
    let mut out = Vec::new();
    for (low, high) in [("min", "max"), ("minimum", "maximum"), ("lower", "upper"), ("lowest", "highest")] {
        for min in (0..columns).filter(|&c| allowed(c)) {
            let Some(rest) = without(min, low) else { continue };
            let max = (0..columns).filter(|&c| allowed(c)).find(|&max| without(max, high).as_ref() == Some(&rest));
            out.extend(max.map(|max| (min, max, rest)));
        }
    }
    out
}
