//! Statuses that agree with that of the parent row.

use super::{ParentLink, RowLaws};
use dbmocker_plan::{Law, LawPlan};
use dbmocker_semantics::part_statuses::{agreeing, follows};
use dbmocker_semantics::{LifeCycle, Name};

impl RowLaws<'_> {
    /// Adds the laws of statuses of parts: those that agree with the parent's status. `listed`: columns of listed texts
    /// that may have a law.
    pub fn part_statuses(&mut self, leads: &[ParentLink<'_>], listed: &[usize]) {
        for &c in listed.iter().filter(|c| !self.asked_nulls.contains(c)) {
            if self.laws.contains_key(&c) {
                continue;
            }
            let found = leads.iter().filter(|lead| self.is_filled(lead)).find_map(|lead| {
                let columns = (0..lead.texts.len()).filter(|&p| lead.filled[p]);
                columns.into_iter().find_map(|p| Some((lead, p, self.cases(c, lead, p)?)))
            });
            if let Some((lead, column, cases)) = found {
                let text = format!("agrees with {}.{}", lead.parent.name.name, lead.parent.columns[column].name);
                self.laws.insert(c, LawPlan { law: Law::Among { foreign: lead.foreign, column, cases }, text });
            }
        }
    }

    /// Returns the texts that agree with each status of the parent that restricts them.
    fn cases(&self, c: usize, lead: &ParentLink<'_>, p: usize) -> Option<Vec<(String, Vec<String>)>> {
        let (statuses, own) = (lead.texts[p].as_ref()?, self.lists.get(&c)?);
        let status = &lead.parent.columns[p].name;
        if !follows(&self.table.name.name, self.name(c), &lead.parent.name.name, status) {
            return None;
        }
        let life = |name: &str, list: &[String]| {
            let texts: Vec<&str> = list.iter().map(String::as_str).collect();
            LifeCycle::of(&Name::new(name), &texts)
        };
        let all = agreeing(&life(status, statuses)?, &life(self.name(c), own)?);
        let case = |(status, allowed): (&String, Option<Vec<usize>>)| {
            Some((status.clone(), allowed?.into_iter().map(|i| own[i].clone()).collect()))
        };
        let cases: Vec<(String, Vec<String>)> = statuses.iter().zip(all).filter_map(case).collect();
        (!cases.is_empty()).then_some(cases)
    }
}
