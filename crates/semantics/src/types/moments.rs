//! Domains of dates, times, timestamps and intervals.

use super::ColumnInference;
use crate::dates;
use crate::dates::Window;
use crate::legal::{DAYS, range, timestamp_bounds};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_domain::{Domain, RangeKind, Shape};

impl ColumnInference<'_> {
    /// Today, in days since 1970-01-01.
    pub(super) fn today(&self) -> i32 {
        i32::try_from(self.context.now_micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
    }

    pub(super) fn year_now(&self) -> i32 {
        super::year_of(self.context.now_micros)
    }

    /// The window of the column's name, in days relative to now. For a key: all days from 1970 to now, or 40000 days from
    /// now for a future date.
    pub(super) fn window(&self) -> (Option<&'static str>, Window) {
        let (word, mut window) = dates::window_of(&self.name);
        if let Some(before) = self.before.filter(|before| *before < window.from) {
            let shape = if window.to > 0 { Shape::Uniform } else { Shape::High };
            window = Window { from: before, shape, ..window };
        }
        if self.context.in_key {
            if window.to > 0 {
                window.to = 40_000;
            } else {
                window.from = window.from.min(-self.today()).max(-36_500);
            }
            window.shape = Shape::Uniform;
        }
        (word, window)
    }

    pub(super) fn date_reason(&self, word: Option<&str>, ty: &str) -> String {
        word.map_or_else(|| format!("type {ty}: before now"), |w| self.named(w))
    }

    pub(super) fn date(&self) -> (Domain, String) {
        let (word, mut w) = self.window();
        // What lasts may have begun long ago.
        if w.to <= 0 && dates::is_beginning(&self.name) && crate::nulls::lasts(self.table()) {
            w.from = w.from.min(-dates::LASTING_YEARS * 365);
        }
        let day = |offset: i32| i128::from((self.today() + offset).clamp(DAYS.0, DAYS.1));
        (range(RangeKind::Date, day(w.from), day(w.to), 1, w.shape), self.date_reason(word, "date"))
    }

    /// The window's first and last second since 1970-01-01, and its shape.
    pub(super) fn seconds(&self) -> (i64, i64, Shape) {
        let (_, w) = self.window();
        let now = self.context.now_micros.div_euclid(MICROS_PER_SECOND);
        let second = |offset: i32| now + i64::from(offset) * 86_400;
        (second(w.from).max(0), second(w.to).max(0), w.shape)
    }

    pub(super) fn timestamp(&self, epoch_range: bool) -> (Domain, String) {
        let (word, w) = self.window();
        let (least, most) = timestamp_bounds(epoch_range);
        let at = |offset: i32| {
            let now = self.context.now_micros - self.context.now_micros.rem_euclid(MICROS_PER_SECOND);
            (now + i64::from(offset) * MICROS_PER_DAY).clamp(least, most).into()
        };
        (
            range(RangeKind::Timestamp, at(w.from), at(w.to), MICROS_PER_SECOND.into(), w.shape),
            self.date_reason(word, "timestamp"),
        )
    }

    pub(super) fn time(&self) -> (Domain, String) {
        if let Some((from, to, step)) = dates::time_of_day(&self.name).filter(|_| !self.context.in_key) {
            let minutes = |n: u16| i128::from(n) * 60 * i128::from(MICROS_PER_SECOND);
            let times = range(RangeKind::Time, minutes(from), minutes(to), minutes(step), Shape::Uniform);
            return (times, format!("name `{}` (a time of day)", self.name.whole));
        }
        let step = if self.context.in_key { MICROS_PER_SECOND } else { 60 * MICROS_PER_SECOND };
        (range(RangeKind::Time, 0, (MICROS_PER_DAY - step).into(), step.into(), Shape::Uniform), "type time".into())
    }

    pub(super) fn interval(&self) -> (Domain, String) {
        let minute = 60 * i128::from(MICROS_PER_SECOND);
        let most = 30 * i128::from(MICROS_PER_DAY);
        (range(RangeKind::Interval, minute, most, minute, Shape::Low), "type interval".into())
    }
}
