//! Property tests of domains, for many kinds and limits.

use std::collections::HashSet;

use proptest::prelude::*;

use super::catalogue::Named;
use super::locale::Locale;
use super::text::{Case, GENERATORS, Letters, TextKind};
use super::*;
use dbmocker_core::schema::Dialect;

/// The text's key under the most tolerant collation: letter case and trailing spaces ignored.
fn folded(text: &str, prefix: Option<u32>) -> String {
    let cut: String = text.chars().take(prefix.map_or(usize::MAX, |p| p as usize)).collect();
    cut.to_lowercase().trim_end().to_owned()
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(s) => s,
        other => panic!("not a text: {other:?}"),
    }
}

fn kinds() -> impl Strategy<Value = TextKind> {
    prop_oneof![
        8 => (0..GENERATORS.len()).prop_map(|i| GENERATORS[i].1.clone()),
        1 => (1u32..70).prop_map(|length| TextKind::Hex { length }),
        1 => (1u32..40).prop_map(|length| TextKind::Code { length }),
        1 => (1u32..30).prop_map(|length| TextKind::Digits { length }),
    ]
}

prop_compose! {
    fn texts()(
        kind in kinds(),
        max_chars in prop_oneof![0u32..12, 8u32..64, Just(255), Just(4000), Just(u32::MAX)],
        min in 0u32..70,
        with_min in any::<bool>(),
        max_bytes in prop::option::of(0u32..300),
        case in prop_oneof![Just(Case::Any), Just(Case::Lower), Just(Case::Upper)],
        distinct_prefix in prop::option::weighted(0.3, 0u32..40),
        except in prop_oneof![3 => Just(vec![]), 1 => Just(vec!["a".to_string(), "active".into(), "7".into()])],
        prefix in prop_oneof![4 => Just(""), 1 => Just("AB-"), 1 => Just("höh ")],
        suffix in prop_oneof![4 => Just(""), 1 => Just("@x.de"), 1 => Just("ab")],
    ) -> TextDomain {
        TextDomain {
            locales: Vec::new(),
            ascii: false,
            kind, max_chars, max_bytes, case, distinct_prefix, except,
            min_chars: if with_min { min.min(max_chars) } else { 0 },
            prefix: prefix.into(), suffix: suffix.into(),
        }
    }
}

/// A sample of indices: the first, the last and some between.
fn sample(size: u128, seed: u64) -> Vec<u128> {
    let mut rng = CellRng::new(seed);
    let mut all: Vec<u128> = (0..size.min(200)).chain((0..50).map(|k| size.saturating_sub(1 + k))).collect();
    all.extend((0..100).map(|_| rng.below_u128(size)));
    all.sort_unstable();
    all.dedup();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unique_texts_differ_and_are_within_limits(domain in texts(), seed in any::<u64>()) {
        let whole = Domain::Text(domain.clone());
        let sampler = whole.sampler();
        let size = sampler.size();
        if size > 0 {
            let mut seen = HashSet::new();
            for i in sample(size, seed) {
                let value = sampler.value(i);
                let text = text_of(&value);
                prop_assert!(sampler.contains(&value), "{i} of {size}: {text:?}");
                prop_assert!(!domain.except.iter().any(|e| e.eq_ignore_ascii_case(text)), "{text:?} excepted");
                prop_assert!(seen.insert(folded(text, domain.distinct_prefix)), "{i} of {size} again: {text:?}");
                let body = &text[domain.prefix.len()..text.len() - domain.suffix.len()];
                let canonical = match (domain.case, domain.kind.letters()) {
                    (Case::Upper, _) | (Case::Any, Letters::Upper) => body.to_uppercase(),
                    (Case::Lower, _) | (Case::Any, Letters::Lower) => body.to_lowercase(),
                    (Case::Any, Letters::Capital | Letters::AsWritten) => body.to_owned(),
                };
                prop_assert_eq!(body, canonical);
                prop_assert!(body.is_empty() || body.trim_end() == body, "padded: {:?}", text);
            }
        }
    }

    #[test]
    fn drawn_texts_are_within_limits_and_draw_text_agrees(domain in texts(), seed in any::<u64>()) {
        let sampler = Domain::Text(domain).sampler();
        if sampler.size() > 0 {
            for k in 0..50 {
                let value = sampler.draw(&mut CellRng::new(seed ^ k));
                prop_assert!(sampler.contains(&value), "{value:?}");
                let mut text = String::from("before ");
                sampler.draw_text(&mut CellRng::new(seed ^ k), &mut text);
                prop_assert_eq!(text.strip_prefix("before "), Some(text_of(&value)));
            }
        }
    }

    #[test]
    fn texts_of_every_language_have_their_lengths_in_characters(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        min in 0u32..160,
        more in 0u32..90,
        max_bytes in prop::option::weighted(0.3, 0u32..60),
        seed in any::<u64>(),
    ) {
        let catalogue: Vec<TextKind> = Named::all().map(TextKind::Catalogue).collect();
        let prose = catalogue.iter().filter_map(|k| match k {
            TextKind::Catalogue(named) if named.is_prose() => Some(TextKind::Prose(*named)),
            _ => None,
        });
        let kinds: Vec<TextKind> =
            GENERATORS.iter().map(|(_, k)| k.clone()).chain(prose).chain(catalogue.iter().cloned()).collect();
        let locales: Vec<Locale> = Locale::all().collect();
        let domain = TextDomain {
            min_chars: min,
            max_bytes: max_bytes.map(|more| min + more),
            locales: vec![(locales[place.index(locales.len())], 1)],
            ..TextDomain::new(kinds[which.index(kinds.len())].clone(), min + more)
        };
        let sampler = Domain::Text(domain).sampler();
        if sampler.size() > 0 {
            for k in 0..20 {
                let value = sampler.draw(&mut CellRng::new(seed ^ k));
                prop_assert!(sampler.contains(&value), "{value:?}");
                let value = sampler.value(u128::from(seed ^ k) % sampler.size());
                prop_assert!(sampler.contains(&value), "{value:?}");
            }
        }
    }

    #[test]
    fn short_texts_count_exactly(kind in kinds(), max_chars in 0u32..3, min_chars in 0u32..3, prefix in prop::option::of(0u32..3)) {
        let max_chars = max_chars.max(min_chars);
        let domain = TextDomain { min_chars, distinct_prefix: prefix, ..TextDomain::new(kind, max_chars) };
        let sampler = Domain::Text(domain).sampler();
        let texts: HashSet<String> =
            (0..sampler.size()).map(|i| folded(text_of(&sampler.value(i)), prefix)).collect();
        prop_assert_eq!(texts.len() as u128, sampler.size());
    }

    #[test]
    fn ranges_count_exactly(lo in -50i128..50, length in -3i128..60, step in 1i128..7, except in prop::collection::vec(-60i128..120, 0..6)) {
        let hi = lo + length;
        for kind in [RangeKind::Int, RangeKind::Decimal { scale: 2 }, RangeKind::Date] {
            for shape in [Shape::Uniform, Shape::Low, Shape::High, Shape::Middle] {
                let domain = Domain::Range { kind, lo, hi, step, except: except.clone(), shape };
                let sampler = domain.sampler();
                let expected: Vec<i128> =
                    (lo..=hi).filter(|n| (n - lo) % step == 0 && !except.contains(n)).collect();
                prop_assert_eq!(sampler.size(), expected.len() as u128);
                let values: Vec<Value> = (0..sampler.size()).map(|i| sampler.value(i)).collect();
                for (value, n) in values.iter().zip(&expected) {
                    prop_assert!(sampler.contains(value));
                    if kind == RangeKind::Int {
                        prop_assert_eq!(value, &Value::Int(*n));
                    }
                }
                for seed in 0..20 {
                    let drawn = sampler.draw(&mut CellRng::new(seed));
                    prop_assert!(expected.is_empty() == drawn.is_null());
                    prop_assert!(drawn.is_null() || values.contains(&drawn));
                }
            }
        }
    }

    #[test]
    fn floats_are_within_bounds_and_differ(lo in -1e6f64..1e6, width in 0f64..1e5, decimals in 0u8..6, seed in any::<u64>()) {
        let domain = Domain::Float { lo, hi: lo + width, decimals, shape: Shape::Low };
        let sampler = domain.sampler();
        prop_assert!(sampler.size() > 0);
        let mut seen = HashSet::new();
        for i in sample(sampler.size(), seed) {
            let value = sampler.value(i);
            prop_assert!(sampler.contains(&value), "{:?}", value);
            prop_assert!(seen.insert(value.to_string()));
        }
        prop_assert!(sampler.contains(&sampler.draw(&mut CellRng::new(seed))));
    }

    #[test]
    fn values_of_other_domains_differ_and_value_text_agrees(which in 0..specials().len(), seed in any::<u64>()) {
        let domain = specials().swap_remove(which);
        let sampler = domain.sampler();
        let size = sampler.size();
        prop_assert!(size > 0, "{:?}", domain);
        let mut seen = HashSet::new();
        for i in sample(size, seed) {
            let value = sampler.value(i);
            prop_assert!(seen.insert(format!("{value}").to_lowercase()), "{:?} {}: {}", domain, i, value);
            prop_assert!(sampler.contains(&value), "{:?}: {}", domain, value);
        }
        for k in 0..20 {
            let value = sampler.draw(&mut CellRng::new(seed ^ k));
            prop_assert!(sampler.contains(&value), "{:?}: {}", domain, value);
            if let Value::Text(text) = &value {
                let mut fast = String::new();
                sampler.draw_text(&mut CellRng::new(seed ^ k), &mut fast);
                prop_assert_eq!(text, &fast);
            }
        }
    }
}

fn ints(lo: i128, hi: i128) -> Domain {
    Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: vec![], shape: Shape::Uniform }
}

/// Domains of the other types: neither texts nor numbers.
fn specials() -> Vec<Domain> {
    let json = |kind| Domain::Special(Special::Json { binary: true, kind });
    let members: Vec<String> = ["a", "b", "c d"].map(String::from).to_vec();
    let word = Domain::Text(TextDomain::new(TextKind::Product, 40));
    let timestamps = Domain::Range {
        kind: RangeKind::Timestamp,
        lo: 0,
        hi: 86_400_000_000,
        step: 1_000_000,
        except: vec![],
        shape: Shape::Uniform,
    };
    let spatial = |kind: &str, dialect| {
        Domain::Special(Special::Spatial { kind: kind.into(), srid: Some(4326), dialect, apart: false })
    };
    let mut all: Vec<Domain> = vec![
        Domain::Special(Special::Uuid),
        json(JsonKind::Object),
        json(JsonKind::Array),
        json(JsonKind::String),
        json(JsonKind::Number),
        json(JsonKind::Bool),
        json(JsonKind::EmptyObject),
        Domain::Special(Special::Xml),
        Domain::Special(Special::Inet),
        Domain::Special(Special::Inet6),
        Domain::Special(Special::Cidr),
        Domain::Special(Special::MacAddr { bytes: 6 }),
        Domain::Special(Special::MacAddr { bytes: 8 }),
        Domain::Special(Special::Bit { length: 3, varying: false }),
        Domain::Special(Special::Bit { length: 130, varying: true }),
        Domain::Special(Special::Set { members }),
        Domain::Special(Special::Composite { fields: vec![ints(0, 9), word.clone(), Domain::Special(Special::Inet)] }),
        Domain::Special(Special::RangeOf {
            element: Box::new(ints(1, 500)),
            multi: false,
            apart: false,
            law: Default::default(),
        }),
        Domain::Special(Special::RangeOf {
            element: Box::new(timestamps.clone()),
            multi: false,
            apart: false,
            law: Default::default(),
        }),
        Domain::Special(Special::RangeOf {
            element: Box::new(timestamps),
            multi: true,
            apart: false,
            law: Default::default(),
        }),
        Domain::Special(Special::TsVector),
        Domain::Special(Special::TsQuery),
        Domain::Special(Special::Hstore),
        Domain::Special(Special::Ltree),
        Domain::Special(Special::PgLsn),
        Domain::Special(Special::Vector { dimensions: 3 }),
        Domain::Array { element: Box::new(ints(0, 9)), min: 1, max: 3, unique: false },
        Domain::Array { element: Box::new(word), min: 0, max: 2, unique: false },
        Domain::Bytes { min: 1, max: 1 },
        Domain::Bytes { min: 8, max: 64 },
        Domain::Bytes { min: 16, max: 16 },
        Domain::Choice { values: ["a", "b", "c"].map(Value::text).to_vec(), weights: Some(vec![5, 0, 1]) },
    ];
    for kind in ["point", "line", "lseg", "box", "path", "polygon", "circle"] {
        all.push(Domain::Special(Special::Geometric { kind: kind.into(), apart: false }));
    }
    for kind in ["point", "linestring", "polygon", "multipoint", "multipolygon", "geometry", "geometrycollection"] {
        all.push(spatial(kind, Dialect::Mysql));
        all.push(spatial(kind, Dialect::Postgres));
    }
    for kind in ["regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regnamespace", "regrole"]
    {
        all.push(Domain::Special(Special::Reg { kind: kind.into() }));
    }
    all
}

fn pattern(regex: &str, max_chars: u32) -> TextDomain {
    TextDomain::new(TextKind::Pattern { regex: regex.into() }, max_chars)
}

#[test]
fn texts_of_patterns_differ_under_every_collation() {
    for (regex, size) in
        [("[a-c]{2}", 9), ("[aA][0-9]", 10), ("[A-Z][a-z]", 676), ("a ?", 1), ("x|y|z", 3), ("[^ -~]x{9}", 1)]
    {
        let domain = Domain::Text(pattern(regex, 8));
        let sampler = domain.sampler();
        let expected = if regex.contains('^') { 0 } else { size };
        assert_eq!(sampler.size(), expected, "{regex}");
        let all: HashSet<String> = (0..sampler.size()).map(|i| folded(text_of(&sampler.value(i)), None)).collect();
        assert_eq!(all.len() as u128, expected, "{regex}");
    }
}

#[test]
fn patterns_respect_prefix_suffix_and_distinct_prefix() {
    let domain = Domain::Text(TextDomain {
        prefix: "ab".into(),
        suffix: "z".into(),
        distinct_prefix: Some(4),
        ..pattern("[a-z]{6}", 10)
    });
    let sampler = domain.sampler();
    assert!(sampler.size() > 300, "{}", sampler.size());
    let mut seen = HashSet::new();
    for i in 0..sampler.size() {
        let value = sampler.value(i);
        assert!(sampler.contains(&value), "{value}");
        assert!(seen.insert(folded(text_of(&value), Some(4))));
        let drawn = sampler.draw(&mut CellRng::new(i as u64));
        assert!(sampler.contains(&drawn), "{drawn}");
    }
    assert_eq!(Domain::Text(pattern("([a-z", 5)).size(), 0);
    assert_eq!(Domain::Text(pattern("([a-z", 5)).draw(&mut CellRng::new(1)), Value::Null);
}

#[test]
fn short_columns_use_their_whole_capacity() {
    let size = |max| Domain::Text(TextDomain::new(TextKind::Word, max)).size();
    assert_eq!(size(1), 36);
    assert_eq!(size(2), 36 + 36 * 36);
    assert_eq!(size(3), 36 + 36 * 36 + 36 * 36 * 36);
    let fixed = TextDomain { min_chars: 2, ..TextDomain::new(TextKind::Word, 2) };
    assert_eq!(Domain::Text(fixed).size(), 36 * 36);
}

/// Small tables use the first values of a key only, which should look realistic.
#[test]
fn unique_codes_have_no_leading_zeros() {
    for (kind, chars) in [
        (TextKind::Code { length: 10 }, 10),
        (TextKind::Code { length: 20 }, 40),
        (TextKind::Digits { length: 12 }, 12),
        (TextKind::Iban, 34),
        (TextKind::CreditCard, 16),
        (TextKind::Sku, 9),
        (TextKind::Phone, 20),
        (TextKind::Hex { length: 32 }, 32),
    ] {
        let sampler = Domain::Text(TextDomain::new(kind.clone(), chars)).sampler();
        let texts: Vec<String> = (0..50).map(|i| sampler.value(i).to_string()).collect();
        let zeros = texts.iter().filter(|t| t.contains("0000")).count();
        assert!(zeros < 5, "{kind:?}: {texts:?}");
        let upper = |t: &String| *t == t.to_uppercase();
        assert!(matches!(kind, TextKind::Hex { .. }) || texts.iter().all(upper), "{kind:?}: {texts:?}");
    }
}

#[test]
fn short_columns_begin_with_the_words_of_the_list() {
    let domain = Domain::Text(TextDomain { case: Case::Upper, ..TextDomain::new(TextKind::CountryCode, 2) });
    let codes: Vec<String> = (0..3).map(|i| domain.value(i).to_string()).collect();
    assert_eq!(codes, ["AD", "AE", "AF"]);
    assert_eq!(domain.size(), 36 + 36 * 36);
}

#[test]
fn draws_follow_weights_and_equal_members_count_once() {
    let values = ["Yes", "no", "yes ", "NO"].map(Value::text).to_vec();
    let domain = Domain::Choice { values, weights: Some(vec![1, 0, 0, 3]) };
    assert_eq!(domain.size(), 2);
    let mut rng = CellRng::new(3);
    let drawn: Vec<String> = (0..4000).map(|_| domain.draw(&mut rng).to_string()).collect();
    let share = drawn.iter().filter(|d| *d == "NO").count();
    assert!((2850..3150).contains(&share), "{share} of 4000");
    assert!(drawn.iter().all(|d| d == "Yes" || d == "NO"));
}

#[test]
fn multiranges_are_sorted_and_disjoint() {
    let domain = Domain::Special(Special::RangeOf {
        element: Box::new(ints(0, 10_000)),
        multi: true,
        apart: false,
        law: Default::default(),
    });
    for seed in 0..200 {
        let text = domain.draw(&mut CellRng::new(seed)).to_string();
        let ends: Vec<i64> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|s| !s.is_empty())
            .map(|s| s.parse().expect("digits only"))
            .collect();
        assert!(ends.len().is_multiple_of(2) && ends.is_sorted_by(|a, b| a < b), "{text}");
    }
}

/// The index of an element does not determine the server's order of UUIDs and texts.
#[test]
fn ranges_of_any_type_have_ordered_bounds() {
    let ranges = |element: Domain, apart| {
        let element = Box::new(element);
        Domain::Special(Special::RangeOf { element, multi: false, apart, law: Default::default() })
    };
    let ends = |text: &str| {
        let (lower, upper) = text.trim_matches(['[', ']', ')']).split_once(',').expect("two ends");
        (lower.to_owned(), upper.to_owned())
    };
    let uuids = ranges(Domain::Special(Special::Uuid), false);
    let texts = ranges(Domain::Text(TextDomain::new(TextKind::Words, 20)), false);
    let apart = ranges(Domain::Special(Special::Uuid), true);
    for i in 0..200 {
        let (lower, upper) = ends(&uuids.value(i).to_string());
        assert!(lower < upper, "{lower} {upper}");
        for one in [&texts, &apart] {
            let text = one.value(i).to_string();
            let (lower, upper) = ends(&text);
            assert!(lower == upper && text.ends_with(']'), "{text}");
        }
    }
}

/// Most draws of a range with a typical value are near its middle, and all are within it.
#[test]
fn typical_values_are_in_the_middle() {
    let domain =
        Domain::Range { kind: RangeKind::Int, lo: 30, hi: 89, step: 1, except: Vec::new(), shape: Shape::Middle };
    let sampler = domain.sampler();
    let drawn: Vec<i128> = (0..3000)
        .map(|seed| match sampler.draw(&mut CellRng::new(seed)) {
            Value::Int(n) => n,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(drawn.iter().all(|n| (30..=89).contains(n)));
    let middle = drawn.iter().filter(|n| (50..70).contains(*n)).count();
    assert!((1800..2200).contains(&middle), "{middle} of 3000 in the middle third");
}
