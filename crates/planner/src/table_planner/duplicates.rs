//! Overrides of columns: domains, and duplicate values.
//!
//! Duplicates are a narrower domain (one value, or a few with weights), chosen from the values that satisfy the CHECKs,
//! so later phases treat the column as any other. A foreign key repeats by referring to few parent rows. Keys and
//! numbered columns cannot repeat: they stay unchanged, and the plan names the constraint that prevents it.

use std::collections::{BTreeSet, HashSet};

use super::mentions::{check_reads, reads};
use super::{Keys, PendingColumn, PlanContext, TablePlanner};
use crate::apply_override;
use crate::apply_override::WEIGHTS;
use crate::error::Unplannable;
use crate::error::constraints::CheckError;
use crate::error::overrides::{DefaultConflict, OverrideError};
use crate::foreign_keys;
use crate::overrides::ColumnOverride;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::schema::{Column, Key};
use dbmocker_core::value::{Value, digest};
use dbmocker_domain::Domain;
use dbmocker_plan::ParentChoice;
use dbmocker_plan::{Duplicates, Scalar};
use dbmocker_predicate::{Impossible, Nulls, Solution};

/// Values tried before a CHECK between columns is regarded as unsatisfiable with few values.
const TRIES: u32 = 12;
/// Draws for each value of a pool: a small domain repeats values.
const DRAWS: u32 = 64;
/// Zipf's exponent of the value frequencies.
const SKEW: f64 = 1.2;
/// Maximum number of parent rows searched for a requested value.
const SEARCHED: u64 = 1_000_000;

/// The reason why a column's values cannot repeat; `Ok(None)` if they do.
type RefusalReason = Result<Option<String>, Unplannable>;

impl TablePlanner<'_> {
    /// Applies the override of a column.
    ///
    /// # Errors
    /// The part of the override that contradicts the type, NOT NULL, or a foreign key.
    pub(super) fn apply_override(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        column: &Column,
        planned: Result<PendingColumn, Unplannable>,
    ) -> Result<PendingColumn, Unplannable> {
        let Some(override_) = b.overrides.column(self.index, c).filter(|_| !self.is_fixed(c)) else { return planned };
        let name = &column.name;
        let named = || name.clone();
        if let Some(p) = override_.null_probability {
            if !(0.0..=1.0).contains(&p) {
                return Err(OverrideError::NullShare { column: named(), share: p }.into());
            }
            if p > 0.0 && !column.nullable {
                return Err(OverrideError::NullShareOfNotNull { column: named(), share: p }.into());
            }
        }
        if override_.default {
            let left = self.left_to_default(b, c, override_);
            return left.map_err(|why| OverrideError::Default { column: named(), why }.into());
        }
        let Some(key) = override_.first_key() else {
            return planned
                .map(|d| PendingColumn { null_share: override_.null_probability.unwrap_or(d.null_share), ..d });
        };
        if column.generated.is_some() {
            return Err(OverrideError::Generated { column: named(), key }.into());
        }
        let foreign = self
            .table
            .every_foreign_key()
            .into_iter()
            .find(|f| f.columns.contains(name) && foreign_keys::resolve(b.schema, self.table, f).is_some());
        if let Some(asked) = override_.distribution.as_ref().filter(|_| foreign.is_some() && key == "distribution") {
            let text = || asked.text.clone();
            asked.of_list().map_err(|_| OverrideError::DistributionOfParents { column: named(), text: text() })?;
            return planned
                .map(|d| PendingColumn { null_share: override_.null_probability.unwrap_or(d.null_share), ..d });
        }
        if let Some(f) = foreign {
            return Err(OverrideError::ForeignKey { column: named(), key, foreign_key: f.name.clone() }.into());
        }
        let text = || Domain::Text(dbmocker_domain::TextDomain::new(dbmocker_domain::text::TextKind::Words, u32::MAX));
        let d = planned.unwrap_or_else(|_| unsupported());
        let legal = d.legal.clone().unwrap_or_else(text);
        let likely = d.domain.clone().unwrap_or_else(text);
        let positive = dbmocker_semantics::is_never_negative(self.table, column);
        let domain = apply_override::domain(column, &likely, &legal, override_, positive, &b.context())?;
        Ok(PendingColumn {
            domain: Some(domain.clone()),
            // No other values may replace the override's.
            legal: Some(domain),
            null_share: override_.null_probability.unwrap_or(d.null_share),
            reason: format!("override: {}", override_.text()),
            omit: false,
            ..d
        })
    }

    /// Returns a column that is not sent.
    fn left_to_default(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        override_: &ColumnOverride,
    ) -> Result<PendingColumn, DefaultConflict> {
        let column = &self.table.columns[c];
        let dialect = b.schema.dialect;
        let mentions = |text: &str| reads(text, &column.name, dialect);
        if let Some(key) = override_.first_key() {
            return Err(DefaultConflict::Rule(key));
        }
        if b.formulas.get(self.index, c).is_some() {
            return Err(DefaultConflict::Formula);
        }
        if column.generated.is_some() {
            return Err(DefaultConflict::Generated);
        }
        if column.default.is_none() && !column.nullable {
            return Err(DefaultConflict::NoDefault);
        }
        if column.auto.is_some() || self.key_reads(c, dialect) {
            return Err(DefaultConflict::Key);
        }
        if let Some(f) = self.table.every_foreign_key().iter().find(|f| f.columns.contains(&column.name)) {
            return Err(DefaultConflict::ForeignKey(f.name.clone()));
        }
        if let Some(check) = self.hard_checks(b).into_iter().find(|k| check_reads(k, &column.name, dialect)) {
            return Err(DefaultConflict::Check(check.name));
        }
        if self.table.exclusions.iter().any(|e| e.elements.iter().any(|(text, _)| mentions(text))) {
            return Err(DefaultConflict::Exclusion);
        }
        let computed = |other: &Column| other.generated.as_ref().is_some_and(|g| mentions(&g.expression));
        if self.table.columns.iter().any(computed) || b.formulas.read(self.index, c) {
            return Err(DefaultConflict::Computed);
        }
        let default = column.default.as_deref().unwrap_or("NULL");
        let reason = format!("default of the server: {default}");
        Ok(PendingColumn { domain: None, legal: None, null_share: 0.0, reason, omit: true, ..unsupported() })
    }

    /// Returns the share of NULLs that an override sets for one of a foreign key's columns.
    pub(super) fn override_null_share(&self, b: &PlanContext<'_>, columns: &[usize]) -> Option<f64> {
        columns.iter().find_map(|&c| b.overrides.column(self.index, c)?.null_probability)
    }

    /// Describes CHECKs that no row satisfies, with the overrides involved.
    pub(super) fn impossible(&self, b: &PlanContext<'_>, i: &Impossible) -> CheckError {
        let missing_parents =
            self.missing_parents.iter().find(|(c, _)| i.columns.contains(&self.table.columns[*c].name));
        if let Some((_, why)) = missing_parents {
            let own = why.to_string();
            let checks: Vec<&str> = i.checks.iter().map(String::as_str).filter(|c| *c != own).collect();
            return CheckError::NoParent { why: Box::new(why.clone()), checks: checks.join(", ") };
        }
        let checks = i.checks.join(", ");
        let override_ = |name: &String| -> Option<String> {
            let c = self.table.column_index(name)?;
            let override_: &ColumnOverride = b.overrides.column(self.index, c)?;
            let text = Some(override_.text()).filter(|text| !text.is_empty())?;
            let place = Some(&override_.origin).filter(|origin| !origin.is_empty());
            let place = place.map_or(String::new(), |origin| format!(" ({origin})"));
            Some(format!("`{text}` for column `{name}`{place}"))
        };
        let overrides: Vec<String> = i.columns.iter().filter_map(override_).collect();
        if overrides.is_empty() {
            let table = b.schema.label(&self.table.name);
            return CheckError::Together { checks, columns: i.columns.clone(), table };
        }
        CheckError::Rules { rules: overrides, checks }
    }

    /// Checks that no CHECK reduces an overridden column to NULL.
    ///
    /// # Errors
    /// The override, its column and the CHECKs.
    pub(super) fn contradicted(&self, b: &PlanContext<'_>, solution: &Solution) -> Result<(), CheckError> {
        for (c, narrowed) in solution.columns.iter().enumerate() {
            let Some(override_) = b.overrides.column(self.index, c) else { continue };
            let asked_null = override_.null_probability == Some(1.0) || self.columns[c].null_share >= 1.0;
            let given = matches!(override_.duplicates, Some(Duplicates::AllowDuplicates { value: Some(_) }));
            if narrowed.nulls == Nulls::Always && (override_.shapes_values() || given) && !asked_null {
                let (column, checks) = (self.table.columns[c].name.clone(), narrowed.reasons.join(", "));
                return Err(CheckError::OnlyNull { rule: override_.text(), column, checks });
            }
        }
        Ok(())
    }

    /// Applies the duplicate modes, and notes columns for which they are not possible.
    ///
    /// # Errors
    /// A requested value that the column cannot hold.
    pub(super) fn repeat(&mut self, b: &PlanContext<'_>, solution: Solution) -> Result<Solution, Unplannable> {
        let wanted: Vec<(usize, Duplicates, bool)> = (0..self.columns.len())
            .filter_map(|c| b.overrides.duplicates(self.index, c).map(|(mode, named)| (c, mode.clone(), named)))
            .collect();
        let mut solution = solution;
        let mut changed = false;
        for (c, mode, named) in wanted {
            let coupled = solution.groups.iter().any(|g| g.columns().contains(&c));
            let outcome = match (self.prevented(c), self.columns[c].foreign) {
                (Some(why), _) => Some(why),
                (None, Some(_)) if coupled => Some("a CHECK couples it to other columns".into()),
                (None, Some((f, position))) => self.repeat_parent(b, f, position, c, &mode)?,
                (None, None) => self.repeat_value(b, c, &mode, coupled, &mut solution)?,
            };
            match outcome {
                None => {
                    self.columns[c].duplicates = Some(mode);
                    changed = true;
                }
                Some(why) if named => self.fallbacks.push(format!(
                    "{}: {}: {mode} refused, {why}; generate_new instead",
                    self.table.name.name, self.table.columns[c].name
                )),
                Some(_) => {}
            }
        }
        if changed {
            solution = self.solve(b, Keys::Fixed);
            if let Some(i) = solution.impossible.first() {
                return Err(self.impossible(b, i).into());
            }
            self.contradicted(b, &solution)?;
        }
        Ok(solution)
    }

    /// Returns the constraint that requires distinct values in a column.
    fn prevented(&self, c: usize) -> Option<String> {
        let column = &self.table.columns[c];
        let d = &self.columns[c];
        if column.generated.is_some() {
            return Some("the server generates it".into());
        }
        if self.is_fixed(c) {
            return Some("its values are given by rows".into());
        }
        let mut columns: BTreeSet<usize> = [c].into();
        if let Some((f, _)) = d.foreign {
            let members = &self.sources[self.foreign[f].source].members;
            columns.extend(members.iter().flat_map(|&m| self.foreign[m].columns.iter().copied()));
        }
        let names = |c: &usize| self.table.columns[*c].name.as_str();
        let holds = |k: &&Key| {
            k.parts.iter().any(|p| {
                let plain = p.column.as_deref().is_some_and(|k| columns.iter().any(|c| names(c) == k));
                plain || p.expression.as_deref().is_some_and(|e| columns.iter().any(|c| e.contains(names(c))))
            })
        };
        if let Some(key) = self.table.keys.iter().find(holds) {
            let kind = match (key.primary, key.parts.len()) {
                (true, _) => "primary key",
                (false, 1) => "unique key",
                (false, _) => "composite unique key",
            };
            return Some(format!("it is part of {kind} `{}`", key.name));
        }
        if column.auto.is_some() {
            return Some("it is auto-increment".into());
        }
        let excluded =
            |e: &&dbmocker_core::schema::Exclusion| e.elements.iter().any(|(text, _)| text.contains(&column.name));
        if let Some(e) = self.table.exclusions.iter().find(excluded) {
            return Some(format!("it is part of exclusion constraint `{}`", e.name));
        }
        if d.omit || d.always_null {
            return Some(d.reason.clone());
        }
        None
    }

    fn stream(&self, b: &PlanContext<'_>, c: usize) -> Stream {
        let name = format!("{} duplicates", self.table.columns[c].name);
        Stream::new(b.options.seed, &b.schema.label(&self.table.name), &name)
    }

    fn repeat_value(
        &mut self,
        b: &PlanContext<'_>,
        c: usize,
        mode: &Duplicates,
        coupled: bool,
        solution: &mut Solution,
    ) -> RefusalReason {
        if let Duplicates::AllowDuplicates { value: Some(typed) } = mode {
            self.repeat_fixed(b, c, typed)?;
            return Ok(None);
        }
        let Some(domain) = solution.columns[c].domain.clone().filter(|d| d.size() > 0) else {
            return Ok(Some("it has no values to choose from".into()));
        };
        let stream = self.stream(b, c);
        let before = (self.columns[c].domain.clone(), self.columns[c].legal.clone(), self.columns[c].null_share);
        for attempt in 0..if coupled { TRIES } else { 1 } {
            let chosen = match mode {
                Duplicates::SmartDuplicates { probability, max_values } => {
                    let values = pool(&domain, stream, attempt, *max_values);
                    let weights = weights(values.len(), *probability);
                    Domain::Choice { values, weights: Some(weights) }
                }
                _ => {
                    self.columns[c].null_share = 0.0;
                    let value = domain.draw(&mut CellRng::new(stream.at(0, attempt)));
                    Domain::Choice { values: vec![value], weights: None }
                }
            };
            self.columns[c].domain = Some(chosen.clone());
            self.columns[c].legal = Some(chosen);
            if !coupled {
                return Ok(None);
            }
            let solved = self.solve(b, Keys::Fixed);
            if solved.impossible.is_empty() && solved.unsolved.len() <= solution.unsolved.len() {
                *solution = solved;
                return Ok(None);
            }
        }
        (self.columns[c].domain, self.columns[c].legal, self.columns[c].null_share) = before;
        Ok(Some("no few values satisfy the CHECK that couples it to other columns".into()))
    }

    /// Sets one value for all rows; the CHECKs are applied in the next solution.
    fn repeat_fixed(&mut self, b: &PlanContext<'_>, c: usize, typed: &Scalar) -> Result<(), OverrideError> {
        let column = &self.table.columns[c];
        let d = &mut self.columns[c];
        if *typed == Scalar::Null {
            if !column.nullable {
                return Err(OverrideError::NullDuplicate { column: column.name.clone() });
            }
            d.null_share = 1.0;
            return Ok(());
        }
        let context = b.context();
        let legal = dbmocker_semantics::legal(&column.ty, &context);
        let none = || OverrideError::NoDuplicate { column: column.name.clone(), ty: column.type_name.clone() };
        let legal = legal.or_else(|| d.legal.clone()).ok_or_else(none)?;
        let value = apply_override::value(column, &legal, typed, "duplicate_value", b.schema.dialect)?;
        let one = Domain::Choice { values: vec![value], weights: None };
        (d.domain, d.legal, d.null_share) = (Some(one.clone()), Some(one), 0.0);
        Ok(())
    }

    /// Restricts a foreign key to few parent rows.
    fn repeat_parent(
        &mut self,
        b: &PlanContext<'_>,
        f: usize,
        position: usize,
        c: usize,
        mode: &Duplicates,
    ) -> RefusalReason {
        let source = self.foreign[f].source;
        let s = &self.sources[source];
        let earlier = match s.pick {
            None => false,
            Some(ParentChoice::Earlier { .. }) => true,
            // Another column of the same key has set this already: both refer to one parent row.
            Some(ParentChoice::Few { .. }) => return Ok(None),
            Some(_) => return Ok(Some(s.reason.clone())),
        };
        let (weights, rows) = match mode {
            Duplicates::SmartDuplicates { probability, max_values } => {
                let most = s.size.clamp(1, u64::from((*max_values).max(1)));
                (weights(usize::try_from(most).unwrap_or(1), *probability), Vec::new())
            }
            Duplicates::AllowDuplicates { value: Some(typed) } => {
                if s.combinations.is_some() || earlier {
                    return Ok(Some("its parent row cannot be given".into()));
                }
                (vec![1], vec![self.parent_with(b, f, position, c, typed)?])
            }
            _ => (vec![1], Vec::new()),
        };
        if matches!(mode, Duplicates::AllowDuplicates { .. }) {
            for m in self.sources[source].members.clone() {
                self.foreign[m].null_share = 0.0;
            }
        }
        self.sources[source].pick = Some(ParentChoice::Few { weights, rows, earlier, rooted: false });
        Ok(None)
    }

    /// Returns the index of the parent row whose key has a value.
    fn parent_with(
        &self,
        b: &PlanContext<'_>,
        f: usize,
        position: usize,
        c: usize,
        typed: &Scalar,
    ) -> Result<u64, Unplannable> {
        let foreign = &self.foreign[f];
        let column = &self.table.columns[c];
        let legal = self.columns[c].legal.clone().or_else(|| self.columns[c].domain.clone());
        let value = match legal {
            Some(legal) => apply_override::value(column, &legal, typed, "duplicate_value", b.schema.dialect)?,
            None => Value::Text(typed.to_string()),
        };
        let wanted = digest(std::slice::from_ref(&value));
        let same = |v: &Value| digest(std::slice::from_ref(v)) == wanted;
        let existing_count =
            (0..foreign.existing_keys.len()).find(|&row| same(&foreign.existing_keys.cell(row, position)));
        if let Some(i) = existing_count {
            return Ok(i as u64);
        }
        let compiled = foreign.parent_table.filter(|&p| p < b.generator.len());
        if let Some(p) = compiled {
            let parent_column = [foreign.parent_columns[position]];
            for row in 0..b.generator.table(p).rows.min(SEARCHED) {
                let cells = b.generator.cells(p, &parent_column, row)?;
                if same(&cells[0]) {
                    return Ok(foreign.existing_count + row);
                }
            }
        }
        let (column, parent) = (column.name.clone(), foreign.parent.clone());
        Err(OverrideError::NoParentRow { column, value: typed.clone(), parent }.into())
    }
}

pub(super) fn unsupported() -> PendingColumn {
    PendingColumn {
        domain: None,
        legal: None,
        null_share: 0.0,
        reason: String::new(),
        omit: false,
        always_null: false,
        parents: None,
        parents_differ: false,
        foreign: None,
        made: None,
        duplicates: None,
    }
}

/// Returns distinct values of a domain, at most `max`.
fn pool(domain: &Domain, stream: Stream, attempt: u32, max: u32) -> Vec<Value> {
    let sampler = domain.sampler();
    let mut rng = CellRng::new(stream.at(0, attempt));
    let mut seen = HashSet::new();
    let mut values = Vec::new();
    let max = max.max(1);
    for _ in 0..max.saturating_mul(DRAWS) {
        let value = sampler.draw(&mut rng);
        if seen.insert(digest(std::slice::from_ref(&value))) {
            values.push(value);
        }
        if values.len() >= max as usize {
            break;
        }
    }
    values
}

/// Returns the weight of each of `n` values: with `probability` by Zipf's law, else uniform.
fn weights(n: usize, probability: f64) -> Vec<u32> {
    let zipf: Vec<f64> = (1..=n).map(|rank| (rank as f64).powf(-SKEW)).collect();
    let total: f64 = zipf.iter().sum();
    let composite_key = |z: f64| probability * z / total + (1.0 - probability) / n as f64;
    zipf.iter().map(|z| ((composite_key(*z) * WEIGHTS).round() as u32).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_determines_the_skew() {
        let even = weights(4, 0.0);
        assert_eq!(even, [250_000; 4]);
        let skewed = weights(4, 1.0);
        assert!(skewed.windows(2).all(|w| w[0] > w[1]), "{skewed:?}");
        assert!(skewed[0] > 2 * skewed[1]);
        let half = weights(10, 0.5);
        assert!(half.iter().all(|w| *w >= 50_000), "{half:?}");
    }
}
