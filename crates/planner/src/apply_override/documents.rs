//! Overrides of JSON columns, as the shape of their documents, and of arrays.

use serde_json::Value as Json;

use super::{OverrideScope, domain, shares};
use crate::documents::{MOST_CHARS, example, schema};
use crate::error::overrides::{OverrideError, OverrideMisfit};
use crate::overrides::{ColumnOverride, ItemsOverride, JsonOverride, MemberOverride};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::value::Value;
use dbmocker_domain::document::{Document, DocumentMember};
use dbmocker_domain::{Domain, Special, TextDomain};
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
        self.bounded_size(&shape, rule)?;
        let documents = Domain::Special(Special::Document { binary, shape });
        self.test(&documents, rule)?;
        Ok(documents)
    }

    /// Draws documents: each must fit into the column.
    fn test(&self, documents: &Domain, rule: &ColumnOverride) -> Result<(), OverrideError> {
        let Domain::Text(TextDomain { max_chars, .. }) = self.legal else { return Ok(()) };
        let (sampler, room) = (documents.sampler(), *max_chars as usize);
        for i in 0..TESTED {
            let chars = sampler.draw(&mut CellRng::new(mix(i))).to_string().chars().count();
            if chars > room {
                return Err(self.refused(&rule.text(), OverrideMisfit::DocumentRoom { chars, room }));
            }
        }
        Ok(())
    }

    /// An array column.
    fn array(&self, items: &ItemsOverride, rule: &ColumnOverride) -> Result<Domain, OverrideError> {
        let refused = |why| self.refused(&rule.text(), why);
        let (SqlType::Array { element: ty, .. }, Domain::Array { element: legal, .. }) = (&self.column.ty, self.legal)
        else {
            return Err(refused(OverrideMisfit::NoDocument));
        };
        let likely = match self.likely {
            Domain::Array { element, .. } => element,
            _ => legal,
        };
        let column = Column { ty: (**ty).clone(), ..self.column.clone() };
        let element = domain(&column, likely, legal, &items.rule, self.never_negative, &self.infer)?;
        let (min, max) = self.count(items, element.size(), rule)?;
        let item = Box::new(Document::Leaf(Box::new(element.clone())));
        self.bounded_size(&Document::Array { item, min, max, unique: items.unique }, rule)?;
        Ok(Domain::Array { element: Box::new(element), min, max, unique: items.unique })
    }

    /// The fewest and the most items of an array; unique ones are no more than there are.
    fn count(
        &self,
        items: &ItemsOverride,
        different: u128,
        rule: &ColumnOverride,
    ) -> Result<(u32, u32), OverrideError> {
        let (min, max) = items.count.unwrap_or(ITEMS);
        let there_are = u32::try_from(different).unwrap_or(u32::MAX);
        if items.unique && min > there_are {
            let why = OverrideMisfit::UniqueItems { asked: min, different };
            return Err(self.refused(&rule.text(), why));
        }
        Ok((min, if items.unique { max.min(there_are) } else { max }))
    }

    /// Refuses documents that would fill the memory.
    fn bounded_size(&self, shape: &Document, rule: &ColumnOverride) -> Result<(), OverrideError> {
        match shape.most_chars() {
            chars if chars > MOST_CHARS => {
                let (chars, room) = (usize::try_from(chars).unwrap_or(usize::MAX), MOST_CHARS as usize); // a MiB
                Err(self.refused(&rule.text(), OverrideMisfit::DocumentRoom { chars, room }))
            }
            _ => Ok(()),
        }
    }

    /// The shape of a part of a document. `path`: the column and the members that lead to it, for messages.
    fn part(&self, rule: &ColumnOverride, name: &str, path: &str) -> Result<Document, OverrideError> {
        let of_document = rule.json.is_some() || rule.items.is_some();
        let bounds = rule.min_value.is_some() || rule.max_value.is_some() || rule.min_length.is_some();
        let others = bounds || rule.max_length.is_some() || rule.format_string.is_some();
        if rule.sources() > 1 || of_document && others {
            return Err(OverrideError::Twice { column: path.to_owned(), rule: rule.text() });
        }
        Ok(match (&rule.json, &rule.items) {
            (Some(JsonOverride::Value(value)), _) => Document::OneOf(vec![value.to_string()]),
            (Some(JsonOverride::Example(document)), _) => example::document(document, name, &self.infer),
            (Some(JsonOverride::Schema(rules)), _) => self.of_schema(rules, rule, name)?,
            (Some(JsonOverride::Members(members)), _) => {
                let member = |m: &MemberOverride| self.member(m, path);
                Document::Object { members: members.iter().map(member).collect::<Result<_, _>>()?, open: false }
            }
            (None, Some(items)) => {
                let item = self.or_null(&items.rule, name.strip_suffix('s').unwrap_or(name), path)?;
                let size = Domain::Special(Special::Document { binary: false, shape: item.clone() }).size();
                let (min, max) = self.count(items, size, rule)?;
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

    /// The shape of documents that a JSON Schema accepts, tested on a number of them.
    fn of_schema(&self, rules: &Json, rule: &ColumnOverride, name: &str) -> Result<Document, OverrideError> {
        let unknown = || self.refused(&rule.text(), OverrideMisfit::UnknownSchema);
        let rules = schema::inlined(rules).ok_or_else(unknown)?;
        let shape = schema::document(&rules, name, &self.infer).ok_or_else(unknown)?;
        let sampler = Domain::Special(Special::Document { binary: false, shape: shape.clone() }).sampler();
        for i in 0..TESTED {
            let text = sampler.draw(&mut CellRng::new(mix(i))).to_string();
            match json_schema_accepts(&rules, &serde_json::from_str(&text).unwrap_or_default()) {
                Some(true) => {}
                Some(false) => return Err(self.refused(&rule.text(), OverrideMisfit::SchemaUnkept(text))),
                None => return Err(unknown()),
            }
        }
        Ok(shape)
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
