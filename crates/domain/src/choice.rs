//! A sampler of explicit values with weights.

use std::collections::HashSet;

use super::string_arena::StringArena;
use super::weight_totals::WeightTotals;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

#[derive(Debug, Clone)]
pub(super) struct ChoiceSampler {
    pub values: Vec<Value>,
    /// One index for each group of values that compare equal.
    pub distinct: Vec<usize>,
    /// `None` for equal weights.
    totals: Option<WeightTotals>,
    /// The same values, if all are texts.
    pub texts: Option<StringArena>,
}

impl ChoiceSampler {
    pub fn new(values: &[Value], weights: Option<&[u32]>) -> Self {
        let mut seen = HashSet::new();
        let distinct = (0..values.len()).filter(|&i| seen.insert(folded(&values[i]))).collect();
        let totals =
            weights.filter(|w| w.len() == values.len()).map(|weights| WeightTotals::new(weights.iter().copied()));
        let texts = values.iter().map(|v| if let Value::Text(text) = v { Some(&**text) } else { None });
        let texts = texts.collect::<Option<Vec<&str>>>().and_then(|texts| StringArena::new(&texts));
        ChoiceSampler { values: values.to_vec(), distinct, totals, texts }
    }

    /// Draws the index of a value; there must be at least one value.
    #[inline]
    pub fn pick_index(&self, rng: &mut CellRng) -> usize {
        match &self.totals {
            Some(totals) if totals.all() > 0 => totals.draw(rng),
            _ => rng.below(self.values.len() as u64) as usize,
        }
    }

    pub fn pick(&self, rng: &mut CellRng) -> Option<&Value> {
        if self.values.is_empty() { None } else { Some(&self.values[self.pick_index(rng)]) }
    }
}

/// The value's key under the most tolerant collation: letter case and trailing spaces ignored.
fn folded(value: &Value) -> String {
    match value {
        Value::Text(s) => format!("t{}", s.trim_end_matches(' ').to_lowercase()),
        other => format!("{other:?}"),
    }
}
