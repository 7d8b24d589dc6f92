//! Reads `series`, `random_walk` and `seasonality` of a column.

use super::{ConfigReader, YamlNode};
use crate::cli::file::FileError;
use crate::cli::file::keys::{ConfigKey, SEASON, SERIES, WALK};
use dbmocker_plan::WalkPlan;
use dbmocker_planner::{SeasonOverride, SeriesOverride, WalkOverride};

impl ConfigReader<'_> {
    /// `{start: 2026-01-01, step: 5min, per: device_id, jitter: 10s, gaps: 1%}`.
    pub(super) fn series(&self, node: &YamlNode) -> Result<SeriesOverride, FileError> {
        let mut out = SeriesOverride::default();
        for (key, value) in self.section(node, "`series`", SERIES)? {
            match key.name {
                "start" => out.start = Some(self.scalar(value, key)?),
                "step" => out.step = Some(self.scalar(value, key)?),
                "per" => out.per = Some(self.text(value, key)?),
                "jitter" => out.jitter = Some(self.scalar(value, key)?),
                _ => out.gaps = self.share(value, key)?,
            }
        }
        Ok(out)
    }

    /// `{start: 20, step: 0.5, drift: 0.01, min: 0, max: 40, per: device_id}`.
    pub(super) fn walk(&self, node: &YamlNode) -> Result<WalkOverride, FileError> {
        let mut walk = WalkPlan { start: f64::NAN, step: 1.0, drift: 0.0, least: None, most: None, scale: None };
        let mut per = None;
        let number = |value: &YamlNode, key: &ConfigKey| {
            self.number(value).filter(|x| x.is_finite()).ok_or_else(|| self.wrong(value, key, "a number"))
        };
        for (key, value) in self.section(node, "`random_walk`", WALK)? {
            match key.name {
                "start" => walk.start = number(value, key)?,
                "step" => walk.step = number(value, key)?.abs(),
                "drift" => walk.drift = number(value, key)?,
                "min" => walk.least = Some(number(value, key)?),
                "max" => walk.most = Some(number(value, key)?),
                _ => per = Some(self.text(value, key)?),
            }
        }
        if walk.start.is_nan() {
            walk.start = match (walk.least, walk.most) {
                (Some(least), Some(most)) => f64::midpoint(least, most),
                _ => return Err(self.error(node, "`random_walk` needs a `start`, or `min` and `max`")),
            };
        }
        Ok(WalkOverride { walk, per })
    }

    /// `{by: sold_at, hours: {"18-21": 2}, weekdays: {sun: 0.5}, months: {dec: 3}}`.
    pub(super) fn season(&self, node: &YamlNode) -> Result<SeasonOverride, FileError> {
        let mut out = SeasonOverride::default();
        for (key, value) in self.section(node, "`seasonality`", SEASON)? {
            match key.name {
                "by" => out.by = self.text(value, key)?,
                "hours" => out.hours = self.weights(value, key)?,
                "weekdays" => out.weekdays = self.weights(value, key)?,
                _ => out.months = self.weights(value, key)?,
            }
        }
        if out.by.is_empty() {
            return Err(self.error(node, "`seasonality` needs `by`, the column with the date or moment"));
        }
        Ok(out)
    }
}
