//! Applies a [`ColumnOverride`] to a column's domain.
//!
//! In: the domain that the type allows, the domain inferred from the name, and the override. Out: the resulting domain,
//! or the part of the override that does not fit the type.

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
use dbmocker_predicate::Cmp;
use dbmocker_predicate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use dbmocker_semantics::{generator, generators};

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
    (dialect, now): (Dialect, i64),
) -> Result<Domain, OverrideError> {
    let w = OverrideScope { column, likely, legal, dialect, now, never_negative };
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
    let w = OverrideScope { column, likely: legal, legal, dialect, now: 0, never_negative: false };
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
    OverrideScope { column, likely: legal, legal, dialect, now, never_negative: false }.weighted(values, "values")
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
    let w = OverrideScope { column, likely: legal, legal, dialect, now: 0, never_negative: false };
    w.read(typed).map_err(|why| TypedValueError { typed: typed.clone(), ty: column.type_name.clone(), why })
}

struct OverrideScope<'a> {
    column: &'a Column,
    likely: &'a Domain,
    legal: &'a Domain,
    dialect: Dialect,
    /// The run's current time in microseconds since 1970; 0 if no value is relative to it.
    now: i64,
    /// A distribution without a smallest value begins at 0.
    never_negative: bool,
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
        let given = [
            override_.generator.is_some(),
            override_.pattern.is_some(),
            !override_.possible_values.is_empty(),
            !override_.weighted_values.is_empty(),
            override_.values_from.is_some(),
        ];
        if given.iter().filter(|g| **g).count() > 1 {
            return Err(OverrideError::Twice { column: self.column.name.clone(), rule: override_.text() });
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
        Ok(match &override_.distribution {
            Some(asked) => self.reach(asked),
            None => self.likely.clone(),
        })
    }

    /// Returns the range over which a distribution extends: that of the type, since likely values are a guess. A
    /// distribution that does not say where it begins or ends takes that end from the likely values.
    fn reach(&self, asked: &DistributionOverride) -> Domain {
        let (begins, ends) = asked.extent();
        let positive = self.never_negative && asked.falls_below_zero();
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
        let values: Vec<Value> = used().map(|(v, _)| self.value(v, key)).collect::<Result<_, _>>()?;
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

    /// Returns true if the bounds of `legal` are those of the type, not merely usual ones.
    fn bounded(&self) -> bool {
        match &self.column.ty {
            SqlType::Decimal { precision, .. } => *precision > 0,
            SqlType::Bool
            | SqlType::Int { .. }
            | SqlType::Year
            | SqlType::Text { .. }
            | SqlType::Enum { .. }
            | SqlType::Name
            | SqlType::SingleChar
            | SqlType::Timestamp { epoch_range: true, .. } => true,
            _ => false,
        }
    }

    fn bounds(&self, domain: Domain, override_: &ColumnOverride) -> Result<Domain, OverrideError> {
        let bounds = [("min_value", Cmp::Ge, &override_.min_value), ("max_value", Cmp::Le, &override_.max_value)];
        if bounds.iter().all(|(_, _, v)| v.is_none()) {
            return Ok(domain);
        }
        let domain = match self.inner_bounds(domain, override_)? {
            (domain, true) => return Ok(domain),
            (domain, false) => domain,
        };
        let mut domain = match (domain, self.legal) {
            (d @ (Domain::Choice { .. } | Domain::Float { .. }), _) if !override_.possible_values.is_empty() => d,
            // A boolean inferred from the name, a number by its type.
            (Domain::Choice { .. }, Domain::Range { .. } | Domain::Float { .. }) => self.legal.clone(),
            (d, _) => d,
        };
        if let Domain::Float { lo, hi, .. } = &mut domain {
            let number = |typed: &Option<Scalar>, key: &str| match typed {
                None => Ok(None),
                Some(v) => v
                    .to_string()
                    .parse::<f64>()
                    .map(Some)
                    .map_err(|_| self.refused(&format!("{key}: {v}"), OverrideMisfit::NoNumber)),
            };
            let (from, to) = (number(&override_.min_value, "min_value")?, number(&override_.max_value, "max_value")?);
            let span = *hi - *lo;
            let below = |to: f64| if *lo >= 0.0 && to >= 0.0 { 0.0 } else { to - span.max(to.abs()) };
            let above = |from: f64| from + span.max(from.abs());
            (*lo, *hi) = (
                from.unwrap_or_else(|| to.filter(|to| *to < *lo).map_or(*lo, below)),
                to.unwrap_or_else(|| from.filter(|from| *from > *hi).map_or(*hi, above)),
            );
            return if lo <= hi { Ok(domain) } else { Err(self.refused(&override_.text(), OverrideMisfit::NoValue)) };
        }
        if let Domain::Range { kind, lo, hi, step, .. } = &mut domain {
            return self.widen(override_, (*kind, *lo, *hi), *step, domain.clone());
        }
        for (key, op, typed) in bounds {
            let Some(typed) = typed else { continue };
            let limit = self.value(typed, key)?;
            domain = match domain.keep_compare(op, &limit, self.dialect) {
                Narrowing::Exact(d) => d,
                Narrowing::Empty => return Err(self.refused(&override_.text(), OverrideMisfit::NoValue)),
                _ => return Err(self.refused(&format!("{key}: {typed}"), OverrideMisfit::NoOrder)),
            };
        }
        Ok(domain)
    }

    /// Bounds the ends of ranges and the elements of arrays; returns whether the domain is one of these.
    fn inner_bounds(&self, domain: Domain, override_: &ColumnOverride) -> Result<(Domain, bool), OverrideError> {
        let ty = match &self.column.ty {
            SqlType::Range { element, .. } | SqlType::Array { element, .. } => element,
            _ => return Ok((domain, false)),
        };
        let column = Column { ty: (**ty).clone(), ..self.column.clone() };
        let within = |inner: &Domain, legal: &Domain| {
            let scope = OverrideScope { column: &column, likely: inner, legal, ..*self };
            scope.bounds(inner.clone(), override_).map(Box::new)
        };
        Ok(match (domain, self.legal) {
            (
                Domain::Special(Special::RangeOf { element, multi, apart, law }),
                Domain::Special(Special::RangeOf { element: legal, .. }),
            ) => {
                let element = within(&element, legal)?;
                (Domain::Special(Special::RangeOf { element, multi, apart, law }), true)
            }
            (Domain::Array { element, min, max }, Domain::Array { element: legal, .. }) => {
                (Domain::Array { element: within(&element, legal)?, min, max }, true)
            }
            (domain, _) => (domain, false),
        })
    }

    /// Returns the bounds of a range: those of the override take precedence over the inferred ones.
    fn widen(
        &self,
        override_: &ColumnOverride,
        (kind, lo, hi): (RangeKind, i128, i128),
        step: i128,
        old: Domain,
    ) -> Result<Domain, OverrideError> {
        let unit = |typed: &Option<Scalar>, key: &str| match typed {
            None => Ok(None),
            Some(v) => {
                let value = self.value(v, key)?;
                Ok::<_, OverrideError>(dbmocker_domain::range_units::units(kind, &value).map(|(n, _)| n))
            }
        };
        let (from, to) = (unit(&override_.min_value, "min_value")?, unit(&override_.max_value, "max_value")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(self.refused(&override_.text(), OverrideMisfit::Reversed));
        }
        let Domain::Range { lo: least, hi: most, .. } = self.legal else { return Ok(old) };
        // Beyond the likely values, the other bound is about as far away as they reach.
        let number = matches!(kind, RangeKind::Int | RangeKind::Decimal { .. });
        let span = |bound: i128| if number { (hi - lo).max(bound.abs()) } else { hi - lo };
        let below = |to: i128| if lo >= 0 && to >= 0 && number { 0 } else { to.saturating_sub(span(to)) };
        let new_lo =
            from.unwrap_or_else(|| if let Some(to) = to.filter(|t| *t < lo) { below(to).max(*least) } else { lo });
        let new_hi = to.unwrap_or_else(|| match from.filter(|f| *f > hi) {
            Some(from) => from.saturating_add(span(from)).min(*most),
            None => hi,
        });
        if new_lo > new_hi {
            return Err(self.refused(&override_.text(), OverrideMisfit::NoValue));
        }
        let Domain::Range { shape, .. } = old else { return Ok(old) };
        let step = if step > new_hi - new_lo { 1 } else { step };
        Ok(Domain::Range { kind, lo: new_lo, hi: new_hi, step, except: Vec::new(), shape })
    }

    fn lengths(&self, domain: Domain, override_: &ColumnOverride) -> Result<Domain, OverrideError> {
        if override_.min_length.is_none() && override_.max_length.is_none() {
            return Ok(domain);
        }
        let domain = match (domain, self.text()) {
            // A list inferred from the name: an override of the length requests free text instead.
            (Domain::Choice { .. }, Some(t)) if override_.first_key().is_some_and(|k| k.ends_with("length")) => {
                Domain::Text(t.clone())
            }
            (d, _) => d,
        };
        let (min, max) = (override_.min_length.unwrap_or(0), override_.max_length.unwrap_or(u32::MAX));
        if let (Domain::Bytes { .. }, SqlType::Binary { max_bytes, fixed: false }) = (&domain, &self.column.ty) {
            // The usual sizes are not a limit.
            let most = max_bytes.unwrap_or(u32::MAX);
            let max = override_.max_length.unwrap_or(min.saturating_mul(2)).min(most);
            if min > max || override_.max_length.is_some_and(|asked| asked > most) {
                return Err(self.refused(&override_.text(), OverrideMisfit::Bytes(most)));
            }
            return Ok(Domain::Bytes { min, max });
        }
        let kept = match &domain {
            Domain::Choice { .. } => domain.keep_where(0, &|v| {
                let chars = v.to_string().chars().count() as u64;
                (u64::from(min)..=u64::from(max)).contains(&chars)
            }),
            d => d.keep_chars(min, max),
        };
        match kept {
            Narrowing::Exact(d) | Narrowing::Over(d) => Ok(d),
            Narrowing::Empty => Err(self.refused(&override_.text(), OverrideMisfit::NoSuchLength)),
            Narrowing::Unsupported => Err(self.refused(&override_.text(), OverrideMisfit::LengthOfText)),
        }
    }

    /// Applies a format string: `ORD-{:06d}` formats digits, `Mr. {}` surrounds the value.
    fn format(&self, domain: Domain, format: &str) -> Result<Domain, OverrideError> {
        let refused = |why: OverrideMisfit| self.refused(&format!("format_string: {format}"), why);
        if self.text().is_none() {
            return Err(refused(OverrideMisfit::OfText));
        }
        let pieces = pieces(format).ok_or_else(|| refused(OverrideMisfit::FormatSyntax))?;
        let places = pieces.iter().filter(|p| matches!(p, OverridePiece::Value)).count();
        let literal = |pieces: &[OverridePiece]| {
            pieces.iter().map(|p| if let OverridePiece::Text(t) = p { t.as_str() } else { "" }).collect::<String>()
        };
        if let (1, true) = (places, pieces.iter().all(|p| !matches!(p, OverridePiece::Digits(_)))) {
            let at = pieces.iter().position(|p| matches!(p, OverridePiece::Value)).unwrap_or(0);
            let (before, after) = (literal(&pieces[..at]), literal(&pieces[at + 1..]));
            return self.around(domain, &before, &after).ok_or_else(|| refused(OverrideMisfit::FormatRoom));
        }
        if places > 0 {
            return Err(refused(OverrideMisfit::FormatParts));
        }
        let regex: String = pieces
            .iter()
            .map(|p| match p {
                OverridePiece::Text(t) => regex_syntax::escape(t),
                OverridePiece::Digits(n) => format!("[0-9]{{{n}}}"),
                OverridePiece::Value => String::new(),
            })
            .collect();
        self.pattern(&regex, "format_string")
    }

    fn around(&self, domain: Domain, before: &str, after: &str) -> Option<Domain> {
        match domain {
            Domain::Choice { values, weights } => {
                let values: Vec<Value> = values.iter().map(|v| Value::Text(format!("{before}{v}{after}"))).collect();
                values.iter().all(|v| self.legal.contains(v)).then_some(Domain::Choice { values, weights })
            }
            Domain::Text(t) => {
                let Narrowing::Exact(d) = Domain::Text(t).keep_prefix(before) else { return None };
                let Narrowing::Exact(d) = d.keep_suffix(after) else { return None };
                Some(d)
            }
            _ => None,
        }
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

#[derive(Debug, PartialEq)]
enum OverridePiece {
    Text(String),
    Value,
    Digits(u32),
}

/// Parses a format string: `{}`, `{:05d}`, `{{`, `}}`; `None` for anything else in braces.
fn pieces(format: &str) -> Option<Vec<OverridePiece>> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push(c);
            rest = &rest[2..];
        } else if c == '{' {
            let end = rest.find('}')?;
            if !text.is_empty() {
                out.push(OverridePiece::Text(std::mem::take(&mut text)));
            }
            out.push(match &rest[1..end] {
                "" => OverridePiece::Value,
                inside => {
                    let digits = inside.strip_prefix(':')?.strip_suffix('d').unwrap_or("");
                    OverridePiece::Digits(digits.parse().ok().filter(|n| (1..=30).contains(n))?)
                }
            });
            rest = &rest[end + 1..];
        } else if c == '}' {
            return None;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if !text.is_empty() {
        out.push(OverridePiece::Text(text));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_strings_are_parsed() {
        let text = |s: &str| OverridePiece::Text(s.into());
        assert_eq!(pieces("A{:05d}{{}}"), Some(vec![text("A"), OverridePiece::Digits(5), text("{}")]));
        assert_eq!(pieces("{}"), Some(vec![OverridePiece::Value]));
        for wrong in ["{", "}", "{x}", "{:d}", "{:99d}"] {
            assert_eq!(pieces(wrong), None, "{wrong}");
        }
    }
}
