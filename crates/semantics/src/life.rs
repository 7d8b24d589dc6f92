//! Life cycles: what the status of a row says of its moments, reasons and actors.
//!
//! Data in: the statuses that a column may hold, in the order in which the schema lists them, and names of columns. Data
//! out: how common each status is, and for a column that belongs to something that happens to a row (`shipped_at`,
//! `cancellation_reason`), in which share of the rows of each status it has a value.
//!
//! The list says the order of the steps, where it is not sorted by the alphabet; what it does not name is placed by a
//! rank that holds in most trades. Branches (`cancelled`, `refunded`) leave the way at a step and have their own stamps.

mod words;

use super::names::Name;
use words::{AHEAD, ALIVE, AMOUNTS, ANY, BESIDE, DETAILS, EVENTS, STAMPS, STATES, STEADY, TRADES};

/// Something that happens to a row once.
pub(super) struct Event {
    rank: u8,
    done: &'static [&'static str],
    nouns: &'static [&'static str],
    branch: Option<Branch>,
    over: bool,
}

/// Where a branch leaves the way of most rows.
struct Branch {
    /// All that ranks up to here has happened, nothing that ranks beyond `to`.
    from: u8,
    to: u8,
    /// Steps in whose place it comes: all before the first of them has happened.
    instead: &'static [&'static str],
    /// Rows of a thousand.
    weight: u32,
    /// Nothing comes after it.
    ends: bool,
}

/// The rank of states that rows stay in.
const STAYING: u8 = 40;
/// Rows of a thousand that a state has by which most rows go.
const STEP: u32 = 60;
/// The same for the state that most rows are in.
const MOST: u32 = 620;
/// The share of rows, of those that left the way in between, that had come as far as the first and the last step there.
const BETWEEN: (f64, f64) = (0.7, 0.2);

/// A list of statuses, read as a life cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    stages: Vec<Stage>,
}

#[derive(Debug, Clone, PartialEq)]
struct Stage {
    /// The status in words.
    state: String,
    /// Index of what has just happened.
    event: Option<usize>,
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// On the way of most rows: how far along, and the rank.
    Step {
        at: usize,
        rank: u8,
        steady: bool,
    },
    Beside {
        from: u8,
        to: u8,
        weight: u32,
        instead: Option<usize>,
        ends: bool,
    },
}

impl Life {
    /// The statuses of a column of that name; `None` for a list that is no life cycle.
    pub fn of(column: &Name, statuses: &[&str]) -> Option<Life> {
        let words: Vec<String> = statuses.iter().map(|s| phrase(s)).collect();
        let known = words.iter().filter(|w| is_known(w)).count();
        let named = is_status(column);
        if statuses.len() < 2 || known < 2 && !(named && known == 1) || !named && known * 2 < statuses.len() {
            return None;
        }
        let mut ways: Vec<usize> = (0..words.len()).filter(|&i| !is_beside(&words, i)).collect();
        let rank = |i: usize| rank(&words[i]);
        let ranks: Vec<u8> = ways.iter().filter_map(|&i| rank(i)).collect();
        let sorted = words.len() > 2 && words.is_sorted();
        if sorted && !ranks.is_sorted() {
            ways.sort_by_key(|&i| rank(i).unwrap_or(STAYING));
        }
        // A step is no later than those that follow it.
        let mut least = u8::MAX;
        let mut steps = vec![(0, 0); words.len()];
        for (at, &i) in ways.iter().enumerate().rev() {
            least = least.min(rank(i).unwrap_or(least.min(STAYING)));
            steps[i] = (at, least);
        }
        let last = ways.last().copied();
        let stage = |i: usize| {
            let event = event_of_status(&words[i]);
            let way = match beside(&words[i]).filter(|_| !ways.contains(&i)) {
                Some((from, to, weight, instead, ends)) => {
                    let replaced = ways.iter().find(|&&w| instead.contains(&words[w].as_str()));
                    let instead = replaced.map(|&w| steps[w].0);
                    Way::Beside { from, to, weight, instead, ends }
                }
                None => {
                    let (at, rank) = steps[i];
                    Way::Step { at, rank, steady: last == Some(i) && STEADY.contains(&words[i].as_str()) }
                }
            };
            Stage { state: words[i].clone(), event, way }
        };
        Some(Life { stages: (0..words.len()).map(stage).collect() })
    }

    /// What the rows of a table go through, where nothing lists it: by what its columns tell of, else by its name.
    pub fn usual(table: &Name, columns: &[Name]) -> Vec<String> {
        let mut told: Vec<&Event> = Vec::new();
        for event in columns.iter().filter_map(|c| belongs(c).filter(|(_, stamp)| *stamp).map(|(e, _)| &EVENTS[e])) {
            if !told.iter().any(|t| t.done == event.done) {
                told.push(event);
            }
        }
        let trade = TRADES.iter().find(|(tables, _)| table.ends_any(tables)).map(|(_, statuses)| *statuses);
        let mut list: Vec<String> = trade.unwrap_or(ANY).iter().map(|s| (*s).to_owned()).collect();
        let named = |list: &[String], e: &Event| list.iter().any(|s| e.done.contains(&phrase(s).as_str()));
        let missing: Vec<&&Event> = told.iter().filter(|e| !e.over && !named(&list, e)).collect();
        if trade.is_none() && told.iter().any(|e| e.branch.is_none() && e.rank > 4) {
            // The columns tell more than a list that fits anything.
            let mut steps: Vec<&&Event> = told.iter().filter(|e| e.branch.is_none() && !e.over).collect();
            steps.sort_by_key(|e| e.rank);
            let branches = told.iter().filter(|e| e.branch.is_some());
            let done = |e: &&Event| e.done[0].replace(' ', "_");
            let first = if steps.first().is_some_and(|e| e.rank <= 10) { None } else { Some("pending".to_owned()) };
            list = first.into_iter().chain(steps.into_iter().map(done)).chain(branches.map(done)).collect();
        } else {
            list.extend(missing.iter().filter(|e| e.branch.is_some()).map(|e| e.done[0].replace(' ', "_")));
        }
        list
    }

    /// How common each status is, of a thousand or so.
    pub fn weights(&self) -> Vec<u32> {
        let steps = self.steps();
        let last = steps.saturating_sub(1);
        let weight = |stage: &Stage| match stage.way {
            Way::Beside { weight, .. } => weight,
            Way::Step { at, .. } if at == last => MOST,
            Way::Step { at: 0, rank, .. } if rank >= 5 => STEP * 3 / 2,
            // The later, the nearer to the end of most rows.
            Way::Step { at, .. } => STEP * (3 + at as u32) / 4,
        };
        self.stages.iter().map(weight).collect()
    }

    fn steps(&self) -> usize {
        self.stages.iter().filter(|s| matches!(s.way, Way::Step { .. })).count()
    }

    /// In which share of the rows of each status a column has a value; `None` where the statuses say nothing of it.
    ///
    /// `true` where the statuses name what the column belongs to.
    pub fn presence(&self, column: &Name) -> Option<(Vec<f64>, bool)> {
        let listed = belongs(column).is_some_and(|(event, _)| self.stages.iter().any(|s| s.event == Some(event)));
        Some((self.shares(column)?, listed))
    }

    /// In which share of the rows of each status an amount is more than nothing: `refunded_amount`, `amount_paid`.
    pub fn amount(&self, column: &Name) -> Option<Vec<f64>> {
        let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
        let event = match words[..] {
            [amount, done] if AMOUNTS.contains(&amount) => of_word(done, false),
            [word, amount] | [word, amount, _] if AMOUNTS.contains(&amount) => of_word(word, true),
            _ => None,
        };
        self.happened(event?)
    }

    /// In which rows the last sign of life may be long ago: all but those of which the status says that they are alive.
    pub fn silent(&self, column: &Name) -> Option<Vec<f64>> {
        let signs =
            ["last seen", "last ping", "last heartbeat", "heartbeat", "last contact", "last active", "last online"];
        let alive = |s: &Stage| ALIVE.contains(&s.state.as_str());
        let told = signs.iter().any(|p| column.has(p)) && self.stages.iter().any(alive);
        told.then(|| self.stages.iter().map(|s| f64::from(!alive(s))).collect())
    }

    fn shares(&self, column: &Name) -> Option<Vec<f64>> {
        if let Some(found) = self.numbered(column) {
            return Some(found);
        }
        match belongs(column) {
            Some((event, _)) => self.happened(event),
            None => self.during(column),
        }
    }

    /// A moment named after a state (`trial_ends_at`): rows in it have one, those that were in it perhaps.
    fn during(&self, column: &Name) -> Option<Vec<f64>> {
        let [first, .., last] = &column.words[..] else { return None };
        let moment = ["at", "on", "date", "until", "end", "start"].contains(&last.as_str());
        let own = |s: &Stage| first.len() > 3 && s.state.starts_with(first.trim_end_matches("ing"));
        let at = self.stages.iter().find_map(|s| match s.way {
            Way::Step { at, steady: false, .. } if own(s) => Some(at),
            _ => None,
        });
        let since = at.filter(|_| moment)?;
        let share = |s: &Stage| match s.way {
            _ if own(s) => 1.0,
            Way::Step { at, .. } if at < since => 0.0,
            _ => BETWEEN.0,
        };
        Some(self.stages.iter().map(share).collect())
    }

    /// In which share of the rows of each status something has happened.
    fn happened(&self, event: usize) -> Option<Vec<f64>> {
        let what = &EVENTS[event];
        let own = |s: &Stage| s.event == Some(event);
        let listed = self.stages.iter().any(own);
        if what.branch.is_some() {
            let has = |s: &Stage| if own(s) { 1.0 } else { 0.0 };
            return listed.then(|| self.stages.iter().map(has).collect());
        }
        let since = self.stages.iter().filter_map(|s| match s.way {
            Way::Step { at, rank, .. } if if listed { own(s) } else { !what.over && rank >= what.rank } => {
                Some((at, rank))
            }
            _ => None,
        });
        let since = since.min();
        let at = since.map_or(usize::MAX, |(at, _)| at);
        let rank = since.filter(|_| listed).map_or(what.rank, |(_, rank)| rank);
        let steps = self.steps();
        let share = |s: &Stage| match s.way {
            Way::Step { at: reached, .. } if since.is_some() => f64::from(reached >= at),
            Way::Step { at: reached, rank, steady } => {
                f64::from(what.over && !steady && rank > STAYING && reached + 1 == steps)
            }
            Way::Beside { ends, .. } if what.over && !listed => f64::from(ends),
            // A life without an end is left from its last state.
            Way::Beside { .. } if self.is_steady() => f64::from(since.is_some()),
            Way::Beside { instead: Some(step), .. } if listed => f64::from(at < step),
            Way::Beside { from, .. } if rank <= from => 1.0,
            Way::Beside { to, .. } if rank > to => 0.0,
            Way::Beside { from, to, .. } => {
                let (first, last) = BETWEEN;
                first - (first - last) * f64::from(rank - from) / f64::from((to - from).max(1))
            }
        };
        Some(self.stages.iter().map(share).collect())
    }

    fn is_steady(&self) -> bool {
        self.stages.iter().any(|s| matches!(s.way, Way::Step { steady: true, .. }))
    }

    /// A draft has no number yet.
    fn numbered(&self, column: &Name) -> Option<Vec<f64>> {
        let draft = |s: &Stage| matches!(s.way, Way::Step { at: 0, rank: 0, .. });
        let own = column.words.len() <= 2 && column.last() == "number" && belongs(column).is_none();
        let drafts = own && self.stages.iter().any(draft);
        drafts.then(|| self.stages.iter().map(|s| f64::from(!draft(s))).collect())
    }
}

/// What a word of an amount's name belongs to; only branches have nouns that are no amounts of their own.
fn of_word(word: &str, noun: bool) -> Option<usize> {
    let fits = |e: &Event| e.done.contains(&word) || noun && e.branch.is_some() && e.nouns.contains(&word);
    EVENTS.iter().position(fits)
}

/// The columns that say where a row stands.
pub(super) fn is_status(column: &Name) -> bool {
    column.ends_any(&["status", "state", "stage", "phase", "lifecycle", "life cycle"])
        && !column.has_any(&["code", "http", "marital", "civil", "billing", "shipping", "home", "birth"])
}

/// What happens to a row that a column belongs to, and whether the column is its moment.
pub fn happening(column: &Name) -> Option<(String, bool)> {
    if let Some((event, stamp)) = belongs(column) {
        return Some((EVENTS[event].done[0].to_owned(), stamp));
    }
    match &column.words[..] {
        [what @ .., last] if !what.is_empty() && ["at", "on", "by"].contains(&last.as_str()) => {
            Some((what.join(" "), last != "by"))
        }
        _ => None,
    }
}

/// What a column belongs to, and whether it is a stamp (`shipped_at`), which says that there is such a thing.
fn belongs(column: &Name) -> Option<(usize, bool)> {
    let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
    let mut found: Option<(usize, usize, bool)> = None;
    for (e, event) in EVENTS.iter().enumerate() {
        for (phrases, done) in [(event.done, true), (event.nouns, false)] {
            for p in phrases {
                let p: Vec<&str> = p.split(' ').collect();
                let Some(at) = words.windows(p.len()).rposition(|w| w == p) else { continue };
                let (before, after) = (&words[..at], &words[at + p.len()..]);
                if let Some(stamp) = fits(event, done, before, after)
                    && found.is_none_or(|(end, ..)| at + p.len() > end)
                {
                    found = Some((at + p.len(), e, stamp));
                }
            }
        }
    }
    found.map(|(_, e, stamp)| (e, stamp))
}

/// Whether the words around what names an event make a column of it; `true` for a stamp.
fn fits(event: &Event, done: bool, before: &[&str], after: &[&str]) -> Option<bool> {
    let beside = |list: &[&str]| before.iter().any(|w| list.contains(w));
    let of_other = |w: &&str| event.done.iter().all(|d| !d.split(' ').any(|x| x == *w)) && AHEAD.contains(w);
    if before.iter().chain(after).any(of_other) {
        return None;
    }
    let is_branch = event.branch.is_some();
    match after {
        // `date_shipped`, `shipped`; the word alone may be a flag or an amount.
        [] if done => (beside(&["date", "time"]) && before.len() == 1).then_some(true),
        [] => (is_branch && event.nouns.contains(&"error") || event.nouns.contains(&"resolution"))
            .then_some(false)
            .filter(|_| before.is_empty()),
        [only] | [only, "id"] if STAMPS.contains(only) => {
            // `email_verified_at`: of something else, which has no status here.
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

/// The words of a status, in lower case with blanks between them.
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
        return Some(STAYING);
    }
    let state = STATES.iter().find(|(list, _)| list.iter().any(|p| starts(words, p))).map(|(_, rank)| *rank);
    event_of_status(words).map(|e| EVENTS[e].rank).or(state)
}

/// `awaiting payment` is a way of `awaiting`.
fn starts(words: &str, phrase: &str) -> bool {
    words.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

type Beside = (u8, u8, u32, &'static [&'static str], bool);

fn beside(words: &str) -> Option<Beside> {
    let state = BESIDE.iter().find(|(list, _)| list.iter().any(|p| starts(words, p)));
    match (event_of_status(words).and_then(|e| EVENTS[e].branch.as_ref()), state) {
        (Some(b), _) => Some((b.from, b.to, b.weight, b.instead, b.ends)),
        (None, Some((_, (from, to, weight)))) => {
            let instead: &[&str] = if (27..=29).contains(from) { &["paid"] } else { &[] };
            Some((*from, *to, *weight, instead, false))
        }
        (None, None) => None,
    }
}

/// Whether a status lies beside the way. A loan ends when it is returned, a delivery does not.
fn is_beside(words: &[String], i: usize) -> bool {
    let lent = ["borrowed", "loaned", "rented", "lent", "checked out", "issued", "on loan", "active"];
    match words[i].as_str() {
        "returned" => !words.iter().any(|w| lent.contains(&w.as_str())),
        own => beside(own).is_some(),
    }
}

fn is_known(words: &str) -> bool {
    rank(words).is_some() || beside(words).is_some()
}

#[cfg(test)]
mod tests;
