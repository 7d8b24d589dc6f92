//! Inferred domains for many combinations of table, column and type.

use super::*;
use dbmocker_core::schema::{ForeignKey, SqlType, TableName};
use dbmocker_core::time::{MICROS_PER_DAY, days};
use dbmocker_core::value::Value;
use dbmocker_domain::text::TextKind as K;
use dbmocker_domain::{JsonKind, RangeKind, Special};

mod contexts;
mod numbers;
mod single_columns;
mod together;

fn now() -> i64 {
    i64::from(days(2025, 6, 1)) * MICROS_PER_DAY
}

fn context(dialect: Dialect) -> InferContext<'static> {
    InferContext { dialect, now_micros: now(), in_key: false, locales: &[], valid_phones: false, ascii: false }
}

fn column(name: &str, ty: SqlType) -> Column {
    let type_name = format!("{ty:?}");
    Column { nullable: true, ..Column::new(name, ty, type_name) }
}

fn table(name: &str, columns: Vec<Column>) -> Table {
    Table { columns, ..Table::new(TableName::new("public", name)) }
}

fn varchar(n: u32) -> SqlType {
    SqlType::Text { max_chars: Some(n), max_bytes: None, fixed: false, case_insensitive: false }
}

fn char(n: u32) -> SqlType {
    SqlType::Text { max_chars: Some(n), max_bytes: None, fixed: true, case_insensitive: false }
}

fn int(bytes: u8) -> SqlType {
    SqlType::Int { bytes, unsigned: false, tinyint1: false }
}

fn tinyint1() -> SqlType {
    SqlType::Int { bytes: 1, unsigned: false, tinyint1: true }
}

fn numeric(precision: u16, scale: i16) -> SqlType {
    SqlType::Decimal { precision, scale, unsigned: false }
}

fn kind(name: &str) -> K {
    K::Catalogue(Named::find(name).expect(name))
}

const TIMESTAMP: SqlType = SqlType::Timestamp { precision: 6, tz: true, epoch_range: false };

fn inferred_in(t: &str, name: &str, ty: SqlType, context: &InferContext<'_>) -> Inferred {
    let table = table(t, vec![column(name, ty)]);
    infer(&table, &table.columns[0], context).expect("a generator")
}

fn inferred(t: &str, name: &str, ty: SqlType) -> Inferred {
    inferred_in(t, name, ty, &context(Dialect::Postgres))
}

/// `Email`, `Choice`, `Int 1..1000`, ...
fn short(domain: &Domain) -> String {
    match domain {
        Domain::Text(t) => format!("{:?}", t.kind),
        Domain::Choice { values, .. } => format!("Choice {}", values[0]),
        Domain::Range { kind, lo, hi, .. } => match kind {
            RangeKind::Int => format!("Int {lo}..{hi}"),
            RangeKind::Decimal { scale } => {
                format!(
                    "{}..{}",
                    dbmocker_core::value::decimal_text(*lo, *scale),
                    dbmocker_core::value::decimal_text(*hi, *scale)
                )
            }
            kind => format!("{kind:?}"),
        },
        Domain::Float { lo, hi, .. } => format!("Float {lo}..{hi}"),
        Domain::Bytes { min, max } => format!("Bytes {min}..{max}"),
        Domain::Array { element, .. } => format!("[{}]", short(element)),
        Domain::Special(s) => format!("{s:?}"),
    }
}

#[test]
fn text_kinds_by_name() {
    for (t, name, room, kind) in [
        ("users", "email", 100, K::Email),
        ("users", "Email", 100, K::Email),
        ("users", "user_email_address", 100, K::Email),
        ("users", "first_name", 50, K::FirstName),
        ("users", "FirstName", 50, K::FirstName),
        ("users", "fname", 50, K::FirstName),
        ("users", "lname", 50, K::LastName),
        ("users", "LAST_NAME", 50, K::LastName),
        ("users", "surname", 50, K::LastName),
        ("users", "full_name", 80, K::Name),
        ("users", "name", 80, K::Name),
        ("user_accounts", "username", 40, K::Username),
        ("users", "login", 40, K::Username),
        ("users", "password", 100, K::PasswordHash),
        ("users", "passwd", 20, K::Password),
        ("users", "encrypted_password", 255, K::PasswordHash),
        ("users", "phone", 30, K::Phone),
        ("users", "tel", 24, K::Phone),
        ("users", "mobile_phone_number", 24, K::Phone),
        ("users", "fax", 24, K::Phone),
        ("users", "job_title", 60, K::JobTitle),
        ("employees", "title", 60, K::JobTitle),
        ("employees", "department", 60, K::Department),
        ("customers", "address", 100, K::StreetAddress),
        ("customers", "addr", 100, K::StreetAddress),
        ("customers", "billing_address", 100, K::StreetAddress),
        ("customers", "address2", 100, kind("apartment")),
        ("customers", "address_line_2", 100, kind("apartment")),
        ("customers", "BillingCity", 40, K::City),
        ("customers", "BillingState", 40, K::State),
        ("customers", "BillingPostalCode", 10, K::Zipcode),
        ("customers", "postcode", 10, K::Zipcode),
        ("customers", "zip", 10, K::Zipcode),
        ("customers", "country", 60, K::Country),
        ("customers", "country", 2, K::CountryCode),
        ("customers", "country_code", 3, K::CountryCode),
        ("countries", "code", 2, K::CountryCode),
        ("countries", "name", 60, K::Country),
        ("suppliers", "name", 60, K::Company),
        ("customers", "company_name", 60, K::Company),
        ("products", "name", 60, K::Product),
        ("products", "product_name", 60, K::Product),
        ("products", "sku", 20, K::Sku),
        ("products", "brand", 20, K::Brand),
        ("categories", "name", 40, kind("category_name")),
        ("posts", "title", 200, K::Title),
        ("tracks", "name", 200, kind("song_title")),
        ("emails", "subject", 200, K::Title),
        ("posts", "slug", 200, K::Slug),
        ("posts", "description", 400, kind("text_article")),
        ("posts", "descr", 12, K::Words),
        ("posts", "body", 10_000, K::Prose(Named::find("text_article").expect("a kind"))),
        ("posts", "body", 10, K::Words),
        ("posts", "comments", 400, kind("text_article")),
        ("invoice_items", "description", 400, kind("text_item")),
        ("properties", "description", 400, kind("text_property")),
        ("comments", "body", 10_000, K::Prose(Named::find("text_comment").expect("a kind"))),
        ("posts", "notes", 400, kind("text_article")),
        ("sites", "url", 200, K::Url),
        ("sites", "website", 200, K::Url),
        ("sites", "link", 200, K::Url),
        ("sites", "homepage_uri", 200, K::Url),
        ("users", "avatar", 200, kind("image_file")),
        ("users", "avatar_url", 200, K::Url),
        ("files", "filename", 200, K::FileName),
        ("files", "path", 200, K::Path),
        ("files", "mime_type", 100, kind("mime_type")),
        ("files", "content_type", 100, kind("mime_type")),
        ("files", "md5", 32, kind("md5")),
        ("files", "sha256", 64, kind("sha256")),
        ("files", "checksum", 64, K::Hex { length: 40 }),
        ("sessions", "token", 64, kind("session_id")),
        ("sessions", "ip_address", 45, K::IpAddress),
        ("sessions", "ip", 15, K::IpAddress),
        ("sessions", "user_agent", 255, kind("user_agent")),
        ("sessions", "mac", 17, K::MacAddress),
        ("sessions", "hostname", 60, K::Hostname),
        ("sessions", "uuid", 36, K::Uuid),
        ("sessions", "guid", 36, K::Uuid),
        ("users", "locale", 8, K::Locale),
        ("users", "timezone", 40, K::TimeZone),
        ("users", "time_zone", 40, K::TimeZone),
        ("orders", "currency", 3, K::CurrencyCode),
        ("orders", "status", 20, K::Status),
        ("orders", "state", 20, K::Status),
        ("tickets", "priority", 20, kind("ticket_priority")),
        ("products", "category", 40, kind("product_category")),
        ("users", "gender", 10, K::Gender),
        ("books", "isbn", 13, kind("isbn")),
        ("cars", "vin", 17, kind("vin")),
        ("cars", "license_plate", 12, K::LicensePlate),
        ("payments", "iban", 34, kind("iban")),
        ("payments", "credit_card_number", 20, kind("credit_card")),
        ("themes", "background_color", 7, K::HexColor),
        ("products", "color", 20, K::Color),
        ("packages", "version", 20, kind("version_number")),
        ("orders", "order_number", 20, kind("order_number")),
        ("logs", "error_msg", 255, kind("text_error")),
        ("settings", "settings", 10_000, kind("json_settings")),
        ("events", "created_at", 30, K::DateTimeText),
        ("events", "start_date", 10, K::DateText),
        ("events", "opening_time", 8, K::TimeText),
        ("events", "start_time", 19, K::DateTimeText),
        ("things", "xyzzy", 40, K::Words),
        ("things", "xyzzy", 1, K::Code { length: 1 }),
        ("things", "customer_id", 40, K::Uuid),
    ] {
        let found = inferred(t, name, varchar(room));
        let Domain::Text(text) = &found.domain else { panic!("{t}.{name}: {:?}", found.domain) };
        assert_eq!(text.kind, kind, "{t}.{name} varchar({room}): {}", found.reason);
        assert_eq!(text.max_chars, room);
    }
}

#[test]
fn state_beside_an_address_is_a_place() {
    let t = table("customers", vec![column("city", varchar(30)), column("state", varchar(30)), column("st", char(2))]);
    let found = infer(&t, &t.columns[1], &context(Dialect::Mysql)).expect("a generator");
    assert_eq!(short(&found.domain), "State");
    let short_state = inferred("offices", "state_code", char(2));
    assert_eq!(short(&short_state.domain), "StateCode");
}

#[test]
fn keys_get_a_larger_domain() {
    let key = InferContext { in_key: true, ..context(Dialect::Postgres) };
    for (name, ty, least) in [
        ("position", int(4), 1 << 30),
        ("rating", int(2), 32_000),
        ("is_x", int(4), 1 << 30),
        ("status", varchar(20), 1 << 33),
        ("type", varchar(10), 1 << 33),
        ("code", char(2), 36 * 36),
        ("flag", char(1), 36),
        ("day", SqlType::Date, 20_000),
        ("at", TIMESTAMP, 1 << 30),
        ("price", numeric(10, 2), 1 << 30),
        ("name", varchar(100), 1 << 33),
        ("email", varchar(100), 1 << 33),
        ("year", int(4), 255),
    ] {
        let found = inferred_in("things", name, ty.clone(), &key);
        assert!(found.domain.size() >= least, "{name} {ty:?}: {} of {least}: {:?}", found.domain.size(), found.domain);
    }
}

#[test]
fn every_type_has_a_domain_that_its_type_allows() {
    let enumeration = SqlType::Enum { members: vec!["a".into(), "b".into()] };
    let composite = SqlType::Composite {
        name: "pair".into(),
        fields: vec![("email".into(), varchar(40)), ("amount".into(), numeric(8, 2))],
    };
    let types = vec![
        SqlType::Bool,
        int(8),
        SqlType::Int { bytes: 3, unsigned: true, tinyint1: false },
        numeric(38, 10),
        SqlType::Money,
        SqlType::Float { bytes: 4, unsigned: false },
        varchar(3),
        char(64),
        SqlType::Text { max_chars: None, max_bytes: Some(255), fixed: false, case_insensitive: true },
        SqlType::Binary { max_bytes: Some(16), fixed: true },
        SqlType::Binary { max_bytes: None, fixed: false },
        SqlType::Binary { max_bytes: Some(3), fixed: false },
        SqlType::Date,
        SqlType::Time { precision: 0, tz: false, span: false },
        TIMESTAMP,
        SqlType::Interval,
        SqlType::Year,
        SqlType::Uuid,
        SqlType::Json { binary: true },
        SqlType::Xml,
        enumeration.clone(),
        SqlType::Set { members: vec!["a".into(), "b".into()] },
        SqlType::Bit { length: 5, varying: false },
        SqlType::Inet,
        SqlType::Cidr,
        SqlType::MacAddr { bytes: 8 },
        SqlType::Array { element: Box::new(varchar(20)), dimensions: 1 },
        SqlType::Array { element: Box::new(enumeration), dimensions: 2 },
        SqlType::Array { element: Box::new(composite.clone()), dimensions: 1 },
        composite,
        SqlType::Range { element: Box::new(int(4)), multi: false },
        SqlType::Range { element: Box::new(TIMESTAMP), multi: true },
        SqlType::Range { element: Box::new(numeric(0, 0)), multi: false },
        SqlType::Geometric { kind: "polygon".into() },
        SqlType::Spatial { kind: "point".into(), srid: Some(4326) },
        SqlType::TsVector,
        SqlType::TsQuery,
        SqlType::Hstore,
        SqlType::Ltree,
        SqlType::Oid,
        SqlType::Reg { kind: "regclass".into() },
        SqlType::PgLsn,
        SqlType::Name,
        SqlType::SingleChar,
        SqlType::Vector { dimensions: Some(3) },
        SqlType::Untyped,
    ];
    for name in ["xyzzy", "status", "created_at", "price", "email", "is_open", "id", "tags", "expires"] {
        for in_key in [false, true] {
            for ty in &types {
                let c = InferContext { in_key, ..context(Dialect::Postgres) };
                let found = inferred_in("things", name, ty.clone(), &c);
                let sampler = found.domain.sampler();
                assert!(sampler.size() > 0, "{name} {ty:?}");
                for seed in 0..20 {
                    let value = sampler.draw(&mut CellRng::new(seed));
                    assert!(sampler.contains(&value), "{name} {ty:?}: {value}");
                    let unique = sampler.value(CellRng::new(seed).below_u128(sampler.size()));
                    assert!(sampler.contains(&unique), "{name} {ty:?}: {unique}");
                    if let (Value::Text(s), SqlType::Text { max_chars, max_bytes, .. }) = (&value, ty) {
                        assert!(s.len() <= max_chars.or(*max_bytes).unwrap_or(u32::MAX) as usize);
                    }
                }
            }
        }
    }
}

#[test]
fn json_shape_follows_the_default() {
    let mut t = table("t", vec![column("extra", SqlType::Json { binary: true })]);
    let shape = JsonKind::Shape(Named::find("json_metadata").expect("a kind"));
    for (default, kind) in [("'[]'::jsonb", JsonKind::Array), ("'{}'::jsonb", shape)] {
        t.columns[0].default = Some(default.into());
        let found = infer(&t, &t.columns[0], &context(Dialect::Postgres)).expect("a generator");
        assert_eq!(found.domain, Domain::Special(Special::Json { binary: true, kind }));
    }
}

#[test]
fn unsupported_types_are_reported_with_a_remedy() {
    let mut c = column("shape", SqlType::Unsupported { name: "cube".into() });
    c.type_name = "cube".into();
    let t = table("things", vec![c]);
    let refused = infer(&t, &t.columns[0], &context(Dialect::Postgres)).expect_err("no generator");
    assert_eq!(
        refused.to_string(),
        "no generator for type `cube`; give the column a rule in the config file, e.g. tables: things: column_configs: \
         shape: {possible_values: [...]} or {pattern: \"...\"}"
    );
}

#[test]
fn nulls_by_name() {
    for (name, at_least, at_most) in [
        ("created_at", 0.0, 0.0),
        ("id", 0.0, 0.0),
        ("deleted_at", 0.7, 1.0),
        ("cancelled_at", 0.7, 1.0),
        ("address2", 0.4, 0.8),
        ("middle_name", 0.4, 0.8),
        ("xyzzy", 0.05, 0.1),
    ] {
        let share = inferred("t", name, varchar(50)).null_share;
        assert!((at_least..=at_most).contains(&share), "{name}: {share}");
    }
    let mut t = table("t", vec![column("deleted_at", TIMESTAMP)]);
    t.columns[0].nullable = false;
    assert_eq!(infer(&t, &t.columns[0], &context(Dialect::Postgres)).expect("a generator").null_share, 0.0);
}

#[test]
fn tinyint1_with_a_flag_name_is_a_boolean() {
    let t = table("products", vec![column("in_stock", tinyint1()), column("stock", tinyint1())]);
    let of = |c: usize| short(&infer(&t, &t.columns[c], &context(Dialect::Mysql)).unwrap().domain);
    assert_eq!((of(0).as_str(), of(1).as_str()), ("Choice 1", "Int 0..127"));
}

#[test]
fn generators_have_examples() {
    let all = generators();
    for wanted in [
        "name",
        "email",
        "phone",
        "address",
        "company",
        "username",
        "password",
        "credit_card",
        "ip_address",
        "url",
        "lorem",
        "country",
        "city",
        "state",
        "zipcode",
    ] {
        let found = all.iter().find(|g| g.name == wanted).expect(wanted);
        assert!(!found.example().is_empty());
        assert!(generator(wanted).is_some());
    }
    assert_eq!(generator("Credit-Card"), Some(kind("credit_card")));
    assert!(all.len() >= 240 && all.iter().all(|g| generator(g.name) == Some(g.kind.clone())));
    assert_eq!(generator("nothing"), None);
}

/// Values of a web shop as users see them: check by reading when the snapshot changes.
#[test]
fn snapshot_of_a_web_shop() {
    let shop = [
        table(
            "customers",
            vec![
                column("first_name", varchar(40)),
                column("last_name", varchar(40)),
                column("email", varchar(80)),
                column("phone", varchar(20)),
                column("address", varchar(100)),
                column("address2", varchar(100)),
                column("city", varchar(50)),
                column("state", char(2)),
                column("zip", varchar(10)),
                column("country", varchar(60)),
                column("birth_date", SqlType::Date),
                column("is_active", SqlType::Bool),
                column("created_at", TIMESTAMP),
            ],
        ),
        table(
            "products",
            vec![
                column("sku", varchar(20)),
                column("name", varchar(80)),
                column("slug", varchar(80)),
                column("description", varchar(500)),
                column("brand", varchar(30)),
                column("color", varchar(20)),
                column("price", numeric(10, 2)),
                column("weight", SqlType::Float { bytes: 8, unsigned: false }),
                column("stock", int(4)),
                column("rating", numeric(2, 1)),
                column("attributes", SqlType::Json { binary: true }),
                column("image_url", varchar(200)),
                column("tags", SqlType::Array { element: Box::new(varchar(30)), dimensions: 1 }),
            ],
        ),
        table(
            "orders",
            vec![
                column("order_number", varchar(20)),
                column("status", varchar(20)),
                column("total", numeric(10, 2)),
                column("tax_rate", numeric(4, 3)),
                column("currency", char(3)),
                column("payment_method", varchar(20)),
                column("quantity", int(4)),
                column("notes", varchar(200)),
                column("ip_address", SqlType::Inet),
                column("uuid", SqlType::Uuid),
                column("order_date", SqlType::Date),
                column("shipped_at", TIMESTAMP),
            ],
        ),
    ];
    let mut out = String::new();
    for t in &shop {
        for c in &t.columns {
            let plain = infer(t, c, &context(Dialect::Postgres)).expect("a generator");
            let key = InferContext { in_key: true, ..context(Dialect::Postgres) };
            let unique = infer(t, c, &key).expect("a generator").domain.sampler();
            let drawn: Vec<String> = (0..3).map(|i| plain.domain.draw(&mut CellRng::new(i)).to_string()).collect();
            let place = |k: u128| unique.value(unique.size() / 3 * k + k);
            out += &format!(
                "{}.{} [{}]\n  drawn:  {}\n  unique: {} | {}\n",
                t.name.name,
                c.name,
                plain.reason,
                drawn.join(" | "),
                place(0),
                place(1),
            );
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false }, { insta::assert_snapshot!("shop", out) });
}

#[test]
fn columns_of_three_byte_characters_get_no_emoji() {
    let text = SqlType::Text { max_chars: None, max_bytes: Some(65_535), fixed: false, case_insensitive: false };
    for (of, name, ty) in
        [("mails", "content", text.clone()), ("chats", "message", varchar(200)), ("mails", "body", text)]
    {
        let mut messages = table(of, vec![column(name, ty)]);
        messages.columns[0].collation.charset = Some("utf8mb3".into());
        let found = infer(&messages, &messages.columns[0], &context(Dialect::Mysql)).expect("a generator");
        for i in 0..3000 {
            let text = found.domain.draw(&mut CellRng::new(i)).to_string();
            assert!(text.chars().all(|c| c <= '\u{ffff}'), "{of}.{name}: {text}");
        }
    }
}
