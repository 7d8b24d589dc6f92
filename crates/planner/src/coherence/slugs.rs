//! Slugs made from the name of their row, and properties that the name contains.

use super::RowLaws;
use dbmocker_core::schema::SqlType;
use dbmocker_plan::{Law, LawPlan};
use dbmocker_semantics::Name;

impl RowLaws<'_> {
    /// Makes slugs from the row's name or title. `unique`: columns that are a key by themselves; `counted_from`: the
    /// number of the first row.
    pub fn slugs(&mut self, texts: &[usize], unique: &[usize], counted_from: u64) {
        let Some(of) = self.called(&["title", "name", "headline", "subject", "label", "display_name"]) else { return };
        for c in texts.iter().chain(unique).copied() {
            let column = &self.table.columns[c];
            let name = column.name.to_lowercase();
            let SqlType::Text { max_chars, .. } = column.ty else { continue };
            if c == of || !(name == "slug" || name.ends_with("_slug") || name == "permalink") {
                continue;
            }
            let numbered = unique.contains(&c).then_some(counted_from);
            let most = max_chars.unwrap_or(200).min(200);
            // Room for a name and twelve digits.
            if numbered.is_some() && most < 20 {
                continue;
            }
            let law = Law::Slug { of, most, numbered };
            self.laws.insert(c, LawPlan { law, text: format!("{} as part of an address", self.name(of)) });
        }
    }

    /// Sets materials and colours to the word of their list that the row's name contains.
    pub fn properties(&mut self, texts: &[usize]) {
        let Some(of) = self.called(&["name", "title", "label"]) else { return };
        for &c in texts.iter().filter(|&&c| c != of) {
            let Some(list) = self.lists.get(&c) else { continue };
            if !Name::new(self.name(c)).ends_any(&["material", "color", "colour", "fabric", "finish"]) {
                continue;
            }
            let words = list.iter().map(|own| (own.to_lowercase(), own.clone())).collect();
            let law = Law::Named { of, words };
            self.laws.insert(c, LawPlan { law, text: format!("what {} says", self.name(of)) });
        }
    }

    /// Returns the first text column with one of these names.
    fn called(&self, names: &[&str]) -> Option<usize> {
        let is_text = |c: &usize| matches!(self.table.columns[*c].ty, SqlType::Text { .. });
        let found = |c: &usize| names.iter().any(|n| self.table.columns[*c].name.eq_ignore_ascii_case(n));
        (0..self.table.columns.len()).filter(is_text).find(found)
    }
}
