//! Schedules units over a few connections: a unit starts when those it depends on are done; the first error stops all.
//! Units of small tables that are ready at one time share transactions.

use std::sync::{Condvar, Mutex, PoisonError};

use dbmocker_loaders::LoadError;

use super::{RunError, Stop};

/// The state of each unit: waiting, running, done.
pub struct Schedule {
    state: Mutex<UnitState>,
    changed: Condvar,
    after: Vec<Vec<usize>>,
    /// Units that may share a transaction.
    may_share: Vec<bool>,
    /// Transactions over which they are divided.
    shares: usize,
}

/// Shared transactions at one time, at least; a connection is opened for each.
const SHARES: usize = 4;
/// Units in one transaction.
const MOST_TOGETHER: usize = 16;

struct UnitState {
    begun: Vec<bool>,
    done: Vec<bool>,
    /// Shared transactions that are at work.
    shared: usize,
    error: Option<RunError>,
}

impl Schedule {
    /// `after[u]`: the units that must be done before `u`.
    pub fn new(after: Vec<Vec<usize>>) -> Self {
        let n = after.len();
        let state = UnitState { begun: vec![false; n], done: vec![false; n], shared: 0, error: None };
        Schedule { state: Mutex::new(state), changed: Condvar::new(), after, may_share: vec![false; n], shares: SHARES }
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
            let ready = |u: &usize| {
                !state.begun[*u] && (room || !self.may_share[*u]) && self.after[*u].iter().all(|&p| state.done[p])
            };
            if let Some(u) = (0..self.after.len()).find(ready) {
                let units = if self.may_share[u] {
                    let sharing: Vec<usize> =
                        (u..self.after.len()).filter(|v| self.may_share[*v] && ready(v)).collect();
                    let share = sharing.len().div_ceil(self.shares - state.shared);
                    state.shared += 1;
                    sharing.into_iter().take(share.min(MOST_TOGETHER)).collect()
                } else {
                    vec![u]
                };
                units.iter().for_each(|&u| state.begun[u] = true);
                return Some(units);
            }
            let wait = std::time::Duration::from_millis(100);
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
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
