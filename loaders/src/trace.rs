//! Reports every statement that loaders run, with its duration, to a listener.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;

use crate::{LoadError, Loaded, Loader, Payload, Target};

type Listener = Box<dyn Fn(&str, Duration) + Send + Sync>;

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Sets the listener of all sessions that are opened from now on. Only the first one counts.
pub fn listen(listener: impl Fn(&str, Duration) + Send + Sync + 'static) {
    let _ = LISTENER.set(Box::new(listener));
}

/// Wraps a loader so that its statements are reported; returns it unchanged if there is no listener.
pub(crate) fn traced(inner: Box<dyn Loader>) -> Box<dyn Loader> {
    match LISTENER.get() {
        Some(listener) => Box::new(Traced { inner, listener }),
        None => inner,
    }
}

struct Traced {
    inner: Box<dyn Loader>,
    listener: &'static Listener,
}

impl Traced {
    fn told<T>(
        &mut self,
        what: &str,
        run: impl FnOnce(&mut dyn Loader) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        let begun = Instant::now();
        let done = run(&mut *self.inner);
        (self.listener)(what, begun.elapsed());
        done
    }
}

impl Loader for Traced {
    fn execute(&mut self, sql: &str) -> Result<u64, LoadError> {
        self.told(sql, |inner| inner.execute(sql))
    }

    fn send_with_next(&mut self, sql: &str) -> Result<(), LoadError> {
        self.told(sql, |inner| inner.send_with_next(sql))
    }

    fn prepare_loads(&mut self, loads: &[(Target, SchemaRef)]) -> Result<(), LoadError> {
        let names: Vec<String> = loads.iter().map(|(t, _)| format!("{}.{}", t.schema, t.table)).collect();
        self.told(&format!("preparing loads of {}", names.join(", ")), |inner| inner.prepare_loads(loads))
    }

    fn calling_functions(&mut self) -> &mut dyn Loader {
        self.inner.calling_functions();
        self
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError> {
        self.told(sql, |inner| inner.query(sql))
    }

    fn load(&mut self, target: &Target, payload: Payload<'_>) -> Result<Loaded, LoadError> {
        self.told(&format!("rows into {}.{}", target.schema, target.table), |inner| inner.load(target, payload))
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        self.inner.canceller()
    }

    fn default_schema(&self) -> Option<String> {
        self.inner.default_schema()
    }

    fn finish(self: Box<Self>) -> Result<(), LoadError> {
        self.inner.finish()
    }
}
