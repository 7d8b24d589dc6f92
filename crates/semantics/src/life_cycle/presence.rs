//! The share of rows of each status in which a column has a value.

use super::columns::{event_of_column, of_word};
use super::words::{AMOUNTS, DETAILS, EVENTS, LEAVING, ONLINE, OVER, STEADY, UNITS_OF_STATES};
use super::{LifeCycle, LifeStatus, Name, PUBLISHED, Position, REACHED, RETURNED, STEADY_RANK};
use crate::verbs::same_verb;

impl LifeCycle {
    /// The share of rows of each status in which a column named after a status has a value: `stop_reason` where a row is
    /// `stopped`, `minutes_late` where it is `late`. `None` if it is not named after one.
    fn named_after(&self, column: &Name) -> Option<Vec<f64>> {
        let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
        let about = |w: &&str| DETAILS.contains(w) || UNITS_OF_STATES.contains(w);
        let [word] = words.iter().filter(|w| !about(w)).copied().collect::<Vec<&str>>()[..] else { return None };
        if words.len() < 2 || word.len() < 4 {
            return None;
        }
        let own = |s: &LifeStatus| !s.state.contains(' ') && same_verb(&s.state, word);
        let branch = |s: &LifeStatus| !matches!(s.position, Position::Step { at: 0, .. });
        let found = self.statuses.iter().any(|s| own(s) && branch(s));
        found.then(|| self.statuses.iter().map(|s| f64::from(own(s))).collect())
    }

    /// The share of rows of each status in which a column has a value, and whether a status names the column's event.
    /// `None` if the column does not depend on the status.
    pub fn presence(&self, column: &Name) -> Option<(Vec<f64>, bool)> {
        let listed =
            event_of_column(column).is_some_and(|(event, _)| self.statuses.iter().any(|s| s.event == Some(event)));
        Some((self.shares(column)?, listed))
    }

    /// The share of rows of each status in which an amount is above zero (`refunded_amount`, `amount_paid`); `None` if
    /// the column is not an event's amount.
    pub fn amount(&self, column: &Name) -> Option<Vec<f64>> {
        let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
        let event = match words[..] {
            [amount, done] if AMOUNTS.contains(&amount) => of_word(done, false),
            [word, amount] | [word, amount, _] if AMOUNTS.contains(&amount) => of_word(word, true),
            _ => None,
        };
        self.happened(event?)
    }

    /// For each status 1.0 if the last contact (`last_seen_at`) may be long ago, 0.0 if the status implies a recent
    /// one. `None` for other columns, and if no status implies a recent one.
    pub fn out_of_contact(&self, column: &Name) -> Option<Vec<f64>> {
        let contacts =
            ["last seen", "last ping", "last heartbeat", "heartbeat", "last contact", "last active", "last online"];
        let online = |s: &LifeStatus| ONLINE.contains(&s.state.as_str());
        let applies = contacts.iter().any(|p| column.has(p)) && self.statuses.iter().any(online);
        applies.then(|| self.statuses.iter().map(|s| f64::from(!online(s))).collect())
    }

    fn shares(&self, column: &Name) -> Option<Vec<f64>> {
        if let Some(found) = self.numbered(column) {
            return Some(found);
        }
        let by_event = match event_of_column(column) {
            Some((event, _)) => self.happened(event),
            None => self.state_date(column),
        };
        by_event.or_else(|| self.named_after(column))
    }

    /// The shares for a date named after a state (`trial_ends_at`): rows in that state have one, later ones may have
    /// one.
    fn state_date(&self, column: &Name) -> Option<Vec<f64>> {
        let [first, .., last] = &column.words[..] else { return None };
        let moment = ["at", "on", "date", "until", "end", "start"].contains(&last.as_str());
        let own = |s: &LifeStatus| first.len() > 3 && s.state.starts_with(first.trim_end_matches("ing"));
        let at = self.statuses.iter().find_map(|s| match s.position {
            Position::Step { at, steady: false, .. } if own(s) => Some(at),
            _ => None,
        });
        let since = at.filter(|_| moment)?;
        let share = |s: &LifeStatus| match s.position {
            _ if own(s) => 1.0,
            Position::Step { at, .. } if at < since => 0.0,
            _ => REACHED.0,
        };
        Some(self.statuses.iter().map(share).collect())
    }

    /// The share of rows of each status that have had an event; `None` for a branch that is not in the list.
    fn happened(&self, event: usize) -> Option<Vec<f64>> {
        let what = &EVENTS[event];
        let own = |s: &LifeStatus| s.event == Some(event);
        let listed = self.statuses.iter().any(own);
        if let Some(branch) = &what.branch {
            // The end of an employment or membership, in a list that calls it `inactive`, or by how it ended.
            let over = |s: &LifeStatus| OVER.contains(&s.state.as_str()) || self.is_over(s, true);
            let leaves = branch.ends && what.done.iter().any(|done| LEAVING.contains(done));
            if !listed && leaves && self.statuses.iter().any(over) {
                return Some(self.statuses.iter().map(|s| f64::from(over(s))).collect());
            }
            let has = |s: &LifeStatus| if own(s) { 1.0 } else { 0.0 };
            return listed.then(|| self.statuses.iter().map(has).collect());
        }
        let since = self.statuses.iter().filter_map(|s| match s.position {
            Position::Step { at, rank, .. } if listed && own(s) => Some((at, rank)),
            Position::Step { at, rank, .. } if !listed && !what.terminal && rank >= what.rank => Some((at, rank)),
            // What is issued or published is valid from then on.
            Position::Step { at, rank, .. }
                if !listed && what.rank <= PUBLISHED && STEADY.contains(&s.state.as_str()) && rank > 10 =>
            {
                Some((at, rank))
            }
            _ => None,
        });
        let since = since.min();
        let at = since.map_or(usize::MAX, |(at, _)| at);
        let rank = since.filter(|_| listed).map_or(what.rank, |(_, rank)| rank);
        let steps = self.steps();
        let share = |s: &LifeStatus| match s.position {
            Position::Step { at: reached, .. } if since.is_some() => f64::from(reached >= at),
            Position::Step { at: reached, rank, steady } => {
                f64::from(what.terminal && !steady && rank > STEADY_RANK && reached + 1 == steps)
            }
            Position::Branch { ends, .. } if what.terminal && !listed => f64::from(ends),
            // A life cycle with a steady state has its branches after that state.
            Position::Branch { .. } if self.is_steady() => f64::from(since.is_some()),
            Position::Branch { instead: Some(step), .. } if listed => f64::from(at < step),
            Position::Branch { from, .. } if rank <= from => 1.0,
            Position::Branch { to, .. } if rank > to => 0.0,
            // What has been given up has not reached its last step; what is returned has.
            Position::Branch { to, .. } if listed && to < RETURNED && steps > 2 && at + 1 == steps => 0.0,
            Position::Branch { from, to, .. } => {
                let (first, last) = REACHED;
                first - (first - last) * f64::from(rank - from) / f64::from((to - from).max(1))
            }
        };
        Some(self.statuses.iter().map(share).collect())
    }

    /// Whether the last step is a steady state.
    pub(super) fn is_steady(&self) -> bool {
        self.statuses.iter().any(|s| matches!(s.position, Position::Step { steady: true, .. }))
    }

    /// The shares for a column such as `invoice_number`, which drafts do not have yet.
    fn numbered(&self, column: &Name) -> Option<Vec<f64>> {
        let draft = |s: &LifeStatus| matches!(s.position, Position::Step { at: 0, rank: 0, .. });
        let own = column.words.len() <= 2 && column.last() == "number" && event_of_column(column).is_none();
        let drafts = own && self.statuses.iter().any(draft);
        drafts.then(|| self.statuses.iter().map(|s| f64::from(!draft(s))).collect())
    }
}
