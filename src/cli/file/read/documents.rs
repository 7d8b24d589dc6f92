//! JSON documents and arrays: `json`, `json_example`, `json_schema`, `items`.

use saphyr::{ScalarOwned, YamlDataOwned};
use serde_json::Value as Json;

use super::{ConfigReader, YamlNode};
use crate::cli::file::keys::{ConfigKey, MEMBER};
use crate::cli::file::{FileError, text_of};
use dbmocker_plan::Scalar;
use dbmocker_planner::{ColumnOverride, JsonOverride, MemberOverride};

/// Levels of members and items.
const DEEPEST: usize = 32;
/// Bytes of a file with a JSON Schema.
const MOST_BYTES: u64 = 1 << 20;

impl ConfigReader<'_> {
    /// Reads one of the keys of documents and arrays.
    pub(super) fn document(
        &self,
        node: &YamlNode,
        key: &ConfigKey,
        override_: &mut ColumnOverride,
        depth: usize,
    ) -> Result<(), FileError> {
        if depth > DEEPEST {
            return Err(self.error(node, format!("`{}` is nested deeper than {DEEPEST} levels", key.name)));
        }
        let document = match key.name {
            "json" => JsonOverride::Members(self.members(node, key, depth)?),
            "json_example" => JsonOverride::Example(self.json(node, depth)?),
            "json_schema" => JsonOverride::Schema(self.json_schema(node, key, depth)?),
            "items" => {
                let (rule, missing) = self.member(node, "`items`", depth)?;
                if missing > 0.0 {
                    return Err(self.error(node, "`missing` is for members of objects; an array has `item_count`"));
                }
                *override_.items.get_or_insert_default().rule = rule;
                return Ok(());
            }
            "item_count" => {
                override_.items.get_or_insert_default().count = Some(self.length(node, key)?);
                return Ok(());
            }
            _ => {
                override_.items.get_or_insert_default().unique = self.flag(node, key)?;
                return Ok(());
            }
        };
        match override_.json.replace(document) {
            None => Ok(()),
            Some(_) => Err(self.error(node, "`json`, `json_example` and `json_schema` exclude each other; keep one")),
        }
    }

    /// `{theme: {possible_values: [dark, light]}, version: 2}`.
    fn members(&self, node: &YamlNode, key: &ConfigKey, depth: usize) -> Result<Vec<MemberOverride>, FileError> {
        let entries = match &node.data {
            YamlDataOwned::Mapping(_) => self.named(node, "`json`")?,
            _ => return Err(self.wrong(node, key, "a mapping from members to rules or values")),
        };
        let member = |((name, _), value): ((String, &YamlNode), &YamlNode)| {
            let (rule, missing) = match &value.data {
                YamlDataOwned::Mapping(_) => self.member(value, &format!("member `{name}`"), depth)?,
                _ => {
                    let value = JsonOverride::Value(self.json(value, depth)?);
                    (ColumnOverride { json: Some(value), ..ColumnOverride::default() }, 0.0)
                }
            };
            Ok(MemberOverride { name, missing, rule })
        };
        entries.into_iter().map(member).collect()
    }

    /// The rule of a member or item, and the share of objects without it.
    fn member(&self, node: &YamlNode, of: &str, depth: usize) -> Result<(ColumnOverride, f64), FileError> {
        let (mut rule, mut missing) = (ColumnOverride::default(), 0.0);
        for (key, value) in self.section(node, of, MEMBER)? {
            match key.name {
                "missing" => missing = self.share(value, key)?,
                _ => self.values(value, key, &mut rule, depth + 1)?,
            }
        }
        Ok((rule, missing))
    }

    /// The name of a file, or the schema.
    fn json_schema(&self, node: &YamlNode, key: &ConfigKey, depth: usize) -> Result<Json, FileError> {
        let Some(Scalar::Text(name)) = self.plain(node) else {
            return match &node.data {
                YamlDataOwned::Mapping(_) | YamlDataOwned::Value(ScalarOwned::Boolean(_)) => self.json(node, depth),
                _ => Err(self.wrong(node, key, "the name of a file, or a JSON Schema")),
            };
        };
        let path = self.path(node, &name)?;
        let unreadable = |why: String| self.error(node, format!("`{name}`: {why}"));
        let text = text_of(&path, MOST_BYTES).map_err(|e| unreadable(e.to_string()))?;
        serde_json::from_str(&text).map_err(|e| unreadable(format!("it is no JSON: {e}")))
    }

    /// A value as JSON.
    fn json(&self, node: &YamlNode, depth: usize) -> Result<Json, FileError> {
        if depth > DEEPEST {
            return Err(self.error(node, format!("the value is nested deeper than {DEEPEST} levels")));
        }
        Ok(match &node.data {
            YamlDataOwned::Mapping(_) => {
                let members = self.named(node, "the value")?;
                let members = members.into_iter().map(|((name, _), value)| Ok((name, self.json(value, depth + 1)?)));
                Json::Object(members.collect::<Result<_, FileError>>()?)
            }
            YamlDataOwned::Sequence(items) => {
                Json::Array(items.iter().map(|item| self.json(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            _ => match self.plain(node).unwrap_or(Scalar::Null) {
                Scalar::Null => Json::Null,
                Scalar::Bool(b) => Json::Bool(b),
                Scalar::Int(i) => i.into(),
                Scalar::Float(x) => x.into(),
                Scalar::Text(text) => Json::String(text),
            },
        })
    }
}
