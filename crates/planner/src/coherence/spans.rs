//! Numbers computed from moments of the row: ages, nights, durations.

use super::{RowLaws, TableMoments};
use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Form, Formula, Moment};
use dbmocker_semantics::{Amount, Name, Stage, course, event_name, is_leave, is_planned, stage};

/// Words for units of time, in microseconds.
const UNITS: &[(&[&str], i64)] = &[
    (&["second", "seconds", "sec", "secs"], MICROS_PER_SECOND),
    (&["minute", "minutes", "min", "mins"], 60 * MICROS_PER_SECOND),
    (&["hour", "hours"], 3600 * MICROS_PER_SECOND),
    (&["day", "days"], MICROS_PER_DAY),
];

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
        let named: Vec<(usize, &str)> = moments.laws.iter().map(|(c, ..)| (*c, self.name(*c))).collect();
        let course = course(&self.table.name.name, &named);
        let start = course.and_then(|(from, _)| from).or_else(|| of(&|s| matches!(s, Stage::Then(25, _))));
        let start = start.or(moments.main);
        let end = of(&|s| matches!(s, Stage::Then(70, _))).or_else(|| of(&|s| matches!(s, Stage::Then(55, _))));
        let end = course.map(|(_, to)| to).or(end);
        if let (Some(born), Some(age)) = (born, self.one(Amount::Age)) {
            let text = format!("whole years since {}", self.name(born));
            self.law(Some(age), Formula::Years { from: born, until: now }, text);
        }
        self.delays(moments);
        self.times_to(moments);
        let (Some(start), Some(end)) = (start, end.filter(|e| Some(*e) != start)) else { return };
        let after = moments.laws.iter().any(|(c, at, ..)| *c == end && matches!(at, Moment::After { .. }));
        if !after {
            return;
        }
        // Work begins at the time of the day that its end follows, not at the beginning of the day.
        let is_date = |c: usize| matches!(self.table.columns[c].ty, SqlType::Date);
        let followed = moments.laws.iter().find(|(c, ..)| *c == end).and_then(|(_, at, ..)| at.of());
        let start = followed.filter(|&c| is_date(start) && !is_date(end) && !is_date(c)).unwrap_or(start);
        let in_days = [start, end].iter().any(|&c| matches!(self.table.columns[c].ty, SqlType::Date));
        let minute = 60 * MICROS_PER_SECOND;
        for (amount, unit) in [
            (Amount::Nights, MICROS_PER_DAY),
            (Amount::Days, MICROS_PER_DAY),
            (Amount::Hours, 60 * minute),
            (Amount::Minutes, minute),
            (Amount::Seconds, MICROS_PER_SECOND),
        ] {
            // Between two days lie no hours of work.
            if let Some(c) = self.one(amount).filter(|_| !in_days || unit == MICROS_PER_DAY) {
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

    /// The time between a planned and the actual moment, or between a due date and the moment at which it was met.
    fn delays(&mut self, moments: &TableMoments) {
        let late = |c: &usize| {
            let name = Name::new(self.name(*c));
            name.has_any(&["delay", "delayed", "late", "overdue"]) && self.scales[*c].is_some()
        };
        let Some(c) = self.open((0..self.scales.len()).find(late)) else { return };
        let Some((_, unit)) = UNITS.iter().find(|(words, _)| Name::new(self.name(c)).has_any(words)) else { return };
        let all: Vec<usize> = moments.laws.iter().map(|(c, ..)| *c).collect();
        let Some((planned, actual)) = self.planned_and_actual(&all) else { return };
        let span = Formula::Span { from: planned, to: actual, unit: *unit };
        let text = format!("{} - {}, if later", self.name(actual), self.name(planned));
        let (least, _) = self.free[&c];
        let delay = Name::new(self.name(c)).has_any(&["delay", "delayed"]) && least < 0;
        // Nothing is late that has not happened.
        let span = if delay { span } else { span.most(Formula::whole(0)) };
        let expr = if self.table.columns[c].nullable { span } else { span.or(Formula::whole(0)) };
        self.law(Some(c), expr, text);
    }

    /// The time from the row's start to an event: `resolution_minutes` beside `resolved_at`.
    fn times_to(&mut self, moments: &TableMoments) {
        let Some(main) = moments.main else { return };
        for c in 0..self.scales.len() {
            let words = Name::new(self.name(c)).words;
            let Some((last, what)) = words.split_last().filter(|_| self.scales[c].is_some()) else { continue };
            let Some((_, unit)) = UNITS.iter().find(|(words, _)| words.contains(&last.as_str())) else { continue };
            let what: Vec<&str> = what
                .iter()
                .map(String::as_str)
                .filter(|w| !["time", "to", "in", "until", "total"].contains(w))
                .collect();
            let ends = |(of, at, ..): &&(usize, Moment, Form, String)| {
                *of != main && matches!(at, Moment::After { .. }) && is_event(&what, self.name(*of))
            };
            let Some(&(end, ..)) = moments.laws.iter().find(ends).filter(|_| !what.is_empty()) else { continue };
            let span = Formula::Span { from: main, to: end, unit: *unit };
            let expr = if self.table.columns[c].nullable { span } else { span.or(Formula::whole(0)) };
            let text = format!("{} - {}", self.name(end), self.name(main));
            self.law(Some(c), expr, text);
        }
    }

    /// Returns a planned moment and the actual one: of arrivals rather than departures; else a due date and its end.
    fn planned_and_actual(&self, moments: &[usize]) -> Option<(usize, usize)> {
        let rest = |c: usize| -> Vec<String> {
            let words = Name::new(self.name(c)).words;
            let skipped = |w: &String| is_planned(w) || ["actual", "at", "on", "date", "time"].contains(&w.as_str());
            words.into_iter().filter(|w| !skipped(w)).collect()
        };
        let planned = moments.iter().copied().filter(|&c| is_planned(self.name(c)));
        let pairs = planned.flat_map(|planned| moments.iter().map(move |&actual| (planned, actual)));
        let planned: Vec<(usize, usize)> =
            pairs.filter(|&(a, b)| a != b && !is_planned(self.name(b)) && rest(a) == rest(b)).collect();
        let arrives =
            |(_, actual): &&(usize, usize)| Name::new(self.name(*actual)).has_any(&["arrival", "end", "arrived"]);
        if let Some(pair) = planned.iter().find(arrives).or(planned.first()) {
            return Some(*pair);
        }
        let find = |words: &[&str]| moments.iter().copied().find(|&c| Name::new(self.name(c)).has_any(words));
        let met = ["paid", "returned", "completed", "delivered", "submitted", "resolved", "closed"];
        Some((find(&["due"])?, find(&met)?))
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

/// Returns true if the words name the event of a moment: `first response` that of `first_responded_at`.
fn is_event(what: &[&str], moment: &str) -> bool {
    let event = event_name(&Name::new(&format!("{}_at", what.join("_")))).map(|(name, _)| name);
    let of = event_name(&Name::new(moment)).map(|(name, _)| name);
    let Some((event, of)) = event.zip(of) else { return false };
    let similar = |a: &str, b: &str| a == b || a.len() > 4 && b.len() > 4 && a.as_bytes()[..5] == b.as_bytes()[..5];
    let (a, b): (Vec<&str>, Vec<&str>) = (event.split(' ').collect(), of.split(' ').collect());
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| similar(a, b))
}
