//! Overrides of JSON columns, as the shape of their documents, and of arrays.

use serde_json::Value as Json;

use super::{OverrideScope, domain, shares};
use crate::documents::{example, schema};
use crate::error::overrides::{OverrideError, OverrideMisfit};
use crate::overrides::{ColumnOverride, ItemsOverride, JsonOverride, MemberOverride};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::value::Value;
use dbmocker_domain::document::{Document, DocumentMember};
use dbmocker_domain::{Domain, Special};
use dbmocker_plan::Scalar;
use dbmocker_predicate::json_schema_accepts;
use dbmocker_semantics as semantics;

/// Number of documents that are tested.
const TESTED: u64 = 200;
/// Fewest and most items of an array whose rule does not say.
const ITEMS: (u32, u32) = (1, 4);

impl OverrideScope<'_> {
    /// The documents or arrays of a rule with `json`, `json_example`, `json_schema` or `items`.
    pub(super) fn documents(&self, rule: &ColumnOverride) -> Result<Domain, OverrideError> {
        if let (SqlType::Array { .. }, Some(items)) =
            (&self.column.ty, rule.items.as_ref().filter(|_| rule.json.is_none()))
        {
            return self.array(items, rule);
        }
        let binary = match (&self.column.ty, self.legal) {
            (SqlType::Json { binary }, _) => *binary,
            (SqlType::Text { .. } | SqlType::Untyped, _) | (_, Domain::Text(_)) => false,
            _ => return Err(self.refused(&rule.text(), OverrideMisfit::NoDocument)),
        };
        let shape = self.part(rule, &self.column.name, &self.column.name)?;
        let documents = Domain::Special(Special::Document { binary, shape });
        self.test(&documents, rule)?;
        Ok(documents)
    }

    /// Draws documents: each must fit into the column, and satisfy the JSON Schema if there is one.
    fn test(&self, documents: &Domain, rule: &ColumnOverride) -> Result<(), OverrideError> {
        let sampler = documents.sampler();
        let room = match self.legal {
            Domain::Text(text) => text.max_chars as usize,
            _ => usize::MAX,
        };
        let schema = match &rule.json {
            Some(JsonOverride::Schema(rules)) => schema::inlined(rules),
            _ => None,
        };
        for i in 0..TESTED {
            let text = sampler.draw(&mut CellRng::new(mix(i))).to_string();
            let chars = text.chars().count();
            if chars > room {
                return Err(self.refused(&rule.text(), OverrideMisfit::DocumentRoom { chars, room }));
            }
            if let Some(schema) = &schema {
                let document = serde_json::from_str(&text).unwrap_or_default();
                match json_schema_accepts(schema, &document) {
                    Some(true) => {}
                    Some(false) => return Err(self.refused(&rule.text(), OverrideMisfit::SchemaUnkept(text))),
                    None => return Err(self.refused(&rule.text(), OverrideMisfit::UnknownSchema)),
                }
            }
        }
        Ok(())
    }

    /// An array column.
    fn array(&self, items: &ItemsOverride, rule: &ColumnOverride) -> Result<Domain, OverrideError> {
        let refused = |why| self.refused(&rule.text(), why);
        let (SqlType::Array { element: ty, .. }, Domain::Array { element: legal, max: most, .. }) =
            (&self.column.ty, self.legal)
        else {
            return Err(refused(OverrideMisfit::NoDocument));
        };
        let likely = match self.likely {
            Domain::Array { element, .. } => element,
            _ => legal,
        };
        let column = Column { ty: (**ty).clone(), ..self.column.clone() };
        let element = domain(&column, likely, legal, &items.rule, self.never_negative, &self.infer)?;
        let (min, max) = self.count(items, (*most).max(ITEMS.1), element.size(), rule)?;
        Ok(Domain::Array { element: Box::new(element), min, max, unique: items.unique })
    }

    /// The fewest and the most items of an array; unique ones are no more than there are.
    fn count(
        &self,
        items: &ItemsOverride,
        most: u32,
        different: u128,
        rule: &ColumnOverride,
    ) -> Result<(u32, u32), OverrideError> {
        let (min, max) = items.count.unwrap_or((ITEMS.0, most.min(ITEMS.1)));
        let there_are = u32::try_from(different).unwrap_or(u32::MAX);
        if items.unique && min > there_are {
            let why = OverrideMisfit::UniqueItems { asked: min, different };
            return Err(self.refused(&rule.text(), why));
        }
        Ok((min, if items.unique { max.min(there_are) } else { max }))
    }

    /// The shape of a part of a document. `path`: the column and the members that lead to it, for messages.
    fn part(&self, rule: &ColumnOverride, name: &str, path: &str) -> Result<Document, OverrideError> {
        let twice = || OverrideError::Twice { column: path.to_owned(), rule: rule.text() };
        Ok(match (&rule.json, &rule.items) {
            (Some(_), Some(_)) => return Err(twice()),
            (Some(JsonOverride::Value(value)), None) => Document::OneOf(vec![value.to_string()]),
            (Some(JsonOverride::Example(document)), None) => example::document(document, name, &self.infer),
            (Some(JsonOverride::Schema(rules)), None) => self.of_schema(rules, rule, name)?,
            (Some(JsonOverride::Members(members)), None) => {
                let member = |m: &MemberOverride| self.member(m, path);
                Document::Object { members: members.iter().map(member).collect::<Result<_, _>>()?, open: false }
            }
            (None, Some(items)) => {
                let item = self.or_null(&items.rule, name.strip_suffix('s').unwrap_or(name), path)?;
                let size = Domain::Special(Special::Document { binary: false, shape: item.clone() }).size();
                let (min, max) = self.count(items, ITEMS.1, size, rule)?;
                Document::Array { item: Box::new(item), min, max, unique: items.unique }
            }
            (None, None) => Document::Leaf(Box::new(self.leaf(rule, name, path)?)),
        })
    }

    fn member(&self, member: &MemberOverride, path: &str) -> Result<DocumentMember, OverrideError> {
        let document = self.or_null(&member.rule, &member.name, &format!("{path}.{}", member.name))?;
        let (required, share) = (member.missing <= 0.0, 1.0 - member.missing);
        Ok(DocumentMember { name: member.name.clone(), required, share, document })
    }

    /// A part of a document that may be `null`.
    fn or_null(&self, rule: &ColumnOverride, name: &str, path: &str) -> Result<Document, OverrideError> {
        let document = Box::new(self.part(rule, name, path)?);
        Ok(match rule.null_probability {
            Some(nulls) if nulls > 0.0 => Document::OrNull { nulls, document },
            _ => *document,
        })
    }

    fn of_schema(&self, rules: &Json, rule: &ColumnOverride, name: &str) -> Result<Document, OverrideError> {
        let shape = schema::inlined(rules).and_then(|rules| schema::document(&rules, name, &self.infer));
        shape.ok_or_else(|| self.refused(&rule.text(), OverrideMisfit::UnknownSchema))
    }

    /// The values of a member without members.
    fn leaf(&self, rule: &ColumnOverride, name: &str, path: &str) -> Result<Domain, OverrideError> {
        if let Some(list) = literals(rule) {
            let weights: Vec<f64> = list.iter().map(|(_, weight)| *weight).collect();
            let weights = shares(&weights).map_err(|why| self.refused(&rule.text(), why))?;
            return Ok(Domain::Choice { values: list.into_iter().map(|(value, _)| value).collect(), weights });
        }
        let ty = type_of(rule);
        let column = Column { name: path.to_owned(), ..Column::new(path, ty, "json") };
        let text = || semantics::plain_text(dbmocker_domain::text::TextKind::Words, 40);
        let likely = semantics::infer_by_name(name, &column.ty, &self.infer).unwrap_or_else(text);
        let legal = semantics::legal(&column.ty, &self.infer).unwrap_or_else(text);
        domain(&column, &likely, &legal, rule, false, &self.infer)
    }
}

/// The listed values, each as JSON has it: numbers and booleans are no texts.
fn literals(rule: &ColumnOverride) -> Option<Vec<(Value, f64)>> {
    let alone = rule.values_from.is_none() && rule.generator.is_none() && rule.pattern.is_none();
    let listed = rule.possible_values.iter().map(|value| (value, 1.0));
    let weighted = rule.weighted_values.iter().map(|(value, weight)| (value, *weight));
    let once = rule.possible_values.is_empty() != rule.weighted_values.is_empty();
    let plain = rule.format_string.is_none() && rule.min_length.is_none() && rule.max_length.is_none();
    let value = |scalar: &Scalar| match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(b) => Value::Bool(*b),
        Scalar::Int(i) => Value::Int(i128::from(*i)),
        Scalar::Float(x) => Value::Float(*x),
        Scalar::Text(text) => Value::Text(text.clone()),
    };
    (alone && once && plain).then(|| listed.chain(weighted).map(|(scalar, weight)| (value(scalar), weight)).collect())
}

/// The type that the bounds of a member imply: numbers, dates and moments have some, texts have not.
fn type_of(rule: &ColumnOverride) -> SqlType {
    let bounds: Vec<&Scalar> = rule.min_value.iter().chain(&rule.max_value).collect();
    let all = |is: fn(&Scalar) -> bool| !bounds.is_empty() && bounds.iter().all(|bound| is(bound));
    let date = |bound: &Scalar| bound.to_string().len() <= "2026-01-01".len();
    if all(|bound| matches!(bound, Scalar::Int(_))) {
        SqlType::Int { bytes: 8, unsigned: false, tinyint1: false }
    } else if all(|bound| bound.to_string().parse::<f64>().is_ok()) {
        SqlType::Float { bytes: 8, unsigned: false }
    } else if all(date) {
        SqlType::Date
    } else if !bounds.is_empty() {
        SqlType::Timestamp { precision: 0, tz: false, epoch_range: false }
    } else {
        SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false }
    }
}
