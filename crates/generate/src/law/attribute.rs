//! Attributes that follow from values which the user gave: of the place that another column names, of the person with
//! these names.

use std::collections::HashMap;

use crate::generator::{Generator, RowError};
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::value::Value;
use dbmocker_domain::entity::{Attribute, AttributeWriter, of_names};
use dbmocker_plan::{ColumnPlan, Law, NameColumns, TablePlan};

use super::LawGen;

/// The writers of one attribute, by the text of the column that decides it.
#[derive(Debug)]
pub(crate) struct OverriddenAttribute {
    writers: HashMap<String, AttributeWriter>,
    entity: Stream,
    numbered: Option<u64>,
}

impl OverriddenAttribute {
    pub fn new(seed: u64, table: &TablePlan, c: &ColumnPlan, law: &Law) -> Option<Self> {
        let Law::Attribute { attribute, of, cases, .. } = law else { return None };
        let domain = c.rule.domain()?;
        let numbered = c.correlated.as_ref().and_then(|c| c.numbered);
        let writer = |(text, entity): &(String, _)| {
            Some((text.clone(), AttributeWriter::new(entity, *attribute, domain, numbered.is_some())?))
        };
        let writers = cases.iter().filter_map(writer).collect();
        let entity = Stream::new(seed, &table.label, &format!("{of} of the row"));
        Some(OverriddenAttribute { writers, entity, numbered })
    }
}

impl Generator {
    /// Returns the attribute of the entity that column `by` of the row stands for; `None` if it stands for none.
    pub(super) fn overridden_attribute(
        &self,
        (t, c): (usize, usize),
        (row, attempt): (u64, u32),
        by: usize,
        law: &LawGen,
    ) -> Result<Option<Value>, RowError> {
        let Some(overridden) = &law.overridden else { return Ok(None) };
        let decided = self.cell(t, by, row)?;
        if decided.is_null() {
            return Ok(None);
        }
        let Some(writer) = overridden.writers.get(&decided.to_string()) else { return Ok(None) };
        let column = &self.table(t).columns[c];
        let word = overridden.entity.at(row, attempt);
        let mut rng = CellRng::of_cell(column.stream.at(row, attempt));
        if let Some(number) = writer.number(word, &mut rng) {
            return Ok(Some(number));
        }
        let mut text = String::new();
        writer.write(word, &mut rng, overridden.numbered.map(|n| n.saturating_add(row)), &mut text);
        Ok(Some(Value::Text(text)))
    }

    /// Returns the text made of the row's names; `None` if it does not fit.
    pub(super) fn made_of_names(
        &self,
        (t, c): (usize, usize),
        (row, attempt): (u64, u32),
        names: &NameColumns,
        (attribute, most, numbered): (Attribute, u32, Option<u64>),
    ) -> Result<Option<Value>, RowError> {
        let cell = |c: Option<usize>| match c.map(|c| self.cell(t, c, row)).transpose()? {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => Ok(value.to_string()),
        };
        let full = cell(names.full)?;
        let (of_full_first, of_full_last) = full.rsplit_once(' ').unwrap_or((&full, ""));
        let (first, last) = (cell(names.first)?, cell(names.last)?);
        let first = if first.is_empty() { of_full_first } else { &first };
        let last = if last.is_empty() { of_full_last } else { &last };
        let mut rng = CellRng::of_cell(self.table(t).columns[c].stream.at(row, attempt));
        let number = numbered.map(|n| n.saturating_add(row));
        Ok(of_names(attribute, (first, last), most as usize, &mut rng, number).map(Value::Text))
    }
}
