//! Learned columns whose names suggest an order: `start` and `end`, `least` and `most`.

use crate::context::PlanContext;
use dbmocker_domain::distribution::InverseCdf;
use dbmocker_generate::{NumericUnit, grid};
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues, Law, TablePlan};
use dbmocker_semantics as semantics;

/// Gives the second column of each pair the shares of the first, if its values are then never below those of the first.
pub(super) fn apply(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    for (p, table) in tables.iter_mut().enumerate() {
        let index = b.order[p];
        if table.rows == 0 || b.has_failed(index) {
            continue;
        }
        let orders = semantics::soft_checks(&b.schema.tables[index], b.schema.dialect, &|_| false);
        let mut changed = false;
        for (name, _) in orders {
            let Some((second, first)) = name.split_once(" >= ") else { continue };
            changed |= pair(table, first, second).is_some();
        }
        if changed {
            b.generator.replace(b.options.seed, p, table);
        }
    }
}

fn pair(table: &mut TablePlan, first: &str, second: &str) -> Option<()> {
    let find = |name: &str| table.columns.iter().position(|c| c.name == name);
    let (low, high) = (find(first)?, find(second)?);
    let [below, above] = [inverse(&table.columns[low])?, inverse(&table.columns[high])?];
    let shares = || (0..=100).map(|i| (f64::from(i) / 100.0).min(1.0 - f64::EPSILON));
    if shares().any(|u| below.number(u) > above.number(u)) {
        return None;
    }
    let column = &mut table.columns[high];
    column.reason += &format!("; not below `{first}`");
    drawn(column)?.beside = Some(first.to_owned());
    Some(())
}

fn drawn(column: &mut ColumnPlan) -> Option<&mut Drawn> {
    match &mut column.law.as_mut()?.law {
        Law::Drawn(drawn) => Some(drawn),
        _ => None,
    }
}

/// The inverse of a learned distribution without an order of its own.
fn inverse(column: &ColumnPlan) -> Option<InverseCdf> {
    let Law::Drawn(drawn) = &column.law.as_ref()?.law else { return None };
    let DrawnValues::Numbers { law, least, most, step } = &drawn.values else { return None };
    if drawn.order != 0.0 || drawn.beside.is_some() {
        return None;
    }
    InverseCdf::new(law, grid(NumericUnit::of(column)?, *least, *most, *step)).ok()
}
