//! Key tuples of existing rows, stored as compactly as their types allow.
//!
//! In: tuples, one by one, in a stable order. Out: any of them by index. If the memory limit does not hold all, every
//! second tuple is kept, then every fourth, and so on: the sample is spread evenly over the existing rows.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use dbmocker_core::value::Value;

/// Tuples of equal width, stored by column.
#[derive(Debug, Clone, Default)]
pub struct ExistingKeys {
    rows: usize,
    columns: Vec<KeyCells>,
    /// True if the memory limit did not hold all existing keys.
    pub thinned: bool,
}

#[derive(Debug, Clone)]
enum KeyCells {
    Ints(Vec<i64>),
    Texts {
        text: String,
        /// End offset of each text.
        ends: Vec<u32>,
    },
    Any(Vec<Value>),
}

impl ExistingKeys {
    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns the number of columns; `None` if there are no tuples.
    pub fn width(&self) -> Option<usize> {
        (self.rows > 0).then_some(self.columns.len())
    }

    /// Returns the memory used, in bytes.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(KeyCells::bytes).sum()
    }

    pub fn push(&mut self, tuple: Vec<Value>) {
        if self.columns.is_empty() {
            self.columns = tuple.iter().map(KeyCells::fit).collect();
        }
        self.rows += 1;
        self.columns.iter_mut().zip(tuple).for_each(|(cells, value)| cells.push(value));
    }

    pub fn cell(&self, row: usize, column: usize) -> Value {
        self.columns[column].get(row)
    }

    pub fn tuple(&self, row: usize) -> Vec<Value> {
        self.columns.iter().map(|c| c.get(row)).collect()
    }

    pub fn tuples(&self) -> impl Iterator<Item = Vec<Value>> {
        (0..self.rows).map(|row| self.tuple(row))
    }

    /// Keeps every second tuple, beginning with the first.
    fn halve(&mut self) {
        let half = ExistingKeys { rows: 0, columns: self.columns.iter().map(KeyCells::empty).collect(), thinned: true };
        let old = std::mem::replace(self, half);
        (0..old.rows).step_by(2).for_each(|row| self.push(old.tuple(row)));
    }
}

/// Collects existing keys up to an approximate size in bytes.
pub struct Sample {
    pool: ExistingKeys,
    most: u64,
    seen: u64,
    every: u64,
}

impl Sample {
    pub fn new(most: u64) -> Self {
        Sample { pool: ExistingKeys::default(), most, seen: 0, every: 1 }
    }

    pub fn push(&mut self, tuple: Vec<Value>) {
        if self.seen.is_multiple_of(self.every) {
            self.pool.push(tuple);
            if self.pool.len() > 1 && self.pool.bytes() > self.most {
                self.pool.halve();
                self.every *= 2;
            }
        }
        self.seen += 1;
    }

    pub fn finish(mut self) -> ExistingKeys {
        self.pool.columns.iter_mut().for_each(KeyCells::shrink);
        self.pool
    }
}

impl KeyCells {
    /// Returns empty cells of the most compact type that holds this value.
    fn fit(value: &Value) -> Self {
        match value {
            Value::Int(n) if i64::try_from(*n).is_ok() => KeyCells::Ints(Vec::new()),
            Value::Text(_) => KeyCells::Texts { text: String::new(), ends: Vec::new() },
            _ => KeyCells::Any(Vec::new()),
        }
    }

    fn empty(&self) -> Self {
        match self {
            KeyCells::Ints(_) => KeyCells::Ints(Vec::new()),
            KeyCells::Texts { .. } => KeyCells::Texts { text: String::new(), ends: Vec::new() },
            KeyCells::Any(_) => KeyCells::Any(Vec::new()),
        }
    }

    fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (KeyCells::Ints(all), Value::Int(n)) if i64::try_from(n).is_ok() => {
                all.push(i64::try_from(n).expect("just tried"));
            }
            (KeyCells::Texts { text, ends }, Value::Text(t)) if u32::try_from(text.len() + t.len()).is_ok() => {
                text.push_str(&t);
                ends.push(u32::try_from(text.len()).expect("just tried"));
            }
            (KeyCells::Any(all), value) => all.push(value),
            (_, value) => {
                let mut all: Vec<Value> = (0..self.len()).map(|row| self.get(row)).collect();
                all.push(value);
                *self = KeyCells::Any(all);
            }
        }
    }

    fn shrink(&mut self) {
        match self {
            KeyCells::Ints(all) => all.shrink_to_fit(),
            KeyCells::Texts { text, ends } => {
                text.shrink_to_fit();
                ends.shrink_to_fit();
            }
            KeyCells::Any(all) => all.shrink_to_fit(),
        }
    }

    fn len(&self) -> usize {
        match self {
            KeyCells::Ints(all) => all.len(),
            KeyCells::Texts { ends, .. } => ends.len(),
            KeyCells::Any(all) => all.len(),
        }
    }

    fn get(&self, row: usize) -> Value {
        match self {
            KeyCells::Ints(all) => Value::Int(all[row].into()),
            KeyCells::Texts { text, ends } => {
                let begin = row.checked_sub(1).map_or(0, |before| ends[before]);
                Value::text(&text[begin as usize..ends[row] as usize])
            }
            KeyCells::Any(all) => all[row].clone(),
        }
    }

    fn bytes(&self) -> u64 {
        let bytes = match self {
            KeyCells::Ints(all) => all.capacity() * size_of::<i64>(),
            KeyCells::Texts { text, ends } => text.capacity() + ends.capacity() * size_of::<u32>(),
            // An estimate: most values here have few bytes of their own.
            KeyCells::Any(all) => all.capacity() * (size_of::<Value>() + 16),
        };
        bytes as u64
    }
}

/// As the list of its tuples.
impl Serialize for ExistingKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.tuples())
    }
}

impl<'de> Deserialize<'de> for ExistingKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tuples;
        impl<'de> Visitor<'de> for Tuples {
            type Value = ExistingKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tuples")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut tuples: A) -> Result<ExistingKeys, A::Error> {
                let mut pool = ExistingKeys::default();
                while let Some(tuple) = tuples.next_element::<Vec<Value>>()? {
                    if pool.width().is_some_and(|width| width != tuple.len()) {
                        return Err(serde::de::Error::custom("tuples of different widths"));
                    }
                    pool.push(tuple);
                }
                Ok(pool)
            }
        }
        deserializer.deserialize_seq(Tuples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_are_read_back_unchanged() {
        let tuples = vec![
            vec![Value::Int(1), Value::text("a"), Value::Date(3)],
            vec![Value::Int(-5), Value::text(""), Value::Date(4)],
            vec![Value::Int(1 << 90), Value::text("é"), Value::Bool(true)],
            vec![Value::text("x"), Value::Int(7), Value::Null],
        ];
        let mut pool = ExistingKeys::default();
        tuples.iter().for_each(|t| pool.push(t.clone()));
        assert_eq!(pool.tuples().collect::<Vec<_>>(), tuples);
        assert_eq!((pool.cell(1, 0), pool.cell(2, 1)), (Value::Int(-5), Value::text("é")));
        let text = serde_json::to_string(&pool).unwrap();
        assert_eq!(serde_json::from_str::<ExistingKeys>(&text).unwrap().tuples().collect::<Vec<_>>(), tuples);
    }

    #[test]
    fn a_sample_is_small_and_evenly_spread() {
        let mut sample = Sample::new(64 << 10);
        (0..100_000).for_each(|n| sample.push(vec![Value::Int(n), Value::text(format!("row {n}"))]));
        let pool = sample.finish();
        assert!(pool.bytes() <= 64 << 10 && pool.len() > 1000, "{} tuples, {} bytes", pool.len(), pool.bytes());
        assert!(pool.thinned);
        let Value::Int(step) = pool.cell(1, 0) else { panic!("a number") };
        for (i, tuple) in pool.tuples().enumerate() {
            assert_eq!(tuple, [Value::Int(i as i128 * step), Value::text(format!("row {}", i as i128 * step))]);
        }
        assert!(pool.len() as i128 * step >= 100_000);
    }
}
