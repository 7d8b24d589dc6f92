//! Bounds and lengths of an override.

use super::OverrideScope;
use crate::error::overrides::{OverrideError, OverrideMisfit};
use crate::overrides::ColumnOverride;
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_date};
use dbmocker_domain::{Domain, RangeKind, Special};
use dbmocker_plan::Scalar;
use dbmocker_predicate::Cmp;
use dbmocker_predicate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};

impl OverrideScope<'_> {
    /// Returns true if the bounds of `legal` are those of the type, not merely usual ones.
    pub(super) fn bounded(&self) -> bool {
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

    pub(super) fn bounds(&self, domain: Domain, override_: &ColumnOverride) -> Result<Domain, OverrideError> {
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
            (Domain::Array { element, min, max, unique }, Domain::Array { element: legal, .. }) => {
                (Domain::Array { element: within(&element, legal)?, min, max, unique }, true)
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
        let days = kind == RangeKind::Timestamp && override_.max_value.as_ref().is_some_and(is_date);
        // A date includes its day.
        let to =
            to.map(
                |to| if days { to + i128::from(MICROS_PER_DAY) - step.clamp(1, MICROS_PER_SECOND.into()) } else { to },
            );
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

    pub(super) fn lengths(&self, domain: Domain, override_: &ColumnOverride) -> Result<Domain, OverrideError> {
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
}

/// Returns true for a date without a time.
pub(super) fn is_date(typed: &Scalar) -> bool {
    let text = typed.to_string();
    !text.contains([':', 'T', ' ']) && parse_date(text.trim()).is_some()
}
