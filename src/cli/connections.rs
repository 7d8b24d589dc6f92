//! How many connections load, and whether they share large tables.
//!
//! With a server nearby, its processors are the limit, so there is one connection per core of this machine, each
//! loading a table. With a distant server, one connection transfers at most one TCP window per round trip, so more
//! connections are used, also for parts of one table.

use std::time::Duration;

use dbmocker_loaders::{Connection, Dialect};

use super::args::Processes;
use super::printer::Printer;
use super::resources::Resources;
use crate::run::{FAR, RunError, round_trip};

/// One more connection is opened for each such interval in the round-trip time.
const EACH: Duration = Duration::from_millis(2);
/// The most connections that are opened by default, since servers limit their number.
const MOST: usize = 16;

/// The connections of a load by this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    pub count: usize,
    /// Why several connections load parts of one large table; `None`: they do not.
    pub shared: Option<String>,
}

impl Connections {
    /// Takes the number from `--connections`, else from the server's round-trip time; `streams` is the number for a
    /// server nearby.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn choose(typed: &Processes, staged: bool, streams: usize, connection: &Connection) -> Result<Self, RunError> {
        let alone = Connections { count: streams, shared: None };
        match typed.connections {
            _ if connection.dialect == Dialect::Sqlite || staged || typed.processes > 1 => Ok(alone),
            Some(n) => Ok(Connections { count: n.into(), shared: (n > 1).then(|| format!("--connections {n}")) }),
            None => Ok(by_distance(round_trip(connection)?, streams)),
        }
    }

    /// Sets this number of connections in the resources, if it is not the default; prints why large tables are shared.
    pub fn apply(&self, resources: Resources, printer: &Printer) -> Resources {
        if let Some(why) = &self.shared {
            printer.note(format_args!("{} connections load parts of large tables: {why}", self.count));
        }
        Resources { connections: (self.count != resources.streams).then_some(self.count), ..resources }
    }
}

fn by_distance(round_trip: Duration, streams: usize) -> Connections {
    if round_trip < FAR {
        return Connections { count: streams, shared: None };
    }
    let wanted = usize::try_from(round_trip.as_micros() / EACH.as_micros()).unwrap_or(MOST);
    let millis = round_trip.as_millis();
    Connections {
        count: wanted.clamp(2, MOST).max(streams),
        shared: Some(format!("the server answers in {millis} ms")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_the_distance() {
        let of = |millis, streams| by_distance(Duration::from_millis(millis), streams);
        assert_eq!(of(1, 2), Connections { count: 2, shared: None });
        assert_eq!((of(5, 1).count, of(20, 2).count, of(500, 2).count, of(4, 8).count), (2, 10, 16, 8));
        assert_eq!(of(20, 2).shared.unwrap(), "the server answers in 20 ms");
    }
}
