//! A tree of YAML (or JSON, which is YAML) as serde reads it; an error has the line and column of its node.

use std::fmt;

use saphyr::{MarkedYamlOwned, ScalarOwned, YamlDataOwned};
use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// An error with its position: line, column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misplaced {
    pub message: String,
    pub at: Option<(usize, usize)>,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misplaced {}

impl serde::de::Error for Misplaced {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misplaced { message: message.to_string(), at: None }
    }
}

/// A node to be read.
#[derive(Clone, Copy)]
pub(crate) struct Node<'n>(pub &'n MarkedYamlOwned);

impl Node<'_> {
    pub(crate) fn place(self) -> (usize, usize) {
        (self.0.span.start.line(), self.0.span.start.col() + 1)
    }

    /// Adds the position, unless an inner node has added one.
    fn locate(self, e: Misplaced) -> Misplaced {
        Misplaced { at: Some(e.at.unwrap_or(self.place())), ..e }
    }
}

impl<'n> Node<'n> {
    /// The node at a path of keys and positions, or the last one that exists on the path.
    pub(crate) fn find(self, path: &[String]) -> Node<'n> {
        let Some((first, rest)) = path.split_first() else { return self };
        let below = match &self.0.data {
            YamlDataOwned::Mapping(map) => {
                map.iter().find(|(key, _)| name(key).as_ref() == Some(first)).map(|(_, value)| value)
            }
            YamlDataOwned::Sequence(items) => first.parse().ok().and_then(|i: usize| items.get(i)),
            _ => None,
        };
        below.map_or(self, |node| Node(node).find(rest))
    }
}

/// A key's text.
fn name(node: &MarkedYamlOwned) -> Option<String> {
    match &node.data {
        YamlDataOwned::Value(ScalarOwned::String(s)) => Some(s.clone()),
        YamlDataOwned::Value(ScalarOwned::Integer(i)) => Some(i.to_string()),
        YamlDataOwned::Value(ScalarOwned::FloatingPoint(x)) => Some(x.into_inner().to_string()),
        YamlDataOwned::Value(ScalarOwned::Boolean(b)) => Some(b.to_string()),
        YamlDataOwned::Value(ScalarOwned::Null) => Some("null".into()),
        _ => None,
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Misplaced;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        let read = match &self.0.data {
            YamlDataOwned::Value(ScalarOwned::Null) => visitor.visit_unit(),
            YamlDataOwned::Value(ScalarOwned::Boolean(b)) => visitor.visit_bool(*b),
            YamlDataOwned::Value(ScalarOwned::Integer(i)) => visitor.visit_i64(*i),
            YamlDataOwned::Value(ScalarOwned::FloatingPoint(x)) => visitor.visit_f64(x.into_inner()),
            YamlDataOwned::Value(ScalarOwned::String(s)) => visitor.visit_str(s),
            YamlDataOwned::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            YamlDataOwned::Mapping(map) => visitor.visit_map(Entries { entries: map.iter(), value: None }),
            _ => Err(Misplaced::custom(
                "a plain value, a list or a mapping is wanted here; aliases and tags are not read",
            )),
        };
        read.map_err(|e| self.locate(e))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        match &self.0.data {
            YamlDataOwned::Value(ScalarOwned::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Texts may be written as numbers: `label: 5`.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        match (&self.0.data, name(self.0)) {
            (YamlDataOwned::Value(ScalarOwned::Null), _) | (_, None) => self.deserialize_any(visitor),
            (_, Some(text)) => visitor.visit_string(text).map_err(|e: Misplaced| self.locate(e)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        enum_name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misplaced> {
        let text = name(self.0).ok_or_else(|| Misplaced::custom(format!("one of {}", variants.join(", "))));
        text.and_then(|text| StringDeserializer::new(text).deserialize_enum(enum_name, variants, visitor))
            .map_err(|e| self.locate(e))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'n>(std::slice::Iter<'n, MarkedYamlOwned>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misplaced;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misplaced> {
        self.0.next().map(|node| seed.deserialize(Node(node))).transpose()
    }
}

struct Entries<'n, I: Iterator<Item = (&'n MarkedYamlOwned, &'n MarkedYamlOwned)>> {
    entries: I,
    value: Option<&'n MarkedYamlOwned>,
}

impl<'de, 'n, I: Iterator<Item = (&'n MarkedYamlOwned, &'n MarkedYamlOwned)>> MapAccess<'de> for Entries<'n, I> {
    type Error = Misplaced;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misplaced> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        let text = name(key).ok_or_else(|| Node(key).locate(Misplaced::custom("a key must be a name")))?;
        seed.deserialize(StringDeserializer::new(text)).map(Some).map_err(|e| Node(key).locate(e))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misplaced> {
        let value = self.value.take().ok_or_else(|| Misplaced::custom("a value without a key"))?;
        seed.deserialize(Node(value))
    }
}
