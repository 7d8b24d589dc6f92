//! Life cycles: which columns of a row have a value, depending on the row's status.
//!
//! Data in: the statuses of a column, in the schema's order, and names of columns. Data out: a weight for each status,
//! and for a column that belongs to an event (`shipped_at`, `cancellation_reason`), the share of rows of each status in
//! which it has a value.
//!
//! A life cycle is a sequence of steps, and branches (`cancelled`, `refunded`) that leave it at a step. The order of
//! the list is the order of the steps, unless it is alphabetical; events that it does not contain are ordered by a rank
//! that fits most businesses.

mod columns;
mod presence;
mod statuses;
mod words;

use super::names::Name;
use columns::event_of_column;
use statuses::{branch, event_of_status, in_context, in_english, is_branch, is_known, phrase, rank};
use words::{DEFAULT_STATUSES, ENDINGS, EVENTS, RUNNING, STATUSES_BY_TABLE, STEADY};

pub use columns::{event_name, flagged, is_status};

/// An event that a row has at most once.
pub(super) struct Event {
    rank: u8,
    /// The statuses after it: `shipped`.
    done: &'static [&'static str],
    /// The nouns for it: `shipment`.
    nouns: &'static [&'static str],
    branch: Option<Branch>,
    /// It ends every life cycle.
    terminal: bool,
}

/// Where a branch leaves the sequence of steps.
struct Branch {
    /// Steps of a rank up to `from` have happened, steps of a rank above `to` have not.
    from: u8,
    to: u8,
    /// Steps that it replaces: all before the first of them have happened.
    instead: &'static [&'static str],
    /// Rows in a thousand.
    weight: u32,
    /// No step follows it.
    ends: bool,
}

/// The rank of steady states.
const STEADY_RANK: u8 = 40;
/// The rank of the last event before a steady state.
const PUBLISHED: u8 = 50;
/// The greatest rank of a status before which nothing has happened, and the least of one after which a row is in use.
const WAITING: u8 = 10;
const DONE: u8 = 30;
/// Branches that leave after the last step end at this rank or a greater one.
const RETURNED: u8 = 80;
/// Rows in a thousand with the status of an intermediate step.
const STEP_WEIGHT: u32 = 60;
/// Rows in a thousand with the status of the last step.
const LAST_WEIGHT: u32 = 620;
/// Rows in a thousand that are lost where nothing is won.
const LOST: u32 = 15;
/// The least rank of steps after which nothing remains to be done: delivered, completed.
const FINISHED: u8 = 60;
/// Of the rows on a branch, the shares that reached the first and the last step between the branch's two ranks.
const REACHED: (f64, f64) = (0.7, 0.2);

/// A list of statuses, interpreted as a life cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeCycle {
    statuses: Vec<LifeStatus>,
}

#[derive(Debug, Clone, PartialEq)]
struct LifeStatus {
    /// The status as lower-case words.
    state: String,
    /// Index of the event that leads to it.
    event: Option<usize>,
    position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Position {
    /// In the sequence of steps: its index there, and the rank.
    Step {
        at: usize,
        rank: u8,
        steady: bool,
    },
    Branch {
        from: u8,
        to: u8,
        weight: u32,
        instead: Option<usize>,
        ends: bool,
    },
}

impl LifeCycle {
    /// The life cycle of a column's statuses; `None` for a list that is not a life cycle.
    pub fn of(column: &Name, statuses: &[&str]) -> Option<LifeCycle> {
        let words = in_context(statuses.iter().map(|s| in_english(phrase(s))).collect());
        let known = words.iter().filter(|w| is_known(w)).count();
        let named = is_status(column);
        if statuses.len() < 2 || known < 2 && !(named && known == 1) || !named && known * 2 < statuses.len() {
            return None;
        }
        let mut steps_in_order: Vec<usize> = (0..words.len()).filter(|&i| !is_branch(&words, i)).collect();
        let rank = |i: usize| rank(&words[i]);
        let ranks: Vec<u8> = steps_in_order.iter().filter_map(|&i| rank(i)).collect();
        let sorted = words.len() > 2 && words.is_sorted() && !ranks.is_sorted();
        // A list such as paid, pending begins with the usual status.
        let late = ranks.iter().position(|rank| *rank >= DONE).unwrap_or(ranks.len());
        if sorted || ranks[late..].iter().any(|rank| *rank <= WAITING) {
            steps_in_order.sort_by_key(|&i| rank(i).unwrap_or(STEADY_RANK));
        }
        // A step's rank is at most that of the following steps.
        let mut least = u8::MAX;
        let mut steps = vec![(0, 0); words.len()];
        for (at, &i) in steps_in_order.iter().enumerate().rev() {
            least = least.min(rank(i).unwrap_or(least.min(STEADY_RANK)));
            steps[i] = (at, least);
        }
        let last = steps_in_order.last().copied();
        let status = |i: usize| {
            let event = event_of_status(&words[i]);
            let position = match branch(&words[i]).filter(|_| !steps_in_order.contains(&i)) {
                Some((from, to, weight, instead, ends)) => {
                    let replaced = steps_in_order.iter().find(|&&w| instead.contains(&words[w].as_str()));
                    // A parcel is lost on its way, a deal instead of won.
                    let to = if replaced.is_none() && !instead.is_empty() { to.min(RETURNED - 1) } else { to };
                    let weight = if replaced.is_none() && words[i] == "lost" { LOST } else { weight };
                    let instead = replaced.map(|&w| steps[w].0);
                    Position::Branch { from, to, weight, instead, ends }
                }
                None => {
                    let (at, rank) = steps[i];
                    Position::Step { at, rank, steady: last == Some(i) && STEADY.contains(&words[i].as_str()) }
                }
            };
            LifeStatus { state: words[i].clone(), event, position }
        };
        Some(LifeCycle { statuses: (0..words.len()).map(status).collect() })
    }

    /// The statuses of a table whose schema lists none: by the events of its columns, else by the table's name.
    pub fn usual(table: &Name, columns: &[Name]) -> Vec<String> {
        let mut events: Vec<&Event> = Vec::new();
        for event in
            columns.iter().filter_map(|c| event_of_column(c).filter(|(_, stamp)| *stamp).map(|(e, _)| &EVENTS[e]))
        {
            if !events.iter().any(|t| t.done == event.done) {
                events.push(event);
            }
        }
        let by_table =
            STATUSES_BY_TABLE.iter().find(|(tables, _)| table.ends_any(tables)).map(|(_, statuses)| *statuses);
        let mut list: Vec<String> = by_table.unwrap_or(DEFAULT_STATUSES).iter().map(|s| (*s).to_owned()).collect();
        let named = |list: &[String], e: &Event| list.iter().any(|s| e.done.contains(&phrase(s).as_str()));
        let missing: Vec<&&Event> = events.iter().filter(|e| !e.terminal && !named(&list, e)).collect();
        if by_table.is_none() && events.iter().any(|e| e.branch.is_none() && e.rank > 4) {
            // The columns' events are more specific than the default list.
            let mut steps: Vec<&&Event> = events.iter().filter(|e| e.branch.is_none() && !e.terminal).collect();
            steps.sort_by_key(|e| e.rank);
            let branches = events.iter().filter(|e| e.branch.is_some());
            let done = |e: &&Event| e.done[0].replace(' ', "_");
            let first = if steps.first().is_some_and(|e| e.rank <= 10) { None } else { Some("pending".to_owned()) };
            list = first.into_iter().chain(steps.into_iter().map(done)).chain(branches.map(done)).collect();
        } else {
            list.extend(missing.iter().filter(|e| e.branch.is_some()).map(|e| e.done[0].replace(' ', "_")));
        }
        list
    }

    /// The weight of each status, in about a thousandth of the rows. `lasting`: the rows are what lasts for years, or
    /// agreements (see `data/lifetimes.txt`), so that most of them have not reached the last step.
    pub fn weights(&self, lasting: bool) -> Vec<u32> {
        let last = self.steps().saturating_sub(1);
        let normal = self.normal(lasting);
        // A list of kinds of what lasts (young, adult) rather than of steps.
        let known = |s: &LifeStatus| rank(&s.state).is_some() || RUNNING.contains(&s.state.as_str());
        let unknown = |s: &LifeStatus| !known(s) || self.is_over(s, true);
        let at_last = |s: &&LifeStatus| matches!(s.position, Position::Step { at, .. } if at == last);
        let kinds = lasting && normal.is_none() && self.statuses.iter().find(at_last).is_some_and(unknown);
        let weight = |i: usize| {
            let status = &self.statuses[i];
            match status.position {
                Position::Branch { weight, .. } => weight,
                Position::Step { .. } if normal == Some(i) => LAST_WEIGHT,
                Position::Step { at, .. } if normal.is_some() && at == last => STEP_WEIGHT * 2,
                Position::Step { .. } if kinds && self.is_over(status, true) => STEP_WEIGHT,
                Position::Step { at, .. } if kinds => LAST_WEIGHT / (at as u32 + 2),
                Position::Step { at, .. } if at == last => LAST_WEIGHT,
                Position::Step { at: 0, rank, .. } if rank >= 5 => STEP_WEIGHT * 3 / 2,
                // Later steps have more rows, as they are nearer to the last one.
                Position::Step { at, .. } => STEP_WEIGHT * (3 + at as u32) / 4,
            }
        };
        (0..self.statuses.len()).map(weight).collect()
    }

    /// The steady state in which most rows are although a later step follows: most accounts are active, although some are
    /// closed. Without what lasts, a step that completes the row (`completed`, `used`) has more rows.
    fn normal(&self, lasting: bool) -> Option<usize> {
        let last = self.steps().saturating_sub(1);
        let completes = |s: &LifeStatus| match s.position {
            Position::Step { at, rank, .. } if at == last => {
                rank >= FINISHED && s.state != "closed" && !ENDINGS.contains(&s.state.as_str())
            }
            _ => false,
        };
        let runs = |s: &LifeStatus| matches!(s.position, Position::Step { at, .. } if at == last && RUNNING.contains(&s.state.as_str()));
        if self.is_steady() || self.statuses.iter().any(runs) {
            return None;
        }
        let step = |s: &LifeStatus| match s.position {
            Position::Step { at, .. } if at < last => Some(at),
            _ => None,
        };
        let of = |states: &[&str]| {
            let found = self.statuses.iter().enumerate().filter(|(_, s)| states.contains(&s.state.as_str()));
            found.filter_map(|(i, s)| Some((step(s)?, i))).max().map(|(_, i)| i)
        };
        if self.statuses.iter().any(completes) && !lasting {
            return None;
        }
        let steady: Vec<&str> = STEADY.iter().copied().filter(|w| lasting || event_of_status(w).is_none()).collect();
        of(&steady).or_else(|| of(RUNNING).filter(|_| lasting))
    }

    /// Whether a status says that the life of what the row describes is over: terminated, died, and sold for what lasts.
    fn is_over(&self, status: &LifeStatus, lasting: bool) -> bool {
        let ends = matches!(status.position, Position::Branch { from: STEADY_RANK.., ends: true, .. });
        ends || lasting && (status.state == "sold" || ENDINGS.contains(&status.state.as_str()))
    }

    /// The statuses that a row of status `i` has had, in order, ending in it, and one that is neither of the last two, if
    /// there is one. Indices into the list of statuses.
    pub fn path(&self, i: usize) -> (Vec<usize>, Option<usize>) {
        let step =
            |s: &LifeStatus| if let Position::Step { at, rank, .. } = s.position { Some((at, rank)) } else { None };
        let mut steps: Vec<(usize, u8, usize)> =
            self.statuses.iter().enumerate().filter_map(|(i, s)| step(s).map(|(at, rank)| (at, rank, i))).collect();
        steps.sort_unstable();
        let before = |(at, rank, _): &(usize, u8, usize)| match self.statuses[i].position {
            Position::Step { at: own, .. } => *at < own,
            Position::Branch { instead: Some(instead), .. } => *at < instead,
            // Every branch leaves after a first step.
            Position::Branch { from, .. } => *at == 0 || *rank <= from,
        };
        let mut path: Vec<usize> = steps.iter().filter(|step| before(step)).map(|(.., i)| *i).collect();
        let later = steps.iter().map(|(.., i)| *i).find(|step| *step != i && !path.contains(step));
        let earlier = path.len().checked_sub(2).map(|at| path[at]);
        path.push(i);
        let beside = later.or(earlier).or((0..self.statuses.len()).find(|other| !path.contains(other)));
        (path, beside)
    }

    /// The columns that are timestamps of the list's steps, in the order of these.
    pub fn stamps(&self, columns: &[Name]) -> Vec<usize> {
        let step = |c: usize| {
            let (event, _) = event_of_column(&columns[c]).filter(|(_, stamp)| *stamp)?;
            self.statuses.iter().find_map(|s| match s.position {
                Position::Step { at, .. } if s.event == Some(event) => Some((at, c)),
                _ => None,
            })
        };
        let mut found: Vec<(usize, usize)> = (0..columns.len()).filter_map(step).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, c)| c).collect()
    }

    /// Returns true if a status says that money was given back.
    pub fn is_refunded(&self, i: usize) -> bool {
        self.statuses[i].state.contains("refund")
    }

    fn steps(&self) -> usize {
        self.statuses.iter().filter(|s| matches!(s.position, Position::Step { .. })).count()
    }

    /// For each status whether what the row describes is complete (`true`) or has not begun (`false`); `None` in between,
    /// and for statuses that say neither.
    pub fn progress(&self) -> Vec<Option<bool>> {
        let last = self.steps().saturating_sub(1);
        let of = |status: &LifeStatus| match status.position {
            Position::Step { at, rank, steady: false } if at == last && rank >= DONE => Some(true),
            Position::Step { rank, .. } if rank <= WAITING => Some(false),
            _ => None,
        };
        self.statuses.iter().map(of).collect()
    }

    /// For each status whether what the row describes was broken off before it was complete: cancelled, rejected.
    pub fn broken_off(&self) -> Vec<bool> {
        let of =
            |status: &LifeStatus| matches!(status.position, Position::Branch { from, ends: true, .. } if from < DONE);
        self.statuses.iter().map(of).collect()
    }

    /// Returns true if a status comes after what the row describes was complete: returned, refunded.
    pub fn is_returned(&self, i: usize) -> bool {
        matches!(self.statuses[i].position, Position::Branch { from, to, ends: true, .. } if from >= DONE && to > RETURNED)
    }
}

#[cfg(test)]
mod tests;
