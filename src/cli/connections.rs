//! How many connections load, and whether they share large tables.
//!
//! With a server nearby, its cores are the limit. If it has several more than one load uses, or their number is unknown,
//! parts of large tables are loaded side by side, as many as is fastest by the rates of the first seconds; with few cores,
//! each connection loads a table. With a distant server, one connection transfers at most one TCP window per round trip,
//! so more connections are used, also for parts of one table.

use std::time::Duration;

use dbmocker_loaders::{Connection, Dialect};

use super::args::Processes;
use super::guard;
use super::printer::Printer;
use super::resources::Resources;
use crate::run::{FAR, RunError, round_trip};

/// One more connection is opened for each such interval in the round-trip time.
const EACH: Duration = Duration::from_millis(2);
/// The most connections that are opened by default, since servers limit their number.
const MOST: usize = 16;
/// The most connections to a server nearby.
const MOST_NEARBY: usize = 8;
/// A server with so many cores may be faster if parts of one table are loaded side by side.
const MANY_CORES: usize = 4;

/// The connections of a load by this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    pub count: usize,
    /// Why several connections load parts of one large table; `None`: they do not.
    pub shared: Option<String>,
    /// The server is nearby, and `count` is the most of them that may share a table; the rates decide.
    pub measured: bool,
}

impl Connections {
    /// Takes the number from `--connections`, else from the server's distance and cores; `streams` is the number for a
    /// server on this machine.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn choose(typed: &Processes, staged: bool, streams: usize, connection: &Connection) -> Result<Self, RunError> {
        let alone = Connections { count: streams, shared: None, measured: false };
        match typed.connections {
            _ if connection.dialect == Dialect::Sqlite || staged || typed.processes > 1 => Ok(alone),
            Some(n) => {
                let shared = (n > 1).then(|| format!("--connections {n}"));
                Ok(Connections { count: n.into(), shared, measured: false })
            }
            None => Ok(by_distance(round_trip(connection)?, streams, guard::elsewhere(connection))),
        }
    }

    /// Sets this number of connections in the resources, if it is not the default; prints why large tables are shared.
    pub fn apply(&self, resources: Resources, printer: &Printer) -> Resources {
        if let Some(why) = self.shared.as_ref().filter(|_| !self.measured) {
            printer.note(format_args!("{} connections load parts of large tables: {why}", self.count));
        }
        let connections = (self.count != resources.streams).then_some(self.count);
        Resources { connections, measures_connections: self.measured, ..resources }
    }
}

fn by_distance(round_trip: Duration, streams: usize, elsewhere: bool) -> Connections {
    if round_trip < FAR {
        return nearby(streams, elsewhere);
    }
    let wanted = usize::try_from(round_trip.as_micros() / EACH.as_micros()).unwrap_or(MOST);
    let millis = round_trip.as_millis();
    Connections {
        count: wanted.clamp(2, MOST).max(streams),
        shared: Some(format!("the server answers in {millis} ms")),
        measured: false,
    }
}

/// A server says nothing of its cores; those of this machine are known.
fn nearby(streams: usize, elsewhere: bool) -> Connections {
    let shared = match (elsewhere, streams >= MANY_CORES) {
        (true, _) => {
            "as many as is fastest by the rates of the first seconds: the server's cores are unknown".to_owned()
        }
        (false, true) => format!("as many as is fastest by the rates of the first seconds: {streams} cores"),
        (false, false) => return Connections { count: streams, shared: None, measured: false },
    };
    let count = if elsewhere { streams.max(MOST_NEARBY) } else { streams };
    Connections { count, shared: Some(shared), measured: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_the_distance() {
        let of = |millis, streams| by_distance(Duration::from_millis(millis), streams, false);
        assert_eq!(of(1, 2), Connections { count: 2, shared: None, measured: false });
        assert_eq!((of(5, 1).count, of(20, 2).count, of(500, 2).count, of(4, 8).count), (2, 10, 16, 8));
        assert_eq!(of(20, 2).shared.unwrap(), "the server answers in 20 ms");
        assert!(!of(20, 8).measured);
    }

    #[test]
    fn near_servers_with_many_cores_are_measured() {
        let of = |streams, elsewhere| by_distance(Duration::from_millis(1), streams, elsewhere);
        assert!(of(4, false).measured && of(4, false).shared.unwrap().ends_with("4 cores"));
        assert_eq!((of(4, false).count, of(2, true).count), (4, 8));
        assert!(of(2, true).measured && of(2, true).shared.unwrap().ends_with("cores are unknown"));
    }
}
