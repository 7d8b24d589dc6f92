//! A sampler of explicit values with weights.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::string_arena::StringArena;
use super::weight_totals::WeightTotals;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::{Value, digest, fold};

/// Lists up to this length are searched without an index.
const SHORT_LIST: usize = 16;

#[derive(Debug, Clone)]
pub(super) struct ChoiceSampler {
    pub values: Vec<Value>,
    distinct: OnceLock<Vec<usize>>,
    /// The places of values, by their digests.
    places: OnceLock<HashMap<u64, Vec<usize>>>,
    /// `None` for equal weights.
    totals: Option<WeightTotals>,
    /// The same values, if all are texts.
    pub texts: Option<StringArena>,
}

impl ChoiceSampler {
    pub fn new(values: &[Value], weights: Option<&[u32]>) -> Self {
        let totals =
            weights.filter(|w| w.len() == values.len()).map(|weights| WeightTotals::new(weights.iter().copied()));
        let texts = values.iter().map(|v| if let Value::Text(text) = v { Some(&**text) } else { None });
        let texts = texts.collect::<Option<Vec<&str>>>().and_then(|texts| StringArena::new(&texts));
        ChoiceSampler { values: values.to_vec(), distinct: OnceLock::new(), places: OnceLock::new(), totals, texts }
    }

    /// One index for each group of values that compare equal.
    pub fn distinct(&self) -> &[usize] {
        self.distinct.get_or_init(|| {
            let mut seen = HashSet::new();
            (0..self.values.len()).filter(|&i| seen.insert(folded(&self.values[i]))).collect()
        })
    }

    pub fn contains(&self, value: &Value) -> bool {
        if self.values.len() <= SHORT_LIST {
            return self.values.contains(value);
        }
        let key = |v: &Value| fold(digest(std::slice::from_ref(v)));
        let places = self.places.get_or_init(|| {
            let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
            for (i, v) in self.values.iter().enumerate() {
                places.entry(key(v)).or_default().push(i);
            }
            places
        });
        places.get(&key(value)).is_some_and(|places| places.iter().any(|&i| self.values[i] == *value))
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
