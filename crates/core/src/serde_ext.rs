//! Serde helpers: values that JSON numbers cannot represent (integers beyond 64 bits, floats that are not finite) are
//! written as text, others as numbers.

use std::fmt::{Display, Formatter};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Reads a number, or its text.
struct Number<T>(PhantomData<T>);

impl<T: FromStr> Visitor<'_> for Number<T> {
    type Value = T;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, or its text")
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }

    fn visit_i128<E: Error>(self, v: i128) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }

    fn visit_u128<E: Error>(self, v: u128) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<T, E> {
        self.visit_str(&v.to_string())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<T, E> {
        v.parse().map_err(|_| E::custom(format!("`{v}` is not such a number")))
    }
}

fn whole<T, S>(value: T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Copy + Display + TryInto<i64> + TryInto<u64>,
    S: Serializer,
{
    match (TryInto::<i64>::try_into(value), TryInto::<u64>::try_into(value)) {
        (Ok(v), _) => serializer.serialize_i64(v),
        (_, Ok(v)) => serializer.serialize_u64(v),
        _ => serializer.collect_str(&value),
    }
}

/// `i128`.
pub mod signed {
    use super::{Deserializer, Number, PhantomData, Serializer};

    /// # Errors
    /// The serializer's error.
    pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        super::whole(*value, serializer)
    }

    /// # Errors
    /// Not a whole number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        deserializer.deserialize_any(Number(PhantomData))
    }
}

/// `u128`.
pub mod unsigned {
    use super::{Deserializer, Number, PhantomData, Serializer};

    /// # Errors
    /// The serializer's error.
    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        super::whole(*value, serializer)
    }

    /// # Errors
    /// Not a whole number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        deserializer.deserialize_any(Number(PhantomData))
    }
}

/// Lists of `i128`.
pub mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Signed(#[serde(with = "super::signed")] i128);

    /// # Errors
    /// The serializer's error.
    pub fn serialize<S: Serializer>(values: &[i128], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|&v| Signed(v)))
    }

    /// # Errors
    /// Not whole numbers.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i128>, D::Error> {
        Ok(Vec::<Signed>::deserialize(deserializer)?.into_iter().map(|v| v.0).collect())
    }
}

/// `f64`, exact with the parser's `float_roundtrip`.
pub mod float {
    use super::{Deserializer, Number, PhantomData, Serializer};

    /// # Errors
    /// The serializer's error.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.collect_str(value) }
    }

    /// # Errors
    /// Not a number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(Number(PhantomData))
    }
}

/// Bytes in run-length encoding, as (value, count) pairs.
pub mod runs {
    use std::sync::Arc;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Maximum bytes of all runs together.
    const MOST: usize = 1 << 32;

    /// # Errors
    /// The serializer's error.
    pub fn serialize<S: Serializer>(bytes: &Arc<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = bytes.chunk_by(|a, b| a == b);
        serializer.collect_seq(runs.flat_map(|run| [u64::from(run[0]), run.len() as u64]))
    }

    /// # Errors
    /// Not (byte, count) pairs.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Vec<u8>>, D::Error> {
        let pairs = Vec::<u64>::deserialize(deserializer)?;
        let mut bytes = Vec::new();
        for pair in pairs.chunks(2) {
            let run = match pair {
                [value, count] => u8::try_from(*value).ok().zip(usize::try_from(*count).ok()),
                _ => None,
            };
            let (value, count) = run.ok_or_else(|| D::Error::custom("expected pairs of a byte and a count"))?;
            // A short text may describe any number of bytes.
            let room = bytes.len().checked_add(count).is_some_and(|all| all <= MOST);
            if !room || bytes.try_reserve(count).is_err() {
                return Err(D::Error::custom("runs longer than memory"));
            }
            bytes.resize(bytes.len() + count, value);
        }
        Ok(Arc::new(bytes))
    }
}

/// A shared value (`Arc`), written as the value itself.
pub mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's error.
    pub fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    /// # Errors
    /// The deserializer's error.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// The same, for an optional value.
pub mod shared_option {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's error.
    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Arc<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_deref().serialize(serializer)
    }

    /// # Errors
    /// The deserializer's error.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map(Arc::new))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Numbers {
            #[serde(with = "super::signed")]
            signed: i128,
            #[serde(with = "super::unsigned")]
            unsigned: u128,
            #[serde(with = "super::list")]
            list: Vec<i128>,
            #[serde(with = "super::float")]
            float: f64,
            #[serde(with = "super::runs")]
            runs: Arc<Vec<u8>>,
        },
    }

    proptest! {
        #[test]
        fn everything_comes_back(
            signed: i128, unsigned: u128, small: u64, list: Vec<i128>, float: f64,
            runs in prop::collection::vec(0u8..3, 0..100),
        ) {
            for (signed, unsigned) in [(signed, unsigned), (-i128::from(small), u128::from(small))] {
                let all = Tagged::Numbers { signed, unsigned, list: list.clone(), float, runs: Arc::new(runs.clone()) };
                let text = serde_json::to_string(&all).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Tagged>(&text).unwrap(), &all);
                let value = serde_json::to_value(&all).unwrap();
                prop_assert_eq!(serde_json::from_value::<Tagged>(value).unwrap(), all);
            }
        }
    }

    #[test]
    fn floats_that_are_no_numbers() {
        #[derive(Serialize, Deserialize)]
        struct Float(#[serde(with = "super::float")] f64);
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
            let text = serde_json::to_string(&Float(x)).unwrap();
            let back = serde_json::from_str::<Float>(&text).unwrap().0;
            assert!(back == x || back.is_nan() && x.is_nan(), "{text}");
            assert_eq!(back.is_sign_negative(), x.is_sign_negative(), "{text}");
        }
    }
}
