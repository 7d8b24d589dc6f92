//! Compiles a table's plan into a [`TableGen`]: keys its random streams, prepares its domains and
//! laws.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::{Field, Schema as ArrowSchema};

use super::ancestor_agreement::AncestorAgreementGen;
use super::edges::EdgeGen;
use super::fk_agreement::{AgreeGen, ChainGen, CoverGen};
use super::listed::ListedRows;
use super::parents::{FewParentsGen, ForeignKeyGen, InOrderGen, ParentChoiceGen, ParentSelectionGen};
use super::ranked::RankedGen;
use super::trees::TreeGen;
use super::{ArithmeticSequence, ColumnGen, CompositeKeyGen, Places, PresenceGen, RuleGen, TableGen};
use crate::activity::Activity;
use crate::arrow::field_of;
use crate::counted::{ChildLaw, CountedLaw};
use crate::fanout::FanOut;
use crate::law::{BeganGen, DrawnGen, LawGen, NumericUnit, OverriddenAttribute, is_small};
use crate::permute::Permutation;
use crate::spread::SpreadGen;
use crate::weighted::WeightedLaw;
use dbmocker_core::rng_stream::Stream;
use dbmocker_domain::entity::AttributeWriter;
use dbmocker_plan::{ColumnPlan, ForeignKeyPlan, Law, ParentChoice, ParentSelection, Rule, TablePlan};

/// Converts a probability to a threshold for comparison with a random `u64`.
pub(crate) fn threshold(probability: f64) -> u64 {
    if probability <= 0.0 {
        0
    } else if probability >= 1.0 {
        u64::MAX
    } else {
        (probability * 18_446_744_073_709_551_616.0) as u64
    }
}

impl TableGen {
    pub(super) fn new(seed: u64, plan: &TablePlan, parents: &[TableGen]) -> Self {
        let columns: Vec<ColumnGen> = plan.columns.iter().map(|c| ColumnGen::new(seed, plan, c)).collect();
        let foreign: Vec<ForeignKeyGen> = plan.foreign.iter().map(|f| ForeignKeyGen::new(seed, plan, f)).collect();
        let space = |f: &ForeignKeyPlan| -> Option<u64> {
            let own = parents.len();
            let new = match f.parent_table {
                None => 0,
                Some(p) if p == own => plan.rows,
                Some(p) => parents.get(p)?.rows,
            };
            Some(f.existing_keys.len() as u64 + new)
        };
        let sources = plan
            .sources
            .iter()
            .enumerate()
            .map(|(i, s)| ParentSelectionGen::new(seed, plan, i, s, space(&plan.foreign[s.members[0]])))
            .collect();
        let composite_keys =
            plan.composite_keys.iter().enumerate().map(|(i, s)| CompositeKeyGen::new(seed, plan, i, s)).collect();
        let groups = plan.groups.iter().enumerate();
        let groups = groups.map(|(i, g)| (g.clone(), Stream::new(seed, &plan.label, &group_name(plan, i)))).collect();
        let is_sent = |c: &usize| plan.columns[*c].rule != Rule::Omit && !plan.columns[*c].computed;
        let sent: Vec<usize> = (0..plan.columns.len()).filter(is_sent).collect();
        let fields: Vec<Field> = sent.iter().map(|&c| field(&plan.columns[c])).collect();
        TableGen {
            label: plan.label.clone(),
            rows: plan.rows,
            columns,
            foreign,
            sources,
            composite_keys,
            groups,
            attempts: plan.attempt_table.as_ref().map(|r| r.attempts.clone()).filter(|a| !a.is_empty()),
            began: BeganGen::new(seed, plan),
            schema: Arc::new(ArrowSchema::new(fields)),
            sent,
        }
    }
}

/// Returns a column's Arrow field. A key column takes its parent's domain only where its own SQL type permits it.
fn field(c: &ColumnPlan) -> Field {
    let domain = c.rule.domain().or(c.domain.as_ref());
    field_of(&c.name, &c.ty, &c.type_name, c.nullable, domain)
}

/// The stream of a group is keyed by its column names, so that another group does not change its values.
fn group_name(plan: &TablePlan, group: usize) -> String {
    let columns = plan.groups[group].columns().iter().map(|&c| plan.columns[c].name.as_str());
    format!("group {}", columns.collect::<Vec<_>>().join(","))
}

impl ColumnGen {
    fn new(seed: u64, table: &TablePlan, c: &ColumnPlan) -> Self {
        let stream = Stream::new(seed, &table.label, &c.name);
        let null_share = match &c.rule {
            Rule::Foreign { foreign, .. } => {
                let f = &table.foreign[*foreign];
                let me = table.columns.iter().position(|x| x.name == c.name);
                if me.is_some_and(|me| f.null_columns.contains(&me)) { f.null_share } else { 0.0 }
            }
            _ => c.null_share,
        };
        ColumnGen {
            name: c.name.clone(),
            rule: RuleGen::of(seed, table, c, stream),
            stream,
            null_stream: Stream::new(seed, &table.label, &null_name(c.nulls_of.as_deref().unwrap_or(&c.name))),
            null_below: if c.presence.as_ref().is_some_and(|p| p.instead.is_none()) {
                0
            } else {
                threshold(null_share)
            },
            unit: NumericUnit::of(c),
            small: is_small(&c.ty),
            presence: c.presence.as_ref().map(|p| PresenceGen::new(seed, table, p)),
            edges: c.edges.as_ref().map(|e| EdgeGen::new(seed, &table.label, &c.name, e)),
            group: c.group.filter(|_| !is_listed(&c.rule) && (c.nullable || !is_carrier(&c.rule))),
        }
    }
}

/// Returns true if the value depends on the row's key number only.
fn is_carrier(rule: &Rule) -> bool {
    matches!(rule, Rule::Fixed { .. } | Rule::Sequence { .. } | Rule::Unique { .. } | Rule::Component { .. })
}

/// Returns true if the value is that of a given row, NULL included.
fn is_listed(rule: &Rule) -> bool {
    matches!(rule, Rule::Fixed { .. } | Rule::Listed { .. })
}

impl RuleGen {
    fn of(seed: u64, table: &TablePlan, c: &ColumnPlan, stream: Stream) -> Self {
        let own = RuleGen::correlated(seed, table, c).unwrap_or_else(|| match &c.rule {
            Rule::Listed { of, values, weights, distinct } => {
                let stream = Stream::new(seed, &table.label, of);
                let rows = ListedRows::new(stream, values.len(), weights.as_deref(), *distinct);
                RuleGen::Listed { values: values.clone(), rows }
            }
            rule => RuleGen::new(rule, stream),
        });
        match &c.law {
            Some(plan) => {
                let drawn = match &plan.law {
                    Law::Drawn(drawn) => {
                        let beside = drawn.beside.as_ref().map(|of| Stream::new(seed, &table.label, of));
                        DrawnGen::new(drawn, c, table.rows, (stream, beside.unwrap_or(stream))).map(Box::new)
                    }
                    _ => None,
                };
                let overridden = OverriddenAttribute::new(seed, table, c, &plan.law).map(Box::new);
                RuleGen::Law(LawGen { law: plan.law.clone(), drawn, overridden, own: Box::new(own) })
            }
            None => own,
        }
    }

    fn correlated(seed: u64, table: &TablePlan, c: &ColumnPlan) -> Option<Self> {
        let correlated = c.correlated.as_ref()?;
        let writer_of_attribute = AttributeWriter::new(
            &correlated.entity,
            correlated.attribute,
            c.rule.domain()?,
            correlated.numbered.is_some(),
        )?;
        let entity = Stream::new(seed, &table.label, &format!("{} of the row", correlated.of));
        Some(RuleGen::CorrelatedColumn { writer_of_attribute, entity, numbered: correlated.numbered })
    }

    pub(super) fn new(rule: &Rule, stream: Stream) -> Self {
        match rule.clone() {
            Rule::Omit | Rule::Null | Rule::Listed { .. } => RuleGen::Null,
            Rule::Constant { value } => RuleGen::Constant(value),
            Rule::Fixed { values } => RuleGen::Fixed(values),
            Rule::Sequence { start, step } => RuleGen::Sequence(ArithmeticSequence { start, step }),
            Rule::Draw { domain } => RuleGen::Draw(domain.sampler()),
            Rule::Unique { domain, size, total, first, retried } => {
                let permutation = Permutation::new(stream.key(), total);
                RuleGen::Unique { domain: domain.sampler(), places: Places { size, first, retried, permutation } }
            }
            Rule::Component { domain, composite_key, place } => {
                RuleGen::Component { domain: domain.sampler(), composite_key, place }
            }
            Rule::Foreign { foreign, position } => RuleGen::Foreign { foreign, position },
            Rule::AnyOf { by, parents } => RuleGen::AnyOf { by, parents },
            Rule::Tree { source, tells } => RuleGen::Tree { source, tells },
        }
    }
}

impl ForeignKeyGen {
    pub(super) fn new(seed: u64, table: &TablePlan, f: &ForeignKeyPlan) -> Self {
        let source = &table.sources[f.source];
        let nulls_of = f.columns.iter().find_map(|&c| table.columns[c].nulls_of.as_deref());
        let index = source.members.iter().position(|&m| table.foreign[m].name == f.name);
        ForeignKeyGen {
            parent: f.parent_table,
            columns: f.columns.clone(),
            parent_columns: f.parent_columns.clone(),
            source: f.source,
            member: index.expect("a foreign key is a member of its source"),
            existing_keys: f.existing_keys.clone(),
            null_below: threshold(f.null_share),
            decided: f.columns.iter().copied().find(|&c| table.columns[c].presence.is_some()),
            null_stream: Stream::new(
                seed,
                &table.label,
                &null_name(nulls_of.unwrap_or(&column_list(table, &f.columns))),
            ),
        }
    }
}

/// Returns the name of the stream that decides which cells of a column are NULL.
fn null_name(column: &str) -> String {
    format!("{column} null")
}

fn column_list(table: &TablePlan, columns: &[usize]) -> String {
    columns.iter().map(|&c| table.columns[c].name.as_str()).collect::<Vec<_>>().join(",")
}

impl ParentSelectionGen {
    /// `space`: size of the parent's index space; `None` if the parent is compiled later.
    pub(super) fn new(seed: u64, table: &TablePlan, index: usize, s: &ParentSelection, space: Option<u64>) -> Self {
        let first_member = &table.foreign[s.members[0]];
        let stream = Stream::new(seed, &table.label, &format!("{} parent", column_list(table, &first_member.columns)));
        let members = s.members.len() as u64;
        let size = match (&s.combinations, space) {
            (Some(combinations), _) => combinations.len() as u64 / members / s.partners.max(1),
            (None, Some(space)) => space - s.first,
            (None, None) => u64::MAX,
        };
        let size = if size == u64::MAX { size } else { size.min(s.within.unwrap_or(u64::MAX)) };
        let existing_count = first_member.existing_keys.len() as u64;
        let pick = match s.pick {
            ParentChoice::Skewed => ParentChoiceGen::Skewed,
            ParentChoice::Spread { how } if size != u64::MAX => {
                // Keyed by the parent table: a parent with many rows in one child table has many in the others, too.
                let weights = Stream::new(seed, &first_member.parent.name, "weights");
                ParentChoiceGen::Spread(SpreadGen::new(weights.key(), how, size))
            }
            ParentChoice::Spread { .. } => ParentChoiceGen::Skewed,
            ParentChoice::Ranked { ref ranks } if size != u64::MAX => {
                let weights = Stream::new(seed, &first_member.parent.name, "weights");
                let key = stream.key() ^ index as u64;
                ParentChoiceGen::Ranked(RankedGen::new(key, weights.key(), ranks, size, table.rows))
            }
            ParentChoice::Ranked { .. } => ParentChoiceGen::Skewed,
            ParentChoice::Tree { shape, rooted, roots } => {
                let tree = TreeGen::new(stream.key(), shape, (table.rows, roots), existing_count, rooted);
                ParentChoiceGen::Tree(tree)
            }
            ParentChoice::OneToOne => ParentChoiceGen::OneToOne(Permutation::new(
                stream.key() ^ index as u64,
                size.max(table.rows).clamp(1, 1 << 63),
            )),
            ParentChoice::InOrder if size != u64::MAX => {
                ParentChoiceGen::InOrder(InOrderGen { parents: size, rows: table.rows })
            }
            ParentChoice::InOrder => ParentChoiceGen::Skewed,
            ParentChoice::Component { composite_key, place } => ParentChoiceGen::Component { composite_key, place },
            ParentChoice::Detail { even } if size != u64::MAX && size > 0 => {
                ParentChoiceGen::Detail(ChildLaw::FanOut(if even {
                    FanOut::details(stream.key(), size, table.rows)
                } else {
                    FanOut::gathered(stream.key(), size, table.rows)
                }))
            }
            ParentChoice::Together { least } if size != u64::MAX && size > 0 => {
                let law = FanOut::geometric(stream.key(), size, table.rows, least);
                ParentChoiceGen::Detail(ChildLaw::FanOut(law))
            }
            ParentChoice::Counted { ref counts } => {
                ParentChoiceGen::Counted(ChildLaw::Counted(CountedLaw::new(stream.key(), counts)))
            }
            ParentChoice::Weighted { ref counts } => {
                ParentChoiceGen::Counted(ChildLaw::Weighted(WeightedLaw::new(counts)))
            }
            ParentChoice::Detail { .. } | ParentChoice::Together { .. } => ParentChoiceGen::Skewed,
            ParentChoice::Active { ref existing, ref weights } => {
                let popular = Stream::new(seed, &first_member.parent.name, "popularity");
                ParentChoiceGen::Active(Box::new(Activity::new(stream, popular, table.rows, existing, weights)))
            }
            ParentChoice::Earlier { rooted } => ParentChoiceGen::Earlier { existing_count, rooted },
            ParentChoice::Itself => ParentChoiceGen::Itself { existing_count },
            ParentChoice::Never => ParentChoiceGen::Never,
            ParentChoice::Few { ref weights, ref rows, earlier, rooted } => {
                let sums = weights.iter().scan(0, |sum, w| {
                    *sum += u64::from(*w);
                    Some(*sum)
                });
                let earlier = earlier.then_some(existing_count);
                ParentChoiceGen::Few(FewParentsGen { sums: sums.collect(), rows: rows.clone(), earlier, rooted })
            }
            ParentChoice::Listed { ref of, ref rows, ref weights } => {
                let of_list = Stream::new(seed, &table.label, of);
                let list = ListedRows::new(of_list, rows.len(), weights.as_deref(), false);
                ParentChoiceGen::Listed { list, rows: rows.clone() }
            }
            ParentChoice::Cover { all } => {
                ParentChoiceGen::Cover(CoverGen::new(stream.key() ^ index as u64, size, table.rows, all))
            }
            ParentChoice::Chain { length } => {
                ParentChoiceGen::Chain { existing_count, chain: ChainGen { length: length.max(1), rows: table.rows } }
            }
            ParentChoice::Previous { length } => ParentChoiceGen::Previous { existing_count, length: length.max(1) },
            ParentChoice::Agreeing { ref shared, ref path, own, earlier, rooted } => {
                ParentChoiceGen::Agreeing(AgreeGen {
                    columns: shared.iter().map(|&i| first_member.columns[i]).collect(),
                    parent_columns: shared.iter().map(|&i| first_member.parent_columns[i]).collect(),
                    path: path.clone(),
                    own,
                    earlier,
                    rooted,
                    list: s.agreeing.clone().unwrap_or_default(),
                })
            }
        };
        let partner =
            Stream::new(seed, &table.label, &format!("{} partner", column_list(table, &first_member.columns)));
        ParentSelectionGen {
            pick,
            stream,
            first: s.first,
            size,
            combinations: s.combinations.clone(),
            members,
            partners: s.partners,
            partner,
            index: OnceLock::new(),
            meets: s
                .meets
                .as_ref()
                .map(|m| AncestorAgreementGen::new(m, first_member, s.agreeing.clone().unwrap_or_default())),
        }
    }
}
