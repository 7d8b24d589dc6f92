//! Histories of a status: the rows of a parent are the steps that led to its status.

use std::collections::BTreeMap;

use super::{ParentLink, RowLaws};
use dbmocker_core::schema::SqlType;
use dbmocker_plan::{Law, LawPlan, StatusPath};
use dbmocker_semantics::histories::{ChangeSide, change_side};
use dbmocker_semantics::{LifeCycle, Name};

/// The columns that record a status of the parent.
struct History<'l, 'b> {
    lead: &'l ParentLink<'b>,
    /// The parent's column.
    status: usize,
    columns: Vec<(usize, ChangeSide, Vec<StatusPath>)>,
    /// How well the names match.
    rank: u8,
}

impl RowLaws<'_> {
    /// Adds the laws of columns that record the parent's status. `texts`: the columns of texts that may have a law, with
    /// the texts to which a type or CHECK limits them.
    pub fn histories(&mut self, leads: &[ParentLink<'_>], texts: &BTreeMap<usize, Option<Vec<String>>>) {
        let filled = leads.iter().filter(|lead| !self.table.columns[lead.key].nullable);
        let statuses = filled.flat_map(|lead| (0..lead.texts.len()).map(move |status| (lead, status)));
        let mut found: Vec<History<'_, '_>> =
            statuses.filter_map(|(lead, status)| self.history(lead, status, texts)).collect();
        found.sort_by_key(|history| std::cmp::Reverse(history.rank));
        let Some(History { lead, status, columns, .. }) = found.into_iter().next() else { return };
        for (c, side, paths) in columns {
            let before = side == ChangeSide::From;
            let of = format!("{}.{}", lead.parent.name.name, lead.parent.columns[status].name);
            let text = if before { format!("the status before, of {of}") } else { format!("leads to {of}") };
            let nullable = self.table.columns[c].nullable;
            let law = Law::StatusPath { foreign: lead.foreign, column: status, before, nullable, paths };
            self.laws.insert(c, LawPlan { law, text });
        }
    }

    /// Returns the columns that record a status of the parent, if one of them holds the status after a change.
    fn history<'l, 'b>(
        &self,
        lead: &'l ParentLink<'b>,
        status: usize,
        texts: &BTreeMap<usize, Option<Vec<String>>>,
    ) -> Option<History<'l, 'b>> {
        let statuses = lead.texts[status].as_ref()?;
        let (table, parent) = (&self.table.name.name, &lead.parent.name.name);
        let name = &lead.parent.columns[status].name;
        let (mut columns, mut rank) = (Vec::new(), None);
        for c in texts.keys().filter(|c| !self.laws.contains_key(c) && !self.asked_nulls.contains(c)) {
            let Some((side, own)) = change_side(table, parent, self.name(*c), name) else { continue };
            let paths = self.paths(name, statuses, *c, texts[c].as_deref());
            if paths.is_empty() {
                continue;
            }
            if side == ChangeSide::To {
                rank = rank.max(Some(own));
            }
            columns.push((*c, side, paths));
        }
        Some(History { lead, status, columns, rank: rank? })
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
            let beside = beside.and_then(spelled);
            Some(StatusPath { status: statuses[i].clone(), steps, beside })
        };
        (0..statuses.len()).filter_map(path).collect()
    }
}
