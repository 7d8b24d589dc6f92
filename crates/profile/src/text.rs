//! Values as text, written as numbers where that is the same text; and the short forms of [`Common`] and [`Distinct`].

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Common, Distinct};

/// A value's text; a number in the file is its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainText(pub String);

impl Serialize for PlainText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(n) = self.0.parse::<i64>()
            && n.to_string() == self.0
        {
            return serializer.serialize_i64(n);
        }
        let as_number = self.0.parse::<f64>().ok().filter(|x| x.is_finite());
        let same = |x: &f64| serde_json::Value::from(*x).to_string().as_str() == self.0.as_str();
        match as_number.filter(same) {
            Some(x) => serializer.serialize_f64(x),
            None => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for PlainText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(PlainText)
    }
}

struct PlainVisitor;

impl Visitor<'_> for PlainVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<String, E> {
        Ok(serde_json::Value::from(v).to_string())
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<String, E> {
        Ok(v.to_owned())
    }
}

impl Serialize for Common {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(label) = &self.label else { return serializer.serialize_f64(self.share) };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("share", &self.share)?;
        map.serialize_entry("label", &PlainText(label.clone()))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Common {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (share, label) = deserializer.deserialize_any(NumberOrMap { key: "share", second: Some("label") })?;
        Ok(Common { share, label })
    }
}

impl Serialize for Distinct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Distinct::Count(n) => serializer.serialize_f64(n),
            Distinct::Share(share) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("share", &share)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shared = deserializer.deserialize_any(NumberOrMap { key: "share", second: None })?;
        Ok(match shared {
            (n, Some(_)) => Distinct::Share(n),
            (n, None) => Distinct::Count(n),
        })
    }
}

/// A number, or a mapping with the number under `key`; the text is that of `second`, or empty if the form is a mapping
/// without a second key.
struct NumberOrMap {
    key: &'static str,
    second: Option<&'static str>,
}

impl<'de> Visitor<'de> for NumberOrMap {
    type Value = (f64, Option<String>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.second {
            Some(second) => write!(f, "a number, or {{{}: 0.5, {second}: text}}", self.key),
            None => write!(f, "a number, or {{{}: 0.5}}", self.key),
        }
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Self::Value, E> {
        Ok((v as f64, None)) // counts beyond 2^53 are estimates anyway
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Self::Value, E> {
        Ok((v as f64, None))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Self::Value, E> {
        Ok((v, None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut number, mut text) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            if key == self.key {
                number = Some(map.next_value::<f64>()?);
            } else if Some(key.as_str()) == self.second {
                text = Some(map.next_value::<PlainText>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
                return Err(Error::custom(format!("unknown key `{key}`")));
            }
        }
        let number = number.ok_or_else(|| Error::custom(format!("`{}` is missing", self.key)))?;
        Ok((number, if self.second.is_some() { text } else { Some(String::new()) }))
    }
}
