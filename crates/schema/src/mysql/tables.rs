//! Builds one table of the model from the catalogue's rows.

use super::{MysqlCatalog, partitions, types};
use crate::error::SchemaError;
use crate::session::TextRow;
use crate::trigger_writes;
use dbmocker_core::schema::SqlType;
use dbmocker_core::schema::*;

impl MysqlCatalog {
    pub(super) fn table(&self, row: &TextRow, name: TableName) -> Result<Table, SchemaError> {
        let mut columns = Vec::new();
        for row in self.columns.get(&name.name).into_iter().flatten() {
            columns.push(self.column(row)?);
        }
        let checks =
            self.checks.get(&name.name).into_iter().flatten().map(|r| self.check(r)).collect::<Result<Vec<_>, _>>()?;
        for column in &mut columns {
            json_alias(column, &checks);
        }
        let (keys, indexes) = self.keys(&name.name, &columns)?;
        let mut foreign_keys = Vec::new();
        let fk_rows: &[TextRow] = self.foreign_keys.get(&name.name).map_or(&[], Vec::as_slice);
        for group in fk_rows.chunk_by(|a, b| a.opt("constraint_name") == b.opt("constraint_name")) {
            foreign_keys.push(foreign_key(group, &columns)?);
        }
        let partition_rows: &[TextRow] = self.partitions.get(&name.name).map_or(&[], Vec::as_slice);
        let default = self.default_partitions.get(&name.name).map(String::as_str);
        let mut options: Vec<String> = row.opt("engine").map(str::to_owned).into_iter().collect();
        if row.text("table_type")? == "SYSTEM VERSIONED" {
            options.push("SYSTEM VERSIONED".into());
        }
        let next = row.maybe::<u64>("auto_increment")?.and_then(|n| i64::try_from(n).ok()).filter(|n| *n > 1);
        let triggers = self.triggers.get(&name.name).into_iter().flatten().map(trigger).collect::<Result<_, _>>()?;
        Ok(Table {
            can_insert: self.grants.may_insert(&self.database, &name.name),
            partitioning: partitions::read(partition_rows, &self.database, default)?,
            columns,
            keys,
            foreign_keys,
            checks,
            triggers,
            indexes,
            options,
            existing: Existing { next, ..Existing::default() },
            comment: row.opt("table_comment").filter(|c| !c.is_empty()).map(str::to_owned),
            ..Table::new(name)
        })
    }

    fn column(&self, row: &TextRow) -> Result<Column, SchemaError> {
        let name = row.string("column_name")?;
        let srid = self.srids.get(&(row.string("table_name")?, name.clone())).copied().filter(|s| *s != 0);
        let ty = types::column_type(row, srid)?;
        let extra = row.opt("extra").unwrap_or_default().to_lowercase();
        let sequence = row.opt("column_default").filter(|_| self.mariadb).and_then(next_value);
        let expression = row.opt("generation_expression").filter(|e| !e.is_empty());
        let generated = expression.map(|e| Generated {
            expression: self.expression(e),
            stored: extra.contains("stored") || extra.contains("persistent"),
        });
        Ok(Column {
            default: self.default(row, &ty, &extra).filter(|_| generated.is_none()),
            name,
            type_name: row.string("column_type")?,
            qualified_type: None,
            nullable: row.flag("is_nullable"),
            numbering: sequence.and_then(|s| self.sequences.get(s)).copied().unwrap_or_default(),
            auto: match sequence.filter(|s| self.sequences.contains_key(*s)) {
                Some(sequence) => Some(Auto::Serial { sequence: sequence.to_owned() }),
                None => extra.contains("auto_increment").then_some(Auto::AutoIncrement),
            },
            generated,
            collation: types::collation(row.opt("collation_name"), row.opt("character_set_name")),
            domain_checks: Vec::new(),
            inner: Vec::new(),
            comment: row.opt("column_comment").filter(|c| !c.is_empty()).map(str::to_owned),
            ty,
        })
    }

    /// MariaDB gives the default's expression; MySQL the bare literal, unless it is marked as an expression.
    fn default(&self, row: &TextRow, ty: &SqlType, extra: &str) -> Option<String> {
        let text = row.opt("column_default")?;
        if self.mariadb {
            return (text != "NULL").then(|| text.to_owned());
        }
        let bare = extra.contains("default_generated")
            || matches!(
                ty,
                SqlType::Int { .. }
                    | SqlType::Decimal { .. }
                    | SqlType::Float { .. }
                    | SqlType::Bit { .. }
                    | SqlType::Year
            )
            || text.to_uppercase().starts_with("CURRENT_TIMESTAMP");
        Some(if bare { self.expression(text) } else { format!("'{}'", text.replace('\'', "''")) })
    }

    /// MySQL prints expressions with their quotes escaped (`_utf8mb4\'x\'`).
    fn expression(&self, text: &str) -> String {
        if self.mariadb { text.to_owned() } else { unescaped(text) }
    }

    fn check(&self, row: &TextRow) -> Result<Check, SchemaError> {
        Ok(Check {
            name: row.string("constraint_name")?,
            text: self.expression(row.text("check_clause")?),
            validated: row.flag("enforced"),
        })
    }

    /// The primary key first, then the unique ones by name; the others as plain indexes.
    fn keys(&self, table: &str, columns: &[Column]) -> Result<(Vec<Key>, Vec<Index>), SchemaError> {
        let rows: &[TextRow] = self.indexes.get(table).map_or(&[], Vec::as_slice);
        let (mut keys, mut indexes) = (Vec::new(), Vec::new());
        for group in rows.chunk_by(|a, b| a.opt("index_name") == b.opt("index_name")) {
            let row = &group[0];
            let name = row.string("index_name")?;
            let parts = group.iter().map(|r| self.part(r, columns)).collect::<Result<Vec<_>, _>>()?;
            if row.text("non_unique")? == "0" {
                let parts = parts.into_iter().filter(|p| !is_period(p, columns)).collect();
                let primary = name == "PRIMARY";
                let (nulls_distinct, deferrable) = (true, Deferrable::No);
                keys.push(Key { name, primary, parts, nulls_distinct, predicate: None, constraint: true, deferrable });
            } else {
                let definition = format!("{} ({})", row.opt("index_type").unwrap_or("BTREE"), shown(&parts));
                indexes.push(Index { name, definition, expressions: Vec::new() });
            }
        }
        keys.sort_by_key(|k| !k.primary);
        Ok((keys, indexes))
    }

    fn part(&self, row: &TextRow, columns: &[Column]) -> Result<KeyPart, SchemaError> {
        let expression = row.opt("expression").map(|e| self.expression(e));
        let column = row.opt("column_name").map(|c| own_spelling(columns, c));
        Ok(KeyPart { column, expression, prefix: row.maybe("sub_part")?, collation: None })
    }
}

fn shown(parts: &[KeyPart]) -> String {
    let one = |p: &KeyPart| {
        let name = p.column.as_deref().or(p.expression.as_deref()).unwrap_or_default();
        p.prefix.map_or_else(|| name.to_owned(), |n| format!("{name}({n})"))
    };
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The column's name as in its table; names in other catalogues may differ in case.
fn own_spelling(columns: &[Column], name: &str) -> String {
    let exact = columns.iter().find(|c| c.name == name);
    let any = || columns.iter().find(|c| c.name.to_lowercase() == name.to_lowercase());
    exact.or_else(any).map_or_else(|| name.to_owned(), |c| c.name.clone())
}

/// MariaDB's `json` is `longtext` with a CHECK of `json_valid`.
fn json_alias(column: &mut Column, checks: &[Check]) {
    let says_json = format!("json_valid(`{}`)", column.name.replace('`', "``"));
    if column.type_name.eq_ignore_ascii_case("longtext")
        && checks.iter().any(|c| c.text.eq_ignore_ascii_case(&says_json))
    {
        column.ty = SqlType::Json { binary: false };
    }
}

fn foreign_key(group: &[TextRow], columns: &[Column]) -> Result<ForeignKey, SchemaError> {
    let row = &group[0];
    let mut own = Vec::new();
    let mut parents = Vec::new();
    for row in group {
        own.push(own_spelling(columns, row.text("column_name")?));
        parents.push(row.string("referenced_column_name")?);
    }
    let action = |on: &str, name: &str| {
        let rule = row.opt(name).unwrap_or_default();
        (!matches!(rule, "" | "RESTRICT" | "NO ACTION")).then(|| format!("{on} {rule}"))
    };
    let actions = [action("ON UPDATE", "update_rule"), action("ON DELETE", "delete_rule")];
    Ok(ForeignKey {
        name: row.string("constraint_name")?,
        columns: own,
        parent: TableName::new(row.text("referenced_table_schema")?, row.text("referenced_table_name")?),
        parent_columns: parents,
        match_full: row.opt("match_option") == Some("FULL"),
        deferrable: Deferrable::No,
        validated: true,
        actions: actions.into_iter().flatten().collect::<Vec<_>>().join(" "),
    })
}

/// Part of a system-versioned table's key: the end of a row's time, which is the same for all rows that are not
/// history.
fn is_period(part: &KeyPart, columns: &[Column]) -> bool {
    let column = columns.iter().find(|c| part.column.as_ref() == Some(&c.name));
    let generated = column.and_then(|c| c.generated.as_ref());
    generated.is_some_and(|g| ["ROW START", "ROW END"].iter().any(|r| g.expression.eq_ignore_ascii_case(r)))
}

fn trigger(row: &TextRow) -> Result<Trigger, SchemaError> {
    let event = format!("{} {}", row.text("action_timing")?, row.text("event_manipulation")?);
    let trigger_effects = trigger_writes::trigger_effects(row.opt("action_statement").unwrap_or_default());
    let writes = trigger_effects.writes.into_iter().collect();
    Ok(Trigger { name: row.string("trigger_name")?, event, enabled: true, writes, refuses: trigger_effects.raises })
}

/// The sequence in MariaDB's default `nextval(...)`, as MariaDB prints its name.
pub(super) fn next_value(default: &str) -> Option<&str> {
    default.strip_prefix("nextval(")?.strip_suffix(')').filter(|name| name.starts_with('`') && !name.contains('('))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('0') => out.push('\0'),
                Some('r') => out.push('\r'),
                Some(c) => out.push(c),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn mysql_escapes_expressions_once_more() {
        assert_eq!(
            unescaped(r"(`s` in (_utf8mb4\'a\',_utf8mb4\'it\\\'s\'))"),
            r"(`s` in (_utf8mb4'a',_utf8mb4'it\'s'))"
        );
    }
}
