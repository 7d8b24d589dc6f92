//! Conditions on a range's ends, as conditions on the values that the ends are taken from, on the width, on missing
//! ends.
//!
//! Ranges are made as `[a, b)` with `a < b`, both of the element's values, so that much is true of all of them.

use super::super::eval::{Env, NoRow};
use super::super::tree::{Arith, Cmp, Is, Tree};
use super::atom::{self, Redraw, bare};
use super::terms::fold;
use crate::domain::{Domain, End, RangeKind, RangeLaw, Special, units};
use crate::predicate::narrow::Kept;
use crate::value::Value;

/// Widths of ranges of which one end is given, in steps of the element.
const WIDTHS: [i128; 8] = [1, 2, 3, 5, 7, 14, 30, 90];

struct Ranges<'a> {
    domain: &'a Domain,
    element: &'a Domain,
    multi: bool,
    apart: bool,
    law: RangeLaw,
    column: &'a str,
    env: Env,
}

/// The ranges of `d` on which `t` is TRUE.
pub(super) fn narrow(d: &Domain, column: &str, t: &Tree, env: Env, redraw: Redraw) -> Kept {
    let Domain::Special(Special::RangeOf { element, multi, apart, law }) = d else { return Kept::Unknown };
    let r = Ranges { domain: d, element, multi: *multi, apart: *apart, law: *law, column, env };
    if let Some(fact) = r.fact(t) {
        return match fact {
            Fact::Always(true) => Kept::Exact(d.clone()),
            Fact::Always(false) => Kept::Empty,
            Fact::Only(law) => r.with(element.as_ref().clone(), law),
        };
    }
    match t {
        Tree::Compare { op, left, right } => {
            let kept = match (left.mentions(column), right.mentions(column)) {
                (true, false) => r.compared(left, *op, right),
                (false, true) => r.compared(right, op.flip(), left),
                _ => Kept::Unknown,
            };
            if kept == Kept::Unknown { r.one_end(t, redraw) } else { kept }
        }
        Tree::Arith { op: Arith::Contains, left, right } if bare(right, column) => r.inside(left, redraw),
        t => r.one_end(t, redraw),
    }
}

enum Fact {
    Always(bool),
    /// True of ranges of this law.
    Only(RangeLaw),
}

impl Ranges<'_> {
    fn with(&self, element: Domain, law: RangeLaw) -> Kept {
        let element = Box::new(element);
        let all = Domain::Special(Special::RangeOf { element, multi: self.multi, apart: self.apart, law });
        if all.size() == 0 { Kept::Empty } else { Kept::Exact(all) }
    }

    /// Which end a call is about.
    fn end(&self, t: &Tree) -> Option<End> {
        match t {
            Tree::Call { name, args } if args.first().is_some_and(|a| bare(a, self.column)) => match name.as_str() {
                "range_lower" => Some(End::Lower),
                "range_upper" => Some(End::Upper),
                _ => None,
            },
            _ => None,
        }
    }

    /// What is true (or false) of all ranges of a law.
    fn fact(&self, t: &Tree) -> Option<Fact> {
        let lacks = |end: End, wanted: bool| match (self.law.without == Some(end), wanted) {
            (is, wanted) if is == wanted => Fact::Always(true),
            (false, true) if self.law.without.is_none() && !self.multi && !self.apart => {
                Fact::Only(RangeLaw { without: Some(end), ..self.law })
            }
            _ => Fact::Always(false),
        };
        let two = self.element.size() >= 2;
        match t {
            Tree::Not(inner) => match self.fact(inner)? {
                Fact::Always(b) => Some(Fact::Always(!b)),
                // Lacking it is the special case.
                Fact::Only(_) => Some(Fact::Always(true)),
            },
            Tree::Call { name, args } if args.first().is_some_and(|a| bare(a, self.column)) => match name.as_str() {
                "isempty" => Some(Fact::Always(false)),
                "lower_inf" => Some(lacks(End::Lower, true)),
                "upper_inf" => Some(lacks(End::Upper, true)),
                "lower_inc" => Some(lacks(End::Lower, false)),
                "upper_inc" if two => Some(Fact::Always(false)),
                _ => None,
            },
            Tree::Is { expr, what: Is::Null, negated } => Some(lacks(self.end(expr)?, !negated)),
            Tree::Compare { op, left, right } if two && self.law.without.is_none() => {
                let op = match (self.end(left), self.end(right)) {
                    (Some(End::Lower), Some(End::Upper)) => *op,
                    (Some(End::Upper), Some(End::Lower)) => op.flip(),
                    _ => return None,
                };
                Some(Fact::Always(op.holds(std::cmp::Ordering::Less)))
            }
            _ => None,
        }
    }

    /// `upper(r) - lower(r) <= n`, `lower(r) = x`, `r <> 'empty'`.
    fn compared(&self, of: &Tree, op: Cmp, constant: &Tree) -> Kept {
        let constant = fold(constant, self.env);
        if let Tree::Literal(Value::Text(text)) = &constant
            && bare(of, self.column)
            && (text == "empty" || text == "{}")
        {
            return if op == Cmp::Ne { Kept::Exact(self.domain.clone()) } else { Kept::Empty };
        }
        match of {
            Tree::Arith { op: Arith::Sub, left, right }
                if (self.end(left), self.end(right)) == (Some(End::Upper), Some(End::Lower)) =>
            {
                self.wide(op, &constant)
            }
            of if op == Cmp::Eq => match (self.end(of), constant) {
                (Some(end), Tree::Literal(v)) => self.at(end, &v),
                _ => Kept::Unknown,
            },
            _ => Kept::Unknown,
        }
    }

    /// Ranges of a width.
    fn wide(&self, op: Cmp, constant: &Tree) -> Kept {
        let Domain::Range { kind, step, lo, hi, .. } = self.element else { return Kept::Unknown };
        let Ok(v) = constant.value(&NoRow, self.env) else { return Kept::Unknown };
        // The difference of two dates is a number of days, that of two moments an interval.
        let difference = match kind {
            RangeKind::Date => RangeKind::Int,
            RangeKind::Timestamp | RangeKind::Time => RangeKind::Interval,
            kind => *kind,
        };
        let (Some((n, true)), false, None) = (units::units(difference, &v), self.multi || self.apart, self.law.without)
        else {
            return Kept::Unknown;
        };
        let whole = n.rem_euclid(*step) == 0;
        let steps = n.div_euclid(*step);
        let (mut least, mut most) = (1, (hi - lo) / step);
        match op {
            Cmp::Eq if !whole => return Kept::Empty,
            Cmp::Eq => (least, most) = (steps.max(1), steps.min(most)),
            Cmp::Le => most = steps.min(most),
            Cmp::Lt => most = (steps - i128::from(whole)).min(most),
            Cmp::Ge => least = (steps + i128::from(!whole)).max(1),
            Cmp::Gt => least = (steps + 1).max(1),
            Cmp::Ne => return Kept::Unknown,
        }
        if let Some((a, b)) = self.law.steps {
            (least, most) = (least.max(a.into()), most.min(b.into()));
        } else if op == Cmp::Ge || op == Cmp::Gt {
            // As wide again at most looks usual.
            most = most.min(least * 2 + 30);
        }
        match (u64::try_from(least), u64::try_from(most)) {
            (Ok(a), Ok(b)) if a <= b => self.with(self.element.clone(), RangeLaw { steps: Some((a, b)), ..self.law }),
            _ => Kept::Empty,
        }
    }

    /// Some ranges with this end.
    fn at(&self, end: End, v: &Value) -> Kept {
        let Domain::Range { kind, lo, hi, step, except, shape } = self.element else { return Kept::Unknown };
        let (Some((n, true)), false, None) = (units::units(*kind, v), self.multi || self.apart, self.law.without)
        else {
            return Kept::Unknown;
        };
        let (least, most) = self.law.steps.unwrap_or((1, u64::MAX));
        let widths = WIDTHS.into_iter().chain([least.into(), most.into()]);
        let widths = widths.filter(|w| (i128::from(least)..=i128::from(most)).contains(w));
        let one = |width: i128| {
            let width = width.checked_mul(*step)?;
            let (from, to) = if end == End::Lower { (n, n.checked_add(width)?) } else { (n.checked_sub(width)?, n) };
            if from < *lo || to > *hi {
                return None;
            }
            let (kind, except, shape) = (*kind, except.clone(), *shape);
            let element = Box::new(Domain::Range { kind, lo: from, hi: to, step: width, except, shape });
            let law = RangeLaw::default();
            let range = Domain::Special(Special::RangeOf { element, multi: false, apart: true, law });
            (range.size() == 1).then(|| range.value(0))
        };
        let values: Vec<Value> = widths.filter_map(one).collect();
        if values.is_empty() { Kept::Unknown } else { Kept::Exact(Domain::Choice { values, weights: None }) }
    }

    /// `r <@ '[a,b)'`.
    fn inside(&self, outer: &Tree, redraw: Redraw) -> Kept {
        let Tree::Literal(Value::Text(text)) = fold(outer, self.env) else { return Kept::Unknown };
        let inner = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
        let (Some((from, to)), None) = (inner.split_once(','), self.law.without) else { return Kept::Unknown };
        let bare = |s: &str| s.trim().trim_matches('"').to_owned();
        let limit = |op, bound: &str| {
            let bound = Tree::Literal(Value::Text(bare(bound)));
            Tree::compare(op, Tree::call("range_lower", vec![Tree::column(self.column)]), bound)
        };
        let mut all = Vec::new();
        if !from.is_empty() {
            all.push(limit(if text.trim().starts_with('(') { Cmp::Gt } else { Cmp::Ge }, from));
        }
        // The upper ends are exclusive on both sides.
        if !to.is_empty() {
            all.push(limit(Cmp::Le, to));
        }
        self.one_end(&Tree::And(all), redraw)
    }

    /// A condition on one of the ends: what it leaves of the element's values is good for both.
    fn one_end(&self, t: &Tree, redraw: Redraw) -> Kept {
        const END: &str = "an end of the range";
        let put = self.put(t, END);
        if put.mentions(self.column) || !put.mentions(END) || self.law.without.is_some() {
            return Kept::Unknown;
        }
        if self.both_ends(t) {
            return Kept::Unknown;
        }
        match atom::narrow(self.element, END, &put, self.env, redraw) {
            Kept::Exact(e) if e.size() >= 2 => match self.steps_of(&e) {
                Some(steps) => self.with(e, RangeLaw { steps, ..self.law }),
                None => Kept::Unknown,
            },
            Kept::Empty => Kept::Empty,
            _ => Kept::Unknown,
        }
    }

    /// The widths in steps of another element; `None` if none is left.
    fn steps_of(&self, element: &Domain) -> Option<Option<(u64, u64)>> {
        let Some((least, most)) = self.law.steps else { return Some(None) };
        let (Domain::Range { step: to, .. }, Domain::Range { step: from, .. }) = (element, self.element) else {
            return None;
        };
        let coarser = u64::try_from(to / from).ok().filter(|k| *k > 0 && to % from == 0)?;
        let (least, most) = (least.div_ceil(coarser), most / coarser);
        (least <= most).then_some(Some((least, most)))
    }

    fn put(&self, t: &Tree, name: &str) -> Tree {
        match self.end(t) {
            Some(_) => Tree::column(name),
            None => t.map_children(&mut |c| self.put(c, name)),
        }
    }

    fn both_ends(&self, t: &Tree) -> bool {
        let about = |end| self.about(t, end);
        about(End::Lower) && about(End::Upper)
    }

    fn about(&self, t: &Tree, end: End) -> bool {
        self.end(t) == Some(end) || t.children().into_iter().any(|c| self.about(c, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Shape;
    use crate::predicate::{ColumnInput, NamedCheck, OneColumn, Role, solve};
    use crate::schema::{Dialect, SqlType};

    fn solved(kind: RangeKind, lo: i128, hi: i128, check: &str) -> Vec<String> {
        let element = Box::new(Domain::Range { kind, lo, hi, step: 1, except: vec![], shape: Shape::Uniform });
        let d = Domain::Special(Special::RangeOf { element, multi: false, apart: false, law: RangeLaw::default() });
        let of = Box::new(SqlType::Int { bytes: 4, unsigned: false, tinyint1: false });
        let column = ColumnInput {
            name: "r".into(),
            domain: Some(d),
            ty: SqlType::Range { element: of, multi: false },
            nullable: false,
            null_share: 0.0,
            role: Role::Key,
            tie: None,
        };
        let solution = solve(&[column], &[NamedCheck::new("c", check)], Dialect::Postgres, 0);
        assert!(solution.unsolved.is_empty() && solution.groups.is_empty(), "{check}: {:?}", solution.unsolved);
        let domain = solution.columns[0].domain.clone().unwrap();
        let sampler = domain.sampler();
        let size = sampler.size();
        assert!(size > 0, "{check}");
        let tree = NamedCheck::new("c", check).tree(Dialect::Postgres).unwrap();
        let tree = tree_of_ranges(&tree);
        (0..40u128.min(size))
            .map(|i| {
                let v = sampler.value(size / 40u128.min(size) * i);
                let env = Env { dialect: Dialect::Postgres, now: 0 };
                // Containment is not evaluated here.
                if !check.contains("<@") {
                    assert_eq!(tree.truth(&OneColumn("r", &v), env), Ok(Some(true)), "{check}: {v}");
                }
                v.to_string()
            })
            .collect()
    }

    fn tree_of_ranges(t: &Tree) -> Tree {
        match t {
            Tree::Call { name, args } if name == "lower" || name == "upper" => {
                Tree::call(format!("range_{name}"), args.clone())
            }
            t => t.map_children(&mut tree_of_ranges),
        }
    }

    #[test]
    fn conditions_on_ends_are_kept_by_every_range() {
        for check in [
            "NOT isempty(r)",
            "lower(r) IS NOT NULL AND upper(r) IS NOT NULL",
            "NOT upper_inf(r) AND NOT lower_inf(r)",
            "lower(r) < upper(r)",
            "lower_inc(r) AND NOT upper_inc(r)",
            "lower(r) >= 10 AND upper(r) <= 500",
            "lower(r) % 10 = 0",
            "upper_inf(r)",
            "upper_inf(r) OR upper(r) > 30",
        ] {
            assert!(solved(RangeKind::Int, -1000, 1000, check).len() > 10, "{check}");
        }
    }

    #[test]
    fn widths_and_limits_are_kept() {
        let width = |text: &String| {
            let (a, b) = text[1..text.len() - 1].split_once(',').unwrap();
            b.parse::<i64>().unwrap() - a.parse::<i64>().unwrap()
        };
        let all = solved(RangeKind::Int, 0, 9999, "upper(r) - lower(r) >= 3 AND upper(r) - lower(r) <= 9");
        assert!(all.iter().all(|r| (3..=9).contains(&width(r))), "{all:?}");
        let all = solved(RangeKind::Int, 0, 9999, "upper(r) - lower(r) = 7");
        assert!(all.len() == 40 && all.iter().all(|r| width(r) == 7), "{all:?}");
        let all = solved(RangeKind::Int, 0, 9999, "r <@ '[100,200)'::int4range");
        assert!(all.len() > 10 && all.iter().all(|r| r.starts_with("[1")), "{all:?}");
    }
}
