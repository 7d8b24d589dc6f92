//! Applies a [`ColumnOverride`] to a column's domain.
//!
//! In: the domain that the type allows, the domain inferred from the name, and the override. Out: the resulting domain,
//! or the part of the override that does not fit the type.

mod bounds;
mod documents;
mod format;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::ValueFile;
use super::distribution::{DistributionOverride, relative, span};
use super::error::overrides::{
    DistributionProblem, OverrideError, OverrideMisfit, ScalarError, TypedValueError, WeightError,
};
use super::overrides::ColumnOverride;
use super::select::nearest;
use dbmocker_core::schema::{Column, Dialect, SqlType};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;
use dbmocker_domain::pattern::Pattern;
use dbmocker_domain::range_units::of_units;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, Special, TextDomain};
use dbmocker_plan::Scalar;
use dbmocker_predicate::narrow::{NarrowTexts as _, Narrowing};
use dbmocker_semantics::{InferContext, generator, generators};

/// Weights are integers that add up to about this.
pub(super) const WEIGHTS: f64 = 1_000_000.0;

/// Applies an override that [shapes values](ColumnOverride::shapes_values) to a column. `never_negative`: by the meaning
/// of its name.
///
/// # Errors
/// The part of the override that the type does not allow, and the type.
pub fn domain(
    column: &Column,
    likely: &Domain,
    legal: &Domain,
    override_: &ColumnOverride,
    never_negative: bool,
    infer: &InferContext<'_>,
) -> Result<Domain, OverrideError> {
    let (dialect, now) = (infer.dialect, infer.now_micros);
    let w = OverrideScope { column, likely, legal, dialect, now, never_negative, infer: *infer };
    let mut domain = w.base(override_)?;
    domain = w.bounds(domain, override_)?;
    domain = w.lengths(domain, override_)?;
    if let Some(format) = &override_.format_string {
        domain = w.format(domain, format)?;
    }
    if let Some(asked) = &override_.distribution {
        domain = w.distributed(domain, asked)?;
    }
    if domain.size() == 0 {
        return Err(w.refused(&override_.text(), OverrideMisfit::NoValue));
    }
    Ok(domain)
}

/// Converts a typed value to the column's type.
///
/// # Errors
/// The value, and the type that it does not fit.
pub fn value(
    column: &Column,
    legal: &Domain,
    typed: &Scalar,
    key: &str,
    dialect: Dialect,
) -> Result<Value, OverrideError> {
    let infer = InferContext::new(dialect, 0);
    let w = OverrideScope { column, likely: legal, legal, dialect, now: 0, never_negative: false, infer };
    w.value(typed, key)
}

/// Converts values with weights to the column's type.
///
/// # Errors
/// The value, and the type that it does not fit; weights that are all 0.
pub fn listed(
    column: &Column,
    legal: &Domain,
    values: &[(Scalar, f64)],
    (dialect, now): (Dialect, i64),
) -> Result<Domain, OverrideError> {
    let infer = InferContext::new(dialect, now);
    OverrideScope { column, likely: legal, legal, dialect, now, never_negative: false, infer }
        .weighted(values, RULE_VALUES)
}

/// Converts a value of a fixed row to the column's type.
///
/// # Errors
/// The value, the type that it does not fit, and the reason.
pub fn typed_value(
    column: &Column,
    legal: &Domain,
    typed: &Scalar,
    dialect: Dialect,
) -> Result<Value, TypedValueError> {
    let infer = InferContext::new(dialect, 0);
    let w = OverrideScope { column, likely: legal, legal, dialect, now: 0, never_negative: false, infer };
    w.read(typed).map_err(|why| TypedValueError { typed: typed.clone(), ty: column.type_name.clone(), why })
}

/// The key of a rule's values.
const RULE_VALUES: &str = "values";

#[derive(Clone, Copy)]
struct OverrideScope<'a> {
    column: &'a Column,
    likely: &'a Domain,
    legal: &'a Domain,
    dialect: Dialect,
    /// The run's current time in microseconds since 1970; 0 if no value is relative to it.
    now: i64,
    /// A distribution without a smallest value begins at 0.
    never_negative: bool,
    /// For members of documents, which have no column.
    infer: InferContext<'a>,
}

impl OverrideScope<'_> {
    fn refused(&self, override_: &str, why: impl Into<OverrideMisfit>) -> OverrideError {
        OverrideError::misfit(self.column, override_, why)
    }

    /// Sets the weights of lists. The distribution of numbers and texts is set when the table is planned, and only
    /// validated here.
    fn distributed(&self, domain: Domain, asked: &DistributionOverride) -> Result<Domain, OverrideError> {
        let refused = |why: DistributionProblem| self.refused(&format!("distribution: {}", asked.text), why);
        match domain {
            Domain::Choice { values, .. } => {
                let s = asked.of_list().map_err(refused)?;
                let weight = |k: usize| ((WEIGHTS * ((k + 1) as f64).powf(-s)).round() as u32).max(1); // at most WEIGHTS
                let weights = (0..values.len()).map(weight).collect();
                Ok(Domain::Choice { values, weights: Some(weights) })
            }
            domain => {
                asked.of_numbers(&domain, self.now).map_err(refused)?;
                Ok(domain)
            }
        }
    }

    fn base(&self, override_: &ColumnOverride) -> Result<Domain, OverrideError> {
        if override_.sources() > 1 {
            return Err(OverrideError::Twice { column: self.column.name.clone(), rule: override_.text() });
        }
        if override_.json.is_some() || override_.items.is_some() {
            return self.documents(override_);
        }
        if let Some(name) = &override_.generator {
            return self.generated(name);
        }
        if let Some(pattern) = &override_.pattern {
            return self.pattern(pattern, "pattern");
        }
        if !override_.possible_values.is_empty() {
            let values = override_.possible_values.iter().map(|v| self.value(v, "possible_values"));
            return Ok(Domain::Choice { values: distinct(values.collect::<Result<_, _>>()?), weights: None });
        }
        if !override_.weighted_values.is_empty() {
            return self.weighted(&override_.weighted_values, "weighted_values");
        }
        if let Some(file) = &override_.values_from {
            return self.values_of_file(file);
        }
        if let (Some(asked), Some(max), None) = (&override_.distribution, &override_.max_value, &override_.min_value)
            && self.is_number()
            && asked.begins_at_zero()
            && max.to_string().parse::<f64>().is_ok_and(|max| max < 0.0)
        {
            let why = DistributionProblem::BeginsAbove { max: max.to_string() };
            return Err(self.refused(&format!("distribution: {}", asked.text), why));
        }
        Ok(match &override_.distribution {
            Some(asked) => self.reach(asked),
            None => self.likely.clone(),
        })
    }

    fn is_number(&self) -> bool {
        match self.likely {
            Domain::Range { kind, .. } => matches!(kind, RangeKind::Int | RangeKind::Decimal { .. }),
            likely => matches!(likely, Domain::Float { .. }),
        }
    }

    /// Returns the range over which a distribution extends: that of the type, since likely values are a guess. A
    /// distribution that does not say where it begins or ends takes that end from the likely values.
    fn reach(&self, asked: &DistributionOverride) -> Domain {
        let at_zero = self.is_number() && asked.begins_at_zero();
        let (begins, ends) = asked.extent();
        let begins = begins || at_zero;
        let positive = at_zero || self.never_negative && asked.falls_below_zero();
        let mut domain = self.likely.clone();
        match (&mut domain, self.legal) {
            (Domain::Range { kind, lo, hi, .. }, Domain::Range { kind: same, lo: least, hi: most, .. })
                if *kind == *same =>
            {
                let span = *hi - *lo;
                let least = if positive { least.max(&0) } else { least };
                (*lo, *hi) = (if begins { *least } else { *lo }, if ends { *most } else { *hi });
                let first = asked.first_end(&domain, self.now);
                if let (false, Domain::Range { lo, .. }) = (begins, &mut domain)
                    && let Some(first) = first.filter(|first| first < lo)
                {
                    *lo = (first - span).max(*least);
                }
            }
            (Domain::Float { lo, hi, .. }, Domain::Float { lo: least, hi: most, .. }) => {
                let least = if positive { &least.max(0.0) } else { least };
                (*lo, *hi) = (if begins { *least } else { *lo }, if ends { *most } else { *hi });
            }
            _ => {}
        }
        domain
    }

    /// Returns the values of a file.
    fn values_of_file(&self, file: &ValueFile) -> Result<Domain, OverrideError> {
        let mut seen = HashMap::new();
        let (mut values, mut weights) = (Vec::new(), Vec::new());
        for (i, row) in file.rows.rows.iter().enumerate() {
            let value = self.read(&row.cells[0]).map_err(|why| {
                let place = format!("values_from: {}", file.rows.place(i));
                self.refused(&place, OverrideMisfit::Listed { typed: row.cells[0].clone(), why })
            })?;
            let weight = file.weights.get(i).copied().unwrap_or(1.0);
            if weight <= 0.0 {
                continue;
            }
            match seen.entry(format!("{value:?}")) {
                Entry::Occupied(at) => weights[*at.get()] += weight,
                Entry::Vacant(place) => {
                    place.insert(values.len());
                    values.push(value);
                    weights.push(weight);
                }
            }
        }
        let weights = shares(&weights).map_err(|why| self.refused(&format!("values_from: {}", file.rows.file), why))?;
        Ok(Domain::Choice { values, weights })
    }

    fn generated(&self, name: &str) -> Result<Domain, OverrideError> {
        let Some(kind) = generator(name) else {
            let like = nearest(name, generators().into_iter().map(|g| g.name.to_owned()));
            return Err(OverrideError::Generator { column: self.column.name.clone(), name: name.to_owned(), like });
        };
        if let Some(text) = self.text() {
            return Ok(Domain::Text(TextDomain { kind, ..text.clone() }));
        }
        let by_type = matches!(
            (&kind, self.legal),
            (TextKind::Uuid, Domain::Special(Special::Uuid))
                | (TextKind::Json, Domain::Special(Special::Json { .. }))
                | (TextKind::IpAddress, Domain::Special(Special::Inet | Special::Inet6))
                | (TextKind::MacAddress, Domain::Special(Special::MacAddr { .. }))
        );
        if by_type {
            return Ok(self.likely.clone());
        }
        Err(self.refused(&format!("generator_function: {name}"), OverrideMisfit::GeneratorOfText))
    }

    fn text(&self) -> Option<&TextDomain> {
        match (self.legal, self.likely) {
            (Domain::Text(t), _) | (_, Domain::Text(t)) => Some(t),
            _ => None,
        }
    }

    fn pattern(&self, pattern: &str, key: &str) -> Result<Domain, OverrideError> {
        let refused = |why: OverrideMisfit| self.refused(&format!("{key}: {pattern}"), why);
        // A pattern matches the whole text: anchors are redundant.
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let pattern = pattern.strip_suffix('$').filter(|p| !p.ends_with('\\')).unwrap_or(pattern);
        let Some(text) = self.text() else { return Err(refused(OverrideMisfit::OfText)) };
        Pattern::compile(pattern, text.min_chars, text.max_chars).map_err(|e| refused(e.into()))?;
        match Domain::Text(TextDomain { kind: TextKind::Words, ..text.clone() }).keep_pattern(pattern) {
            Narrowing::Exact(d) | Narrowing::Over(d) => Ok(d),
            Narrowing::Empty | Narrowing::Unsupported => Err(refused(OverrideMisfit::NoMatch)),
        }
    }

    fn weighted(&self, weighted: &[(Scalar, f64)], key: &str) -> Result<Domain, OverrideError> {
        let total: f64 = weighted.iter().map(|(_, w)| w).sum();
        let bad = weighted.iter().find(|(_, w)| !w.is_finite() || *w < 0.0);
        if let Some((v, w)) = bad {
            return Err(OverrideError::Weight { column: self.column.name.clone(), weight: *w, value: v.clone() });
        }
        if total <= 0.0 {
            return Err(OverrideError::NoWeight { column: self.column.name.clone(), key: key.to_owned() });
        }
        let used = || weighted.iter().filter(|(_, w)| *w > 0.0);
        // A rule may leave a share of its rows NULL; elsewhere that is null_probability.
        let null = |v: &Scalar| *v == Scalar::Null && key == RULE_VALUES && self.column.nullable;
        let value = |v: &Scalar| if null(v) { Ok(Value::Null) } else { self.value(v, key) };
        let values: Vec<Value> = used().map(|(v, _)| value(v)).collect::<Result<_, _>>()?;
        let weights = used().map(|(_, w)| ((w / total * WEIGHTS).round() as u32).max(1)); // at most WEIGHTS
        Ok(Domain::Choice { weights: Some(weights.collect()), values })
    }

    fn value(&self, typed: &Scalar, key: &str) -> Result<Value, OverrideError> {
        self.read(typed).map_err(|why| self.refused(&format!("{key}: {typed}"), why))
    }

    /// Converts a value; the error is the reason why it does not fit.
    fn read(&self, typed: &Scalar) -> Result<Value, ScalarError> {
        let text = typed.to_string();
        let found = match (&self.column.ty, typed) {
            (_, Scalar::Null) => return Err(ScalarError::Null),
            (SqlType::Bool, Scalar::Bool(b)) => Some(Value::Bool(*b)),
            (SqlType::Bool, _) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Some(Value::Bool(true)),
                "false" | "f" | "no" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            (SqlType::Untyped, Scalar::Bool(b)) => Some(Value::Int(i128::from(*b))),
            (SqlType::Untyped, Scalar::Int(i)) => Some(Value::Int(i128::from(*i))),
            (SqlType::Untyped, Scalar::Float(x)) => Some(Value::Float(*x)),
            (SqlType::Binary { .. }, _) => Some(Value::Bytes(text.clone().into_bytes())),
            (SqlType::Array { .. }, _) => return Err(ScalarError::OfArray),
            _ => match self.legal {
                Domain::Range { kind, .. } => {
                    let moment = matches!(kind, RangeKind::Date | RangeKind::Timestamp);
                    let typed = match typed {
                        Scalar::Bool(b) => Value::Text(i32::from(*b).to_string()),
                        _ => match relative(&text, self.now).filter(|_| moment) {
                            // The date of the moment.
                            Some(at) if *kind == RangeKind::Date => {
                                Value::Timestamp(at - at.rem_euclid(MICROS_PER_DAY))
                            }
                            Some(at) => Value::Timestamp(at),
                            None => match span(&text).filter(|_| *kind == RangeKind::Interval) {
                                Some(micros) => Value::Interval(micros),
                                None => Value::Text(text.clone()),
                            },
                        },
                    };
                    match dbmocker_domain::range_units::units(*kind, &typed) {
                        Some((n, true)) => Some(of_units(*kind, n)),
                        _ => None,
                    }
                }
                Domain::Float { .. } => match float(&text) {
                    Some(x) if !x.is_finite() && self.dialect != Dialect::Postgres => {
                        return Err(ScalarError::NotFinite { typed: text, dialect: self.dialect });
                    }
                    x => x.map(Value::Float),
                },
                _ => Some(Value::Text(text.clone())),
            },
        };
        let Some(found) = found else { return Err(ScalarError::Unreadable(text)) };
        if self.bounded() && !self.legal.contains(&found) {
            return Err(ScalarError::Outside(text));
        }
        Ok(found)
    }
}

/// Returns weights as integers; `None` if all are equal.
///
/// # Errors
/// All weights are 0.
pub(super) fn shares(weights: &[f64]) -> Result<Option<Vec<u32>>, WeightError> {
    if weights.is_empty() {
        return Err(WeightError::Empty);
    }
    let total: f64 = weights.iter().sum();
    if weights.iter().all(|w| *w == weights[0]) && weights.first().is_some_and(|w| *w > 0.0) {
        return Ok(None);
    }
    if total <= 0.0 {
        return Err(WeightError::Zero);
    }
    // Long lists need finer units.
    let unit = WEIGHTS.max(1_000.0 * weights.len() as f64).min(f64::from(u32::MAX)) / total;
    let share = |w: &f64| if *w > 0.0 { ((w * unit).round() as u32).max(1) } else { 0 }; // at most the unit
    Ok(Some(weights.iter().map(share).collect()))
}

/// Returns a floating-point number, also `NaN`, `Infinity` and `-inf`, and as YAML writes them: `.nan`, `-.inf`.
fn float(text: &str) -> Option<f64> {
    let plain = match text.to_ascii_lowercase().as_str() {
        ".nan" => Ok(f64::NAN),
        ".inf" | "+.inf" => Ok(f64::INFINITY),
        "-.inf" => Ok(f64::NEG_INFINITY),
        plain => plain.parse(),
    };
    plain.ok()
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::with_capacity(values.len());
    values.into_iter().for_each(|v| {
        if !out.contains(&v) {
            out.push(v);
        }
    });
    out
}
