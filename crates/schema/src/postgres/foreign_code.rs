//! Finds functions of untrusted roles that rows of a table would call with this account's privileges. In: the catalogue
//! with owners. Out: why such a table is not filled, and its CHECKs are not evaluated, unless `--trust-schema` is
//! given.

use std::collections::HashMap;

use dbmocker_loaders::postgres::path::TRUSTED;

use super::{PostgresCatalog, RelationRow};
use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::Table;

/// Descriptions by table or partition.
pub(super) type Foreign = HashMap<u32, String>;

/// Reads them; nothing if this account has no far-reaching privileges.
pub(super) fn read(session: &mut Session) -> Result<Foreign, SchemaError> {
    // By its cost estimate the server would JIT-compile the query, which takes seconds.
    let sql = format!("set local jit = off; {}", include_str!("foreign_code.sql").replace("{trusted}", TRUSTED));
    let rows = session.rows("the functions of other roles", &sql)?;
    let said = |row: &crate::session::TextRow| {
        let (what, function, role) = (row.text("what")?, row.text("function")?, row.text("role")?);
        let call = match row.flag("is_theirs") {
            true => format!("{what} calls function `{function}` of role `{role}`"),
            false => format!("{what}, made by role `{role}`, calls function `{function}`"),
        };
        let message = format!(
            "{call}, whose code is not run with this account's rights; connect as a role with fewer rights, such as the \
             table's owner, leave the table out (--exclude-tables), or trust what others made in this database \
             (--trust-schema)"
        );
        Ok((row.number("relation")?, message))
    };
    rows.iter().map(said).collect()
}

impl PostgresCatalog {
    /// Why a table, or a partition of it, must not be written to.
    pub(super) fn foreign_code(&self, r: &RelationRow, foreign: &Foreign) -> Option<String> {
        let own = foreign.get(&r.oid).cloned();
        own.or_else(|| self.partitions_of(r).find_map(|p| self.foreign_code(p, foreign)))
    }
}

/// Tables whose triggers, by their text, write to such tables are not filled either.
pub(super) fn spread(tables: &mut [Table]) {
    loop {
        let bad: Vec<(String, String)> =
            tables.iter().filter(|t| !t.unfit.is_empty()).map(|t| (t.name.name.clone(), t.name.to_string())).collect();
        let writes_to = |t: &Table| {
            let mut written = t.insert_triggers().flat_map(|g| &g.writes);
            let found = written.find(|w| bad.iter().any(|(bare, full)| *w == bare || *w == full));
            found.map(|w| format!("its triggers write to `{w}`, which runs code of others: see there"))
        };
        let reasons: Vec<Option<String>> =
            tables.iter().map(|t| if t.unfit.is_empty() { writes_to(t) } else { None }).collect();
        if reasons.iter().all(Option::is_none) {
            return;
        }
        tables.iter_mut().zip(reasons).for_each(|(t, reason)| t.unfit.extend(reason));
    }
}
