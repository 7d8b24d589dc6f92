//! `references`: columns that refer to rows of a table although no foreign key is declared.

use saphyr::YamlDataOwned;

use super::{ConfigReader, YamlNode};
use crate::cli::file::FileError;
use crate::cli::file::keys;
use crate::cli::file::keys::ConfigKey;
use dbmocker_planner::{ReferenceOverride, ReferenceOverrideTarget};

impl ConfigReader<'_> {
    pub(super) fn references(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<ReferenceOverride>, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list")) };
        items.iter().map(|item| self.reference(item)).collect()
    }

    fn reference(&self, node: &YamlNode) -> Result<ReferenceOverride, FileError> {
        let (mut from, mut kind, mut one, mut several) = (None, None, None, Vec::new());
        for (key, value) in self.section(node, "a reference", keys::REFERENCE)? {
            match (key.name, &value.data) {
                ("from", _) => from = Some(self.text(value, key)?),
                ("type", _) => kind = Some(self.text(value, key)?),
                (_, YamlDataOwned::Mapping(_)) => {
                    for ((name, _), to) in self.named(value, "to")? {
                        several.push((name, self.text(to, key)?));
                    }
                }
                _ => one = Some(self.text(value, key)?),
            }
        }
        let wrong = |what: &str| {
            Err(self.error(node, format!("{what}; write a reference as `{{from: events.user_ref, to: users.uuid}}`, or with `type` and a mapping `to`")))
        };
        let to = match (kind, one, several.is_empty()) {
            (None, Some(to), _) => ReferenceOverrideTarget::Column(to),
            (Some(kind), None, false) => ReferenceOverrideTarget::ByType { kind, to: several },
            (Some(_), Some(_), _) => return wrong("`type` names one of several tables, and `to` is one column"),
            (None, None, false) => return wrong("`to` has a column for each value of a `type`, and there is none"),
            (_, None, true) => return wrong("the reference has no `to`"),
        };
        match from {
            Some(from) => Ok(ReferenceOverride { from, to, origin: self.origin(node) }),
            None => wrong("the reference has no `from`"),
        }
    }
}
