//! Builds one table of the model from the pragmas' rows and its CREATE statement.

use super::{SqliteCatalog, ddl, types};
use crate::error::SchemaError;
use crate::session::TextRow;
use crate::trigger_writes;
use dbmocker_core::schema::*;

impl SqliteCatalog {
    pub(super) fn table(&self, row: &TextRow) -> Result<Table, SchemaError> {
        let name = TableName::new("main", row.text("name")?);
        let text = ddl::table(row.opt("sql").unwrap_or_default());
        let (strict, without_rowid) = (row.flag("strict"), row.flag("without_rowid"));
        let index_rows = self.of(&self.indexes, &name.name);
        let mut columns = Vec::new();
        for row in self.of(&self.columns, &name.name) {
            columns.push(column(row, &text, strict)?);
        }
        let own_primary = self.primary_columns(&name.name)?;
        let has_index = index_rows.iter().any(|r| r.opt("origin") == Some("pk"));
        if let [only] = own_primary.as_slice()
            && !has_index
            && !without_rowid
        {
            let column = columns.iter_mut().find(|c| &c.name == only).expect("the pragma named it");
            let declared = text.columns.iter().find(|c| same(&c.name, only));
            column.auto = Some(Auto::Rowid { autoincrement: declared.is_some_and(|c| c.autoincrement) });
        }
        let (mut keys, indexes) = keys(index_rows, &columns, &text)?;
        if !has_index && !own_primary.is_empty() {
            keys.insert(0, rowid_key(&text, own_primary));
        }
        let options = [(strict, "STRICT"), (without_rowid, "WITHOUT ROWID")];
        Ok(Table {
            keys,
            foreign_keys: self.foreign_keys(&name, &columns, &text)?,
            checks: checks(&text),
            triggers: self.of(&self.triggers, &name.name).iter().map(trigger).collect::<Result<_, _>>()?,
            indexes,
            options: options.iter().filter(|(on, _)| *on).map(|(_, o)| (*o).to_owned()).collect(),
            columns,
            ..Table::new(name)
        })
    }

    fn of<'a>(&self, groups: &'a std::collections::HashMap<String, Vec<TextRow>>, table: &str) -> &'a [TextRow] {
        groups.get(&table.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    fn primary_columns(&self, table: &str) -> Result<Vec<String>, SchemaError> {
        let mut primary = Vec::new();
        for row in self.of(&self.columns, table) {
            primary.push((row.number::<u32>("pk")?, row.string("name")?));
        }
        primary.retain(|(n, _)| *n > 0);
        primary.sort();
        Ok(primary.into_iter().map(|(_, name)| name).collect())
    }

    /// A foreign key whose parent or parent's columns do not exist is kept as declared, not `validated`: SQLite allows
    /// such keys while `foreign_keys` is off.
    fn foreign_keys(
        &self,
        child: &TableName,
        columns: &[Column],
        text: &ddl::TableText,
    ) -> Result<Vec<ForeignKey>, SchemaError> {
        let mut out = Vec::new();
        let rows = self.of(&self.foreign_keys, &child.name);
        // The pragma numbers ids from the last declared; the query reverses the order, so it is that of the text.
        for (i, group) in rows.chunk_by(|a, b| a.opt("id") == b.opt("id")).enumerate() {
            let declared = text.foreign_keys.get(i);
            let mut own = Vec::new();
            for row in group {
                own.push(own_spelling(columns.iter().map(|c| c.name.as_str()), row.text("child_column")?));
            }
            let name =
                declared.and_then(|d| d.name.clone()).unwrap_or_else(|| format!("{}_fk_{}", child.name, own.join("_")));
            let resolved = self.parent(group)?;
            let validated = resolved.is_some();
            let as_declared = || {
                let parents = group.iter().filter_map(|r| r.opt("parent_column").map(str::to_owned)).collect();
                Ok::<_, SchemaError>((group[0].string("parent")?, parents))
            };
            let (parent, parent_columns) = resolved.map_or_else(as_declared, Ok)?;
            out.push(ForeignKey {
                name,
                columns: own,
                parent: TableName::new("main", parent),
                parent_columns,
                match_full: false,
                deferrable: declared.map_or(Deferrable::No, |d| d.deferrable),
                validated,
                actions: actions(&group[0]),
            });
        }
        Ok(out)
    }

    /// The parent's name and columns as in its own declaration; the primary key if no columns are named.
    fn parent(&self, group: &[TextRow]) -> Result<Option<(String, Vec<String>)>, SchemaError> {
        let parent = group[0].text("parent")?;
        let rows = self.of(&self.columns, parent);
        let Some(first) = rows.first() else { return Ok(None) };
        let own_name = first.string("table_name")?;
        let names = rows.iter().map(|r| r.string("name")).collect::<Result<Vec<_>, _>>()?;
        let mut wanted: Vec<String> = group.iter().filter_map(|r| r.opt("parent_column").map(str::to_owned)).collect();
        if wanted.is_empty() {
            wanted = self.primary_columns(parent)?;
        }
        let own: Option<Vec<String>> = wanted.iter().map(|w| names.iter().find(|n| same(n, w)).cloned()).collect();
        Ok(own.filter(|o| o.len() == group.len()).map(|o| (own_name, o)))
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn own_spelling<'a>(mut names: impl Iterator<Item = &'a str>, name: &str) -> String {
    names.find(|n| same(n, name)).unwrap_or(name).to_owned()
}

fn column(row: &TextRow, text: &ddl::TableText, strict: bool) -> Result<Column, SchemaError> {
    let name = row.string("name")?;
    let type_name = row.opt("type").unwrap_or_default().to_owned();
    let declared = text.columns.iter().find(|c| same(&c.name, &name));
    let hidden: u32 = row.number("hidden")?;
    let generated = (hidden >= 2).then(|| Generated {
        expression: declared.and_then(|d| d.generated.clone()).unwrap_or_default(),
        stored: hidden == 3,
    });
    Ok(Column {
        ty: types::declared(&type_name, strict),
        type_name,
        qualified_type: None,
        // By a historical bug, primary key columns may be NULL in SQLite; such rows are not generated.
        nullable: !row.flag("not_null") && row.opt("pk") == Some("0"),
        default: row.opt("expression").filter(|_| generated.is_none()).map(str::to_owned),
        auto: None,
        numbering: Numbering::default(),
        generated,
        collation: declared.and_then(|d| d.collation.as_deref()).map(types::collation).unwrap_or_default(),
        domain_checks: Vec::new(),
        inner: Vec::new(),
        comment: None,
        name,
    })
}

/// The rowid's alias has no separate index.
fn rowid_key(text: &ddl::TableText, columns: Vec<String>) -> Key {
    let named = text.named_keys.iter().find(|(_, c)| c.len() == 1 && same(&c[0], &columns[0]));
    let part = |column| KeyPart { column: Some(column), expression: None, prefix: None, collation: None };
    Key {
        name: named.map_or_else(|| "PRIMARY".into(), |(n, _)| n.clone()),
        primary: true,
        parts: columns.into_iter().map(part).collect(),
        nulls_distinct: true,
        predicate: None,
        constraint: true,
        deferrable: Deferrable::No,
    }
}

/// Unique indexes as keys, primary first; the others as plain indexes.
fn keys(rows: &[TextRow], columns: &[Column], text: &ddl::TableText) -> Result<(Vec<Key>, Vec<Index>), SchemaError> {
    let (mut keys, mut indexes) = (Vec::new(), Vec::new());
    for group in rows.chunk_by(|a, b| a.opt("name") == b.opt("name")) {
        let row = &group[0];
        let name = row.string("name")?;
        if row.flag("is_unique") {
            keys.push(key(group, columns, text)?);
        } else {
            indexes.push(Index {
                name,
                definition: row.opt("sql").unwrap_or_default().to_owned(),
                expressions: Vec::new(),
            });
        }
    }
    keys.sort_by_key(|k| !k.primary);
    Ok((keys, indexes))
}

fn key(group: &[TextRow], columns: &[Column], text: &ddl::TableText) -> Result<Key, SchemaError> {
    let row = &group[0];
    let index = row.opt("sql").map(ddl::index);
    let mut parts = Vec::new();
    for (i, row) in group.iter().enumerate() {
        let column = row.opt("column_name").and_then(|n| columns.iter().find(|c| same(&c.name, n)));
        let own = row.opt("collation").unwrap_or("BINARY");
        let of_column =
            column.map_or("BINARY", |c| if c.collation.name.is_empty() { "BINARY" } else { &c.collation.name });
        parts.push(KeyPart {
            column: column.map(|c| c.name.clone()),
            expression: if column.is_some() { None } else { index.as_ref().and_then(|x| x.parts.get(i).cloned()) },
            prefix: None,
            collation: (!same(own, of_column)).then(|| types::collation(own)),
        });
    }
    let names: Vec<&str> = parts.iter().filter_map(|p| p.column.as_deref()).collect();
    let origin = row.text("origin")?;
    let fits = |c: &[String]| c.len() == names.len() && c.iter().zip(&names).all(|(a, b)| same(a, b));
    let declared = text.named_keys.iter().find(|(_, c)| origin != "c" && fits(c));
    Ok(Key {
        name: declared.map_or(row.string("name")?, |(n, _)| n.clone()),
        primary: origin == "pk",
        parts,
        nulls_distinct: true,
        predicate: index.and_then(|x| x.predicate),
        constraint: origin != "c",
        deferrable: Deferrable::No,
    })
}

fn checks(text: &ddl::TableText) -> Vec<Check> {
    let numbered = |(i, (name, text)): (usize, &(Option<String>, String))| Check {
        name: name.clone().unwrap_or_else(|| format!("check_{}", i + 1)),
        text: text.clone(),
        validated: true,
    };
    text.checks.iter().enumerate().map(numbered).collect()
}

fn actions(row: &TextRow) -> String {
    let action = |on: &str, name: &str| {
        let rule = row.opt(name).unwrap_or_default();
        (!matches!(rule, "" | "NO ACTION")).then(|| format!("{on} {rule}"))
    };
    [action("ON UPDATE", "on_update"), action("ON DELETE", "on_delete")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn trigger(row: &TextRow) -> Result<Trigger, SchemaError> {
    let sql = row.text("sql")?;
    let trigger_effects = trigger_writes::trigger_effects(sql);
    Ok(Trigger {
        name: row.string("name")?,
        event: ddl::trigger_event(sql),
        enabled: true,
        writes: trigger_effects.writes.into_iter().collect(),
        refuses: trigger_effects.raises,
    })
}
