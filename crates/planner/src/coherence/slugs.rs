//! Parts of addresses that are made of a name of their row.

use super::Row;
use dbmocker_core::schema::SqlType;
use dbmocker_plan::law::{Law, LawPlan};

impl Row<'_> {
    /// Gives slugs the words of the row's name or title. `unique`: those that are a key by themselves, with the number
    /// from which rows are counted.
    pub fn slugs(&mut self, texts: &[usize], unique: &[usize], counted_from: u64) {
        let named = |names: &[&str]| {
            let is_text = |c: &usize| matches!(self.table.columns[*c].ty, SqlType::Text { .. });
            let all = (0..self.table.columns.len()).filter(is_text);
            let found = |c: &usize| names.iter().any(|n| self.table.columns[*c].name.eq_ignore_ascii_case(n));
            all.into_iter().find(found)
        };
        let Some(of) = named(&["title", "name", "headline", "subject", "label", "display_name"]) else { return };
        for c in texts.iter().chain(unique).copied() {
            let column = &self.table.columns[c];
            let name = column.name.to_lowercase();
            let SqlType::Text { max_chars, .. } = column.ty else { continue };
            if c == of || !(name == "slug" || name.ends_with("_slug") || name == "permalink") {
                continue;
            }
            let numbered = unique.contains(&c).then_some(counted_from);
            let most = max_chars.unwrap_or(200).min(200);
            // A name and twelve digits.
            if numbered.is_some() && most < 20 {
                continue;
            }
            let law = Law::Slug { of, most, numbered };
            self.laws.insert(c, LawPlan { law, text: format!("{} as part of an address", self.name(of)) });
        }
    }
}
