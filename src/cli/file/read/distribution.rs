//! Reads `distribution`: a name, or a mapping from a name to its parameters.

use saphyr::YamlDataOwned;

use super::{ConfigReader, YamlNode};
use crate::cli::file::FileError;
use crate::cli::file::keys::{BUCKET, ConfigKey, DISTRIBUTION, KeyKind};
use dbmocker_plan::Scalar;
use dbmocker_planner::{DistributionOverride, nearest};

/// Keys for timestamps, which may be combined.
const CALENDAR: [&str; 3] = ["growing", "hours", "weekdays"];

/// How far the sum of shares may lie above 1.
const SHARES: f64 = 1e-6;

impl ConfigReader<'_> {
    /// `zipf`, `{normal: {mean: 70, sd: 12}}`, `{hours: business, weekdays: {sat: 0.2}}`.
    pub(super) fn distribution(&self, node: &YamlNode, key: &ConfigKey) -> Result<DistributionOverride, FileError> {
        let mut out = DistributionOverride {
            law: String::new(),
            parameters: std::collections::BTreeMap::new(),
            buckets: Vec::new(),
            quantiles: Vec::new(),
            text: String::new(),
        };
        if let Some(Scalar::Text(name)) = self.plain(node) {
            out.law = self.law_name(node, &name)?.name.to_owned();
            out.text = name;
            return Ok(out);
        }
        if !matches!(node.data, YamlDataOwned::Mapping(_)) {
            return Err(self.wrong(node, key, "a name or a mapping"));
        }
        let entries = self.section(node, "`distribution`", DISTRIBUTION)?;
        let mut shown = Vec::new();
        for (law, value) in &entries {
            let name = if CALENDAR.contains(&law.name) { "calendar" } else { law.name };
            if !out.law.is_empty() && out.law != name {
                let message = format!("`distribution` has two laws, `{}` and `{}`; keep one", out.law, law.name);
                return Err(self.error(value, message));
            }
            name.clone_into(&mut out.law);
            shown.push(self.law(law, value, &mut out)?);
        }
        if out.law.is_empty() {
            return Err(self.wrong(node, key, "a law with its numbers"));
        }
        out.text = format!("{{{}}}", shown.join(", "));
        Ok(out)
    }

    fn law_name(&self, node: &YamlNode, name: &str) -> Result<&'static ConfigKey, FileError> {
        let known = || DISTRIBUTION.iter().filter(|k| matches!(k.name, "uniform" | "zipf"));
        known().find(|k| k.name == name).ok_or_else(|| {
            let like = nearest(name, DISTRIBUTION.iter().map(|k| k.name.to_owned()));
            let hint = match like.and_then(|n| DISTRIBUTION.iter().find(|k| k.name == n)) {
                Some(k) => format!("write `distribution: {{{}: {}}}`", k.name, k.example),
                None => format!("there are {}", DISTRIBUTION.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")),
            };
            self.error(node, format!("no distribution `{name}` without numbers; {hint}"))
        })
    }

    /// Reads one distribution's parameters; returns them as they were typed.
    fn law(&self, law: &ConfigKey, node: &YamlNode, out: &mut DistributionOverride) -> Result<String, FileError> {
        match law.kind {
            KeyKind::Section(keys) => {
                let mut shown = Vec::new();
                for (key, value) in self.section(node, &format!("`{}`", law.name), keys)? {
                    let typed = self.scalar(value, key)?;
                    shown.push(format!("{}: {typed}", key.name));
                    out.parameters.insert(key.name.to_owned(), typed);
                }
                Ok(format!("{}: {{{}}}", law.name, shown.join(", ")))
            }
            KeyKind::Buckets => {
                let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, law, "a list")) };
                for item in items {
                    let entries = self.section(item, "a bucket", BUCKET)?;
                    let of = |name: &str| entries.iter().find(|(k, _)| k.name == name);
                    let (Some((to, end)), Some((share, part))) = (of("to"), of("share")) else {
                        return Err(self.error(item, "a bucket must be `{to: ..., share: ...}`"));
                    };
                    let part = self.weight(part).filter(|s| s.is_finite() && *s >= 0.0);
                    let part = part.ok_or_else(|| self.wrong(item, share, "a number, 0 or more"))?;
                    out.buckets.push((self.scalar(end, to)?, part));
                    if let Some((key, from)) = of("from") {
                        if out.buckets.len() > 1 {
                            return Err(self.error(from, "`from` is for the first bucket; the others go on"));
                        }
                        out.parameters.insert("from".into(), self.scalar(from, key)?);
                    }
                }
                let total: f64 = out.buckets.iter().map(|(_, share)| share).sum();
                if total > 1.0 + SHARES {
                    let total = (total * 1e6).round() / 1e6;
                    return Err(self.error(node, format!("the shares of `buckets` add up to {total}, and not to 1")));
                }
                if out.buckets.is_empty() {
                    return Err(self.wrong(node, law, "a list of one bucket or more"));
                }
                let shown: Vec<String> =
                    out.buckets.iter().map(|(to, s)| format!("{{to: {to}, share: {s}}}")).collect();
                Ok(format!("{}: [{}]", law.name, shown.join(", ")))
            }
            KeyKind::Scalars => {
                out.quantiles = self.scalars(node, law)?;
                if out.quantiles.len() < 2 {
                    return Err(self.wrong(node, law, "a list of two values or more"));
                }
                let shown: Vec<String> = out.quantiles.iter().map(ToString::to_string).collect();
                Ok(format!("{}: [{}]", law.name, shown.join(", ")))
            }
            _ => {
                let typed = self.scalar(node, law)?;
                let shown = format!("{}: {typed}", law.name);
                out.parameters.insert(law.name.to_owned(), typed);
                Ok(shown)
            }
        }
    }
}
