//! Forms of one verb: participles in names of columns, nouns in names of tables.

use super::names::Name;

/// Words of one event whose forms are irregular, or that are synonyms.
const FORMS: &[&[&str]] = &[
    &["died", "deceased", "death", "decedent", "fatality", "obituary"],
    &["failed", "failure", "error", "exception", "crash", "trace", "fault"],
    &["stolen", "theft", "burglary"],
    &["lost", "loss"],
    &["left", "departure", "exit", "leaver"],
    &["withdrawn", "withdrawal"],
    &["written", "write", "writeoff"],
    &["laid", "layoff"],
    &["charged", "chargeback"],
    &["frozen", "freeze"],
    &["overridden", "override"],
    &["expelled", "expulsion"],
    &["redeemed", "redemption"],
    &["sold", "sale", "sales"],
    &["used", "use", "usage"],
    &["cancelled", "canceled", "cancel", "cancellation", "cancelation"],
];

/// Endings of nouns, and of the verb, after the stem of a regular participle.
const NOUNS: &[&str] =
    &["", "e", "y", "ion", "ation", "ment", "ement", "ure", "al", "ing", "age", "ance", "ence", "back", "out", "off"];

/// Whether two words are forms of one verb: `stopped` and `stop`, `declined` and `decline`, `denied` and `deny`.
pub(crate) fn same_verb(a: &str, b: &str) -> bool {
    let stem = |word: &str| {
        let cut = ["ied", "ed", "al", "ing", "y", "e", "ion"].iter().find_map(|end| word.strip_suffix(end));
        let stem = cut.unwrap_or(word);
        // `stopp` of `stopped`.
        let mut last = stem.chars().rev();
        let double = matches!((last.next(), last.next()), (Some(a), Some(b)) if a == b && cut.is_some());
        let end = stem.char_indices().next_back().map_or(0, |(at, _)| at);
        if double { stem[..end].to_owned() } else { stem.to_owned() }
    };
    let (a, b) = (stem(a), stem(b));
    a.len() > 2 && a == b
}

/// Participles without a regular ending.
const PARTICIPLES: &[&str] = &[
    "made", "built", "sold", "bought", "paid", "sent", "held", "led", "taught", "won", "done", "found", "kept", "put",
    "set", "run", "lost", "told", "met", "read", "shot", "drawn", "shown", "known", "thrown", "grown", "sung", "begun",
    "caught", "left", "lent", "hit", "cut", "brought", "worn", "flown", "born", "sworn", "fed", "bred", "bound",
    "ground", "wound", "spent", "dealt", "felt",
];
/// What people do to rows, also in its plain form: `create_by`.
const RECORDED: &[&str] = &[
    "create", "update", "modify", "change", "edit", "delete", "remove", "insert", "add", "enter", "record", "register",
    "approve", "reject", "review", "check", "audit", "verify", "confirm", "submit", "request", "report", "cancel",
    "close", "assign", "handle", "process", "sign", "receive", "prepare", "upload", "post", "publish", "operate",
];

/// Whether a column of this verb and `by` holds whoever did it: `counted_by`, `create_by`, but not `sort_by` or `ship_by`.
pub(crate) fn is_done_by_people(verb: &str) -> bool {
    let regular = verb.len() > 3 && (verb.ends_with("ed") && !verb.ends_with("eed") || verb.ends_with("en"));
    regular || PARTICIPLES.contains(&verb) || RECORDED.contains(&verb)
}

/// Whether the rows of a table are the event of a phrase, by a word of the table's name: refunds and `refunded`, deaths
/// and `died`, failed jobs and `failure reason`.
pub(crate) fn is_of_event(table: &Name, phrase: &str) -> bool {
    /// Words about an event, and of attributes that rows of that name may lack: `address_2` of addresses.
    const ABOUT: &[&str] = &[
        "at", "on", "by", "of", "reason", "date", "until", "code", "message", "amount", "last", "id", "address",
        "name", "line", "street", "number", "price", "tax", "delivery", "special", "valid", "end",
    ];
    let events = || phrase.split(' ').filter(|word| word.len() > 2 && !ABOUT.contains(word));
    table.words.iter().any(|noun| events().any(|event| is_form(noun, event)))
}

/// Whether a noun or participle, also in the plural, is a form of the verb of an event.
fn is_form(noun: &str, event: &str) -> bool {
    let singular = noun.strip_suffix('s').filter(|one| one.len() > 2 && !one.ends_with('s'));
    let nouns = [Some(noun), singular, noun.strip_suffix("es").filter(|one| one.len() > 2)];
    let listed = |noun: &str| FORMS.iter().any(|forms| forms.contains(&noun) && forms.contains(&event));
    nouns.into_iter().flatten().any(|noun| noun == event || listed(noun) || is_noun_of(noun, event))
}

/// Whether a word is a noun of a regular participle: `suspension` of `suspended`, `denial` of `denied`.
fn is_noun_of(noun: &str, participle: &str) -> bool {
    if let Some(stem) = participle.strip_suffix("ied") {
        let rest = noun.strip_prefix(stem);
        return stem.len() > 2 && rest.is_some_and(|end| matches!(end, "y" | "ie" | "ial" | "ication"));
    }
    let Some(stem) = participle.strip_suffix("ed").filter(|stem| stem.len() > 1) else { return false };
    let ends = |stem: &str| noun.strip_prefix(stem).is_some_and(|end| NOUNS.contains(&end));
    // The last letter changes or is not doubled: `suspended`, `resolved`, `banned`.
    let Some((at, _)) = stem.char_indices().next_back() else { return false };
    let (rest, last) = stem.split_at(at);
    let changed = match last {
        "d" => noun.strip_prefix(rest).is_some_and(|end| matches!(end, "sion" | "se")),
        "v" => noun.strip_prefix(rest) == Some("ution"),
        letter => rest.ends_with(letter) && ends(rest),
    };
    changed || ends(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_of_events() {
        for (noun, event, is) in [
            ("refunds", "refunded", true),
            ("suspension", "suspended", true),
            ("responses", "responded", true),
            ("resolutions", "resolved", true),
            ("bans", "banned", true),
            ("terminations", "terminated", true),
            ("failures", "failed", true),
            ("closures", "closed", true),
            ("chargebacks", "charged", true),
            ("denials", "denied", true),
            ("losses", "lost", true),
            ("lockers", "locked", false),
            ("orders", "cancelled", false),
            ("failover", "failed", false),
        ] {
            assert_eq!(is_form(noun, event), is, "{noun} {event}");
        }
        assert!(is_of_event(&Name::new("employee_deaths"), "date of death"));
        assert!(!is_of_event(&Name::new("reasons"), "refund reason"));
    }
}
