//! Formulas that the comments of columns state: sums, products, shares, times between moments.

use super::RowLaws;
use dbmocker_core::schema::{Column, SqlType, Table};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::Formula;
use dbmocker_semantics::number_parts::{NumberName, PartShare};
use dbmocker_semantics::stated::{Columns, OperandColumn, OperandKind, Stated, TimeUnit};
use dbmocker_semantics::{Amount, Name, amount_in, in_cents, language};

use super::number_parts::share_of;

/// Most digits after the point of intermediate results.
const DIGITS: u8 = 8;

/// Returns the formulas that the comments of a table's columns state, by column.
pub fn stated_formulas(table: &Table) -> Vec<(usize, Stated)> {
    if table.columns.iter().all(|c| c.comment.is_none()) {
        return Vec::new();
    }
    let kind = |ty: &SqlType| match ty {
        SqlType::Date | SqlType::Timestamp { .. } => OperandKind::Moment,
        SqlType::Int { .. } | SqlType::Decimal { .. } | SqlType::Float { .. } | SqlType::Money => OperandKind::Number,
        _ => OperandKind::Other,
    };
    let columns: Vec<OperandColumn<'_>> =
        table.columns.iter().map(|column| OperandColumn { name: &column.name, kind: kind(&column.ty) }).collect();
    let language = language(table);
    let columns = Columns::new(&columns, language);
    let of = |(c, column): (usize, &Column)| Some((c, columns.stated(column.comment.as_deref()?, c)?));
    table.columns.iter().enumerate().filter_map(of).collect()
}

impl RowLaws<'_> {
    /// Adds the laws that comments state, and those of operands that must keep within their results.
    pub fn stated(&mut self, formulas: &[(usize, Stated)]) {
        for (c, formula) in formulas {
            let c = *c;
            if self.open(Some(c)).is_none() || !self.is_readable(c, formula) || !self.is_plausible(c, formula) {
                continue;
            }
            let percent = self.is_percent(c);
            let literal = has_hundred(formula);
            let scale = self.scale(c);
            let Some(expr) = self.expression(c, formula, percent && !literal, literal, scale) else { continue };
            let as_is = self.table.columns[c].nullable || !may_be_null(&expr);
            let otherwise = match formula {
                Stated::Shifted { .. } => Formula::Own,
                _ => Formula::whole(0),
            };
            let expr = if as_is { expr } else { expr.or(otherwise) };
            let text = self.formula_text(formula);
            self.law(Some(c), expr, text);
            if self.laws.contains_key(&c) {
                self.commented.insert(c);
                self.operands(c, formula);
            }
        }
    }

    /// Returns true if the operands are numbers and moments, and the result is one of them.
    fn is_readable(&self, c: usize, formula: &Stated) -> bool {
        let moment = |c: usize| matches!(self.table.columns[c].ty, SqlType::Date | SqlType::Timestamp { .. });
        let known = |c: &usize| self.scales[*c].is_some() || moment(*c);
        let result = if matches!(formula, Stated::Shifted { .. }) { moment(c) } else { self.scales[c].is_some() };
        result && formula.columns().iter().all(known)
    }

    /// Returns true if all amounts are in one unit of money, and no operand is a column whose values the result decides.
    fn is_plausible(&self, c: usize, formula: &Stated) -> bool {
        let cents = |of: &Stated| of.columns().iter().any(|&c| in_cents(self.name(c)));
        fn terms<'s>(of: &'s Stated, out: &mut Vec<&'s Stated>) {
            match of {
                Stated::Add(a, b) | Stated::Sub(a, b) | Stated::Least(a, b) | Stated::Most(a, b) => {
                    terms(a, out);
                    terms(b, out);
                }
                Stated::Number { .. } => {}
                other => out.push(other),
            }
        }
        let mut all = Vec::new();
        terms(formula, &mut all);
        let ratio =
            matches!(formula, Stated::Share(..) | Stated::Div(..) | Stated::Time { .. } | Stated::Shifted { .. });
        let rate = |of: &&&Stated| matches!(of, Stated::Column(c) if self.is_percent(*c));
        ratio || all.iter().filter(|of| !rate(of)).all(|of| cents(of) == in_cents(self.name(c)))
    }

    /// Returns true if a column is a percentage from 0 to 100, by its name.
    fn is_percent(&self, c: usize) -> bool {
        Name::new(self.name(c)).has("percent") && self.largest[c] > 1.0
    }

    /// Returns true if a column is a share of something: in percent, or as a number from 0 to 1.
    fn is_rate(&self, c: usize) -> bool {
        let name = Name::new(self.name(c));
        let of = ["tax", "vat", "gst", "commission", "discount", "interest", "markup", "margin", "royalty"];
        name.has("percent") || name.ends("rate") && name.has_any(&of)
    }

    /// Returns the factor that a column of a share is.
    fn factor(&self, c: usize) -> Formula {
        let cell = self.cell(c);
        if self.largest[c] > 1.0 { cell.percent() } else { cell }
    }

    /// Returns the expression of a formula for column `own`. `hundred`: the result is in percent. `literal`: the formula
    /// itself converts percentages.
    fn expression(&self, own: usize, of: &Stated, hundred: bool, literal: bool, scale: u8) -> Option<Formula> {
        let finer = (scale + 4).min(DIGITS);
        let inner = |of: &Stated| self.expression(own, of, false, literal, finer);
        let times_hundred = |expr: Formula| if hundred { expr.times(Formula::whole(100), finer) } else { expr };
        Some(match of {
            Stated::Column(c) => self.cell_for(*c, own),
            Stated::Number { n, scale } => Formula::Number { n: *n, scale: *scale },
            Stated::Add(a, b) | Stated::Sub(a, b) => {
                let sum = matches!(of, Stated::Add(..));
                // A percentage of the sum so far.
                let rated = match **b {
                    Stated::Column(c) if !literal && self.is_rate(c) && !self.is_percentage(a) => Some(c),
                    _ => None,
                };
                let first = self.expression(own, a, hundred && self.is_ratio(a), literal, scale)?;
                let second = match rated {
                    Some(c) => first.clone().times(self.factor(c), scale),
                    None => self.expression(own, b, hundred && self.is_ratio(b), literal, scale)?,
                };
                if sum { first + second } else { first - second }
            }
            Stated::Mul(a, b) => {
                let operand = |of: &Stated| match of {
                    Stated::Column(c) if !literal && self.is_rate(*c) => Some(self.factor(*c)),
                    of => inner(of),
                };
                let (a, b) = (operand(a)?, operand(b)?);
                if hundred { times_hundred(a).times(b, scale) } else { a.times(b, scale) }
            }
            Stated::Div(a, b) | Stated::Share(a, b) => times_hundred(inner(a)?).over(inner(b)?, scale),
            Stated::Least(a, b) => inner(a)?.least(inner(b)?),
            Stated::Most(a, b) => inner(a)?.most(inner(b)?),
            Stated::Time { from, to, unit, both } => {
                let unit = unit.or_else(|| self.unit_of_name(own))?;
                let both = Formula::whole(i64::from(*both));
                let micros = unit.seconds() * MICROS_PER_SECOND;
                let days = [*from, *to].iter().any(|&c| matches!(self.table.columns[c].ty, SqlType::Date));
                let span = |unit: i64| Formula::Span { from: *from, to: *to, unit };
                match self.scale(own) {
                    _ if days && micros < MICROS_PER_DAY => return None,
                    0 => span(micros) + both,
                    _ => span(MICROS_PER_SECOND).over(Formula::whole(unit.seconds()), scale) + both,
                }
            }
            Stated::Shifted { from, by, unit, before } => {
                let micros = unit.seconds() * MICROS_PER_SECOND;
                let types = [own, *from].map(|c| &self.table.columns[c].ty);
                let unit = match types {
                    [SqlType::Date, SqlType::Date] if micros % MICROS_PER_DAY == 0 => micros / MICROS_PER_DAY,
                    [SqlType::Timestamp { .. }, SqlType::Timestamp { .. }] => micros,
                    _ => return None,
                };
                let by = inner(by)?.times(Formula::whole(unit), 0);
                let from = Formula::Nullable(*from);
                if *before { from - by } else { from + by }
            }
        })
    }

    /// Returns true if the parts of a formula are percentages.
    fn is_percentage(&self, of: &Stated) -> bool {
        of.columns().iter().all(|&c| self.is_rate(c))
    }

    /// Returns true if the result of a formula is a share rather than a percentage.
    fn is_ratio(&self, of: &Stated) -> bool {
        matches!(of, Stated::Div(..) | Stated::Share(..) | Stated::Mul(..))
    }

    fn unit_of_name(&self, c: usize) -> Option<TimeUnit> {
        // A `price_per_night` is no number of nights.
        let name = Name::new(self.name(c));
        name.words.iter().rev().find_map(|word| TimeUnit::of(word)).filter(|_| !name.has("per"))
    }

    /// Adds laws of operands that no other law determines, where the result would otherwise be below 0, or a tax as large
    /// as the amount.
    fn operands(&mut self, own: usize, formula: &Stated) {
        match formula {
            Stated::Sub(..) => self.subtrahends(own, formula),
            Stated::Share(part, whole) => {
                if let (Stated::Column(part), Stated::Column(whole)) = (&**part, &**whole)
                    && !self.is_part_of_other(*part, *whole)
                {
                    self.part(*part, self.cell_for(*whole, *part), *whole, PartShare::Some);
                }
            }
            Stated::Add(..) => {
                let mut sums = Vec::new();
                addends(formula, &mut sums);
                if let Some((&first, rest)) = sums.split_first() {
                    rest.iter().for_each(|&c| self.addend(first, c));
                }
            }
            _ => {}
        }
    }

    /// Returns true if a number is a part of another column than this one by its name, which limits it more.
    fn is_part_of_other(&self, part: usize, whole: usize) -> bool {
        let fits = |c: usize| c != part && c != whole;
        self.number_names().whole_of(&NumberName::new(self.name(part)), &fits).is_some()
    }

    /// Parts that are subtracted from a whole leave something of it, unless the result may be negative by its name.
    fn subtrahends(&mut self, own: usize, formula: &Stated) {
        let signed = [
            "variance",
            "difference",
            "diff",
            "delta",
            "deviation",
            "change",
            "net",
            "profit",
            "balance",
            "error",
            "margin",
        ];
        let mut parts = Vec::new();
        let mut head = formula;
        while let Stated::Sub(a, b) = head {
            let Stated::Column(part) = **b else { return };
            parts.push(part);
            head = a;
        }
        let Stated::Column(whole) = *head else { return };
        if Name::new(self.name(own)).has_any(&signed) || parts.iter().any(|&c| self.is_rate(c)) {
            return;
        }
        let mut left = Formula::Cell(whole);
        let mut done: Option<usize> = None;
        for part in parts.into_iter().rev() {
            let name = NumberName::new(self.name(part));
            let share = name.share_of(&NumberName::new(self.name(whole))).unwrap_or(PartShare::Some);
            // Nothing fails of what has not been done.
            let of = match done.filter(|_| name.is_exception()) {
                Some(done) => left.clone().least(Formula::Cell(done)),
                None => left.clone(),
            };
            self.part(part, of, whole, share);
            done = Some(part);
            left = left - Formula::Cell(part);
        }
    }

    /// Adds the law of a number that is a part of a whole.
    fn part(&mut self, part: usize, of: Formula, whole: usize, share: PartShare) {
        let text = format!("part of {}", self.name(whole));
        self.law(Some(part), of.times(self.share_by_status(part, share), self.scale(part)), text);
    }

    /// An addend that is usually small beside the first one, by its name: a tax, what failed.
    fn addend(&mut self, first: usize, c: usize) {
        let base = self.cell(first);
        match amount_in(self.language, self.name(c)) {
            Some(Amount::Tax) => self.tax_on(first, c),
            _ if NumberName::new(self.name(c)).is_exception() => {
                let expr = base.times(share_of(PartShare::Few), self.scale(c));
                self.law(Some(c), expr, format!("few beside {}", self.name(first)));
            }
            _ => {}
        }
    }

    /// Returns the formula as text.
    fn formula_text(&self, of: &Stated) -> String {
        let both = |sign: &str, a: &Stated, b: &Stated| {
            let side = |of: &Stated, tight: bool| {
                let text = self.formula_text(of);
                let loose = matches!(of, Stated::Add(..) | Stated::Sub(..));
                if loose && tight { format!("({text})") } else { text }
            };
            let tight = !matches!(sign, "+" | "-");
            format!("{} {sign} {}", side(a, tight), side(b, tight || sign == "-"))
        };
        match of {
            Stated::Column(c) => self.name(*c).to_owned(),
            Stated::Number { n, scale: 0 } => n.to_string(),
            Stated::Number { n, scale } => format!("{}", *n as f64 / 10f64.powi(i32::from(*scale))),
            Stated::Add(a, b) => both("+", a, b),
            Stated::Sub(a, b) => both("-", a, b),
            Stated::Mul(a, b) => both("x", a, b),
            Stated::Div(a, b) | Stated::Share(a, b) => both("/", a, b),
            Stated::Least(a, b) => format!("least of {} and {}", self.formula_text(a), self.formula_text(b)),
            Stated::Most(a, b) => {
                format!("greatest of {} and {}", self.formula_text(a), self.formula_text(b))
            }
            Stated::Time { from, to, both, .. } => {
                format!("{} - {}{}", self.name(*to), self.name(*from), if *both { " + 1" } else { "" })
            }
            Stated::Shifted { from, by, before, .. } => {
                format!("{} {} {}", self.name(*from), if *before { "-" } else { "+" }, self.formula_text(by))
            }
        }
    }
}

/// Returns true if the formula itself has the number 100.
fn has_hundred(formula: &Stated) -> bool {
    let mut found = false;
    formula.visit(&mut |part| found |= *part == Stated::Number { n: 100, scale: 0 });
    found
}

/// Collects the columns that are added.
fn addends(formula: &Stated, out: &mut Vec<usize>) {
    match formula {
        Stated::Add(a, b) => {
            addends(a, out);
            addends(b, out);
        }
        // What a discount is subtracted from.
        Stated::Sub(a, _) => addends(a, out),
        Stated::Column(c) => out.push(*c),
        _ => {}
    }
}

/// Returns true if an expression may be NULL although its column is not.
fn may_be_null(expr: &Formula) -> bool {
    let mut found = false;
    expr.visit(&mut |part| found |= matches!(part, Formula::Nullable(_) | Formula::Div(..) | Formula::Span { .. }));
    found
}
