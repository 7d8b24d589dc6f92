//! Ensures that a cancel request stops only the statement for which it was sent.
//!
//! A request is sent on a separate connection and names the session, not the statement: a late one stops whatever
//! statement runs then. So a request is sent only while a statement runs, and the session does not end the statement
//! before the server has processed the request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The gate of one session; shared by the session and its cancellers.
#[derive(Debug, Default)]
pub struct Gate {
    running: Mutex<bool>,
    asked: AtomicBool,
}

/// A statement runs as long as this value exists.
#[derive(Debug)]
#[must_use = "a statement that is not known to run cannot be cancelled"]
pub struct Running(Arc<Gate>);

impl Gate {
    /// A statement begins; waits for a request that is being sent.
    pub fn begin(self: &Arc<Self>) -> Running {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = true;
        self.asked.store(false, Ordering::SeqCst);
        Running(self.clone())
    }

    /// Sends a request if a statement runs. `send` returns when the server has processed it.
    pub fn cancel(&self, send: impl FnOnce()) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if *running {
            self.asked.store(true, Ordering::SeqCst);
            send();
        }
    }

    /// Whether a cancel request was sent for the last statement.
    pub fn was_cancelled(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_statement_that_runs_is_asked_to_stop() {
        let gate = Arc::new(Gate::default());
        gate.cancel(|| panic!("nothing runs"));
        let running = gate.begin();
        let mut sent = false;
        gate.cancel(|| sent = true);
        assert!(sent && gate.was_cancelled());
        drop(running);
        assert!(gate.was_cancelled(), "known until the next statement begins");
        gate.cancel(|| panic!("nothing runs any more"));
        let _next = gate.begin();
        assert!(!gate.was_cancelled());
    }

    #[test]
    fn a_statement_ends_after_the_request_that_it_was_sent() {
        let gate = Arc::new(Gate::default());
        let running = gate.begin();
        let (begun, on_its_way) = std::sync::mpsc::channel();
        let (answer, answered) = std::sync::mpsc::channel::<()>();
        let order = Mutex::new(Vec::new());
        let (gate, order_of) = (&gate, &order);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                gate.cancel(|| {
                    begun.send(()).unwrap();
                    answered.recv().unwrap();
                    order_of.lock().unwrap().push("answered");
                });
            });
            on_its_way.recv().unwrap();
            scope.spawn(move || {
                drop(running);
                order_of.lock().unwrap().push("ended");
            });
            answer.send(()).unwrap();
        });
        assert_eq!(*order.lock().unwrap(), ["answered", "ended"]);
    }
}
