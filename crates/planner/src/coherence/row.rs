//! Input and result of the laws within one row: columns by role, and the laws found so far.

use std::collections::{BTreeMap, BTreeSet};

use dbmocker_core::schema::{SqlType, Table};
use dbmocker_plan::{Formula, Law, LawPlan};
use dbmocker_semantics as semantics;
use dbmocker_semantics::Amount;

/// The columns of a table that may have laws.
pub struct RowLaws<'a> {
    pub table: &'a Table,
    /// Number of fractional digits; `None` for columns that are not numeric.
    pub scales: Vec<Option<u8>>,
    /// The smallest and the largest likely value, in whole units.
    pub smallest: Vec<f64>,
    pub largest: Vec<f64>,
    /// The values of columns that hold one of a list of texts.
    pub lists: BTreeMap<usize, Vec<String>>,
    /// Columns that laws may determine, with their bounds in the column's own unit.
    pub free: BTreeMap<usize, (i64, i64)>,
    /// As `free`, for columns of which a CHECK excludes 0 only.
    pub nonzero: BTreeMap<usize, (i64, i64)>,
    /// Columns whose share of NULLs the config file requests: no flow may fill them.
    pub asked_nulls: BTreeSet<usize>,
    /// Columns that aggregate rows of other tables, by their names.
    pub aggregated: BTreeSet<usize>,
    /// Columns whose laws their comments state.
    pub commented: BTreeSet<usize>,
    /// The language of the table's names.
    pub language: Option<&'static str>,
    /// Columns of each role, in table order.
    amounts: BTreeMap<Amount, Vec<usize>>,
    pub laws: BTreeMap<usize, LawPlan>,
}

impl<'a> RowLaws<'a> {
    pub fn new(
        table: &'a Table,
        scales: Vec<Option<u8>>,
        likely: Vec<(f64, f64)>,
        lists: BTreeMap<usize, Vec<String>>,
        free: BTreeMap<usize, (i64, i64)>,
    ) -> Self {
        let language = semantics::language(table);
        let mut amounts: BTreeMap<Amount, Vec<usize>> = BTreeMap::new();
        for (c, column) in table.columns.iter().enumerate() {
            // `rooms_total` is the total of a bill only with decimals.
            let (Some(amount), Some(scale)) = (semantics::amount_in(language, &column.name), scales[c]) else {
                continue;
            };
            if !matches!(amount, Amount::Total | Amount::Subtotal) || scale > 0 || !semantics::is_count(&column.name) {
                amounts.entry(amount).or_default().push(c);
            }
        }
        let (smallest, largest) = likely.into_iter().unzip();
        RowLaws {
            table,
            scales,
            smallest,
            largest,
            lists,
            free,
            nonzero: BTreeMap::new(),
            asked_nulls: BTreeSet::new(),
            aggregated: BTreeSet::new(),
            commented: BTreeSet::new(),
            language,
            amounts,
            laws: BTreeMap::new(),
        }
    }

    /// Returns the first column of a role.
    pub fn one(&self, amount: Amount) -> Option<usize> {
        self.amounts.get(&amount)?.first().copied()
    }

    pub fn all(&self, amount: Amount) -> Vec<usize> {
        self.amounts.get(&amount).cloned().unwrap_or_default()
    }

    /// Returns the column of the first role that the table has.
    pub fn first(&self, amounts: &[Amount]) -> Option<usize> {
        amounts.iter().find_map(|a| self.one(*a))
    }

    /// Returns the column if a law may still determine it.
    pub fn open(&self, c: Option<usize>) -> Option<usize> {
        c.filter(|c| self.free.contains_key(c) && !self.laws.contains_key(c))
    }

    pub fn name(&self, c: usize) -> &str {
        &self.table.columns[c].name
    }

    pub fn scale(&self, c: usize) -> u8 {
        self.scales[c].unwrap_or(0)
    }

    /// Returns the largest likely value that CHECKs allow, in whole units.
    pub fn reach(&self, c: usize) -> f64 {
        let allowed = self.free.get(&c).map(|(_, most)| *most as f64 / 10f64.powi(self.scale(c).into()));
        allowed.map_or(self.largest[c], |most| self.largest[c].min(most))
    }

    /// Returns the number of integer digits that the type allows; `None` if it sets no limit.
    pub fn whole_digits(&self, c: usize) -> Option<i32> {
        match self.table.columns[c].ty {
            SqlType::Decimal { precision: 1.., scale, .. } => {
                let SqlType::Decimal { precision, .. } = self.table.columns[c].ty else { return None };
                Some(i32::from(precision) - i32::from(scale))
            }
            _ => None,
        }
    }

    /// Adds a law, unless the column already has one or the law would depend on the column itself.
    pub fn law(&mut self, c: Option<usize>, expr: Formula, text: impl Into<String>) {
        let Some(c) = self.open(c) else { return };
        if self.needs(&expr).contains(&c) {
            return;
        }
        let (least, most) = self.free[&c];
        let law = Law::Number { expr, least, most };
        self.laws.insert(c, LawPlan { law, text: text.into() });
    }

    /// Returns the cell of a column for the law of another one; where it is NULL, NULL if the other one may be NULL, else 0.
    pub fn cell_for(&self, of: usize, column: usize) -> Formula {
        if self.table.columns[column].nullable { Formula::Nullable(of) } else { Formula::Cell(of) }
    }

    /// Returns every column of the row on which an expression depends, transitively.
    fn needs(&self, expr: &Formula) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open = expr.columns();
        while let Some(c) = open.pop() {
            if seen.insert(c)
                && let Some(LawPlan { law: Law::Number { expr, .. }, .. }) = self.laws.get(&c)
            {
                open.extend(expr.columns());
            }
        }
        seen
    }
}
