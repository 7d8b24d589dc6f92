//! Arithmetic in words and signs: sums, products, shares, calls of functions.

use super::OperandKind;
use super::operands::{Named, Operands};
use super::parse::{Raw, Sign, is_word, unit};
use super::tokens::{Token, numeral};

/// Words of operators, each with the word that may follow it.
fn operator(token: Option<&Token>) -> Option<Sign> {
    Some(match token? {
        Token::Plus => Sign::Add,
        Token::Minus => Sign::Sub,
        Token::Times => Sign::Mul,
        Token::Over => Sign::Div,
        Token::Word(word) => match word.to_lowercase().as_str() {
            "plus" => Sign::Add,
            "minus" | "less" => Sign::Sub,
            "times" | "multiplied" | "x" => Sign::Mul,
            "divided" => Sign::Div,
            _ => return None,
        },
        _ => return None,
    })
}

pub(super) struct Parser<'t, 'o> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    pub(super) operands: &'o Operands<'o>,
    /// `A of B` is a part of a whole.
    pub(super) shares: bool,
}

impl Parser<'_, '_> {
    fn next(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Consumes the operator if it is one of these.
    fn take(&mut self, signs: &[Sign]) -> Option<Sign> {
        let sign = operator(self.next()).filter(|sign| signs.contains(sign))?;
        self.at += 1;
        if is_word(self.tokens.get(self.at - 1), &["multiplied", "divided"]) && is_word(self.next(), &["by"]) {
            self.at += 1;
        }
        Some(sign)
    }

    /// A sum, or a part of a whole.
    pub(super) fn whole(&mut self) -> Option<Raw> {
        let part = self.sum()?;
        if !(self.shares && is_word(self.next(), &["of"])) {
            return Some(part);
        }
        self.at += 1;
        Some(Raw::Binary(Sign::Share, Box::new(part), Box::new(self.sum()?)))
    }

    fn sum(&mut self) -> Option<Raw> {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&[Sign::Add, Sign::Sub]) {
            left = Raw::Binary(sign, Box::new(left), Box::new(self.product()?));
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Raw> {
        let mut left = self.factor()?;
        loop {
            let sign = match self.take(&[Sign::Mul, Sign::Div]) {
                Some(sign) => sign,
                // A percentage of something.
                None if self.is_percentage(&left) && is_word(self.next(), &["of"]) => {
                    self.at += 1;
                    Sign::Mul
                }
                None => return Some(left),
            };
            left = Raw::Binary(sign, Box::new(left), Box::new(self.factor()?));
        }
    }

    fn is_percentage(&self, raw: &Raw) -> bool {
        matches!(raw, Raw::Operand(Named { number: Some(c), .. }) if !self.shares && self.operands.is_percent(*c))
    }

    fn factor(&mut self) -> Option<Raw> {
        match self.next()?.clone() {
            Token::Open => {
                self.at += 1;
                let inner = self.sum()?;
                self.close()?;
                Some(inner)
            }
            Token::Number(n, scale) => {
                self.at += 1;
                let counted = self.counted(n, scale)?;
                // `10 points` says how many there are; `10 % of the price` is computed.
                let plain = matches!(&counted, Raw::Binary(Sign::Mul, number, _) if matches!(**number, Raw::Number(_, of) if of == scale));
                (!plain || operator(self.tokens.get(self.at - 1)).is_some()).then_some(counted)
            }
            Token::Word(word) => {
                let word = word.to_lowercase();
                if self.tokens.get(self.at + 1) == Some(&Token::Open) {
                    return self.call(&word);
                }
                if let Some(n) = numeral(&word) {
                    self.at += 1;
                    return self.counted(n, 0).filter(|_| n > 1);
                }
                if word == "half" {
                    self.at += 1;
                    return self.counted(5, 1);
                }
                self.operand()
            }
            _ => None,
        }
    }

    fn close(&mut self) -> Option<()> {
        let closed = self.next() == Some(&Token::Close);
        self.at += 1;
        closed.then_some(())
    }

    /// A number, and what there are so many of: `twelve monthly rents`, `30 days`, `5 % of the price`.
    fn counted(&mut self, n: i64, mut scale: u8) -> Option<Raw> {
        let per_cent = is_word(self.next(), &["per"]) && is_word(self.tokens.get(self.at + 1), &["cent"]);
        if self.next() == Some(&Token::Percent) || per_cent || is_word(self.next(), &["percent"]) {
            self.at += 1 + usize::from(per_cent);
            scale += 2;
        }
        if let Some(unit) = unit(self.next()).filter(|_| self.operands.own_kind() == OperandKind::Moment) {
            self.at += 1;
            return Some(Raw::Duration(n, scale, unit));
        }
        match self.next() {
            Some(Token::Word(_)) if operator(self.next()).is_none() => {
                let of = self.operand()?;
                Some(Raw::Binary(Sign::Mul, Box::new(Raw::Number(n, scale)), Box::new(of)))
            }
            _ => Some(Raw::Number(n, scale)),
        }
    }

    /// `greatest(0, a - b)`, `round(a * b, 2)`.
    fn call(&mut self, name: &str) -> Option<Raw> {
        self.at += 2;
        let mut arguments = vec![self.sum()?];
        while self.next() == Some(&Token::Comma) {
            self.at += 1;
            arguments.push(self.sum()?);
        }
        self.close()?;
        let each = |sign| move |a, b| Raw::Binary(sign, Box::new(a), Box::new(b));
        match name {
            "greatest" | "max" => arguments.into_iter().reduce(each(Sign::Most)),
            "least" | "min" => arguments.into_iter().reduce(each(Sign::Least)),
            "coalesce" | "ifnull" | "nvl" | "nullif" | "round" => arguments.into_iter().next(),
            _ => None,
        }
    }

    /// The columns that the next words name, up to an operator.
    fn operand(&mut self) -> Option<Raw> {
        let mut words: Vec<String> = Vec::new();
        while let Some(Token::Word(word)) = self.next() {
            if operator(self.next()).is_some() {
                break;
            }
            if word.eq_ignore_ascii_case("of") && !words.is_empty() {
                let percent =
                    self.operands.find(&words).and_then(|n| n.number).is_some_and(|c| self.operands.is_percent(c));
                if self.shares || percent {
                    break;
                }
            }
            words.push(word.clone());
            self.at += 1;
        }
        if words.is_empty() {
            return None;
        }
        self.operands.find(&words).map(Raw::Operand)
    }
}
