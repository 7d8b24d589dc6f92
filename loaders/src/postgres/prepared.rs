//! COPYs that are prepared together: the catalogue is read once, all statements are prepared in one request, and the
//! request that ends one COPY begins the next.

use std::collections::VecDeque;

use arrow::datatypes::SchemaRef;
use tokio_postgres::Statement;

use super::columns::{Resolved, WireForm, resolve};
use super::session::PostgresSession;
use super::{CopyParameters, failure, label};
use crate::staged::PayloadBatches;
use crate::{LoadError, Loaded, Target};

/// A load that comes next.
pub struct PreparedCopy {
    target: Target,
    forms: Vec<Option<WireForm>>,
    /// `None`: its rows cannot be sent by a COPY into the table.
    statement: Option<(String, Statement)>,
}

/// Prepares loads, in their order.
///
/// # Errors
/// A table does not exist or is not visible, or a column has no encoding.
pub fn prepare(
    session: &mut PostgresSession,
    loads: &[(Target, SchemaRef)],
) -> Result<VecDeque<PreparedCopy>, LoadError> {
    let targets: Vec<&Target> = loads.iter().map(|(target, _)| target).collect();
    let names = targets.iter().map(|target| label(target)).collect::<Vec<_>>().join("`, `");
    let all = resolve(session, &targets, &names)?;
    let mut statements = Vec::new();
    for (Resolved { forms, policies }, (target, schema)) in all.iter().zip(loads) {
        let copied = !policies && !target.columns.is_empty();
        let of_label = label(target);
        let copy = copied.then(|| CopyParameters::new(target, forms, schema, &of_label)).transpose()?;
        statements.push(copy.map(|copy| copy.statement()));
    }
    let known: Vec<String> = statements.iter().flatten().cloned().collect();
    let mut prepared = session.prepare_all(&known).map_err(|e| failure::table(&names, &e))?.into_iter();
    let one = |((resolved, target), sql): ((Resolved, &Target), Option<String>)| PreparedCopy {
        target: target.clone(),
        forms: resolved.forms,
        statement: sql.and_then(|sql| Some((sql, prepared.next()?))),
    };
    Ok(all.into_iter().zip(targets).zip(statements).map(one).collect())
}

/// Loads what was prepared next; `None` if that is no COPY, or another one.
pub fn load(
    session: &mut PostgresSession,
    all: &mut VecDeque<PreparedCopy>,
    target: &Target,
    source: &mut PayloadBatches<'_>,
) -> Option<Result<Loaded, LoadError>> {
    let prepared = all.pop_front()?;
    let label = label(target);
    let copy = match CopyParameters::new(target, &prepared.forms, &source.schema, &label) {
        Ok(copy) => copy,
        Err(e) => return Some(Err(e)),
    };
    let same = (&prepared.target.schema, &prepared.target.table) == (&target.schema, &target.table);
    let Some((_, statement)) = prepared.statement.as_ref().filter(|(sql, _)| same && *sql == copy.statement()) else {
        // Another load may change the session's search path, with which the others were prepared.
        all.clear();
        return None;
    };
    let next = all.front().and_then(|next| next.statement.as_ref()).map(|(_, statement)| statement);
    let loaded = copy.run(session, (statement, next), source);
    if loaded.is_err() {
        all.clear();
    }
    Some(loaded)
}
