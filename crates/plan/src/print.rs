//! The plan as text: order, rows, load groups, and for each column its rule and the reason.

use std::fmt::Write;

use super::{
    AncestorAgreement, ChildCounts, ColumnPlan, ForeignKeyPlan, ParentChoice, Plan, Rule, Spread, TablePlan,
    TreeColumn, Unsolved,
};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, left_alone};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind};

/// The level of detail of a printed plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// One line for each table.
    Tables,
    /// Every column with its rule and reason.
    Columns,
}

impl Plan {
    /// Returns the total number of rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }

    /// Returns one line for each unsolved CHECK of any table.
    pub fn unsolved(&self) -> Vec<String> {
        self.tables.iter().flat_map(TablePlan::unsolved).collect()
    }

    /// Returns the plan as text.
    pub fn describe(&self, detail: Detail) -> String {
        let mut out = String::new();
        let tables = self.tables.len();
        let levels = self.tables.iter().map(|t| t.level + 1).max().unwrap_or(0);
        line(
            &mut out,
            format_args!(
                "{} in {}, {}, seed {}, now {}",
                humanize::plural(tables as u64, "table"),
                humanize::plural(levels as u64, "dependency level"),
                humanize::rows(self.rows()),
                self.seed,
                dbmocker_core::time::timestamp_text(self.now)
            ),
        );
        self.sized.iter().for_each(|sized| line(&mut out, format_args!("{sized}")));
        for table in &self.tables {
            table.describe(detail, self.dialect, &mut out);
        }
        if let Some(loaders) = self.loaders.as_ref().filter(|h| h.processes > 1) {
            line(&mut out, format_args!("{} worker processes: {}", loaders.processes, loaders.reason));
        }
        for cycle in &self.cycles {
            let names: Vec<String> = cycle.iter().map(|n| format!("`{n}`")).collect();
            line(
                &mut out,
                format_args!("cycle: {} refer to each other; one transaction, checked at its end", names.join(", ")),
            );
        }
        let limited = self.tables.iter().filter(|t| t.limited_by.is_some()).count() as u64;
        if limited > 0 {
            line(
                &mut out,
                format_args!(
                    "{} limited to the rows that a key or CHECK can hold: ask for fewer (count in the config file), let \
                     the key or CHECK hold more, or give the parents more rows; --strict stops instead",
                    humanize::plural(limited, "table")
                ),
            );
        }
        for left in left_alone(self.left_out.iter().map(|l| (l.name.to_string(), &*l.reason))) {
            line(&mut out, format_args!("left out: {left}"));
        }
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to memory is infallible");
}

impl TablePlan {
    /// Returns one line for each unsolved CHECK.
    pub fn unsolved(&self) -> Vec<String> {
        let said =
            |u: &Unsolved| format!("`{}`: CHECK `{}` could not be solved ({}): {}", self.name, u.check, u.why, u.text);
        self.unsolved.iter().map(said).collect()
    }

    pub(super) fn describe(&self, detail: Detail, dialect: Dialect, out: &mut String) {
        let mut head = format!("{} {}: {}", self.level, self.name, humanize::rows(self.rows));
        if self.existing > 0 {
            head += &format!(" after {} existing", humanize::count(self.existing));
        }
        if let Some(why) = &self.limited_by {
            head += &format!(" (of {} asked: {why})", humanize::count(self.requested));
        }
        line(out, format_args!("{head}"));
        for u in &self.unsolved {
            line(out, format_args!("    unsolved CHECK {}: {} ({})", u.check, u.text, u.why));
        }
        for fallback in &self.fallbacks {
            line(out, format_args!("    {fallback}"));
        }
        if detail == Detail::Tables {
            return;
        }
        let width = self.columns.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
        for (i, c) in self.columns.iter().enumerate() {
            let (rule, reason) = self.column_texts(i);
            line(out, format_args!("    {:width$}  {rule}  -- {reason}", c.name));
        }
        for k in &self.keys {
            let kind = if k.primary { "primary key" } else { "key" };
            let capacity = k.limit().map_or_else(String::new, |most| format!(", holds {most}"));
            line(out, format_args!("    {kind} {} ({}): {}{capacity}", k.name, k.columns.join(", "), k.how));
        }
        for text in self.load_texts(dialect) {
            line(out, format_args!("    {text}"));
        }
    }

    /// Returns how the rows are loaded, and notes on them for the user, one line each.
    pub fn load_texts(&self, dialect: Dialect) -> Vec<String> {
        let tried = self
            .attempt_table
            .as_ref()
            .map(|r| format!("rows tried in order for {}: {} bytes of memory", r.keys.join(", "), self.rows));
        let cut = self.chunks.as_ref().map(|cut| cut.describe(self));
        let deferred = self.deferred_indexes.as_ref().and_then(|p| p.describe(self, dialect));
        let load = format!("load by {}", self.load);
        tried.into_iter().chain([load]).chain(cut).chain(deferred).chain(self.notes.iter().cloned()).collect()
    }

    /// Returns a column's rule, with its share of NULLs, and the reason.
    pub fn column_texts(&self, column: usize) -> (String, String) {
        let c = &self.columns[column];
        let group = if c.group.is_some() { ", with others (CHECK)" } else { "" };
        let (nulls, pick) = match &c.rule {
            Rule::Foreign { foreign, .. } => {
                let f = &self.foreign[*foreign];
                (f.null_share, Some(&self.sources[f.source].pick))
            }
            _ => (c.null_share, None),
        };
        let nulls = c.sampled_nulls.unwrap_or(nulls);
        let (rule, nulls) = match pick {
            _ if c.law.is_none() && self.only_null(c) => ("NULL".to_owned(), String::new()),
            Some(ParentChoice::Never) => (self.column_rule(c), String::new()),
            _ if nulls <= 0.0 || !c.nullable => (self.column_rule(c), String::new()),
            Some(ParentChoice::Agreeing { .. }) => {
                (self.column_rule(c), format!(", {:.0} % NULL, and where none agrees", nulls * 100.0))
            }
            _ => (self.column_rule(c), format!(", {:.0} % NULL", nulls * 100.0)),
        };
        let edges = c.edges.as_ref().map(|e| format!(", {} % edge cases", e.share * 100.0)).unwrap_or_default();
        (format!("{rule}{group}{nulls}{edges}"), self.reason(c))
    }

    /// Returns true if the column is NULL in every row.
    fn only_null(&self, column: &ColumnPlan) -> bool {
        match &column.rule {
            Rule::Null => true,
            Rule::Foreign { foreign, .. } => {
                let source = &self.sources[self.foreign[*foreign].source];
                column.nullable && (column.null_share >= 1.0 || source.pick == ParentChoice::Never)
            }
            Rule::Draw { .. } => column.null_share >= 1.0,
            _ => false,
        }
    }

    /// Returns the text of a parent selection that depends on another foreign key.
    fn ancestor_agreement(&self, f: &ForeignKeyPlan, meets: &AncestorAgreement) -> String {
        let by = &self.columns[self.foreign[meets.by].columns[0]].name;
        match (meets.earlier, meets.down.is_empty()) {
            (Some(_), _) => format!("an earlier row with the same {by}"),
            (None, true) => format!("that of {by}"),
            (None, false) => format!("a row of {} that agrees with {by}", f.parent),
        }
    }

    /// Returns the reason for the column's values.
    fn reason(&self, column: &ColumnPlan) -> String {
        if let Rule::Foreign { foreign, .. } = &column.rule {
            let source = &self.sources[self.foreign[*foreign].source];
            if source.pick == ParentChoice::Never && self.only_null(column) {
                return format!("{}: {}", column.reason, source.reason);
            }
        }
        column.reason.clone()
    }

    /// Returns a column's rule in a few words.
    pub fn rule_text(&self, column: usize) -> String {
        self.column_rule(&self.columns[column])
    }

    fn column_rule(&self, column: &ColumnPlan) -> String {
        column.law.as_ref().map_or_else(|| self.rule(&column.rule), |law| format!("= {}", law.text))
    }

    /// Returns the exact numbers of rows of a foreign key's parents.
    fn counts(&self, foreign: usize) -> Option<&ChildCounts> {
        match &self.sources[self.foreign[foreign].source].pick {
            ParentChoice::Counted { counts } => Some(counts),
            ParentChoice::Component { composite_key, place: 0 } => self.composite_keys[*composite_key].counts.as_ref(),
            _ => None,
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        match rule {
            Rule::Omit => "left to the server".into(),
            Rule::Null => "NULL".into(),
            Rule::Constant { value } => format!("always {value}"),
            Rule::Fixed { .. } => "as given".into(),
            Rule::Listed { values, weights, .. } => {
                let weighted = if weights.is_some() { ", by weight" } else { "" };
                format!("one of {} rows of a list{weighted}", values.len())
            }
            Rule::Sequence { start, step } => format!("{start}, {}, {}, ...", start + step, start + 2 * step),
            Rule::Draw { domain } => domain_text(domain),
            Rule::Unique { domain, .. } => format!("unique {}", domain_text(domain)),
            Rule::Component { domain, .. } => format!("{} within its key", domain_text(domain)),
            Rule::AnyOf { by, parents } => {
                let tables: Vec<String> = parents.iter().map(|p| p.value.to_string()).collect();
                format!("a row of the table that `{}` names: {}", self.columns[*by].name, tables.join(", "))
            }
            Rule::Tree { tells, .. } => match tells {
                TreeColumn::Level { root } => format!("{root}, {}, ... by its depth", root + 1),
                TreeColumn::Left | TreeColumn::Right => "the tree as nested sets".into(),
                TreeColumn::Path { column, .. } => format!("`{}` from the root on", self.columns[*column].name),
            },
            Rule::Foreign { foreign, .. } => {
                let f = &self.foreign[*foreign];
                let source = &self.sources[f.source];
                if let Some(counts) = self.counts(*foreign) {
                    return format!("a row of {} ({} for each, together)", f.parent, counts.span());
                }
                let how = match &source.pick {
                    _ if source.partners > 0 && source.members[0] != *foreign => " (one that agrees)",
                    ParentChoice::OneToOne if source.members.len() > 1 && source.partners == 0 => {
                        " (each combination once)"
                    }
                    ParentChoice::OneToOne | ParentChoice::InOrder => " (one to one)",
                    ParentChoice::Component { .. } => " (part of a key)",
                    ParentChoice::Detail { even: true } => " (a few rows for each, together)",
                    ParentChoice::Together { .. } | ParentChoice::Detail { even: false } => {
                        " (the rows of each together)"
                    }
                    ParentChoice::Weighted { .. } => " (by weight, the rows of each together)",
                    ParentChoice::Active { .. } => " (one that exists by then)",
                    ParentChoice::Earlier { .. } => " (an earlier row)",
                    ParentChoice::Itself => " (the row itself)",
                    ParentChoice::Never => " (NULL)",
                    ParentChoice::Few { weights, .. } if weights.len() == 1 => " (one for all)",
                    ParentChoice::Few { .. } => " (few)",
                    ParentChoice::Listed { .. } => " (by rows of a list)",
                    ParentChoice::Agreeing { .. } => " (one that agrees)",
                    ParentChoice::Chain { length: 2 } => " (in pairs)",
                    ParentChoice::Chain { .. } => " (the next row)",
                    ParentChoice::Previous { .. } => " (the row before)",
                    ParentChoice::Tree { .. } => " (a tree)",
                    ParentChoice::Ranked { .. } => " (by given frequencies)",
                    ParentChoice::Spread { how: Spread::Lookup } => " (some are common)",
                    ParentChoice::Spread { how: Spread::Some } => " (half of them)",
                    ParentChoice::Spread { how: Spread::Heavy } => " (few have most)",
                    ParentChoice::Spread { how: Spread::Extreme } => " (very few have nearly all)",
                    ParentChoice::Counted { .. } | ParentChoice::Skewed | ParentChoice::Cover { .. } => "",
                };
                match &source.meets {
                    Some(meets) => self.ancestor_agreement(f, meets),
                    None => format!("a row of {}{how}", f.parent),
                }
            }
        }
    }
}

/// Lengths from here on are treated as unlimited: `text`, `longtext`.
const UNLIMITED: u32 = 1 << 16;

/// Returns a domain in a few words.
pub fn domain_text(domain: &Domain) -> String {
    match domain {
        Domain::Choice { values, .. } if values.len() <= 5 => {
            format!("one of {}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        Domain::Choice { values, .. } => format!("one of {} values", values.len()),
        Domain::Range { kind: RangeKind::Int, lo, hi, .. } => format!("{lo} to {hi}"),
        Domain::Range { lo, hi, .. } => {
            let of = |i: u128| domain.value(i).to_string();
            let size = domain.size();
            if size == 0 { format!("nothing ({lo} to {hi})") } else { format!("{} to {}", of(0), of(size - 1)) }
        }
        Domain::Float { lo, hi, .. } => format!("{lo} to {hi}"),
        Domain::Text(t) => {
            let length = match (t.min_chars, t.max_chars) {
                (0, UNLIMITED..) => String::new(),
                (0, most) => format!(", up to {most} characters"),
                (least, UNLIMITED..) => format!(", {least} characters and more"),
                (least, most) if least == most => format!(", {most} characters"),
                (least, most) => format!(", {least} to {most} characters"),
            };
            kind(&t.kind) + &length
        }
        Domain::Bytes { min, max } => format!("{min} to {max} bytes"),
        Domain::Array { element, min, max, unique } => {
            let different = if *unique { "different " } else { "" };
            format!("{min} to {max} {different}of ({})", domain_text(element))
        }
        Domain::Special(s) => variant(s),
    }
}

/// Returns the name of a text kind; for kinds defined in the dictionary, the name there.
fn kind(of: &TextKind) -> String {
    match of {
        TextKind::Catalogue(named) => match named.name().strip_prefix("text_") {
            Some(subject) => format!("sentences ({})", subject.replace('_', " ")),
            None => named.name().replace('_', " "),
        },
        TextKind::Prose(named) => format!("sentences ({})", named.name().trim_start_matches('_').replace('_', " ")),
        other => variant(other),
    }
}

/// Returns an enum variant's name as words, without its fields.
fn variant(of: &impl serde::Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(name)) => name.replace('_', " "),
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().map_or_else(String::new, |k| k.replace('_', " ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_domain::TextDomain;
    use dbmocker_domain::catalogue::Named;

    /// Regression: all of them were printed as `catalogue`.
    #[test]
    fn kinds_that_are_data_are_printed_by_their_names() {
        for named in Named::all() {
            let text = domain_text(&Domain::Text(TextDomain::new(TextKind::Catalogue(named), 40)));
            let (own, _) = text.split_once(',').expect("a length follows the kind");
            let words = named.name().strip_prefix("text_").unwrap_or(named.name()).replace('_', " ");
            assert!(own.contains(&words), "{}: {text}", named.name());
        }
    }
}
