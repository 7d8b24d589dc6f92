//! Orders the moments of a row in time.

use std::collections::BTreeMap;

use dbmocker_core::schema::Table;
use dbmocker_plan::{Form, Gap, Moment};
use dbmocker_semantics::{Stage, ages, is_billed, is_planned, stage};

/// Units in seconds.
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Rank of the first event after the row's start.
const AFTER_BEGINNING: u8 = 21;

/// Ranks of the start of what a row describes, of cancellations and of closings.
const STARTED: u8 = 25;
const BROKEN_OFF: u8 = 60;
const CLOSED: u8 = 75;

/// Minimum and maximum time, in seconds, between the publication of a work and its row.
const OUT: (i64, i64) = (DAY, 15 * 365 * DAY);

/// A column of moments that a law may determine.
#[derive(Debug, Clone, Copy)]
pub struct MomentColumn {
    pub column: usize,
    pub form: Form,
    /// The earliest likely moment, in microseconds.
    pub from: i64,
    /// CHECKs allow future moments.
    pub future: bool,
}

/// The moments of a table's rows.
#[derive(Debug, Default, Clone)]
pub struct TableMoments {
    /// The column that holds the row's start time.
    pub main: Option<usize>,
    /// The earliest start time, inferred from the column's name.
    pub from: Option<i64>,
    /// The main column is a date.
    pub in_days: bool,
    pub laws: Vec<(usize, Moment, Form, String)>,
}

impl TableMoments {
    /// Orders the columns. `main`: the column of the start time, if it is determined otherwise. `orders`: the first
    /// column of each pair must not be after the second, regardless of the names.
    pub fn new(table: &Table, columns: &[MomentColumn], main: Option<usize>, orders: &[(usize, usize)]) -> Self {
        let ranks = ranks(orders);
        let rank = |c: usize| ranks.get(&c).copied().unwrap_or(0);
        let name = |c: usize| table.columns[c].name.as_str();
        let required = |k: &MomentColumn| !table.columns[k.column].nullable;
        let in_days = |k: &MomentColumn| matches!(k.form, Form::Date | Form::DateText);
        let known: Vec<(MomentColumn, Option<Stage>)> =
            columns.iter().map(|k| (*k, stage(&table.name.name, name(k.column)))).collect();
        let begins = known.iter().any(|(_, s)| matches!(s, Some(Stage::Begun)));
        let exact = known.iter().any(|(k, s)| matches!(s, Some(Stage::Begun)) && !in_days(k));
        // A column whose name has no known stage follows the column before it.
        let mut before = AFTER_BEGINNING;
        let staged: Vec<(MomentColumn, Stage)> = known
            .iter()
            .map(|(k, s)| match s {
                _ if Some(k.column) == main => (*k, Stage::Begun),
                // The date on which a work was published is before the row's start.
                Some(Stage::Out(..)) if in_days(k) && (exact || main.is_some()) => (*k, Stage::Before(OUT)),
                Some(Stage::Out(at, gap)) => (*k, Stage::Then(*at, *gap)),
                Some(s) => {
                    before = if let Stage::Then(at, _) = s { *at } else { before };
                    (*k, *s)
                }
                // Unknown stage: the row's start time if the column is NOT NULL and no other column is one, else a
                // later event.
                None if required(k) && !begins && rank(k.column) == 0 => (*k, Stage::Begun),
                None => (*k, Stage::Then(before, (HOUR / 6, 3 * DAY))),
            })
            .collect();
        let begun: Vec<&MomentColumn> = staged.iter().filter(|(_, s)| *s == Stage::Begun).map(|(k, _)| k).collect();
        let mut later: Vec<(MomentColumn, u8, (i64, i64))> = staged
            .iter()
            .filter_map(|(k, s)| if let Stage::Then(at, gap) = s { Some((*k, *at, *gap)) } else { None })
            .collect();
        for _ in 0..orders.len().min(later.len()) {
            for (low, high) in orders {
                let at = later.iter().find(|(k, ..)| k.column == *low).map(|(_, at, _)| *at);
                let high = later.iter_mut().find(|(k, ..)| k.column == *high);
                high.into_iter().zip(at).for_each(|((_, own, _), at)| *own = at.max(*own));
            }
        }
        later.sort_by_key(|(k, at, _)| (*at, rank(k.column), !is_planned(name(k.column)), k.column));
        let first = || later.first().map(|(k, ..)| k);
        let told = columns.iter().find(|k| Some(k.column) == main);
        let main = told.or(begun.iter().find(|k| required(k)).copied()).or(begun.first().copied());
        let main = main.or_else(first).copied();
        let mut out = TableMoments {
            main: main.map(|k| k.column),
            from: main.map(|k| k.from),
            in_days: main.is_some_and(|k| in_days(&k)),
            laws: Vec::new(),
        };
        let mut put = |k: &MomentColumn, at: Moment, text: String| {
            if !out.laws.iter().any(|(c, ..)| *c == k.column) {
                out.laws.push((k.column, at, k.form, text));
            }
        };
        if let Some(k) = main {
            put(&k, Moment::Began, String::new());
        }
        let after = |c: Option<usize>| c.map_or_else(|| "the row began".to_owned(), |c| name(c).to_owned());
        for k in begun.iter().filter(|k| Some(k.column) != main.map(|m| m.column)) {
            put(k, Moment::After { of: None, gap: Gap { least: 0, most: 0 } }, "when the row began".into());
        }
        let mut last: Option<usize> = None;
        let mut ready: Option<usize> = None;
        let is_main = |k: &MomentColumn| Some(k.column) == main.map(|m| m.column);
        let mut place = later.iter().find(|(k, ..)| is_main(k)).map(|(_, at, _)| *at);
        let timetable = timetable(&later, &name, main.map(|m| m.column));
        for (k, of, (least, most)) in &timetable {
            put(k, Moment::After { of: *of, gap: Gap { least: *least, most: *most } }, format!("after {}", after(*of)));
        }
        if let Some((start, ..)) = timetable.first() {
            (last, place) = (Some(start.column), Some(STARTED));
        }
        let told = |k: &MomentColumn| timetable.iter().any(|(of, ..)| of.column == k.column);
        // A cancellation, after which nothing happens but a closing.
        let mut broken_off: Option<usize> = None;
        for (k, at, (least, most)) in later.iter().filter(|(k, ..)| !is_main(k) && !told(k)) {
            let before = last.or(main.map(|m| m.column));
            // An actual event is close to its planned time, or on its planned day.
            let day = |c: usize| columns.iter().any(|k| k.column == c && in_days(k));
            let gap = match place == Some(*at) {
                true if before.is_some_and(|c| is_planned(name(c))) => {
                    Gap { least: 0, most: if in_days(k) { 2 * DAY } else { 40 * 60 } }
                }
                true if before.is_some_and(day) && !in_days(k) => Gap { least: 8 * HOUR, most: 20 * HOUR },
                _ => Gap { least: *least, most: *most },
            };
            let of = broken_off.filter(|_| *at >= CLOSED || name(k.column).contains("ended")).or(last);
            put(k, Moment::After { of, gap }, format!("after {}", after(of)));
            if *at == BROKEN_OFF {
                broken_off = Some(k.column);
                continue;
            }
            broken_off = broken_off.filter(|_| of == last);
            last = Some(k.column);
            place = Some(*at);
            ready = if *at <= 30 { last } else { ready };
        }
        last = broken_off.filter(|_| place.is_none_or(|at| at < BROKEN_OFF)).or(last);
        let kinds = [Stage::Last, Stage::Changed, Stage::Gone];
        let mut ends: Vec<&(MomentColumn, Stage)> =
            kinds.iter().flat_map(|kind| staged.iter().filter(move |(_, s)| s == kind)).collect();
        // The sign-in before the current one.
        ends.sort_by_key(|(k, s)| (kinds.iter().position(|kind| kind == s), name(k.column).starts_with("current")));
        for (k, _) in ends {
            put(k, Moment::Since { of: last }, format!("between {} and now", after(last)));
            last = Some(k.column);
        }
        let past = main.is_some() && is_billed(&table.name.name);
        for (k, at, text) in if past { billed_period(&staged, &name) } else { Vec::new() } {
            put(&k, at, text);
        }
        let current = staged.iter().find(|(_, s)| *s == Stage::Current).map(|(k, _)| k.column);
        for (k, stage) in &staged {
            match stage {
                Stage::Current => put(k, Moment::Recent { of: None, most: 28 * DAY }, "not long ago".into()),
                Stage::CurrentEnd if k.future => {
                    let spans = [30 * DAY, 30 * DAY, 30 * DAY, 30 * DAY, 365 * DAY].to_vec();
                    put(k, Moment::Ahead { of: current, spans }, format!("a usual span after {}", after(current)));
                }
                Stage::Ahead(spans) if k.future => {
                    let text = format!("a usual span after {}", after(ready));
                    put(k, Moment::Ahead { of: ready, spans: spans.to_vec() }, text);
                }
                Stage::Before((least, most)) => {
                    let gap = Gap { least: *least, most: *most };
                    put(k, Moment::Before { of: None, gap }, "before the row began".into());
                }
                Stage::Born => {
                    let (least, most) = ages(&table.name.name);
                    let text = format!("{} to {} years before the row began", least / DAY / 365, most / DAY / 365);
                    put(k, Moment::Before { of: None, gap: Gap { least, most } }, text);
                }
                _ => {}
            }
        }
        out.set_periods(table, columns);
        out
    }

    /// Gives periods of a fixed length their end, which may be in the future.
    fn set_periods(&mut self, table: &Table, columns: &[MomentColumn]) {
        let in_days = |form: Form| matches!(form, Form::Date | Form::DateText);
        let name = |c: usize| table.columns[c].name.as_str();
        let pairs = columns.iter().flat_map(|start| columns.iter().map(move |end| (start, end)));
        let days = |(start, end): (&MomentColumn, &MomentColumn)| {
            let days = dbmocker_semantics::periods::days(&table.name.name, name(start.column), name(end.column))?;
            let fits = start.column != end.column && in_days(start.form) == in_days(end.form) && end.future;
            fits.then_some((start.column, end.column, DAY * if in_days(end.form) { days - 1 } else { days }))
        };
        let found: Vec<(usize, usize, i64)> = pairs.filter_map(days).collect();
        for (start, end, span) in found {
            let at = |c: usize| self.laws.iter().position(|(of, ..)| *of == c);
            let (Some(i), Some(j)) = (at(start), at(end)) else { continue };
            let (before, after) = (self.laws[i].1.clone(), self.laws[j].1.clone());
            match (before, after) {
                // A period that ended before the row began.
                (Moment::Before { of: Some(of), .. }, Moment::Before { of: None, gap }) if of == end => {
                    let gap = Gap { least: gap.least + span, most: gap.most + span };
                    (self.laws[i].1, self.laws[i].3) =
                        (Moment::Before { of: None, gap }, "before the row began".into());
                }
                (Moment::Began, Moment::Began) => continue,
                (_, after) if after == Moment::Began || self.leads_to(start, end) => continue,
                _ => {}
            }
            self.laws[j].1 = Moment::Ahead { of: Some(start), spans: vec![span] };
            self.laws[j].3 = format!("{} days after {}", span / DAY, name(start));
        }
    }

    /// Returns true if a column's moment is computed from another one's, directly or not.
    fn leads_to(&self, from: usize, to: usize) -> bool {
        let of = |c: &usize| self.laws.iter().find(|(of, ..)| of == c).and_then(|(_, at, ..)| at.of());
        std::iter::successors(Some(from), of).take(self.laws.len() + 1).skip(1).any(|c| c == to)
    }

    /// Returns true if a law determines the column.
    pub fn decide(&self, c: usize) -> bool {
        self.laws.iter().any(|(of, ..)| *of == c)
    }
}

/// Returns the laws of a period that has ended before the row: that of an invoice or a pay run.
fn billed_period<'a>(
    staged: &[(MomentColumn, Stage)],
    name: &dyn Fn(usize) -> &'a str,
) -> Vec<(MomentColumn, Moment, String)> {
    let of = |stage: Stage| staged.iter().find(|(k, s)| *s == stage && !name(k.column).contains("current"));
    let (Some((start, _)), Some((end, _))) = (of(Stage::Current), of(Stage::CurrentEnd)) else { return Vec::new() };
    let before = |of: Option<usize>, least, most| Moment::Before { of, gap: Gap { least, most } };
    vec![
        (*end, before(None, DAY, 9 * DAY), "days before the row began".into()),
        (*start, before(Some(end.column), 27 * DAY, 30 * DAY), format!("a month before {}", name(end.column))),
    ]
}

/// A moment of [`TableMoments`]: its column, its rank or the column that it follows, and its gap.
type Placed<T> = (MomentColumn, T, (i64, i64));

/// Returns the planned start of what the rows describe and the planned moments after it, each after the one before, with
/// the column that it follows; empty if the start, or what follows it, is not planned.
fn timetable<'a>(
    later: &[Placed<u8>],
    name: &dyn Fn(usize) -> &'a str,
    main: Option<usize>,
) -> Vec<Placed<Option<usize>>> {
    let planned: Vec<&Placed<u8>> = later.iter().filter(|(k, ..)| is_planned(name(k.column))).collect();
    let starts = planned.first().is_some_and(|(k, at, _)| *at == STARTED && Some(k.column) != main);
    if planned.len() < 2 || !starts {
        return Vec::new();
    }
    let before = std::iter::once(None).chain(planned.iter().map(|(k, ..)| Some(k.column)));
    planned.iter().zip(before).map(|((k, _, gap), of)| (*k, of, *gap)).collect()
}

/// Returns for each column the length of the longest chain of columns before it.
fn ranks(orders: &[(usize, usize)]) -> BTreeMap<usize, usize> {
    let mut ranks: BTreeMap<usize, usize> = BTreeMap::new();
    // The limit ends the loop if the orders contradict each other.
    for _ in 0..orders.len() {
        for (low, high) in orders {
            let least = ranks.get(low).copied().unwrap_or(0) + 1;
            ranks.entry(*high).and_modify(|rank| *rank = least.max(*rank)).or_insert(least);
        }
    }
    ranks
}
