//! The schema as text, as printed by `dbmocker analyze`.

use std::fmt::{self, Display, Formatter};

use super::*;
use crate::humanize;

/// The whole schema: a line for the server, a block for each table, then the objects that are not filled, with reasons.
impl Display for Schema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let rows: u64 = self.tables.iter().map(|t| t.existing.rows).sum();
        let keys: usize = self.tables.iter().map(|t| t.foreign_keys.len()).sum();
        writeln!(
            f,
            "{}, {}: {}, {}, {}",
            self.server,
            self.database,
            humanize::plural(self.tables.len() as u64, "table"),
            humanize::plural(keys as u64, "foreign key"),
            humanize::rows(rows)
        )?;
        for table in &self.tables {
            writeln!(f)?;
            self.describe(table, f)?;
        }
        if !self.skipped.is_empty() {
            writeln!(f, "\nleft alone")?;
        }
        let skipped = self.skipped.iter().map(|s| (self.label(&s.name), &*s.reason));
        left_alone(skipped).iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// The number of tables with the same reason from which they are listed in one line.
const LISTED_SEPARATELY: usize = 8;
/// Number of names in such a line.
const NAMED: usize = 3;

/// `name: reason` for tables that are not filled; many with the same reason as
/// `reason: name, name, name and 1,861 more`.
pub fn left_alone<'r>(tables: impl IntoIterator<Item = (String, &'r str)>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, reason) in tables {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    let lines = reasons.into_iter().flat_map(|(reason, names)| match names.len() {
        ..=LISTED_SEPARATELY => names.into_iter().map(|name| format!("{name}: {reason}")).collect(),
        all => {
            let more = humanize::count((all - NAMED) as u64);
            vec![format!("{reason}: {} and {more} more", names[..NAMED].join(", "))]
        }
    });
    lines.collect()
}

impl Schema {
    /// Where tables are located that are only referred to: another database or schema.
    pub fn elsewhere(&self) -> &'static str {
        if self.dialect == Dialect::Mysql { "another database" } else { "another schema than the URL names" }
    }

    fn describe(&self, t: &Table, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.label(&t.name), humanize::rows(t.existing.rows))?;
        for option in &t.options {
            write!(f, "  {option}")?;
        }
        if t.outside {
            write!(f, "  in {}, only referred to", self.elsewhere())?;
        } else if !t.can_insert {
            write!(f, "  {}", t.lacks())?;
        }
        writeln!(f)?;
        let width = |text: fn(&Column) -> usize| t.columns.iter().map(text).max().unwrap_or(0);
        let (name, ty) = (width(|c| c.name.chars().count()), width(|c| shown_type(c).chars().count()));
        for c in &t.columns {
            let line = format!("  {:<name$}  {:<ty$}  {}", c.name, shown_type(c), facts(c));
            writeln!(f, "{}", line.trim_end())?;
        }
        t.keys.iter().try_for_each(|k| writeln!(f, "  {k}"))?;
        for fk in &t.foreign_keys {
            writeln!(f, "  {fk}{}", if self.table(&fk.parent).is_none() { " (not a table here)" } else { "" })?;
        }
        t.checks.iter().try_for_each(|c| writeln!(f, "  {c}"))?;
        for c in &t.columns {
            c.domain_checks.iter().try_for_each(|d| writeln!(f, "  {d} (domain of {})", c.name))?;
            let inner = c.inner.iter().flat_map(|i| i.checks.iter().map(move |d| (d, &i.type_name)));
            inner.into_iter().try_for_each(|(d, ty)| writeln!(f, "  {d} (domain over {ty} in {})", c.name))?;
        }
        t.exclusions.iter().try_for_each(|e| writeln!(f, "  exclusion {}: {}", e.name, e.definition))?;
        if !t.inherits.is_empty() {
            let parents: Vec<String> = t.inherits.iter().map(|p| self.label(p)).collect();
            writeln!(f, "  inherits {}", parents.join(", "))?;
        }
        if let Some(p) = &t.partitioning {
            self.describe_partitions(p, 1, f)?;
        }
        for trigger in &t.triggers {
            let state = if trigger.enabled { "" } else { " (disabled)" };
            writeln!(f, "  trigger {}: {}{state}", trigger.name, trigger.event)?;
        }
        if !t.indexes.is_empty() {
            let names: Vec<&str> = t.indexes.iter().map(|i| i.name.as_str()).collect();
            writeln!(f, "  indexes {}", names.join(", "))?;
        }
        t.unfit.iter().try_for_each(|u| writeln!(f, "  cannot be written to: {u}"))?;
        t.caveats.iter().try_for_each(|o| writeln!(f, "  beware: {o}"))
    }

    fn describe_partitions(&self, p: &Partitioning, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
        let indent = "  ".repeat(depth);
        let strategy = match p.strategy {
            PartitionStrategy::Range => "range",
            PartitionStrategy::List => "list",
            PartitionStrategy::Hash => "hash",
        };
        writeln!(f, "{indent}partitioned by {strategy} ({})", p.key.join(", "))?;
        for part in &p.partitions {
            writeln!(f, "{indent}  {}: {}", self.label(&part.name), part.bound)?;
            part.own_keys.iter().try_for_each(|k| writeln!(f, "{indent}    {k}"))?;
            part.own_checks.iter().try_for_each(|c| writeln!(f, "{indent}    {c}"))?;
            part.own_foreign_keys.iter().try_for_each(|k| writeln!(f, "{indent}    {k}"))?;
            if let Some(sub) = &part.sub {
                self.describe_partitions(sub, depth + 2, f)?;
            }
        }
        Ok(())
    }
}

/// The server's type name, with the resolved type if it adds information.
fn shown_type(c: &Column) -> String {
    let name = if c.type_name.is_empty() { "(no type)" } else { &c.type_name };
    match &c.ty {
        SqlType::Enum { members } if !name.starts_with("enum") => format!("{name} enum({})", members.join(", ")),
        SqlType::Unsupported { .. } => format!("{name} (not supported)"),
        _ => name.to_owned(),
    }
}

fn facts(c: &Column) -> String {
    let mut facts = Vec::new();
    if !c.nullable {
        facts.push("not null".to_owned());
    }
    match &c.auto {
        Some(Auto::IdentityAlways { .. }) => facts.push("identity always".into()),
        Some(Auto::IdentityByDefault { .. }) => facts.push("identity".into()),
        Some(Auto::Serial { sequence }) => facts.push(format!("from {sequence}")),
        Some(Auto::AutoIncrement) => facts.push("auto_increment".into()),
        Some(Auto::Rowid { autoincrement: true }) => facts.push("rowid, autoincrement".into()),
        Some(Auto::Rowid { .. }) => facts.push("rowid".into()),
        None => {
            if let Some(default) = &c.default {
                facts.push(format!("default {default}"));
            }
        }
    }
    if let Some(g) = &c.generated {
        facts.push(format!("{} as {}", if g.stored { "stored" } else { "virtual" }, g.expression));
    }
    let blind = [
        (c.collation.case_insensitive, "case"),
        (c.collation.accent_insensitive, "accents"),
        (c.collation.pad_space, "trailing spaces"),
    ];
    let blind: Vec<&str> = blind.iter().filter(|(on, _)| *on).map(|(_, what)| *what).collect();
    if !blind.is_empty() {
        facts.push(format!("{} ignores {}", c.collation.name, blind.join(", ")));
    }
    facts.join(", ")
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(KeyPart::to_string).collect();
        match (self.primary, self.name.as_str()) {
            // A name if the server has none.
            (true, "PRIMARY") => f.write_str("primary key")?,
            (true, name) => write!(f, "primary key {name}")?,
            (false, name) => write!(f, "unique {name}")?,
        }
        write!(f, " ({})", parts.join(", "))?;
        if !self.nulls_distinct {
            f.write_str(" nulls not distinct")?;
        }
        if let Some(predicate) = &self.predicate {
            write!(f, " where {predicate}")?;
        }
        write!(f, "{}", self.deferrable)
    }
}

impl Display for KeyPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.column.as_deref().or(self.expression.as_deref()).unwrap_or("?"))?;
        if let Some(n) = self.prefix {
            write!(f, "({n})")?;
        }
        match &self.collation {
            Some(c) => write!(f, " collate {}", c.name),
            None => Ok(()),
        }
    }
}

impl Display for Deferrable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deferrable::No => "",
            Deferrable::InitiallyImmediate => " deferrable",
            Deferrable::InitiallyDeferred => " deferrable initially deferred",
        })
    }
}

impl Display for ForeignKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (own, parents) = (self.columns.join(", "), self.parent_columns.join(", "));
        write!(f, "foreign key {} ({own}) -> {} ({parents})", self.name, self.parent)?;
        if self.match_full {
            f.write_str(" match full")?;
        }
        write!(f, "{}{}", self.deferrable, if self.validated { "" } else { " not enforced on all rows" })
    }
}

impl Display for Check {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "check {}: {}{}", self.name, self.text, if self.validated { "" } else { " not enforced on all rows" })
    }
}

impl Display for PartitionBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PartitionBound::Range { from, to } => write!(f, "from ({}) to ({})", from.join(", "), to.join(", ")),
            PartitionBound::List { values } => {
                let shown: Vec<&str> = values.iter().map(|v| v.as_deref().unwrap_or("NULL")).collect();
                write!(f, "in ({})", shown.join(", "))
            }
            PartitionBound::Hash { modulus, remainder } => write!(f, "hash {remainder} of {modulus}"),
            PartitionBound::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_views_are_one_line_and_a_reason_of_its_own_is_told() {
        let name = |i: usize| format!("public.v{i}");
        let views = (0..1864).map(|i| (name(i), "a view"));
        let others = [("public.m".to_owned(), "a MERGE table"), ("public.f".to_owned(), "a foreign table")];
        let lines = left_alone(others.into_iter().chain(views));
        let many = "a view: public.v0, public.v1, public.v2 and 1,861 more";
        assert_eq!(lines, ["public.m: a MERGE table", "public.f: a foreign table", many]);
        assert_eq!(left_alone((0..2).map(|i| (name(i), "a view"))), ["public.v0: a view", "public.v1: a view"]);
    }
}
