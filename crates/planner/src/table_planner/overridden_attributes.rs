//! Columns that follow from values which the config file gives to others of the same person or place: the cities of a
//! country, the e-mail address of a name.

use super::{PlanContext, TablePlanner};
use crate::formulas::{FormulaInput, ResolvedFormula};
use crate::keys::KeyInput;
use dbmocker_core::value::Value;
use dbmocker_domain::entity::{Attribute, AttributeWriter, Entity, Whole, cities_of};
use dbmocker_domain::text::Case;
use dbmocker_domain::{Domain, TextDomain};
use dbmocker_plan::{ColumnPlan, Law, LawPlan, NameColumns, Rule};
use dbmocker_semantics as semantics;
use dbmocker_semantics::AttributeName;

/// Characters that a text with a number needs.
const NUMBERED_ROOM: u32 = 40;
/// Values of a column that may each stand for a place.
const MOST_PLACES: usize = 2_000;

/// For each text of a column, the cities that it may mean.
type CitiesByText = Vec<(String, Vec<u16>)>;

impl TablePlanner<'_> {
    /// Sets the laws of columns that follow from overridden ones of the same person or place.
    pub(super) fn follow_given(&self, b: &PlanContext<'_>, columns: &mut [ColumnPlan], keys: &[KeyInput]) {
        let named: Vec<AttributeName> =
            (0..columns.len()).filter_map(|c| semantics::named_attribute(self.table, c)).collect();
        // An expression over names and places could depend on what follows from it.
        let apart = |formula: &ResolvedFormula| {
            let reads = |c: usize| named.iter().any(|part| part.column == c);
            let other = |input: &FormulaInput| !matches!(input, FormulaInput::Cell(c) if reads(*c));
            formula.inputs.iter().all(|(_, input)| other(input))
        };
        let given = |part: &&AttributeName| {
            let c = part.column;
            let listed = matches!(columns[c].rule, Rule::Listed { .. } | Rule::Fixed { .. });
            b.formulas.get(self.index, c).is_none_or(apart)
                && (listed || b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values()))
        };
        let given: Vec<AttributeName> = named.iter().filter(given).cloned().collect();
        if given.is_empty() {
            return;
        }
        let open = |part: &&AttributeName| {
            let column = &columns[part.column];
            let alike = |domain| semantics::attribute_of(self.table, part.column, domain);
            let same = column.rule.domain().and_then(alike).is_some_and(|found| found.attribute == part.attribute);
            same && column.law.is_none() && self.may_agree(b, columns, keys, part.column)
        };
        let open: Vec<AttributeName> = named.iter().filter(open).cloned().collect();
        let places = self.of_places(b, columns, &given, &open);
        let persons = self.of_persons(b, columns, (&given, &named, &open));
        for (c, law) in places.into_iter().chain(persons) {
            columns[c].reason += &format!("; {}", law.text);
            columns[c].law = Some(law);
        }
    }

    /// Returns the laws of parts of places, and of names of people who live there.
    fn of_places(
        &self,
        b: &PlanContext<'_>,
        columns: &[ColumnPlan],
        given: &[AttributeName],
        open: &[AttributeName],
    ) -> Vec<(usize, LawPlan)> {
        let mut out = Vec::new();
        let deciding = given.iter().filter_map(|part| Some((part, self.places_of(b, columns, part)?)));
        let mut deciding: Vec<(&AttributeName, CitiesByText)> = deciding.collect();
        // A city says more than its country.
        deciding.sort_by_key(|(_, cases)| cases.iter().map(|(_, cities)| cities.len()).max());
        for (part, cases) in deciding {
            let of = if part.role().is_empty() { "place".to_owned() } else { format!("{} place", part.role()) };
            let text = format!("of the place in `{}`", columns[part.column].name);
            let free = |c: usize, out: &[(usize, LawPlan)]| out.iter().all(|(known, _)| *known != c);
            for follower in open.iter().filter(|f| f.attribute.whole() == Whole::Place && f.role() == part.role()) {
                let c = follower.column;
                let Some(domain) = columns[c].rule.domain().filter(|_| free(c, &out)) else { continue };
                let locales = semantics::locales(self.table, &b.options.locales);
                let entity = |cities: &Vec<u16>| {
                    let of = |locales| Entity::Place { cities: cities.clone(), locales };
                    let fits = |e: &Entity| AttributeWriter::new(e, follower.attribute, domain, false).is_some();
                    Some(of(locales.clone())).filter(fits).or_else(|| Some(of(Vec::new())).filter(fits))
                };
                let cases: Vec<(String, Entity)> =
                    cases.iter().filter_map(|(text, cities)| Some((text.clone(), entity(cities)?))).collect();
                if !cases.is_empty() {
                    let law = Law::Attribute { by: part.column, attribute: follower.attribute, of: of.clone(), cases };
                    out.push((c, LawPlan { law, text: text.clone() }));
                }
            }
            if !part.role().is_empty() {
                continue;
            }
            let people: Vec<usize> =
                (0..columns.len()).filter(|&c| columns[c].law.is_none() && free(c, &out)).collect();
            for (c, column) in people.into_iter().map(|c| (c, &columns[c])) {
                let Some(correlated) = &column.correlated else { continue };
                let Entity::Person { sexed, locales, cities } = &correlated.entity else { continue };
                let native = |cities: &Vec<u16>| Entity::Person {
                    sexed: *sexed,
                    locales: locales.clone(),
                    cities: cities.clone(),
                };
                if cities.is_empty() || correlated.of != of {
                    continue;
                }
                let cases = cases.iter().map(|(text, cities)| (text.clone(), native(cities))).collect();
                let law = Law::Attribute { by: part.column, attribute: correlated.attribute, of: of.clone(), cases };
                out.push((c, LawPlan { law, text: text.clone() }));
            }
        }
        out
    }

    /// Returns the texts of a column that stand for places: its own, and those of its rules.
    fn places_of(&self, b: &PlanContext<'_>, columns: &[ColumnPlan], part: &AttributeName) -> Option<CitiesByText> {
        let own: Vec<Value> = match &columns[part.column].rule {
            Rule::Constant { value } => vec![value.clone()],
            Rule::Listed { values, .. } | Rule::Fixed { values } => values.to_vec(),
            rule => match rule.domain() {
                Some(Domain::Choice { values, .. }) => values.clone(),
                _ => Vec::new(),
            },
        };
        let inputs = b.formulas.get(self.index, part.column).map_or(&[][..], |formula| &formula.inputs);
        let of_rules = inputs.iter().filter_map(|(_, input)| match input {
            FormulaInput::Drawn(values) => Some(values.iter().map(|(value, _)| Value::Text(value.to_string()))),
            _ => None,
        });
        let all: Vec<Value> = own.into_iter().chain(of_rules.flatten()).collect();
        cities_by_text(&all, part.attribute)
    }

    /// Returns the laws of texts that are made of names.
    fn of_persons(
        &self,
        b: &PlanContext<'_>,
        columns: &[ColumnPlan],
        (given, named, open): (&[AttributeName], &[AttributeName], &[AttributeName]),
    ) -> Vec<(usize, LawPlan)> {
        let mut out = Vec::new();
        for follower in open {
            use Attribute::{Email, FirstName, FullName, LastName, Username};
            let part = matches!(follower.attribute, FirstName | LastName);
            if !part && !matches!(follower.attribute, Email | Username | FullName) {
                continue;
            }
            let column_of = |of: &[AttributeName], attribute| {
                let same = |p: &&AttributeName| p.attribute == attribute && p.role() == follower.role();
                of.iter().find(same).map(|p| p.column)
            };
            let full = column_of(given, FullName).filter(|_| follower.attribute != FullName);
            let own = [FirstName, LastName].iter().any(|a| column_of(given, *a).is_some());
            let (first, last) = (column_of(named, FirstName), column_of(named, LastName));
            let names = match (own && !part, full) {
                (true, _) => NameColumns { first, last, full: None },
                (false, Some(full)) => NameColumns { full: Some(full), ..NameColumns::default() },
                (false, None) => continue,
            };
            let column = &columns[follower.column];
            let unique = super::correlated::is_unique(&column.rule);
            let Some(most) = room(column, follower.attribute, unique) else { continue };
            let numbered = unique.then(|| b.rows_before(self.index));
            let shown: Vec<String> = names.all().map(|c| format!("`{}`", columns[c].name)).collect();
            let law = Law::Names { names, attribute: follower.attribute, most, numbered };
            out.push((follower.column, LawPlan { law, text: format!("made of {}", shown.join(" and ")) }));
        }
        out
    }
}

/// Returns the texts of a column that stand for places, and the cities of each; `None` if none does.
fn cities_by_text(values: &[Value], attribute: Attribute) -> Option<CitiesByText> {
    let mut texts: Vec<String> = values.iter().filter(|v| !v.is_null()).map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    let cities = |text: String| Some((cities_of(attribute, &text), text)).filter(|(cities, _)| !cities.is_empty());
    let found: CitiesByText =
        texts.into_iter().take(MOST_PLACES).filter_map(cities).map(|(cities, text)| (text, cities)).collect();
    (!found.is_empty()).then_some(found)
}

/// Returns the characters of a text that may be made of any names; `None` if the column asks for more of its form.
fn room(column: &ColumnPlan, attribute: Attribute, unique: bool) -> Option<u32> {
    let Some(Domain::Text(text)) = column.rule.domain() else { return None };
    let TextDomain { kind, prefix, suffix, except, .. } = text;
    let free = prefix.is_empty() && suffix.is_empty() && except.is_empty() && text.min_chars <= 3;
    let cased =
        text.case == Case::Upper || (attribute == Attribute::FullName && (text.case != Case::Any || text.ascii));
    let most = text.max_chars.min(text.max_bytes.unwrap_or(u32::MAX));
    let apart = !unique
        || (most >= NUMBERED_ROOM
            && attribute != Attribute::FullName
            && text.distinct_prefix.is_none_or(|d| d >= text.max_chars));
    (*kind == attribute.kind() && free && !cased && apart).then_some(most)
}
