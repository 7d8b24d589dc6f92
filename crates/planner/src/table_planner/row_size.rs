//! Rows of very wide tables that fit a page: more NULLs, then shorter texts.
//!
//! Servers store long texts outside of the row, but every value leaves at least a pointer in it, so that a few hundred
//! columns can be too many for one page.

use super::{PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::table_planner::PendingColumn;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::{Column, Dialect, SqlType};
use dbmocker_domain::Domain;
use dbmocker_predicate::narrow::{NarrowTexts as _, Narrowing};

/// Tables of fewer columns always fit.
const WIDE: usize = 200;
/// Expected bytes of a row that leave room for rows that are longer than others.
const USUAL: f64 = 6_000.0;
/// Maximum bytes of a row that the servers accept, less their headers.
const PAGE: f64 = 7_900.0;
/// Maximum bytes that a value takes in the row: longer ones leave a pointer.
const POINTER: f64 = 20.0;
/// Number of values drawn to estimate a column's length.
const DRAWN: u64 = 16;
/// Minimum length of shortened texts.
const SHORTEST: u32 = 2;

impl TablePlanner<'_> {
    /// Makes NULLs more frequent and texts shorter if the table's rows would not fit a page.
    ///
    /// # Errors
    /// If no row fits.
    pub(super) fn fit_page(&mut self, b: &PlanContext<'_>) -> Result<(), Unplannable> {
        if self.columns.len() < WIDE || b.schema.dialect == Dialect::Sqlite {
            return Ok(());
        }
        let mut widths: Vec<f64> = self.table.columns.iter().zip(&self.columns).map(|(c, d)| width(c, d)).collect();
        let expected = |s: &Self, widths: &[f64], of: &dyn Fn(usize) -> bool| -> f64 {
            let sent = |c: &usize| !s.columns[*c].omit && of(*c);
            (0..widths.len()).filter(sent).map(|c| widths[c] * (1.0 - s.columns[c].null_share)).sum()
        };
        if expected(self, &widths, &|_| true) <= USUAL {
            return Ok(());
        }
        let own: Vec<bool> = (0..widths.len()).map(|c| self.is_own(b, c)).collect();
        let free: Vec<bool> = (0..widths.len()).map(|c| own[c] && b.nullable(self.index, c)).collect();
        // A CHECK may require long texts.
        let text = |s: &Self, c: usize| {
            own[c] && !free[c] && !s.is_checked(c) && matches!(s.columns[c].domain, Some(Domain::Text(_)))
        };
        let fixed = expected(self, &widths, &|c| !free[c]);
        // Columns that may be NULL keep a tenth of the row.
        if fixed > USUAL * 0.9 {
            let texts: Vec<usize> = (0..widths.len()).filter(|&c| text(self, c)).collect();
            let rest = fixed - expected(self, &widths, &|c| texts.contains(&c));
            let bytes = (USUAL * 0.9 - rest) / texts.len().max(1) as f64;
            let most = (SHORTEST..64).take_while(|n| f64::from(n + 1) <= bytes).last().unwrap_or(SHORTEST);
            for c in texts {
                self.columns[c].shorten(most);
                widths[c] = width(&self.table.columns[c], &self.columns[c]);
            }
        }
        let fixed = expected(self, &widths, &|c| !free[c]);
        if fixed > PAGE {
            return Err(Unplannable::RowSize { columns: widths.len(), bytes: fixed, page: PAGE });
        }
        let share = ((USUAL - fixed).max(0.0) / expected(self, &widths, &|c| free[c])).min(1.0);
        for c in (0..widths.len()).filter(|&c| free[c] && share < 1.0) {
            let column = &mut self.columns[c];
            column.null_share = 1.0 - (1.0 - column.null_share) * share;
            column.reason = format!("{}; NULL in more rows, so that a row fits a page", column.reason);
        }
        Ok(())
    }

    /// Returns true if neither a key, a foreign key nor the configuration determines the column.
    fn is_own(&self, b: &PlanContext<'_>, c: usize) -> bool {
        let name = &self.table.columns[c].name;
        !self.columns[c].omit
            && !self.in_key(&[c])
            && !self.table.every_foreign_key().iter().any(|f| f.columns.contains(name))
            && b.overrides.column(self.index, c).is_none()
            && !self.is_fixed(c)
    }
}

impl PendingColumn {
    /// Limits its texts to this many characters.
    fn shorten(&mut self, chars: u32) {
        let mut is_short = false;
        for domain in self.domain.iter_mut().chain(&mut self.legal) {
            if let Narrowing::Exact(short) = domain.keep_chars(0, chars) {
                is_short |= *domain != short;
                *domain = short;
            }
        }
        if is_short {
            self.reason = format!("{}; short, so that a row fits a page", self.reason);
        }
    }
}

/// Returns the expected number of bytes of a value in its row.
fn width(column: &Column, planned: &PendingColumn) -> f64 {
    match &column.ty {
        SqlType::Int { bytes, .. } => f64::from(*bytes),
        SqlType::Bool => 1.0,
        _ => match &planned.domain {
            Some(Domain::Range { .. } | Domain::Float { .. }) => 8.0,
            Some(domain) => {
                let sampler = domain.sampler();
                let length = |i: u64| sampler.draw(&mut CellRng::new(i)).to_string().len() as f64;
                ((0..DRAWN).map(length).sum::<f64>() / DRAWN as f64 + 1.0).min(POINTER)
            }
            None => POINTER,
        },
    }
}
