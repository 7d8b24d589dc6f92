//! Builds one table of the model from the catalogue's rows.

use std::collections::{BTreeSet, HashMap};

use super::{PostgresCatalog, RelationRow, bounds};
use crate::error::SchemaError;
use crate::session::TextRow;
use crate::trigger_writes::{called, with_calls};
use dbmocker_core::schema::SqlType;
use dbmocker_core::schema::*;

/// A key part as returned by `indexes.sql`: column, expression, collation's oid if it is not the column's.
type PartitionPart = (Option<String>, Option<String>, Option<String>);

impl PostgresCatalog {
    pub(super) fn table(&self, r: &RelationRow) -> Result<Table, SchemaError> {
        let mut caveats = Vec::new();
        if r.row_security_active {
            caveats.push(Caveat::RowSecurity);
        }
        let mut can_insert = r.can_insert;
        let mut columns = Vec::new();
        for row in rows_of(&self.columns, r) {
            can_insert &= row.opt("can_move_sequence") != Some("f");
            columns.push(self.column(row)?);
        }
        for foreign in self.leaves(r).into_iter().filter(|p| p.kind == "f") {
            caveats.push(Caveat::ForeignPartition(foreign.name.clone()));
        }
        if r.compressed {
            caveats.push(Caveat::Compressed);
        }
        let options = [(r.unlogged, "UNLOGGED"), (r.hypertable, HYPERTABLE)];
        let mut triggers = Vec::new();
        for row in rows_of(&self.triggers, r) {
            let (name, events) = (row.string("name")?, row.text("events")?);
            match row.flag("is_rule") {
                true if row.flag("enabled") => caveats.push(Caveat::Rule { name, events: events.to_owned() }),
                true => {}
                false => {
                    let event = format!("{} {events}", row.text("timing")?);
                    let trigger_effects = with_calls(row.opt("function").unwrap_or_default(), &self.bodies);
                    let writes = trigger_effects.writes.into_iter().collect();
                    let refuses =
                        trigger_effects.raises || (trigger_effects.returns_null && event.starts_with("BEFORE"));
                    triggers.push(Trigger { name, event, enabled: row.flag("enabled"), writes, refuses });
                }
            }
        }
        let (keys, indexes) = self.keys(r, |_| true)?;
        let mut checks = self.checks(r, |_| true)?;
        checks.extend(self.policies(r)?);
        let reads = self.reads(r, &checks, &columns);
        Ok(Table {
            keys,
            foreign_keys: self.foreign_keys(r)?,
            checks,
            exclusions: rows_of(&self.exclusions, r).map(exclusion).collect::<Result<_, _>>()?,
            partitioning: self.partitioning(r)?,
            inherits: r.inherits.clone(),
            triggers,
            caveats,
            reads,
            indexes,
            can_insert,
            not_emptied: r.not_emptied.clone(),
            options: options.iter().filter(|(on, _)| *on).map(|(_, o)| (*o).to_owned()).collect(),
            comment: r.comment.clone(),
            columns,
            ..Table::new(r.name.clone())
        })
    }

    /// Other tables that the functions of a table's CHECKs read.
    fn reads(&self, r: &RelationRow, checks: &[Check], columns: &[Column]) -> Vec<TableName> {
        let all = checks.iter().chain(columns.iter().flat_map(|c| &c.domain_checks));
        let called: BTreeSet<String> = all.flat_map(|c| called(&c.text)).collect();
        let reads: BTreeSet<String> = called
            .iter()
            .filter(|f| self.bodies.contains_key(*f))
            .flat_map(|f| with_calls(f, &self.bodies).reads)
            .collect();
        let named = |relation: &&RelationRow, said: &str| match said.split_once('.') {
            Some((schema, name)) => relation.name.schema == schema && relation.name.name == name,
            None => relation.name.name == *said,
        };
        let find = |said: &String| {
            let mut fitting = self.relations.iter().filter(|x| matches!(x.kind.as_str(), "r" | "p") && named(x, said));
            // For a name without schema: the table in the same schema, otherwise the first match.
            let own = fitting.clone().find(|x| x.name.schema == r.name.schema);
            own.or_else(|| fitting.next()).map(|x| x.name.clone()).filter(|name| *name != r.name)
        };
        reads.iter().filter_map(find).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn column(&self, row: &TextRow) -> Result<Column, SchemaError> {
        let name = row.string("name")?;
        let resolved = self.types.resolve(row.number("type")?, row.number("typmod")?, row.number("dimensions")?);
        let expression = row.opt("expression").map(str::to_owned);
        let is_generated = row.opt("generated").is_some_and(|g| !g.is_empty());
        let generated = expression
            .clone()
            .filter(|_| is_generated)
            .map(|expression| Generated { expression, stored: row.opt("generated") == Some("s") });
        let default = if is_generated { None } else { expression.or(resolved.default) };
        let mut collation = match row.number("collation")? {
            0 => Collation::default(),
            oid => self.collations.get(&oid).cloned().unwrap_or_default(),
        };
        if matches!(resolved.ty, SqlType::Text { case_insensitive: true, .. }) {
            collation.case_insensitive = true;
        }
        Ok(Column {
            auto: auto(row, default.as_deref())?,
            numbering: numbering(row)?,
            name,
            ty: resolved.ty,
            type_name: self.types.short(row.text("type_name")?),
            qualified_type: Some(row.string("type_name")?).filter(|t| *t != self.types.short(t)),
            nullable: !row.flag("not_null") && !resolved.not_null,
            default,
            generated,
            collation,
            domain_checks: resolved.checks,
            inner: resolved.inner,
            comment: row.opt("comment").map(str::to_owned),
        })
    }

    /// Unique indexes as keys, the others as plain indexes.
    fn keys(&self, r: &RelationRow, take: impl Fn(&TextRow) -> bool) -> Result<(Vec<Key>, Vec<Index>), SchemaError> {
        let (mut keys, mut indexes) = (Vec::new(), Vec::new());
        for row in rows_of(&self.indexes, r).filter(|row| take(row)) {
            if row.flag("is_unique") {
                keys.push(self.key(row)?);
            } else if !row.flag("is_exclusion") {
                let parts: Vec<PartitionPart> = row.json("parts")?;
                let expressions = parts.into_iter().filter_map(|(_, expression, _)| expression);
                indexes.push(Index {
                    name: row.string("name")?,
                    definition: row.string("definition")?,
                    expressions: expressions.chain(row.opt("predicate").map(str::to_owned)).collect(),
                });
            }
        }
        Ok((keys, indexes))
    }

    fn key(&self, row: &TextRow) -> Result<Key, SchemaError> {
        let parts: Vec<PartitionPart> = row.json("parts")?;
        Ok(Key {
            name: row.string("name")?,
            primary: row.flag("is_primary"),
            parts: parts
                .into_iter()
                .map(|(column, expression, collation)| KeyPart {
                    column,
                    expression,
                    prefix: None,
                    collation: collation.and_then(|oid| self.collations.get(&oid.parse().ok()?).cloned()),
                })
                .collect(),
            nulls_distinct: !row.flag("nulls_not_distinct"),
            predicate: row.opt("predicate").map(str::to_owned),
            constraint: row.opt("constraint_name").is_some(),
            deferrable: deferrable(row),
        })
    }

    fn foreign_keys(&self, r: &RelationRow) -> Result<Vec<ForeignKey>, SchemaError> {
        rows_of(&self.foreign_keys, r).map(foreign_key).collect()
    }

    fn checks(&self, r: &RelationRow, take: impl Fn(&TextRow) -> bool) -> Result<Vec<Check>, SchemaError> {
        let check = |row: &TextRow| {
            Ok(Check { name: row.string("name")?, text: row.string("text")?, validated: row.flag("validated") })
        };
        rows_of(&self.checks, r).filter(|row| take(row)).map(check).collect()
    }

    /// The conditions of row-level security on new rows, as CHECKs.
    fn policies(&self, r: &RelationRow) -> Result<Vec<Check>, SchemaError> {
        let check = |name: &str, text: String| Check { name: name.to_owned(), text, validated: true };
        let mut any = Vec::new();
        let mut checks = Vec::new();
        for row in rows_of(&self.policies, r) {
            match row.flag("permissive") {
                true => any.push(format!("({})", row.text("text")?)),
                false => checks.push(check(row.text("name")?, row.string("text")?)),
            }
        }
        if !any.is_empty() {
            checks.push(check("row-level security", any.join(" OR ")));
        }
        Ok(checks)
    }

    fn leaves<'a>(&'a self, r: &'a RelationRow) -> Vec<&'a RelationRow> {
        self.partitions_of(r).flat_map(|p| if p.kind == "p" { self.leaves(p) } else { vec![p] }).collect()
    }

    fn partitioning(&self, r: &RelationRow) -> Result<Option<Partitioning>, SchemaError> {
        let Some((strategy, key)) = r.partitioning.clone() else { return Ok(None) };
        let partitions = self.partitions_of(r).map(|p| self.partition(r, p)).collect::<Result<_, _>>()?;
        Ok(Some(Partitioning { strategy, key, partitions }))
    }

    fn partition(&self, parent: &RelationRow, p: &RelationRow) -> Result<Partition, SchemaError> {
        let bound = p.bound.as_deref().unwrap_or_default();
        let bound = bounds::parse(bound)
            .ok_or_else(|| SchemaError::unexpected(format!("the bounds of {}", p.name), format!("`{bound}`")))?;
        let mut own_checks = self.checks(p, |row| !row.flag("inherited"))?;
        own_checks.extend(self.own_not_nulls(parent, p)?);
        Ok(Partition {
            name: p.name.clone(),
            bound,
            sub: self.partitioning(p)?,
            own_keys: self.keys(p, |row| row.opt("parent").is_none())?.0,
            own_checks,
            own_foreign_keys: self.foreign_keys(p)?,
        })
    }

    /// NOT NULLs that the partition has and its parent has not, as CHECKs.
    fn own_not_nulls(&self, parent: &RelationRow, p: &RelationRow) -> Result<Vec<Check>, SchemaError> {
        let mut nullable: Vec<&str> = Vec::new();
        for row in rows_of(&self.columns, parent).filter(|row| !row.flag("not_null")) {
            nullable.push(row.text("name")?);
        }
        let mut checks = Vec::new();
        for row in rows_of(&self.columns, p).filter(|row| row.flag("not_null")) {
            let name = row.text("name")?;
            if nullable.contains(&name) {
                let quoted = dbmocker_loaders::ident::quote(dbmocker_loaders::Dialect::Postgres, name);
                checks.push(Check {
                    name: format!("{name}_not_null"),
                    text: format!("({quoted} IS NOT NULL)"),
                    validated: true,
                });
            }
        }
        Ok(checks)
    }
}

fn rows_of<'a>(groups: &'a HashMap<u32, Vec<TextRow>>, r: &RelationRow) -> impl Iterator<Item = &'a TextRow> {
    groups.get(&r.oid).into_iter().flatten()
}

fn auto(row: &TextRow, default: Option<&str>) -> Result<Option<Auto>, SchemaError> {
    let identity = || row.string("identity_sequence");
    Ok(match row.opt("identity") {
        Some("a") => Some(Auto::IdentityAlways { sequence: identity()? }),
        Some("d") => Some(Auto::IdentityByDefault { sequence: identity()? }),
        _ => default
            .and_then(nextval)
            .map(|named| Auto::Serial { sequence: row.opt("default_sequence").unwrap_or(&named).to_owned() }),
    })
}

/// A column without a sequence has the usual numbers.
fn numbering(row: &TextRow) -> Result<Numbering, SchemaError> {
    let most = row.maybe("sequence_most")?.unwrap_or(i64::MAX);
    let least = row.maybe("sequence_least")?.unwrap_or(i64::MIN);
    Ok(match (row.maybe("sequence_start")?, row.maybe("sequence_step")?) {
        (Some(start), Some(step)) => Numbering { start, step, most, least },
        _ => Numbering::default(),
    })
}

/// The sequence's name in a default that is `nextval(...)` and nothing else.
fn nextval(default: &str) -> Option<String> {
    let argument = default.strip_prefix("nextval(")?.strip_suffix(')')?;
    let rest = argument.trim_start_matches('(').strip_prefix('\'')?;
    let end = rest.replace("''", "  ").find('\'')?;
    // Only casts may follow the literal.
    let casts = rest[end + 1..].replace("::regclass", "").replace("::text", "");
    casts.chars().all(|c| c == ')').then(|| rest[..end].replace("''", "'"))
}

fn deferrable(row: &TextRow) -> Deferrable {
    match (row.flag("deferrable"), row.flag("deferred")) {
        (false, _) => Deferrable::No,
        (true, false) => Deferrable::InitiallyImmediate,
        (true, true) => Deferrable::InitiallyDeferred,
    }
}

fn foreign_key(row: &TextRow) -> Result<ForeignKey, SchemaError> {
    let action = |on: &str, code: Option<&str>| {
        let what = match code? {
            "r" => "RESTRICT",
            "c" => "CASCADE",
            "n" => "SET NULL",
            "d" => "SET DEFAULT",
            _ => return None,
        };
        Some(format!("{on} {what}"))
    };
    let actions = [action("ON UPDATE", row.opt("on_update")), action("ON DELETE", row.opt("on_delete"))];
    Ok(ForeignKey {
        name: row.string("name")?,
        columns: row.json("columns")?,
        parent: TableName::new(row.text("parent_schema")?, row.text("parent_name")?),
        parent_columns: row.json("parent_columns")?,
        match_full: row.opt("match") == Some("f"),
        deferrable: deferrable(row),
        validated: row.flag("validated"),
        actions: actions.into_iter().flatten().collect::<Vec<_>>().join(" "),
    })
}

fn exclusion(row: &TextRow) -> Result<Exclusion, SchemaError> {
    Ok(Exclusion {
        name: row.string("name")?,
        elements: row.json("elements")?,
        predicate: row.opt("predicate").map(str::to_owned),
        definition: row.string("definition")?,
    })
}

#[cfg(test)]
mod tests {
    use super::nextval;

    #[test]
    fn defaults_that_are_a_sequence() {
        assert_eq!(nextval("nextval('a_seq'::regclass)").as_deref(), Some("a_seq"));
        assert_eq!(nextval("nextval(('s.\"It''s\"'::text)::regclass)").as_deref(), Some("s.\"It's\""));
        assert_eq!(nextval("(nextval('a'::regclass) + 1)"), None);
        assert_eq!(nextval("nextval('a'::regclass) + nextval('b'::regclass)"), None);
    }
}
