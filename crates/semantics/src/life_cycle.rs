//! Life cycles: which columns of a row have a value, depending on the row's status.
//!
//! Data in: the statuses of a column, in the schema's order, and names of columns. Data out: a weight for each status,
//! and for a column that belongs to an event (`shipped_at`, `cancellation_reason`), the share of rows of each status in
//! which it has a value.
//!
//! A life cycle is a sequence of steps, and branches (`cancelled`, `refunded`) that leave it at a step. The order of
//! the list is the order of the steps, unless it is alphabetical; events that it does not contain are ordered by a rank
//! that fits most businesses.

mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::names::Name;
use super::verbs::same_verb;
use words::{
    AMOUNTS, BRANCH_STATES, DEFAULT_STATUSES, DETAILS, ENDINGS, EVENTS, LEAVING, NOT_THE_EVENT, ONLINE, OVER, SAID,
    STAMPS, STATES, STATUSES_BY_TABLE, STEADY, TRANSLATED, UNITS_OF_STATES,
};

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
        let words: Vec<String> = statuses.iter().map(|s| in_english(phrase(s))).collect();
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

    /// The weight of each status, in about a thousandth of the rows.
    pub fn weights(&self) -> Vec<u32> {
        let steps = self.steps();
        let last = steps.saturating_sub(1);
        // Most accounts are active, although some are closed.
        let ended = |s: &LifeStatus| {
            matches!(s.position, Position::Step { at, .. } if at == last) && ENDINGS.contains(&s.state.as_str())
        };
        let usual = self.statuses.iter().position(|s| {
            let step = matches!(s.position, Position::Step { at, .. } if at < last);
            step && STEADY.contains(&s.state.as_str()) && self.statuses.iter().any(ended)
        });
        let usual = usual.map(|i| self.statuses[i].state.as_str());
        let weight = |status: &LifeStatus| match status.position {
            Position::Branch { weight, .. } => weight,
            Position::Step { .. } if usual == Some(status.state.as_str()) => LAST_WEIGHT,
            Position::Step { at, .. } if at == last && usual.is_some() => STEP_WEIGHT * 2,
            Position::Step { at, .. } if at == last => LAST_WEIGHT,
            Position::Step { at: 0, rank, .. } if rank >= 5 => STEP_WEIGHT * 3 / 2,
            // Later steps have more rows, as they are nearer to the last one.
            Position::Step { at, .. } => STEP_WEIGHT * (3 + at as u32) / 4,
        };
        self.statuses.iter().map(weight).collect()
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

    fn steps(&self) -> usize {
        self.statuses.iter().filter(|s| matches!(s.position, Position::Step { .. })).count()
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
            // The end of an employment or membership, in a list that calls it `inactive`.
            let over = |s: &LifeStatus| OVER.contains(&s.state.as_str());
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

    fn is_steady(&self) -> bool {
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

/// The event that a word of an amount's name refers to. Nouns count only for branches: those of steps (`shipping`) are
/// separate amounts.
fn of_word(word: &str, noun: bool) -> Option<usize> {
    let fits = |e: &Event| e.done.contains(&word) || noun && e.branch.is_some() && e.nouns.contains(&word);
    EVENTS.iter().position(fits)
}

/// Whether a column holds the row's status, by its name.
pub(super) fn is_status(column: &Name) -> bool {
    column.ends_any(&["status", "state", "status", "phase", "lifecycle", "life cycle"])
        && !column.has_any(&["code", "http", "marital", "civil", "billing", "shipping", "home", "birth"])
}

/// The name of the event that a column belongs to, and whether the column is the event's timestamp; `None` for other
/// columns.
pub fn event_name(column: &Name) -> Option<(String, bool)> {
    if let Some((event, stamp)) = event_of_column(column) {
        return Some((EVENTS[event].done[0].to_owned(), stamp));
    }
    match &column.words[..] {
        [only] => SAID.iter().find(|(noun, _)| only == noun).map(|(_, done)| ((*done).to_owned(), false)),
        [what @ .., last] if !what.is_empty() && ["at", "on", "by"].contains(&last.as_str()) => {
            Some((what.join(" "), last != "by"))
        }
        _ => None,
    }
}

/// Whether a flag (`published`, `is_completed`) tells that the event of another column (`published_at`) has happened;
/// false if it tells the contrary (`is_active` and `terminated_on`). `None` if the two are unrelated.
pub fn flagged(flag: &Name, column: &Name) -> Option<bool> {
    let mut words = flag.words.clone();
    if words.len() > 1 && matches!(words[0].as_str(), "is" | "was" | "has") {
        words.remove(0);
    }
    let state = words.join(" ");
    if let Some((event, _)) = event_of_column(column) {
        let event = &EVENTS[event];
        if event.done.contains(&state.as_str()) {
            return Some(true);
        }
        let ends = event.done.iter().any(|done| LEAVING.contains(done));
        return (ends && matches!(state.as_str(), "active" | "current" | "employed")).then_some(false);
    }
    if let [verb, about] = &column.words[..]
        && DETAILS.contains(&about.as_str())
    {
        let granted = ["approved", "accepted", "successful", "passed", "valid", "ok", "success"];
        let refused = ["decline", "rejection", "reject", "denial", "refusal", "failure", "fail", "error"];
        if granted.contains(&state.as_str()) && refused.contains(&verb.as_str()) {
            return Some(false);
        }
        if same_verb(&state, verb) {
            return Some(true);
        }
    }
    let (what, stamp) = event_name(column)?;
    (stamp && what == state).then_some(true)
}

/// The English words of a status in another language.
fn in_english(status: String) -> String {
    if is_known(&status) {
        return status;
    }
    TRANSLATED.iter().find(|(words, _)| words.contains(&status.as_str())).map_or(status, |(_, word)| (*word).to_owned())
}

/// The index of the event that a column belongs to, and whether the column is its timestamp (`shipped_at`).
fn event_of_column(column: &Name) -> Option<(usize, bool)> {
    let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
    // `actual_start` beside `planned_start`.
    if let ["actual", what] = words[..] {
        let done = match what {
            "start" | "begin" => "started",
            "end" | "finish" => "completed",
            "departure" => "departed",
            "arrival" => "arrived",
            _ => "",
        };
        if let Some(event) = EVENTS.iter().position(|e| e.done.contains(&done)) {
            return Some((event, true));
        }
    }
    let mut phrases: Vec<&EventPhrase> = words.iter().filter_map(|word| EVENT_PHRASES.get(word)).flatten().collect();
    phrases.sort_by_key(|phrase| phrase.order);
    phrases.dedup_by_key(|phrase| phrase.order);
    let mut found: Option<(usize, usize, bool)> = None;
    for phrase in phrases {
        let p = &phrase.words;
        let Some(at) = words.windows(p.len()).rposition(|w| w == p) else { continue };
        let (before, after) = (&words[..at], &words[at + p.len()..]);
        if let Some(stamp) = column_kind(&EVENTS[phrase.event], phrase.done, before, after)
            && found.is_none_or(|(end, ..)| at + p.len() > end)
        {
            found = Some((at + p.len(), phrase.event, stamp));
        }
    }
    found.map(|(_, e, stamp)| (e, stamp))
}

/// A phrase of an event.
struct EventPhrase {
    /// The position among all phrases.
    order: usize,
    event: usize,
    /// A status after the event, not a noun for it.
    done: bool,
    words: Vec<&'static str>,
}

/// The phrases of [`EVENTS`] by their first words.
static EVENT_PHRASES: LazyLock<HashMap<&str, Vec<EventPhrase>>> = LazyLock::new(|| {
    let of = |event: usize| {
        let [done, nouns] = [(EVENTS[event].done, true), (EVENTS[event].nouns, false)];
        [done, nouns].into_iter().flat_map(move |(phrases, done)| phrases.iter().map(move |p| (event, done, *p)))
    };
    let mut out: HashMap<&str, Vec<EventPhrase>> = HashMap::new();
    for (order, (event, done, phrase)) in (0..EVENTS.len()).flat_map(of).enumerate() {
        let words: Vec<&str> = phrase.split(' ').collect();
        out.entry(words[0]).or_default().push(EventPhrase { order, event, done, words });
    }
    out
});

/// Whether the words before and after an event's phrase make the column the event's timestamp (`true`) or another
/// column of the event (`false`); `None` if it does not belong to the event.
fn column_kind(event: &Event, done: bool, before: &[&str], after: &[&str]) -> Option<bool> {
    let preceded_by = |list: &[&str]| before.iter().any(|w| list.contains(w));
    let is_other = |w: &&str| event.done.iter().all(|d| !d.split(' ').any(|x| x == *w)) && NOT_THE_EVENT.contains(w);
    if before.iter().chain(after).any(is_other) {
        return None;
    }
    let is_branch = event.branch.is_some();
    match after {
        // `date_shipped`; `shipped` alone may be a flag or an amount.
        [] if done => (preceded_by(&["date", "time"]) && before.len() == 1).then_some(true),
        [] => (is_branch && event.nouns.contains(&"error") || event.nouns.contains(&"resolution"))
            .then_some(false)
            .filter(|_| before.is_empty()),
        [only] | [only, "id"] if STAMPS.contains(only) => {
            // `email_verified_at` is not an event of the row, but of its email address.
            let own = before.is_empty() || is_branch && before.len() == 1;
            (own && (done || is_branch || *only != "date" && *only != "on")).then_some(done)
        }
        ["date", "time"] => before.is_empty().then_some(done),
        [only] if is_branch && DETAILS.contains(only) => (before.len() <= 1).then_some(false),
        [only, _] if is_branch && DETAILS.contains(only) => before.is_empty().then_some(false),
        ["number" | "code" | "url" | "note"]
            if event.nouns.contains(&"tracking") || event.nouns.contains(&"resolution") =>
        {
            before.is_empty().then_some(false)
        }
        _ => None,
    }
}

/// The words of a status, in lower case and separated by spaces.
fn phrase(status: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in status.chars() {
        if c.is_uppercase() && before.is_lowercase() || !c.is_alphanumeric() {
            out.push(' ');
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
        before = c;
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn event_of_status(words: &str) -> Option<usize> {
    EVENTS.iter().position(|e| e.done.contains(&words))
}

fn rank(words: &str) -> Option<u8> {
    if STEADY.contains(&words) {
        return Some(STEADY_RANK);
    }
    let state = STATES.iter().find(|(list, _)| list.iter().any(|p| starts(words, p))).map(|(_, rank)| *rank);
    event_of_status(words).map(|e| EVENTS[e].rank).or(state)
}

/// Whether the words begin with the phrase: `awaiting payment` with `awaiting`.
fn starts(words: &str, phrase: &str) -> bool {
    words.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The fields of [`Branch`]: from, to, weight, instead, ends.
type BranchFields = (u8, u8, u32, &'static [&'static str], bool);

fn branch(words: &str) -> Option<BranchFields> {
    let state = BRANCH_STATES.iter().find(|(list, _)| list.iter().any(|p| starts(words, p)));
    match (event_of_status(words).and_then(|e| EVENTS[e].branch.as_ref()), state) {
        (Some(b), _) => Some((b.from, b.to, b.weight, b.instead, b.ends)),
        (None, Some((_, (from, to, weight)))) => {
            let instead: &[&str] = if (27..=29).contains(from) { &["paid"] } else { &[] };
            Some((*from, *to, *weight, instead, false))
        }
        (None, None) => None,
    }
}

/// Whether a status is on a branch. `returned` is one, except for loans and rentals, where it is the last step.
fn is_branch(words: &[String], i: usize) -> bool {
    let lent = ["borrowed", "loaned", "rented", "lent", "checked out", "issued", "on loan", "active"];
    match words[i].as_str() {
        "returned" => !words.iter().any(|w| lent.contains(&w.as_str())),
        own => branch(own).is_some(),
    }
}

fn is_known(words: &str) -> bool {
    rank(words).is_some() || branch(words).is_some()
}

#[cfg(test)]
mod tests;
