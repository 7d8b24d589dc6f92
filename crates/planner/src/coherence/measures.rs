//! Stock, capacities, results, areas, volumes and body measures of a row.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount::*;
use dbmocker_semantics::{Amount, Name};

/// Words of scores and of the attainable numbers.
const SCORES: &[&str] =
    &["mark", "score", "point", "points", "obtained", "earned", "max", "maximum", "total", "possible"];

impl RowLaws<'_> {
    /// Stock and capacity: remaining and used numbers.
    pub(super) fn stock_levels(&mut self) {
        let pairs = [(OnHand, Reserved, 30), (Capacity, Used, 100)];
        for (whole, part, most) in pairs {
            let (Some(whole), left) = (self.one(whole), self.one(Available)) else { continue };
            let some = Formula::Between { lo: 0, hi: most, scale: 2 };
            match self.one(part) {
                Some(part) => {
                    self.law(Some(part), self.cell(whole).times(some, 3), format!("part of {}", self.name(whole)));
                    if let Some(left) = left {
                        let (expr, text) = self.sum(whole, &[], &[part]);
                        self.law(Some(left), expr, text);
                    }
                }
                None if left != Some(whole) => {
                    self.law(left, self.cell(whole).times(some, 3), format!("part of {}", self.name(whole)));
                }
                None => {}
            }
        }
        if let (Some(limit), Some(used)) = (self.one(UsageLimit), self.one(UsageCount)) {
            let some = Formula::Between { lo: 0, hi: 100, scale: 2 };
            self.law(Some(used), self.cell(limit).times(some, 3), format!("part of {}", self.name(limit)));
        }
        if let (Some(up), Some(down), Some(score)) = (self.one(Up), self.one(Down), self.one(Obtained)) {
            let (expr, text) = self.sum(up, &[], &[down]);
            self.law(Some(score), expr, text);
        }
        if let (Some(played), Some(won), Some(lost)) = (self.one(Played), self.one(Wins), self.one(Losses)) {
            let others = [vec![lost], self.all(Draws)].concat();
            let (expr, text) = self.sum(won, &others, &[]);
            self.law(Some(played), expr, text);
        }
    }

    /// Points of a league: three for a win, one for a draw.
    fn league_points(&mut self) {
        let points = |c: &usize| matches!(Name::new(self.name(*c)).words.as_slice(), [word] if word == "points" || word == "point");
        let points = self.all(Obtained).into_iter().find(points);
        if let (Some(points), Some(won), Some(drawn), Some(_)) =
            (points, self.one(Wins), self.one(Draws), self.one(Losses))
        {
            let expr = self.cell(won).times(Formula::whole(3), self.scale(points)) + self.cell(drawn);
            self.law(Some(points), expr, format!("3 x {} + {}", self.name(won), self.name(drawn)));
        }
    }

    /// Percentages, areas, body measures.
    pub(super) fn measures(&mut self) {
        self.league_points();
        let scores = self.all(Obtained);
        for (i, &of) in scores.iter().enumerate() {
            let Some(most) = self.maximum_of(of) else { continue };
            let share = Formula::Normal { mean: 72, deviation: 14, lo: 10, hi: 100, scale: 2 };
            self.law(Some(of), self.cell(most).times(share, self.scale(of)), format!("part of {}", self.name(most)));
            if i == 0 {
                self.percent(Percent, of, self.cell(most), self.name(most).to_owned());
            }
        }
        if let (Some(won), Some(lost)) = (self.one(Wins), self.one(Losses)) {
            let (sum, text) = self.sum(won, &[vec![lost], self.all(Draws)].concat(), &[]);
            self.percent(WinRate, won, sum, format!("({text})"));
        }
        if let (Some(width), Some(length), Some(area)) = (self.one(Width), self.one(Length), self.one(Area)) {
            let text = format!("{} x {}", self.name(width), self.name(length));
            self.law(Some(area), self.cell(width).times(self.cell(length), self.scale(area)), text);
        }
        self.volume();
        self.exchanged();
        self.weighted();
        self.body();
    }

    /// Returns the attainable number of a score: the one of the same words (`math_max_score` of `math_score`), else the
    /// only one, which is that of all scores.
    fn maximum_of(&self, score: usize) -> Option<usize> {
        let all = self.all(Maximum);
        let subject = |c: usize| {
            let mut words = Name::new(self.name(c)).words;
            words.retain(|word| !SCORES.contains(&word.as_str()));
            words
        };
        let own = subject(score);
        all.iter().copied().find(|&most| subject(most) == own).or(match all[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    /// width x length x height, in the unit of the volume.
    fn volume(&mut self) {
        let volumes = (0..self.scales.len()).filter(|&c| {
            self.scales[c].is_some() && Name::new(self.name(c)).words.first().is_some_and(|w| w == "volume")
        });
        let volume = self.one(Volume).or_else(|| volumes.into_iter().next());
        let (Some(width), Some(length), Some(height), Some(volume)) =
            (self.one(Width), self.one(Length), self.one(Height), volume)
        else {
            return;
        };
        let ends = |c: usize, units: &[&str]| {
            let name = self.name(c).to_lowercase();
            units.iter().any(|unit| name.ends_with(&format!("_{unit}")))
        };
        let in_cm = [width, length, height].iter().all(|&c| ends(c, &["cm"]));
        let divisor = match (ends(volume, &["m3", "cbm"]), ends(volume, &["l", "liters", "litres"])) {
            (true, _) if in_cm => 1_000_000,
            (_, true) if in_cm => 1_000,
            _ => 1,
        };
        let [width_of, length_of, height_of] = [width, length, height].map(|side| self.cell_for(side, volume));
        let sides = length_of.times(width_of, 6).times(height_of, 6);
        let text = format!("{} x {} x {}", self.name(length), self.name(width), self.name(height));
        self.law(Some(volume), sides.over(Formula::whole(divisor), self.scale(volume)), text);
    }

    /// A weighted amount: amount x probability.
    fn weighted(&mut self) {
        let number = |c: &usize| self.scales[*c].is_some();
        let named =
            |words: &[&str]| (0..self.scales.len()).filter(number).find(|&c| Name::new(self.name(c)).has_any(words));
        let Some(weighted) = self.open(named(&["weighted", "expected revenue"])) else { return };
        let rate = named(&["probability", "likelihood", "win probability"]).filter(|&rate| rate != weighted);
        let amount = self.first(&[Line, Total, Price]).filter(|&amount| amount != weighted);
        if let (Some(rate), Some(amount)) = (rate, amount) {
            let percent = self.largest[rate] > 1.0;
            let expr = self.rated(self.cell(amount), rate, percent, self.scale(weighted));
            self.law(Some(weighted), expr, format!("{} x {}", self.name(amount), self.name(rate)));
        }
    }

    /// An amount in another currency: amount x exchange rate.
    fn exchanged(&mut self) {
        let named = |names: &[&str]| {
            (0..self.scales.len()).find(|&c| self.scales[c].is_some() && Name::new(self.name(c)).ends_any(names))
        };
        let rate = named(&["exchange rate", "fx rate", "conversion rate"]);
        let converted = named(&[
            "target amount",
            "converted amount",
            "destination amount",
            "amount converted",
            "settlement amount",
            "counter amount",
        ]);
        let amount = (0..self.scales.len()).find(|&c| {
            self.scales[c].is_some()
                && matches!(self.name(c).to_lowercase().as_str(), "amount" | "source_amount" | "original_amount")
        });
        if let (Some(rate), Some(converted), Some(amount)) = (rate, self.open(converted), amount) {
            // Without a rate, nothing is converted.
            let whole = Formula::Nullable(rate).or(Formula::whole(1));
            let text = format!("{} x {}", self.name(amount), self.name(rate));
            self.law(Some(converted), self.cell(amount).times(whole, self.scale(converted)), text);
        }
    }

    /// A share in percent, or as a fraction if the column holds at most 1.
    pub(super) fn percent(&mut self, part: Amount, of: usize, whole: Formula, text: String) {
        let Some(c) = self.one(part) else { return };
        let scale = self.scale(c);
        let fraction = self.largest[c] <= 1.0 || self.whole_digits(c).is_some_and(|digits| digits <= 1);
        let hundred = Formula::whole(if fraction { 1 } else { 100 });
        let text = format!("{} / {text}{}", self.name(of), if fraction { "" } else { " x 100" });
        let share = self.cell(of).times(hundred, self.scale(of)).over(whole, scale);
        let share = if self.table.columns[c].nullable { share } else { share.or(Formula::whole(0)) };
        self.law(Some(c), share, text);
    }

    /// Height, weight and body mass index of a person.
    fn body(&mut self) {
        let (Some(height), Some(weight)) = (self.one(Height), self.one(Weight)) else { return };
        let Some(index) = self.one(BodyMass) else { return };
        let meters = self.scale(height) > 0 && self.largest[height] <= 3.0 || self.name(height).ends_with("_m");
        let tall = Formula::Normal { mean: 171, deviation: 10, lo: 145, hi: 205, scale: if meters { 2 } else { 0 } };
        self.law(Some(height), tall, "a person's height");
        let in_meters = if meters { self.cell(height) } else { self.cell(height).percent() };
        let squared = in_meters.clone().times(in_meters, 6);
        let mass = Formula::Normal { mean: 252, deviation: 40, lo: 170, hi: 420, scale: 1 };
        self.law(
            Some(weight),
            squared.clone().times(mass, self.scale(weight)),
            "by height and a usual body mass index",
        );
        let text = format!("{} / {}^2", self.name(weight), self.name(height));
        self.law(Some(index), self.cell(weight).over(squared, self.scale(index)), text);
    }
}
