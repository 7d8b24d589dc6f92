//! Columns and rows for the solver's tests: rows of a solution are generated, and every row is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::parse;
use dbmocker_core::rng_stream::mix;
use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{MICROS_PER_DAY, days};
use dbmocker_core::value::Value;
use dbmocker_domain::text::{TextDomain, TextKind};
use dbmocker_domain::{Domain, JsonKind, RangeKind, Shape, Special};

pub(super) const NOW: i64 = 20_000 * MICROS_PER_DAY;

pub(super) fn int(name: &str, lo: i128, hi: i128) -> ColumnInput {
    let domain = Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: vec![], shape: Shape::Uniform };
    column(name, Some(domain), SqlType::Int { bytes: 8, unsigned: false, tinyint1: false })
}

pub(super) fn column(name: &str, domain: Option<Domain>, ty: SqlType) -> ColumnInput {
    ColumnInput {
        name: name.into(),
        domain,
        legal: None,
        ty,
        nullable: false,
        null_share: 0.0,
        role: ValueSource::Free,
        same_parent: None,
    }
}

pub(super) fn decimal(name: &str, hi: i128, scale: u8) -> ColumnInput {
    let domain = Domain::Range {
        kind: RangeKind::Decimal { scale },
        lo: -hi,
        hi,
        step: 1,
        except: vec![],
        shape: Shape::Uniform,
    };
    column(name, Some(domain), SqlType::Decimal { precision: 20, scale: i16::from(scale), unsigned: false })
}

pub(super) fn text(name: &str, kind: TextKind, max: u32) -> ColumnInput {
    let ty = SqlType::Text { max_chars: Some(max), max_bytes: None, fixed: false, case_insensitive: false };
    column(name, Some(Domain::Text(TextDomain::new(kind, max))), ty)
}

pub(super) fn boolean(name: &str) -> ColumnInput {
    let values = vec![Value::Bool(false), Value::Bool(true)];
    column(name, Some(Domain::Choice { values, weights: None }), SqlType::Bool)
}

pub(super) fn timestamp(name: &str) -> ColumnInput {
    let at = |y| i128::from(days(y, 1, 1)) * i128::from(MICROS_PER_DAY);
    let domain = Domain::Range {
        kind: RangeKind::Timestamp,
        lo: at(2020),
        hi: at(2024),
        step: 1_000_000,
        except: vec![],
        shape: Shape::High,
    };
    column(name, Some(domain), SqlType::Timestamp { precision: 6, tz: true, epoch_range: false })
}

pub(super) fn date(name: &str) -> ColumnInput {
    let (lo, hi) = (i128::from(days(1950, 1, 1)), i128::from(days(2024, 1, 1)));
    let domain = Domain::Range { kind: RangeKind::Date, lo, hi, step: 1, except: vec![], shape: Shape::Uniform };
    column(name, Some(domain), SqlType::Date)
}

pub(super) fn interval(name: &str) -> ColumnInput {
    let domain = Domain::Range {
        kind: RangeKind::Interval,
        lo: 0,
        hi: i128::from(MICROS_PER_DAY),
        step: 1_000_000,
        except: vec![],
        shape: Shape::Uniform,
    };
    column(name, Some(domain), SqlType::Interval)
}

pub(super) fn json(name: &str) -> ColumnInput {
    let domain = Domain::Special(Special::Json { binary: true, kind: JsonKind::Object });
    column(name, Some(domain), SqlType::Json { binary: true })
}

pub(super) fn array(name: &str) -> ColumnInput {
    let element = Box::new(Domain::Text(TextDomain::new(TextKind::Word, 20)));
    let ty = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
    let ty = SqlType::Array { element: Box::new(ty), dimensions: 1 };
    column(name, Some(Domain::Array { element, min: 0, max: 3, unique: false }), ty)
}

pub(super) trait With: Sized {
    fn null(self) -> Self;
    fn role(self, role: ValueSource) -> Self;
}

impl With for ColumnInput {
    fn null(mut self) -> Self {
        self.nullable = true;
        self.null_share = 0.3;
        self
    }

    fn role(mut self, role: ValueSource) -> Self {
        self.role = role;
        self
    }
}

pub(super) struct TestDraws<'a> {
    pub row: u64,
    pub samplers: &'a [Option<dbmocker_domain::Sampler>],
    pub columns: &'a [ColumnInput],
}

impl RowSource for TestDraws<'_> {
    fn hash(&self, column: usize, attempt: u32) -> u64 {
        mix(mix(self.row) ^ mix((column as u64) << 32 | u64::from(attempt)))
    }

    fn branch(&self, attempt: u32) -> u64 {
        mix(mix(self.row ^ 0x5555) ^ u64::from(attempt))
    }

    fn given(&self, c: usize, attempt: u32) -> Value {
        match &self.samplers[c] {
            Some(d) if self.columns[c].role == ValueSource::Key => d.value(u128::from(self.row) % d.size()),
            Some(d) => d.draw(&mut CellRng::new(self.hash(c, attempt))),
            None => Value::Int(i128::from(self.hash(c, attempt) % 50)),
        }
    }
}

pub(super) type RowMap = BTreeMap<String, Value>;

/// The rows that a run would generate from a solution.
pub(super) fn rows(columns: &[ColumnInput], s: &Solution, n: u64) -> Vec<RowMap> {
    let samplers: Vec<_> = s.columns.iter().map(|c| c.domain.as_ref().map(Domain::sampler)).collect();
    (0..n)
        .map(|row| {
            let draws = TestDraws { row, samplers: &samplers, columns };
            let mut out = RowMap::new();
            for (c, input) in columns.iter().enumerate() {
                let narrowed = &s.columns[c];
                let mut rng = CellRng::new(draws.hash(c, 0));
                let null = match narrowed.nulls {
                    Nulls::Always => true,
                    Nulls::Never => false,
                    Nulls::Free => rng.unit() < input.null_share,
                };
                let value = match (&input.role, null) {
                    (ValueSource::Generated { .. }, _) => continue,
                    (_, true) => Value::Null,
                    (ValueSource::Free, _) => samplers[c].as_ref().unwrap().draw(&mut rng),
                    _ => draws.given(c, 0),
                };
                out.insert(input.name.clone(), value);
            }
            for g in &s.groups {
                let values = g.solve_row(&draws).unwrap_or_else(|e| panic!("row {row}: {e}: {g}"));
                for (c, v) in g.columns().iter().zip(values) {
                    out.insert(columns[*c].name.clone(), v);
                }
            }
            for (c, input) in columns.iter().enumerate() {
                let v = out.get(&input.name);
                assert!(input.nullable || v != Some(&Value::Null), "{} is NULL; {:?}", input.name, s.columns[c]);
            }
            out
        })
        .collect()
}

pub(super) fn solved(dialect: Dialect, columns: &[ColumnInput], checks: &[&str]) -> Vec<RowMap> {
    let named: Vec<NamedCheck> = checks.iter().enumerate().map(|(i, t)| NamedCheck::new(format!("c{i}"), *t)).collect();
    let s = solve(columns, &named, dialect, NOW);
    assert_eq!(s.unsolved, [], "{checks:?}");
    assert_eq!(s.impossible, [], "{checks:?}");
    let json = serde_json::to_string(&s).unwrap();
    assert_eq!(serde_json::from_str::<Solution>(&json).unwrap(), s, "{checks:?}");
    let rows = rows(columns, &s, 500);
    let parsed: Vec<_> = checks.iter().map(|c| parse(c, dialect).unwrap()).collect();
    for (i, row) in rows.iter().enumerate() {
        for c in &parsed {
            let t = c.truth(row, Env { dialect, now: NOW });
            assert!(
                matches!(t, Ok(None | Some(true))),
                "{c}: {t:?} on row {i}: {row:?}; {:?}",
                s.groups.iter().map(|g| g.to_string()).collect::<Vec<_>>()
            );
        }
    }
    rows
}

pub(super) fn pg(columns: &[ColumnInput], checks: &[&str]) -> Vec<RowMap> {
    solved(Dialect::Postgres, columns, checks)
}

/// Distinct values of a column, as text.
pub(super) fn seen(rows: &[RowMap], column: &str) -> BTreeSet<String> {
    rows.iter().map(|r| r[column].to_string()).collect()
}

pub(super) fn has_null(rows: &[RowMap], column: &str) -> bool {
    rows.iter().any(|r| r[column].is_null())
}

pub(super) fn has_value(rows: &[RowMap], column: &str) -> bool {
    rows.iter().any(|r| !r[column].is_null())
}
