//! Start times of rows, and moments relative to them.

use serde::{Deserialize, Serialize};

/// A moment relative to another one of the row; `None` stands for the row's start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    Began,
    /// After the other one by a random part of the gap; less if now is closer.
    After {
        of: Option<usize>,
        gap: Gap,
    },
    /// Between the other one and now, closer to now more often.
    Since {
        of: Option<usize>,
    },
    /// Not before the other one, and at most this number of seconds before now.
    Recent {
        of: Option<usize>,
        most: i64,
    },
    /// Later by one of these spans, in seconds; may be in the future.
    Ahead {
        of: Option<usize>,
        spans: Vec<i64>,
    },
    /// Before the other one by a random part of the gap.
    Before {
        of: Option<usize>,
        gap: Gap,
    },
    /// The start time of the next row of the same owner; for the last row NULL, or in the future if the column is not
    /// nullable.
    Next {
        nullable: bool,
    },
    /// In the row's part of a period of the parent row: the rows of a parent divide it, if they are consecutive.
    Within {
        foreign: usize,
        period: Course,
    },
    /// Between the other one and the end of the row's part of that period.
    Until {
        of: Option<usize>,
        foreign: usize,
        period: Course,
    },
}

impl Moment {
    /// Returns the foreign key and the columns of the parent's period in which the moment lies.
    pub fn period(&self) -> Option<(usize, Course)> {
        match self {
            Moment::Within { foreign, period } | Moment::Until { foreign, period, .. } => Some((*foreign, *period)),
            _ => None,
        }
    }

    /// Returns the column from which the moment is computed.
    pub fn of(&self) -> Option<usize> {
        match self {
            Moment::Before { of, .. } => *of,
            other => other.after().flatten(),
        }
    }

    /// Returns the moment that it follows.
    pub fn after(&self) -> Option<Option<usize>> {
        match self {
            Moment::After { of, .. }
            | Moment::Since { of }
            | Moment::Recent { of, .. }
            | Moment::Ahead { of, .. }
            | Moment::Until { of, .. } => Some(*of),
            Moment::Began | Moment::Before { .. } | Moment::Next { .. } | Moment::Within { .. } => None,
        }
    }
}

/// Minimum and maximum in seconds; a gap is drawn log-uniformly between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub least: i64,
    pub most: i64,
}

/// The representation of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Timestamp,
    Date,
    /// Integer seconds since 1970.
    Seconds,
    Milliseconds,
    DateText,
    TimestampText,
}

/// How the start times of a table's rows are computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    Clock(Clock),
    /// After the latest start time of the parents by these foreign keys; by the clock if there are none. `together`:
    /// the rows of the one parent are consecutive, and their start times in order. `course`: they also lie between these
    /// moments of the parent row. `ahead`: they lie before the start time of the first parent, in the last `gap.most`
    /// seconds, but not in the last `gap.least`, and after those of the others.
    After {
        parents: Vec<usize>,
        gap: Gap,
        together: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        course: Option<Course>,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        ahead: bool,
        otherwise: Clock,
    },
    /// The rows of one owner (of the table, if there is no foreign key to an owner) divide the time from the owner's
    /// start to now, in order and without overlap.
    Owned(Owned),
}

/// The time in which something takes its course: two columns of moments of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// `None`: the row's start time.
    pub from: Option<usize>,
    pub to: usize,
}

/// Rows in temporal order within the lifetime of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// The foreign key to the owner, whose rows are consecutive.
    pub foreign: Option<usize>,
    /// The owner's rows have start times; otherwise the owner's time begins with the clock.
    pub timed: bool,
    /// Seconds from one row to the next, if they fit; `None`: equal parts of the owner's time.
    pub step: Option<i64>,
    /// Minimum distance of two rows' start times, in microseconds.
    pub unit: i64,
    pub otherwise: Clock,
}

/// The period over which the rows of a table are distributed: microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    pub from: i64,
    pub to: i64,
    /// At all hours on all days, as machines do.
    pub machine: bool,
    /// A learned or requested clock: moments before which this many of [`WHOLE`] rows lie.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub learned: Vec<(u32, i64)>,
    /// Weights of the 24 hours of a day, by a profile or the config file.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<u32>,
    /// Weights of Monday to Sunday.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub week: Vec<u32>,
}

/// The unit of [`Clock::learned`]: all rows.
pub const WHOLE: u32 = 1_000_000;
