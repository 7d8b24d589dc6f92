//! Who holds the lock of a database: a line of text that is published where another run can read it (a session's
//! application name, a comment of a statement, a lock file).

use std::fmt;

use dbmocker_core::time::timestamp_text;

const PROGRAM: &str = "dbmocker";
/// Characters of an application name that PostgreSQL keeps.
const LONGEST: usize = 63;

/// A process that runs dbmocker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub pid: u32,
    /// `YYYYMMDDTHHMMSSZ`: when its run began, UTC.
    since: String,
    user: String,
    host: String,
}

impl Who {
    /// This process, from now on.
    pub fn here() -> Who {
        let host = sysinfo::System::host_name().unwrap_or_default();
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0));
        let since: String = timestamp_text(now.saturating_mul(1_000_000))
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('T'),
                c => c.is_ascii_digit().then_some(c),
            })
            .collect();
        Who {
            pid: std::process::id(),
            since: since + "Z",
            user: plain(&dbmocker_schema::os_user()),
            host: plain(if host.is_empty() { "unknown" } else { &host }),
        }
    }

    /// One line of at most `LONGEST` plain characters.
    pub fn line(&self) -> String {
        let line = format!("{PROGRAM} {} {} {}@{}", self.pid, self.since, self.user, self.host);
        line.chars().take(LONGEST).collect()
    }

    /// Parses such a line. Any user may have written it, so only plain characters are kept.
    pub fn read(line: &str) -> Option<Who> {
        let mut words = line.split_ascii_whitespace();
        let (program, pid, since, account) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (user, host) = account.split_once('@')?;
        let digits = since.len() == 16 && since.bytes().filter(u8::is_ascii_digit).count() == 14;
        let is_time = digits && since.as_bytes()[8] == b'T' && since.ends_with('Z');
        if program != PROGRAM || !is_time || words.next().is_some() {
            return None;
        }
        Some(Who { pid: pid.parse().ok()?, since: since.into(), user: plain(user), host: plain(host) })
    }

    /// Whether the process runs on this machine, judged by the host name.
    pub fn is_on(&self, other: &Who) -> bool {
        self.host == other.host
    }
}

/// `process 123 of `jana` on `box`, since 2026-10-11 10:11:12 UTC`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.since;
        let time = format!("{}-{}-{} {}:{}:{}", &s[..4], &s[4..6], &s[6..8], &s[9..11], &s[11..13], &s[13..15]);
        write!(f, "process {} of `{}` on `{}`, since {time} UTC", self.pid, self.user, self.host)
    }
}

/// Letters, digits and a few marks, so that the text is safe in a comment, a file and on a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

/// The holder of a lock that was not available.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    pub who: Option<Who>,
    /// On the server: `server session 4711 of `tester``.
    pub session: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.who, &self.session) {
            (Some(who), Some(session)) => write!(f, "{who} ({session})"),
            (Some(who), None) => write!(f, "{who}"),
            (None, Some(session)) => f.write_str(session),
            (None, None) => f.write_str("an unknown process"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back_and_a_foreign_one_is_not() {
        let here = Who::here();
        assert_eq!(Who::read(&here.line()).unwrap().pid, std::process::id());
        assert!(here.is_on(&Who::here()));
        let who = Who::read("dbmocker 7 20261011T101112Z ja\x1b[31mna@b'ox*/").unwrap();
        assert_eq!(who.to_string(), "process 7 of `ja__31mna` on `b_ox__`, since 2026-10-11 10:11:12 UTC");
        assert_eq!(Who::read(&who.line()), Some(who));
        for line in [
            "psql",
            "",
            "dbmocker 7",
            "dbmocker x 20261011T101112Z a@b",
            "dbmocker 7 2026 a@b",
            "dbmocker 7 20261011T101112Z a@b c",
        ] {
            assert_eq!(Who::read(line), None, "{line}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        let who = Who { pid: 4_194_304, since: "20261011T101112Z".into(), user: "u".repeat(20), host: "h".repeat(64) };
        assert_eq!(who.line().len(), LONGEST);
        assert!(Who::read(&who.line()).is_some());
    }
}
