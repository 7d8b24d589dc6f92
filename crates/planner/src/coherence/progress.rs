//! Progress by the status of the row: complete where it is done, none where it has not begun.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::{LifeCycle, Name};

/// Names of columns that hold a share of completed work.
const PROGRESS: &[&str] =
    &["progress", "progress percent", "percent complete", "completion percent", "completion", "percent done"];

impl RowLaws<'_> {
    /// Adds the law of a progress column.
    pub fn progress(&mut self) {
        let named = |c: &usize| self.scales[*c].is_some() && Name::new(self.name(*c)).ends_any(PROGRESS);
        let Some(c) = self.open((0..self.scales.len()).find(named)) else { return };
        let Some((status, texts)) = self.status().and_then(|s| Some((s, self.lists.get(&s)?))) else { return };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let Some(life) = LifeCycle::of(&Name::new(self.name(status)), &texts) else { return };
        // In percent, or a share of 1.
        let (least, most) = self.free[&c];
        let unit = 10i64.saturating_pow(self.scale(c).into());
        let whole = if self.largest[c] <= 1.0 { 1 } else { 100 };
        if least > 0 || most < unit.saturating_mul(whole) || self.largest[c] > 100.0 {
            return;
        }
        let progress = life.progress();
        let of = |wanted: bool| -> Vec<&str> {
            texts.iter().zip(&progress).filter(|(_, p)| **p == Some(wanted)).map(|(text, _)| *text).collect()
        };
        let (done, idle) = (of(true), of(false));
        if done.is_empty() {
            return;
        }
        let some = Formula::Between { lo: 5, hi: 95, scale: if whole == 1 { 2 } else { 0 } };
        let cases = [(&done[..], Formula::whole(whole)), (&idle[..], Formula::whole(0))];
        let share = self.by_status(&cases, some);
        let text = format!("complete where {} is {}", self.name(status), done.join(", "));
        self.law(Some(c), share, text);
    }
}
