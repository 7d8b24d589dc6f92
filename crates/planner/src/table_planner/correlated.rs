//! Columns of a row that describe one person, place, file or review are made consistent, where no key, CHECK or
//! override determines them.

use super::{PlanContext, TablePlanner};
use crate::keys::KeyInput;
use dbmocker_domain::Domain;
use dbmocker_domain::entity;
use dbmocker_domain::entity::{Attribute, AttributeWriter, Entity, FileKind, Whole};
use dbmocker_domain::locale::Locales;
use dbmocker_plan::{ColumnPlan, CorrelatedColumn, Rule};
use dbmocker_semantics as semantics;
use dbmocker_semantics::AttributeName;

impl TablePlanner<'_> {
    /// Assigns an entity to columns that share one, with the reason.
    pub(super) fn assign_entities(&self, b: &PlanContext<'_>, columns: &mut [ColumnPlan], keys: &[KeyInput]) {
        let parts = (0..columns.len()).filter(|&c| self.may_agree(b, columns, keys, c));
        let parts = parts.filter_map(|c| semantics::attribute_of(self.table, c, columns[c].rule.domain()?));
        let parts: Vec<AttributeName> = parts.collect();
        let locales = semantics::locales(self.table, &b.options.locales);
        let mut tellings = semantics::correlations(&parts);
        // Places first: a person's names are those of the row's country.
        tellings.sort_by_key(|t| t.parts.first().is_some_and(|p| p.attribute.is_personal()));
        let mut at_home: Option<(String, Vec<u16>)> = None;
        for mut telling in tellings {
            let home = at_home.as_ref().map_or(&[][..], |(_, cities)| cities);
            let kind = semantics::kind_of_files(self.table);
            let Some(entity) = shared(columns, &mut telling.parts, &locales, home, kind) else { continue };
            if let Entity::Place { cities, .. } = &entity
                && (at_home.is_none() || telling.of == "place")
            {
                at_home = Some((telling.of.clone(), cities.clone()));
            }
            let of = match (&entity, &at_home) {
                (Entity::Person { cities, .. }, Some((place, _))) if !cities.is_empty() => place.clone(),
                _ => telling.of.clone(),
            };
            for part in &telling.parts {
                let numbered = is_unique(&columns[part.column].rule).then(|| b.rows_before(self.index));
                let correlated =
                    CorrelatedColumn { of: of.clone(), entity: entity.clone(), attribute: part.attribute, numbered };
                let column = &mut columns[part.column];
                column.correlated = Some(correlated);
                if matches!(part.attribute, Attribute::Width | Attribute::Height) {
                    // The cell is NULL if and only if the file has no dimensions.
                    column.null_share = 0.0;
                }
                column.reason += &format!("; of the row's {}", telling.of);
            }
        }
    }

    /// Returns true if nothing else determines the column's values.
    pub(super) fn may_agree(&self, b: &PlanContext<'_>, columns: &[ColumnPlan], keys: &[KeyInput], c: usize) -> bool {
        let column = &columns[c];
        let by_rule = match &column.rule {
            Rule::Draw { .. } => !keys.iter().any(|k| k.columns.contains(&c)),
            rule => is_unique(rule),
        };
        let apply_override = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        by_rule && column.group.is_none() && column.duplicates.is_none() && !column.computed && !apply_override
    }
}

/// Returns true for a text that is distinct in each row and may contain the row's number.
pub(super) fn is_unique(rule: &Rule) -> bool {
    matches!(rule, Rule::Unique { size, total, .. } if size == total) || matches!(rule, Rule::Component { .. })
}

/// Returns the entity that the columns describe, and drops columns that cannot describe it; `None` if fewer than two
/// attributes remain.
fn shared(
    columns: &[ColumnPlan],
    parts: &mut Vec<AttributeName>,
    locales: &Locales,
    home: &[u16],
    kind: Option<FileKind>,
) -> Option<Entity> {
    let domain = |p: &AttributeName| columns[p.column].rule.domain().expect("a part has a domain");
    let numbered = |p: &AttributeName| is_unique(&columns[p.column].rule);
    let tells = |entity: &Entity, p: &AttributeName| {
        AttributeWriter::new(entity, p.attribute, domain(p), numbered(p)).is_some()
    };
    let entity = match parts.first()?.attribute.whole() {
        Whole::Person => {
            let of = |sexed| Entity::Person { sexed, locales: locales.clone(), cities: home.to_vec() };
            let sexed = |p: &AttributeName| p.attribute == Attribute::Sex && tells(&of(true), p);
            of(parts.iter().any(sexed))
        }
        Whole::Place => place(parts, domain, locales),
        Whole::File => file(columns, parts, domain, kind),
        Whole::Review => Entity::Review,
    };
    parts.retain(|p| tells(&entity, p));
    semantics::keep_distinct(parts).then_some(entity)
}

/// Returns the cities that all columns can describe. If there are none, the first columns (countries before cities)
/// take precedence.
fn place<'a>(parts: &mut [AttributeName], domain: impl Fn(&AttributeName) -> &'a Domain, locales: &Locales) -> Entity {
    parts.sort_by_key(|p| (p.attribute, p.column));
    // Attributes that matter only with several countries.
    let names_country = |p: &AttributeName| {
        use Attribute::*;
        matches!(p.attribute, Country | CountryCode | CountryCode3 | CallingCode | Language | LocaleCode | Vat | Iban)
    };
    let correlated: Vec<Vec<u16>> = parts.iter().map(|p| entity::cities(p.attribute, domain(p), locales)).collect();
    let abroad =
        !locales.is_empty() || parts.iter().zip(&correlated).any(|(p, cities)| names_country(p) && !cities.is_empty());
    let mut among: Option<Vec<u16>> = None;
    for own in correlated {
        let there = |i: &u16| abroad || *i < entity::cities_at_home();
        let both = own.into_iter().filter(|i| there(i) && among.as_ref().is_none_or(|a| a.binary_search(i).is_ok()));
        let both: Vec<u16> = both.collect();
        if !both.is_empty() {
            among = Some(both);
        }
    }
    Entity::Place { cities: among.unwrap_or_default(), locales: locales.clone() }
}

/// Returns the file types that all columns can describe; if there are none, the first columns take precedence.
fn file<'a>(
    columns: &[ColumnPlan],
    parts: &[AttributeName],
    domain: impl Fn(&AttributeName) -> &'a Domain,
    kind: Option<FileKind>,
) -> Entity {
    let measured = |p: &&AttributeName| matches!(p.attribute, Attribute::Width | Attribute::Height);
    // If they are never NULL, every file has width and height.
    let sized = parts.iter().filter(measured).any(|p| columns[p.column].null_share == 0.0);
    let own = parts.iter().map(|p| entity::file_types(p.attribute, domain(p), kind, sized));
    let among = own.reduce(|among, own| {
        let both: Vec<u8> = among.iter().copied().filter(|i| own.contains(i)).collect();
        if both.is_empty() { among } else { both }
    });
    Entity::File { types: among.unwrap_or_default() }
}
