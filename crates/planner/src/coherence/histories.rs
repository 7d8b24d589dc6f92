//! Histories of a status: the rows of a parent are the steps that led to its status.

use std::collections::BTreeMap;

use super::{ParentLink, RowLaws};
use dbmocker_core::schema::SqlType;
use dbmocker_plan::{Law, LawPlan, StatusPath};
use dbmocker_semantics::histories::{ChangeSide, change_side};
use dbmocker_semantics::{LifeCycle, Name};

impl RowLaws<'_> {
    /// Adds the laws of columns that record the parent's status. `texts`: the columns of texts that may have a law, with
    /// the texts to which a type or CHECK limits them.
    pub fn histories(&mut self, leads: &[ParentLink<'_>], texts: &BTreeMap<usize, Option<Vec<String>>>) {
        let table = &self.table.name.name;
        for lead in leads.iter().filter(|lead| !self.table.columns[lead.key].nullable) {
            for (status, statuses) in lead.texts.iter().enumerate() {
                let Some(statuses) = statuses else { continue };
                let name = &lead.parent.columns[status].name;
                let side = |c: &usize| Some((*c, change_side(table, self.name(*c), name)?));
                let open = texts.keys().filter(|c| !self.laws.contains_key(c));
                let found: Vec<(usize, ChangeSide)> = open.filter_map(side).collect();
                if found.iter().all(|(_, side)| *side != ChangeSide::To) {
                    continue;
                }
                for (c, side) in found {
                    let paths = self.paths(name, statuses, c, texts[&c].as_deref());
                    if paths.is_empty() {
                        continue;
                    }
                    let before = side == ChangeSide::From;
                    let of = format!("{}.{name}", lead.parent.name.name);
                    let text = if before { format!("the status before, of {of}") } else { format!("leads to {of}") };
                    let nullable = self.table.columns[c].nullable;
                    let law = Law::StatusPath { foreign: lead.foreign, column: status, before, nullable, paths };
                    self.laws.insert(c, LawPlan { law, text });
                }
                return;
            }
        }
    }

    /// Returns the path to each of the parent's statuses that the column can hold. `own`: its own texts.
    fn paths(&self, name: &str, statuses: &[String], c: usize, own: Option<&[String]>) -> Vec<StatusPath> {
        let texts: Vec<&str> = statuses.iter().map(String::as_str).collect();
        let Some(life) = LifeCycle::of(&Name::new(name), &texts) else { return Vec::new() };
        let room = match self.table.columns[c].ty {
            SqlType::Text { max_chars, .. } => max_chars.map_or(usize::MAX, |most| most as usize),
            _ => 0,
        };
        let spelled = |i: usize| match own {
            Some(own) => own.iter().find(|text| text.eq_ignore_ascii_case(&statuses[i])).cloned(),
            None => Some(statuses[i].clone()).filter(|text| text.chars().count() <= room),
        };
        let path = |i: usize| {
            spelled(i)?;
            let (steps, beside) = life.path(i);
            let steps: Vec<String> = steps.into_iter().filter_map(spelled).collect();
            let beside = beside.and_then(spelled).unwrap_or_else(|| steps[0].clone());
            Some(StatusPath { status: statuses[i].clone(), steps, beside })
        };
        (0..statuses.len()).filter_map(path).collect()
    }
}
