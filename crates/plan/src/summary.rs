//! The plan of many tables on one screen.

use std::fmt::Write;

use super::{Plan, TablePlan};
use dbmocker_core::humanize;
use dbmocker_core::schema::left_alone;

/// Tables, reasons and levels that are listed.
const LISTED: usize = 8;
/// Names of a level on its line.
const NAMED: usize = 4;

impl Plan {
    /// The plan in at most 40 lines: its levels, its largest tables, and what needs attention.
    pub fn summary(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| writeln!(out, "{text}").expect("writing to memory is infallible");
        let levels = self.tables.iter().map(|t| t.level + 1).max().unwrap_or(0);
        line(format!(
            "{} in {}, {}, seed {}",
            humanize::plural(self.tables.len() as u64, "table"),
            humanize::plural(levels as u64, "dependency level"),
            humanize::rows(self.rows()),
            self.seed
        ));
        for level in 0..levels.min(LISTED) {
            let tables: Vec<&TablePlan> = self.tables.iter().filter(|t| t.level == level).collect();
            let rows = tables.iter().map(|t| t.rows).sum();
            let names = shortened(tables.iter().map(|t| t.label.clone()).collect(), NAMED);
            line(format!(
                "  level {level}: {}, {}: {names}",
                humanize::plural(tables.len() as u64, "table"),
                humanize::rows(rows)
            ));
        }
        if levels > LISTED {
            line(format!("  and {} more", humanize::plural((levels - LISTED) as u64, "level")));
        }
        let mut largest: Vec<&TablePlan> = self.tables.iter().collect();
        largest.sort_by_key(|t| std::cmp::Reverse(t.rows));
        let largest = largest.iter().take(LISTED).map(|t| format!("{} {}", t.label, humanize::count(t.rows)));
        line(format!("largest: {}", largest.collect::<Vec<_>>().join(", ")));
        for text in self.attention() {
            line(text);
        }
        out
    }

    /// What needs attention: limits, CHECKs, cycles, and tables that are left out.
    fn attention(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut part = |what: &str, texts: Vec<String>| {
            if texts.is_empty() {
                return;
            }
            out.push(format!("{what}: {}", texts.len()));
            out.extend(texts.iter().take(LISTED / 2).map(|text| format!("  {text}")));
            if texts.len() > LISTED / 2 {
                out.push(format!("  and {} more", texts.len() - LISTED / 2));
            }
        };
        let limited = |t: &TablePlan| {
            let why = t.limited_by.as_ref()?;
            Some(format!("{}: {} of {} rows: {why}", t.label, humanize::count(t.rows), humanize::count(t.requested)))
        };
        part("limited tables", self.tables.iter().filter_map(limited).collect());
        part("CHECKs that could not be solved", self.unsolved());
        let cycle = |names: &Vec<dbmocker_core::schema::TableName>| {
            shortened(names.iter().map(ToString::to_string).collect(), NAMED)
        };
        part("cycles, each in one transaction", self.cycles.iter().map(cycle).collect());
        part("left out", left_alone(self.left_out.iter().map(|l| (l.name.to_string(), &*l.reason))));
        out
    }

    /// The plan of one table, with the rule and reason of every column.
    pub fn describe_table(&self, table: usize) -> String {
        let mut out = String::new();
        self.tables[table].describe(super::Detail::Columns, self.dialect, &mut out);
        out
    }
}

/// The first names, and how many more there are.
fn shortened(names: Vec<String>, shown: usize) -> String {
    let more = names.len().saturating_sub(shown);
    let first = names.into_iter().take(shown).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}
