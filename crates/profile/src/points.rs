//! Quantiles: a mapping from percent to value.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::PlainText;

/// `{0: 1, 50: 20, 100: 400}`: half of the values are at most 20. In increasing order of percent, from 0 to 100; between
/// two points values are equally likely.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quantiles {
    /// Percent, and the value as text that the column's type reads.
    pub points: Vec<(f64, String)>,
}

impl Quantiles {
    /// The values as numbers, where all of them are.
    pub fn numbers(&self) -> Option<Vec<(f64, f64)>> {
        self.points.iter().map(|(at, value)| Some((*at, value.parse().ok()?))).collect()
    }
}

impl Serialize for Quantiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.points.len()))?;
        for (at, value) in &self.points {
            map.serialize_entry(&at.to_string(), &PlainText(value.clone()))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Quantiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Points)
    }
}

struct Points;

impl<'de> Visitor<'de> for Points {
    type Value = Quantiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from percent to value, e.g. {0: 1, 50: 20, 100: 400}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Quantiles, A::Error> {
        let mut points = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let at =
                key.parse().map_err(|_| Error::custom(format!("`{key}` is no percent, a number from 0 to 100")))?;
            points.push((at, map.next_value::<PlainText>()?.0));
        }
        Ok(Quantiles { points })
    }
}
