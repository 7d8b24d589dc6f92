//! Series, walks and seasons of the config file, as expressions over the row's place.

use super::resolver::{NameResolver, decided};
use super::{FormulaInput, FormulaKind, FormulaProblem, ResolvedFormula, stored_as};
use crate::foreign_keys::Link;
use crate::overrides::{ColumnOverride, TableOverride};
use dbmocker_core::schema::{Key, SqlType, Table};
use dbmocker_core::value::Value;
use dbmocker_predicate::{Arith, Expr};

impl NameResolver<'_> {
    /// Resolves `series`, `random_walk` and `seasonality` of a column.
    pub(super) fn serial(
        mut self,
        c: usize,
        table: &TableOverride,
        wish: &ColumnOverride,
    ) -> Result<ResolvedFormula, FormulaProblem> {
        let key = wish.serial_key().unwrap_or("series");
        let own = wish.series.is_none() && wish.walk.is_none();
        let format = wish.format_string.as_deref().filter(|_| wish.series.is_some());
        let clash = match wish.first_key() {
            _ if wish.expression.is_some() => Some("expression"),
            _ if !wish.rules.is_empty() => Some("rules"),
            _ if wish.series.is_some() && wish.walk.is_some() => Some("random_walk"),
            Some(key) if !(own || (key == "format_string" && format.is_some())) => Some(key),
            _ => None,
        };
        if let Some(key) = clash {
            return Err(FormulaProblem::Overridden(key));
        }
        let mut shown = Vec::new();
        let mut value = if let Some(series) = &wish.series {
            let plan = series.plan(&self.schema.tables[self.t].columns[c], format, self.now)?;
            let link = series.per.as_deref().map(|per| self.per(per)).transpose()?;
            shown.push(series.to_string());
            self.put("series", FormulaInput::Series { key: link, series: plan })
        } else if let Some(walk) = &wish.walk {
            let plan = walk.plan(&self.schema.tables[self.t].columns[c])?;
            let link = walk.per.as_deref().map(|per| self.per(per)).transpose()?;
            shown.push(walk.to_string());
            self.put("walk", FormulaInput::Walk { key: link, walk: plan })
        } else {
            self.put("own value", FormulaInput::Own)
        };
        if let Some(season) = &wish.season {
            let at = self.column(self.t, &season.by)?;
            let factor = self.put("season", FormulaInput::Season { season: season.plan()?, at });
            shown.push(season.to_string());
            value = self.scaled(c, value, factor)?;
        }
        let origin = wish.origin.clone();
        let kind = if own { FormulaKind::Rules } else { FormulaKind::Expression };
        let ty = &self.schema.tables[self.t].columns[c].ty;
        // A series has its column's digits; SQLite's casts would round large numbers to doubles.
        let exact = wish.series.is_some() && wish.season.is_none();
        let expr = match ty {
            SqlType::Int { .. } | SqlType::Decimal { precision: 1.., .. } if exact => value,
            ty => stored_as(value, ty, self.schema.dialect),
        };
        let out = ResolvedFormula { key, kind, expr, text: shown.join(", "), origin, inputs: self.inputs };
        let table_of = &self.schema.tables[self.t];
        let fixed = table.fixed_rows.as_ref().map(|_| "its rows are fixed".to_owned());
        match decided(table_of, c).or(fixed) {
            Some(why) => out.keyed(table_of, c, why),
            None => Ok(out),
        }
    }

    fn per(&self, column: &str) -> Result<Link, FormulaProblem> {
        self.key(column).ok_or_else(|| FormulaProblem::NoParent(column.into()))
    }

    /// Multiplies a number by a factor.
    fn scaled(&self, c: usize, value: Expr, factor: Expr) -> Result<Expr, FormulaProblem> {
        let column = &self.schema.tables[self.t].columns[c];
        let number = matches!(
            column.ty,
            SqlType::Int { .. } | SqlType::Decimal { .. } | SqlType::Float { .. } | SqlType::Money | SqlType::Untyped
        );
        if !number {
            return Err(super::SeriesProblem::Type(column.type_name.clone()).into());
        }
        let product = Expr::arith(Arith::Mul, value, factor);
        // SQLite stores all digits, but the column's values have the digits of its type.
        Ok(match column.ty {
            SqlType::Decimal { precision: 1.., scale, .. } => {
                Expr::call("round", vec![product, Expr::Literal(Value::Int(scale.into()))])
            }
            _ => product,
        })
    }
}

impl ResolvedFormula {
    /// Returns the series of a column of keys, if it keeps them unique.
    fn keyed(self, table: &Table, c: usize, why: String) -> Result<Self, FormulaProblem> {
        let name = &table.columns[c].name;
        let foreign = table.every_foreign_key().iter().any(|f| f.columns.contains(name));
        let mut keys = table.keys.iter().filter(|key| key.holds(name)).peekable();
        let other = foreign || table.columns[c].generated.is_some() || table.columns[c].auto.is_some();
        if other || keys.peek().is_none() {
            return Err(FormulaProblem::Decided(why));
        }
        match keys.find(|key| !self.keeps_apart(table, key)) {
            Some(key) => Err(FormulaProblem::Repeats(key.name.clone())),
            None => Ok(self),
        }
    }

    /// Returns true if the values of column `c` differ within all of its keys.
    pub(crate) fn differs_within(&self, table: &Table, c: usize) -> bool {
        let mut keys = table.keys.iter().filter(|key| key.holds(&table.columns[c].name));
        self.unique_series().is_some() && keys.all(|key| self.keeps_apart(table, key))
    }

    /// Returns true if its series differs in the table, or among the rows of a parent that is part of the key.
    fn keeps_apart(&self, table: &Table, key: &Key) -> bool {
        let within = |link: &Link| link.columns.iter().all(|&c| key.holds(&table.columns[c].name));
        self.unique_series().is_some_and(|link| link.is_none_or(within))
    }
}
