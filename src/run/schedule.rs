//! Schedules units over a few connections: a unit starts when those it depends on are done; the first error stops all.
//! Units of small tables that are ready at one time share transactions; parts of large tables may be limited to the
//! number that is fastest.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::LoadError;

use super::ramp::Ramp;
use super::tasks::Needs;
use super::{RunError, Stop};

/// The state of each unit: waiting, running, done.
pub struct Schedule {
    state: Mutex<UnitState>,
    changed: Condvar,
    needs: Vec<Needs>,
    /// Units that may share a transaction.
    may_share: Vec<bool>,
    /// Transactions over which they are divided.
    shares: usize,
    /// Table and rows of the units that are parts of large tables, if their number at one time is measured.
    parts: Vec<Option<(usize, u64)>>,
    begun: Instant,
}

/// Shared transactions at one time, at least; a connection is opened for each.
const SHARES: usize = 4;
/// How long a thread waits before it looks whether the run stops.
const WAIT: Duration = Duration::from_millis(100);
/// Units in one transaction.
const MOST_TOGETHER: usize = 16;

struct UnitState {
    begun: Vec<bool>,
    /// Their transactions hold a lock of the server, for which others can wait.
    at_work: Vec<bool>,
    /// A transaction of them ended without a commit: others wait until they are done.
    rolled_back: Vec<bool>,
    done: Vec<bool>,
    /// Shared transactions that are at work.
    shared: usize,
    ramp: Option<Ramp>,
    error: Option<RunError>,
}

impl UnitState {
    /// Whether one more part of a large table may begin.
    fn has_room_for_part(&self) -> bool {
        self.ramp.as_ref().is_none_or(Ramp::has_room)
    }
}

impl Schedule {
    /// `after[u]`: the units that must be done before `u`.
    pub fn new(after: Vec<Vec<usize>>) -> Self {
        let needs = after.into_iter().map(|before| Needs { before, ..Needs::default() });
        Schedule::of(needs.collect())
    }

    /// `needs[u]`: the units that `u` needs.
    pub fn of(needs: Vec<Needs>) -> Self {
        let n = needs.len();
        let [begun, at_work, rolled_back, done] = [(); 4].map(|()| vec![false; n]);
        let state = UnitState { begun, at_work, rolled_back, done, shared: 0, ramp: None, error: None };
        Schedule {
            state: Mutex::new(state),
            changed: Condvar::new(),
            needs,
            may_share: vec![false; n],
            shares: SHARES,
            parts: vec![None; n],
            begun: Instant::now(),
        }
    }

    /// `parts[u]`: the table and the rows of a unit that is a part of a large table. As many of them are at work as the ramp finds.
    #[must_use]
    pub fn measuring(self, parts: Vec<Option<(usize, u64)>>, ramp: Ramp) -> Self {
        self.lock().ramp = Some(ramp);
        Schedule { parts, ..self }
    }

    /// `may_share[u]`: whether a unit may be in one transaction with others; `shares`: how many such transactions there
    /// are at one time, if they are more than few.
    #[must_use]
    pub fn sharing(self, may_share: Vec<bool>, shares: usize) -> Self {
        Schedule { may_share, shares: shares.max(SHARES), ..self }
    }

    /// Units that were done before.
    #[must_use]
    pub fn with_done(self, done: impl IntoIterator<Item = usize>) -> Self {
        let mut state = self.lock();
        for unit in done {
            (state.begun[unit], state.done[unit]) = (true, true);
        }
        drop(state);
        self
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, UnitState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The units that start next, which may share a transaction if they are several; waits for one. `None`: nothing is
    /// left, or the run stops.
    fn next(&self, stop: &Stop) -> Option<Vec<usize>> {
        let mut state = self.lock();
        loop {
            if stop.is_set() || state.error.is_some() || state.begun.iter().all(|&b| b) {
                return None;
            }
            let room = state.shared < self.shares;
            let for_part = state.has_room_for_part();
            let ready = |u: &usize| {
                let may = (room || !self.may_share[*u]) && (for_part || self.parts[*u].is_none());
                let Needs { before, late } = &self.needs[*u];
                let late = late.iter().all(|&p| state.done[p] || state.at_work[p]);
                !state.begun[*u] && may && late && before.iter().all(|&p| state.done[p])
            };
            if let Some(u) = (0..self.needs.len()).find(ready) {
                let units = if self.may_share[u] {
                    let sharing: Vec<usize> =
                        (u..self.needs.len()).filter(|v| self.may_share[*v] && ready(v)).collect();
                    let share = sharing.len().div_ceil(self.shares - state.shared);
                    state.shared += 1;
                    sharing.into_iter().take(share.min(MOST_TOGETHER)).collect()
                } else {
                    vec![u]
                };
                units.iter().for_each(|&u| state.begun[u] = true);
                self.part_begins(&mut state, u);
                return Some(units);
            }
            state = self.changed.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether others may begin while this unit is at work.
    pub fn is_awaited(&self, unit: usize) -> bool {
        self.needs.iter().any(|needs| needs.late.contains(&unit))
    }

    /// The unit's transaction holds the lock for which others wait, so these may begin; not if it is repeated.
    pub fn at_work(&self, unit: usize) {
        let mut state = self.lock();
        state.at_work[unit] = !state.rolled_back[unit];
        self.changed.notify_all();
    }

    /// The unit's transaction has ended, by a commit or without one.
    pub fn ended(&self, unit: usize, committed: bool) {
        let mut state = self.lock();
        state.at_work[unit] = false;
        if committed {
            state.done[unit] = true;
        } else {
            state.rolled_back[unit] = true;
        }
        self.changed.notify_all();
    }

    /// The units at work that a unit needs late; `None` if one of those it needs is neither done nor at work.
    pub fn late_at_work(&self, unit: usize) -> Option<Vec<usize>> {
        let state = self.lock();
        let left = self.needs[unit].late.iter().copied().filter(|&p| !state.done[p]);
        left.map(|p| state.at_work[p].then_some(p)).collect()
    }

    /// Waits for the units that a unit needs late.
    ///
    /// # Errors
    /// The run stops.
    pub fn wait_for_all(&self, unit: usize, stop: &Stop) -> Result<(), RunError> {
        self.wait_until(stop, |state| self.needs[unit].late.iter().all(|&p| state.done[p]).then_some(()))
    }

    /// Whether a unit whose transaction has ended was committed; `None` if it has not ended, as far as is known here.
    ///
    /// # Errors
    /// The run stops.
    pub fn has_ended(&self, unit: usize, stop: &Stop) -> Result<Option<bool>, RunError> {
        let state = self.lock();
        if state.done[unit] || state.rolled_back[unit] {
            return Ok(Some(state.done[unit]));
        }
        if stop.is_set() || state.error.is_some() { Err(LoadError::Cancelled.into()) } else { Ok(None) }
    }

    /// Whether a unit whose transaction has ended is done: `false` if it was rolled back. Waits until that is known here.
    ///
    /// # Errors
    /// The run stops.
    pub fn is_done(&self, unit: usize, stop: &Stop) -> Result<bool, RunError> {
        self.wait_until(stop, |state| (state.done[unit] || state.rolled_back[unit]).then_some(state.done[unit]))
    }

    fn wait_until<T>(&self, stop: &Stop, known: impl Fn(&UnitState) -> Option<T>) -> Result<T, RunError> {
        let mut state = self.lock();
        loop {
            if let Some(known) = known(&state) {
                return Ok(known);
            }
            if stop.is_set() || state.error.is_some() {
                return Err(LoadError::Cancelled.into());
            }
            state = self.changed.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn part_begins(&self, state: &mut UnitState, unit: usize) {
        if let (Some((table, _)), Some(ramp)) = (self.parts[unit], &mut state.ramp) {
            ramp.begin(unit, table, self.begun.elapsed());
        }
    }

    /// A part has ended, or was given back (`done` is false).
    fn part_ends(&self, state: &mut UnitState, unit: usize, done: bool) {
        if let (Some((_, rows)), Some(ramp)) = (self.parts[unit], &mut state.ramp) {
            ramp.end(unit, done.then_some(rows), self.begun.elapsed());
        }
    }

    /// What the measurement of parts found.
    pub fn note(&self) -> Option<String> {
        self.lock().ramp.as_ref().and_then(Ramp::note)
    }

    /// One worker's loop: takes units until none is left.
    pub fn work(&self, stop: &Stop, mut run: impl FnMut(usize) -> Result<(), RunError>) {
        self.work_sharing(stop, |units| units.iter().try_for_each(|&unit| run(unit)).map(|()| true));
    }

    /// The same for units that are taken at once, until they are given back (`false`).
    pub fn work_sharing(&self, stop: &Stop, mut run: impl FnMut(&[usize]) -> Result<bool, RunError>) {
        while let Some(units) = self.next(stop) {
            let outcome = run(&units);
            let mut state = self.lock();
            state.shared -= usize::from(self.may_share[units[0]]);
            self.part_ends(&mut state, units[0], matches!(outcome, Ok(true)));
            match outcome {
                Ok(true) => units.iter().for_each(|&u| state.done[u] = true),
                Ok(false) => {
                    units.iter().for_each(|&u| state.begun[u] = false);
                    return self.changed.notify_all();
                }
                Err(e) => {
                    // The first error is the cause; errors that follow from it are not reported.
                    state.error.get_or_insert(e);
                    stop.set();
                }
            }
            self.changed.notify_all();
        }
    }

    /// The error that stopped the run, if any.
    pub fn into_error(self) -> Option<RunError> {
        match self.state.into_inner().unwrap_or_else(PoisonError::into_inner).error {
            // If a statement was cancelled before any other error, the user has stopped the run.
            Some(RunError::Load(LoadError::Cancelled)) => Some(RunError::Interrupted),
            error => error,
        }
    }

    /// An error from outside the units (a connection that cannot be made).
    pub fn fail(&self, error: RunError, stop: &Stop) {
        self.lock().error.get_or_insert(error);
        stop.set();
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(on: &[usize]) -> Needs {
        Needs { late: on.to_vec(), ..Needs::default() }
    }

    #[test]
    fn a_unit_is_at_work_beside_those_that_it_needs_late() {
        let schedule = Schedule::of(vec![Needs::default(), late(&[0])]);
        let (stop, began, done) = (Stop::default(), std::sync::Barrier::new(2), Mutex::new(Vec::new()));
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    schedule.work_sharing(&stop, |units| {
                        let unit = units[0];
                        if schedule.is_awaited(unit) {
                            schedule.at_work(unit);
                        }
                        // Both are at work at one time.
                        began.wait();
                        schedule.wait_for_all(unit, &stop)?;
                        done.lock().unwrap().push(unit);
                        schedule.ended(unit, true);
                        Ok(true)
                    });
                });
            }
        });
        assert_eq!(done.into_inner().unwrap(), [0, 1]);
        let schedule = Schedule::of(vec![Needs::default(), late(&[0])]);
        stop.set();
        assert!(schedule.wait_for_all(1, &stop).is_err());
    }

    #[test]
    fn nothing_begins_beside_a_unit_that_is_repeated() {
        let schedule = Schedule::of(vec![Needs::default(), late(&[0]), late(&[0, 1])]);
        let stop = Stop::default();
        assert!(schedule.is_awaited(0) && schedule.is_awaited(1) && !schedule.is_awaited(2));
        assert_eq!(schedule.late_at_work(1), None);
        schedule.at_work(0);
        assert_eq!(schedule.late_at_work(1), Some(vec![0]));
        schedule.ended(0, false);
        assert!(!schedule.is_done(0, &stop).unwrap());
        schedule.at_work(0);
        assert_eq!(schedule.late_at_work(1), None);
        schedule.ended(0, true);
        assert!(schedule.is_done(0, &stop).unwrap());
        assert_eq!((schedule.late_at_work(1), schedule.late_at_work(2)), (Some(vec![]), None));
        schedule.wait_for_all(1, &stop).unwrap();
    }

    #[test]
    fn units_run_after_those_they_depend_on() {
        let schedule = Schedule::new(vec![vec![2], vec![2], vec![], vec![0, 1]]);
        let order = Mutex::new(Vec::new());
        let stop = Stop::default();
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    schedule.work(&stop, |u| {
                        order.lock().unwrap().push(u);
                        Ok(())
                    });
                });
            }
        });
        let order = order.into_inner().unwrap();
        assert_eq!((order[0], order[3], order.len()), (2, 3, 4));
        assert!(schedule.into_error().is_none());
    }

    #[test]
    fn small_units_that_are_ready_share_transactions() {
        let after = (0..10).map(|u| if u == 9 { vec![0] } else { vec![] }).collect();
        let may_share = (0..10).map(|u| u != 3).collect();
        let schedule = Schedule::new(after).sharing(may_share, 1);
        let (stop, mut seen) = (Stop::default(), Vec::new());
        schedule.work_sharing(&stop, |units| {
            seen.push(units.to_vec());
            Ok(true)
        });
        assert_eq!(seen, [vec![0, 1], vec![2, 4], vec![3], vec![5, 6], vec![7], vec![8], vec![9]]);
    }

    #[test]
    fn as_many_parts_are_at_work_as_the_ramp_allows() {
        let parts = 12;
        let schedule = Schedule::new(vec![vec![]; parts]).measuring(vec![Some((0, 10)); parts], Ramp::new(2));
        let (stop, working, most) = (Stop::default(), Mutex::new(0), Mutex::new(0));
        std::thread::scope(|s| {
            for _ in 0..6 {
                s.spawn(|| {
                    schedule.work(&stop, |_| {
                        let now = {
                            let mut working = working.lock().unwrap();
                            *working += 1;
                            *working
                        };
                        let mut most = most.lock().unwrap();
                        *most = now.max(*most);
                        drop(most);
                        std::thread::yield_now();
                        *working.lock().unwrap() -= 1;
                        Ok(())
                    });
                });
            }
        });
        assert!((1..=2).contains(&*most.lock().unwrap()));
        assert!(schedule.lock().done.iter().all(|&done| done));
    }

    #[test]
    fn units_that_are_given_back_are_taken_by_others() {
        let schedule = Schedule::new(vec![vec![], vec![0]]);
        let (stop, mut seen) = (Stop::default(), Vec::new());
        schedule.work_sharing(&stop, |_| Ok(false));
        schedule.work(&stop, |unit| {
            seen.push(unit);
            Ok(())
        });
        assert_eq!(seen, [0, 1]);
    }

    #[test]
    fn the_first_error_is_the_one_reported_and_stops_the_rest() {
        let schedule = Schedule::new(vec![vec![], vec![0], vec![1]]);
        let stop = Stop::default();
        let mut seen = Vec::new();
        schedule.work(&stop, |u| {
            seen.push(u);
            if u == 1 { Err(RunError::Interrupted) } else { Ok(()) }
        });
        assert_eq!(seen, [0, 1]);
        assert!(stop.is_set() && schedule.into_error().is_some());
    }
}
