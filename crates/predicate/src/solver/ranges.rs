//! Translates conditions on a range's ends to conditions on the domain of the ends, on the width, and on missing ends.
//!
//! Ranges are generated as `[a, b)` with `a < b`, both from the element's domain, so this holds for all of them.

use super::super::eval::{Env, NoRow};
use super::super::expr::{Arith, Cmp, Expr, Is};
use super::atom;
use super::atom::{RetryPolicy, bare};
use super::terms::fold;
use crate::builtin::range;
use crate::narrow::Narrowing;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, End, RangeKind, RangeShape, Shape, Special, range_units};

/// Widths of ranges of which one end is given, in steps of the element.
const WIDTHS: [i128; 8] = [1, 2, 3, 5, 7, 14, 30, 90];

struct Ranges<'a> {
    domain: &'a Domain,
    element: &'a Domain,
    multi: bool,
    apart: bool,
    law: RangeShape,
    column: &'a str,
    env: Env,
}

/// The ranges of `d` on which `t` is TRUE.
pub(super) fn narrow(d: &Domain, column: &str, t: &Expr, env: Env, redraw: RetryPolicy) -> Narrowing {
    let Domain::Special(Special::RangeOf { element, multi, apart, law }) = d else { return Narrowing::Unsupported };
    let r = Ranges { domain: d, element, multi: *multi, apart: *apart, law: *law, column, env };
    if let Some(fact) = r.fact(t) {
        return match fact {
            Fact::Always(true) => Narrowing::Exact(d.clone()),
            Fact::Always(false) => Narrowing::Empty,
            Fact::Only(law) => r.with(element.as_ref().clone(), law),
        };
    }
    match t {
        Expr::Compare { op, left, right } => {
            let kept = match (left.mentions(column), right.mentions(column)) {
                (true, false) => r.compared(left, *op, right),
                (false, true) => r.compared(right, op.flip(), left),
                _ => Narrowing::Unsupported,
            };
            if kept == Narrowing::Unsupported { r.one_end(t, redraw) } else { kept }
        }
        Expr::Arith { op: Arith::Contains, left, right } if bare(right, column) => r.inside(left, redraw),
        Expr::Arith { op: Arith::Contains, left, right } if bare(left, column) => r.around(right),
        // What lies within a range overlaps it.
        Expr::Arith { op: Arith::Overlaps, left, right } if bare(left, column) => r.inside(right, redraw),
        Expr::Arith { op: Arith::Overlaps, left, right } if bare(right, column) => r.inside(left, redraw),
        t => r.one_end(t, redraw),
    }
}

enum Fact {
    Always(bool),
    /// Whether a condition is true for all ranges of this shape.
    Only(RangeShape),
}

impl Ranges<'_> {
    fn with(&self, element: Domain, law: RangeShape) -> Narrowing {
        let element = Box::new(element);
        let all = Domain::Special(Special::RangeOf { element, multi: self.multi, apart: self.apart, law });
        if all.size() == 0 { Narrowing::Empty } else { Narrowing::Exact(all) }
    }

    /// The end to which a call refers.
    fn end(&self, t: &Expr) -> Option<End> {
        match t {
            Expr::Call { name, args } if args.first().is_some_and(|a| bare(a, self.column)) => match name.as_str() {
                "range_lower" => Some(End::Lower),
                "range_upper" => Some(End::Upper),
                _ => None,
            },
            _ => None,
        }
    }

    /// The truth value, if it is the same for all ranges of a shape.
    fn fact(&self, t: &Expr) -> Option<Fact> {
        let lacks = |end: End, wanted: bool| match (self.law.without == Some(end), wanted) {
            (is, wanted) if is == wanted => Fact::Always(true),
            (false, true) if self.law.without.is_none() && !self.multi && !self.apart => {
                Fact::Only(RangeShape { without: Some(end), ..self.law })
            }
            _ => Fact::Always(false),
        };
        let two = self.element.size() >= 2;
        match t {
            Expr::Not(inner) => match self.fact(inner)? {
                Fact::Always(b) => Some(Fact::Always(!b)),
                // Lacking it is the special case.
                Fact::Only(_) => Some(Fact::Always(true)),
            },
            Expr::Call { name, args } if args.first().is_some_and(|a| bare(a, self.column)) => match name.as_str() {
                "isempty" => Some(Fact::Always(false)),
                "lower_inf" => Some(lacks(End::Lower, true)),
                "upper_inf" => Some(lacks(End::Upper, true)),
                "lower_inc" => Some(lacks(End::Lower, false)),
                "upper_inc" if two => Some(Fact::Always(false)),
                _ => None,
            },
            Expr::Is { expr, what: Is::Null, negated } => Some(lacks(self.end(expr)?, !negated)),
            Expr::Compare { op, left, right } if two && self.law.without.is_none() => {
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
    fn compared(&self, of: &Expr, op: Cmp, constant: &Expr) -> Narrowing {
        let constant = fold(constant, self.env);
        if let Expr::Literal(Value::Text(text)) = &constant
            && bare(of, self.column)
            && (text == "empty" || text == "{}")
        {
            return if op == Cmp::Ne { Narrowing::Exact(self.domain.clone()) } else { Narrowing::Empty };
        }
        match of {
            Expr::Arith { op: Arith::Sub, left, right }
                if (self.end(left), self.end(right)) == (Some(End::Upper), Some(End::Lower)) =>
            {
                self.wide(op, &constant)
            }
            of if op == Cmp::Eq => match (self.end(of), constant) {
                (Some(end), Expr::Literal(v)) => self.at(end, &v),
                _ => Narrowing::Unsupported,
            },
            _ => Narrowing::Unsupported,
        }
    }

    /// Ranges of a width.
    fn wide(&self, op: Cmp, constant: &Expr) -> Narrowing {
        let Domain::Range { kind, step, lo, hi, .. } = self.element else { return Narrowing::Unsupported };
        let Ok(v) = constant.value(&NoRow, self.env) else { return Narrowing::Unsupported };
        // The difference of two dates is a number of days, that of two moments an interval.
        let difference = match kind {
            RangeKind::Date => RangeKind::Int,
            RangeKind::Timestamp | RangeKind::Time => RangeKind::Interval,
            kind => *kind,
        };
        let (Some((n, true)), false, None) =
            (range_units::units(difference, &v), self.multi || self.apart, self.law.without)
        else {
            return Narrowing::Unsupported;
        };
        let whole = n.rem_euclid(*step) == 0;
        let steps = n.div_euclid(*step);
        let (mut least, mut most) = (1, (hi - lo) / step);
        match op {
            Cmp::Eq if !whole => return Narrowing::Empty,
            Cmp::Eq => (least, most) = (steps.max(1), steps.min(most)),
            Cmp::Le => most = steps.min(most),
            Cmp::Lt => most = (steps - i128::from(whole)).min(most),
            Cmp::Ge => least = (steps + i128::from(!whole)).max(1),
            Cmp::Gt => least = (steps + 1).max(1),
            Cmp::Ne => return Narrowing::Unsupported,
        }
        if let Some((a, b)) = self.law.steps {
            (least, most) = (least.max(a.into()), most.min(b.into()));
        } else if op == Cmp::Ge || op == Cmp::Gt {
            // At most twice the width looks realistic.
            most = most.min(least * 2 + 30);
        }
        match (u64::try_from(least), u64::try_from(most)) {
            (Ok(a), Ok(b)) if a <= b => self.with(self.element.clone(), RangeShape { steps: Some((a, b)), ..self.law }),
            _ => Narrowing::Empty,
        }
    }

    /// A choice of ranges with this end.
    fn at(&self, end: End, v: &Value) -> Narrowing {
        let Domain::Range { kind, lo, hi, step, except, shape } = self.element else { return Narrowing::Unsupported };
        let (Some((n, true)), false, None) = (range_units::units(*kind, v), self.multi || self.apart, self.law.without)
        else {
            return Narrowing::Unsupported;
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
            whole_range(kind, (from, to), except, shape)
        };
        let values: Vec<Value> = widths.filter_map(one).collect();
        if values.is_empty() {
            Narrowing::Unsupported
        } else {
            Narrowing::Exact(Domain::Choice { values, weights: None })
        }
    }

    /// `r @> '[a,b)'`, `r @> a`: a choice of ranges that begin and end about as far away as the inner one is wide.
    fn around(&self, inner: &Expr) -> Narrowing {
        let Domain::Range { kind, lo, hi, step, except, shape } = self.element else { return Narrowing::Unsupported };
        let (Expr::Literal(inner), false, None) = (fold(inner, self.env), self.multi || self.apart, self.law.without)
        else {
            return Narrowing::Unsupported;
        };
        let of = |v: &Value| range_units::units(*kind, v).map(|(n, _)| n);
        let ends = match range::limits(&inner).as_deref() {
            Some([(_, from), (_, to)]) => of(from).zip(of(to)),
            Some(_) => None,
            None => of(&inner).map(|n| (n, n + step)),
        };
        let Some((from, to)) = ends.filter(|(from, to)| from < to) else { return Narrowing::Unsupported };
        let width = to - from;
        let margin = |part: i128| (part - part.rem_euclid(*step)).max(*step);
        let margins = [width / 8, width / 3, width, width.saturating_mul(3)].map(margin);
        let fits = |width: i128| {
            self.law.steps.is_none_or(|(least, most)| (i128::from(least)..=i128::from(most)).contains(&(width / step)))
        };
        let one = |(before, after): (i128, i128)| {
            let (from, to) = (from.checked_sub(before)?, to.checked_add(after)?);
            if from < *lo || to > *hi || !fits(to - from) {
                return None;
            }
            let (kind, except, shape) = (*kind, except.clone(), *shape);
            whole_range(kind, (from, to), except, shape)
        };
        let pairs = margins.iter().flat_map(|&before| margins.map(|after| (before, after)));
        let values: Vec<Value> = pairs.filter_map(one).collect();
        if values.is_empty() {
            Narrowing::Unsupported
        } else {
            Narrowing::Exact(Domain::Choice { values, weights: None })
        }
    }

    /// `r <@ '[a,b)'`.
    fn inside(&self, outer: &Expr, redraw: RetryPolicy) -> Narrowing {
        let Expr::Literal(Value::Text(text)) = fold(outer, self.env) else { return Narrowing::Unsupported };
        let inner = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
        let (Some((from, to)), None) = (inner.split_once(','), self.law.without) else { return Narrowing::Unsupported };
        let bare = |s: &str| s.trim().trim_matches('"').to_owned();
        let limit = |op, bound: &str| {
            let bound = Expr::Literal(Value::Text(bare(bound)));
            Expr::compare(op, Expr::call("range_lower", vec![Expr::column(self.column)]), bound)
        };
        let mut all = Vec::new();
        if !from.is_empty() {
            all.push(limit(if text.trim().starts_with('(') { Cmp::Gt } else { Cmp::Ge }, from));
        }
        // The upper ends are exclusive on both sides.
        if !to.is_empty() {
            all.push(limit(Cmp::Le, to));
        }
        self.one_end(&Expr::And(all), redraw)
    }

    /// A condition on one of the ends; the values of the element that it leaves are used for both ends.
    fn one_end(&self, t: &Expr, redraw: RetryPolicy) -> Narrowing {
        const END: &str = "an end of the range";
        let put = self.put(t, END);
        if put.mentions(self.column) || !put.mentions(END) || self.law.without.is_some() {
            return Narrowing::Unsupported;
        }
        if self.both_ends(t) {
            return Narrowing::Unsupported;
        }
        match atom::narrow(self.element, END, &put, self.env, redraw) {
            Narrowing::Exact(e) if e.size() >= 2 => match self.steps_of(&e) {
                Some(steps) => self.with(e, RangeShape { steps, ..self.law }),
                None => Narrowing::Unsupported,
            },
            Narrowing::Empty => Narrowing::Empty,
            _ => Narrowing::Unsupported,
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

    fn put(&self, t: &Expr, name: &str) -> Expr {
        match self.end(t) {
            Some(_) => Expr::column(name),
            None => t.map_children(&mut |c| self.put(c, name)),
        }
    }

    fn both_ends(&self, t: &Expr) -> bool {
        let about = |end| self.about(t, end);
        about(End::Lower) && about(End::Upper)
    }

    fn about(&self, t: &Expr, end: End) -> bool {
        self.end(t) == Some(end) || t.children().into_iter().any(|c| self.about(c, end))
    }
}

/// The range from one element to another.
fn whole_range(kind: RangeKind, (lo, hi): (i128, i128), except: Vec<i128>, shape: Shape) -> Option<Value> {
    let element = Box::new(Domain::Range { kind, lo, hi, step: hi - lo, except, shape });
    let range = Domain::Special(Special::RangeOf { element, multi: false, apart: true, law: RangeShape::default() });
    (range.size() == 1).then(|| range.value(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnInput, NamedCheck, OneColumn, ValueSource, solve};
    use dbmocker_core::schema::{Dialect, SqlType};

    fn solved(kind: RangeKind, lo: i128, hi: i128, check: &str) -> Vec<String> {
        let element = Box::new(Domain::Range { kind, lo, hi, step: 1, except: vec![], shape: Shape::Uniform });
        let d = Domain::Special(Special::RangeOf { element, multi: false, apart: false, law: RangeShape::default() });
        let of = Box::new(SqlType::Int { bytes: 4, unsigned: false, tinyint1: false });
        let column = ColumnInput {
            name: "r".into(),
            domain: Some(d),
            legal: None,
            ty: SqlType::Range { element: of, multi: false },
            nullable: false,
            null_share: 0.0,
            role: ValueSource::Key,
            same_parent: None,
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
                assert_eq!(tree.truth(&OneColumn("r", &v), env), Ok(Some(true)), "{check}: {v}");
                v.to_string()
            })
            .collect()
    }

    fn tree_of_ranges(t: &Expr) -> Expr {
        match t {
            Expr::Call { name, args } if name == "lower" || name == "upper" => {
                Expr::call(format!("range_{name}"), args.clone())
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
    fn a_range_within_another_is_found_for_every_row() {
        let of = || Box::new(SqlType::Int { bytes: 4, unsigned: false, tinyint1: false });
        let ends =
            Domain::Range { kind: RangeKind::Int, lo: 0, hi: 1 << 30, step: 1, except: vec![], shape: Shape::Uniform };
        let law = RangeShape::default();
        let ranges = |name: &str| ColumnInput {
            name: name.into(),
            domain: Some(Domain::Special(Special::RangeOf {
                element: Box::new(ends.clone()),
                multi: false,
                apart: false,
                law,
            })),
            legal: None,
            ty: SqlType::Range { element: of(), multi: false },
            nullable: false,
            null_share: 0.0,
            role: ValueSource::Free,
            same_parent: None,
        };
        let check = NamedCheck::new("c", "act <@ valid");
        let solution = solve(&[ranges("act"), ranges("valid")], &[check], Dialect::Postgres, 0);
        assert!(solution.unsolved.is_empty(), "{:?}", solution.unsolved);
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
