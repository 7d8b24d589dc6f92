//! Progress by the status of the row: complete where it is done, none where it has not begun.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Name;

/// Names of columns that hold a share of completed work.
const PROGRESS: &[&str] =
    &["progress", "progress percent", "percent complete", "completion percent", "completion", "percent done"];
/// Statuses of completed work, and of work that has not begun.
const DONE: &[&str] = &[
    "completed",
    "complete",
    "done",
    "finished",
    "closed",
    "resolved",
    "passed",
    "graduated",
    "succeeded",
    "success",
    "delivered",
    "abgeschlossen",
    "fertig",
    "erledigt",
    "terminado",
    "completado",
    "terminé",
];
const IDLE: &[&str] = &[
    "pending",
    "new",
    "open",
    "todo",
    "to_do",
    "backlog",
    "planned",
    "not_started",
    "draft",
    "queued",
    "scheduled",
    "enrolled",
    "registered",
    "invited",
    "offen",
    "neu",
    "geplant",
    "pendiente",
];

impl RowLaws<'_> {
    /// Adds the law of a progress column.
    pub fn progress(&mut self) {
        let named = |c: &usize| self.scales[*c].is_some() && Name::new(self.name(*c)).ends_any(PROGRESS);
        let Some(c) = self.open((0..self.scales.len()).find(named)) else { return };
        let Some(status) = self.status() else { return };
        let Some(texts) = self.lists.get(&status) else { return };
        let whole = if self.largest[c] <= 1.0 { 1 } else { 100 };
        if !texts.iter().any(|t| DONE.contains(&t.to_lowercase().as_str())) || self.largest[c] > 100.0 {
            return;
        }
        let some = Formula::Between { lo: 5, hi: 95, scale: if whole == 1 { 2 } else { 0 } };
        let cases = [(DONE, Formula::whole(whole)), (IDLE, Formula::whole(0))];
        let text = format!("complete where {} says so", self.name(status));
        let share = self.by_status(&cases, some);
        self.law(Some(c), share, text);
    }
}
