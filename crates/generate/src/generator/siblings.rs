//! Rows of one parent in the order of their numbers: the one before a row, and the last one.

use super::Generator;
use super::parents::ParentChoiceGen;

/// The place of the row before another one of the same parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreviousPlace {
    At(u64),
    /// The row is the parent's first one.
    None,
    /// The choice of the parents has no order that can be computed.
    Unknown,
}

impl PreviousPlace {
    pub(crate) fn of(place: Option<u64>) -> Self {
        place.map_or(PreviousPlace::None, PreviousPlace::At)
    }
}

impl Generator {
    /// Returns the row before a row among the rows of its parent, where these are not consecutive.
    pub(crate) fn previous_row(&self, t: usize, foreign: usize, row: u64) -> PreviousPlace {
        let table = self.table(t);
        let source = &table.sources[table.foreign[foreign].source];
        match &source.pick {
            ParentChoiceGen::Active(law) if source.meets.is_none() && self.has_inverse(t, foreign) => {
                PreviousPlace::of(law.previous(row))
            }
            _ => PreviousPlace::Unknown,
        }
    }

    /// Returns the last row that refers to row `p` of its parent, if the rows are in an order.
    pub(crate) fn last_row(&self, t: usize, foreign: usize, p: u64) -> Option<u64> {
        if !self.has_inverse(t, foreign) {
            return None;
        }
        let mut last = None;
        self.each_child(t, foreign, p, &mut |rows| last = last.max(rows.last()));
        last
    }
}
