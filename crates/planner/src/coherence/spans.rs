//! Numbers computed from moments of the row: ages, nights, durations.

use super::{RowLaws, TableMoments};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Formula, Moment};
use dbmocker_semantics::{Amount, Stage, is_leave, stage};

impl RowLaws<'_> {
    /// Adds the laws of ages and durations.
    pub fn spans(&mut self, moments: &TableMoments, now: i64) {
        let of = |kind: &dyn Fn(Stage) -> bool| {
            let stages = self.table.columns.iter().map(|c| stage(&self.table.name.name, &c.name));
            let mut found = stages.enumerate().filter(|(c, s)| moments.decide(*c) && s.is_some_and(kind));
            found.next().map(|(c, _)| c)
        };
        let born = of(&|s| s == Stage::Born).or_else(|| {
            let is_date =
                |c: &usize| self.scales[*c].is_none() && stage("", &self.table.columns[*c].name) == Some(Stage::Born);
            (0..self.table.columns.len()).find(is_date)
        });
        let start = of(&|s| matches!(s, Stage::Then(25, _))).or(moments.main);
        let end = of(&|s| matches!(s, Stage::Then(70, _))).or_else(|| of(&|s| matches!(s, Stage::Then(55, _))));
        if let (Some(born), Some(age)) = (born, self.one(Amount::Age)) {
            let text = format!("whole years since {}", self.name(born));
            self.law(Some(age), Formula::Years { from: born, until: now }, text);
        }
        let (Some(start), Some(end)) = (start, end.filter(|e| Some(*e) != start)) else { return };
        let after = moments.laws.iter().any(|(c, at, ..)| *c == end && matches!(at, Moment::After { .. }));
        if !after {
            return;
        }
        let minute = 60 * MICROS_PER_SECOND;
        for (amount, unit) in [
            (Amount::Nights, MICROS_PER_DAY),
            (Amount::Days, MICROS_PER_DAY),
            (Amount::Hours, 60 * minute),
            (Amount::Minutes, minute),
            (Amount::Seconds, MICROS_PER_SECOND),
        ] {
            if let Some(c) = self.one(amount) {
                if amount == Amount::Hours && self.scale(c) > 0 {
                    self.hours_worked(c, start, end);
                    continue;
                }
                // Of a leave, the first and the last day count.
                let both = amount == Amount::Days && is_leave(&self.table.name.name);
                let more = if both { " + 1" } else { "" };
                let text = format!("{} - {}{more}", self.name(end), self.name(start));
                let span = Formula::Span { from: start, to: end, unit } + Formula::whole(i64::from(both));
                self.law(Some(c), span.or(Formula::whole(0)), text);
            }
        }
    }

    /// Hours with decimals, less the minutes of a break.
    fn hours_worked(&mut self, c: usize, start: usize, end: usize) {
        let minutes = Formula::Span { from: start, to: end, unit: 60 * MICROS_PER_SECOND }.or(Formula::whole(0));
        let mut text = format!("hours from {} to {}", self.name(start), self.name(end));
        let worked = match self.one(Amount::Pause) {
            Some(pause) => {
                text += &format!(", without {}", self.name(pause));
                (minutes - Formula::Cell(pause)).most(Formula::whole(0))
            }
            None => minutes,
        };
        self.law(Some(c), worked.over(Formula::whole(60), self.scale(c)), text);
    }
}
