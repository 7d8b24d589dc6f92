//! Schedules units over a few connections: a unit starts when those it depends on are done; the first error stops all.

use std::sync::{Condvar, Mutex, PoisonError};

use dbmocker_loaders::LoadError;

use super::{RunError, Stop};

/// The state of each unit: waiting, running, done.
pub struct Schedule {
    state: Mutex<UnitState>,
    changed: Condvar,
    after: Vec<Vec<usize>>,
}

struct UnitState {
    begun: Vec<bool>,
    done: Vec<bool>,
    error: Option<RunError>,
}

impl Schedule {
    /// `after[u]`: the units that must be done before `u`.
    pub fn new(after: Vec<Vec<usize>>) -> Self {
        let n = after.len();
        let state = UnitState { begun: vec![false; n], done: vec![false; n], error: None };
        Schedule { state: Mutex::new(state), changed: Condvar::new(), after }
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

    /// The next unit that can start; waits for one. `None`: nothing is left, or the run stops.
    fn next(&self, stop: &Stop) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if stop.is_set() || state.error.is_some() || state.begun.iter().all(|&b| b) {
                return None;
            }
            let ready = |u: &usize| !state.begun[*u] && self.after[*u].iter().all(|&p| state.done[p]);
            if let Some(u) = (0..self.after.len()).find(ready) {
                state.begun[u] = true;
                return Some(u);
            }
            let wait = std::time::Duration::from_millis(100);
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// One worker's loop: takes units until none is left.
    pub fn work(&self, stop: &Stop, mut run: impl FnMut(usize) -> Result<(), RunError>) {
        while let Some(unit) = self.next(stop) {
            let outcome = run(unit);
            let mut state = self.lock();
            match outcome {
                Ok(()) => state.done[unit] = true,
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
