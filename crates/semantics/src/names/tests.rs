use super::*;

fn words(name: &str) -> String {
    Name::new(name).words.join(" ")
}

/// Servers that fold names to lower case remove the capitals of `BatteryLevelPct`.
#[test]
fn names_without_separators_are_split_into_known_words() {
    for (name, expected) in [
        ("batterylevelpct", "battery level percent"),
        ("terminatedat", "terminated at"),
        ("manufacturedyear", "manufactured year"),
        ("greenenergypct", "green energy percent"),
        ("customersaffected", "customer affected"),
        ("isunderground", "is underground"),
        ("voltagev", "voltage v"),
        ("peakloadmva", "peak load mva"),
        ("standingchargeperday", "standing charge per day"),
        ("METERREADING", "meter reading"),
    ] {
        assert_eq!(words(name), expected, "{name}");
    }
    for whole in [
        "outage",
        "mileage",
        "overhead",
        "partnership",
        "greatest",
        "performance",
        "passage",
        "understanding",
        "notation",
        "hostage",
        "tonnage",
        "percussion",
        "generated",
        "heartbeat",
        "moderate",
        "refused",
    ] {
        assert_eq!(words(whole), whole, "{whole}");
    }
}

#[test]
fn names_are_normalized() {
    for (name, expected) in [
        ("first_name", "first name"),
        ("FirstName", "first name"),
        ("FIRSTNAME", "first name"),
        ("fname", "first name"),
        ("c_first", "first"),
        ("CustomerID", "customer id"),
        ("IPAddress", "ip address"),
        ("o_orderdate", "order date"),
        ("unitprice", "unit price"),
        ("partkey", "part key"),
        ("trackid", "track id"),
        ("objid", "obj id"),
        ("android", "android"),
        ("UnitPrice", "unit price"),
        ("createdat", "created at"),
        ("address2", "address 2"),
        ("address_line_2", "address line 2"),
        ("md5_checksum", "md5 checksum"),
        ("sha256", "sha256"),
        ("categories", "category"),
        ("addresses", "address"),
        ("status", "status"),
        ("timestamp", "timestamp"),
        ("dob", "birth date"),
        ("BillingPostalCode", "billing zipcode"),
        ("lastmodifieddate", "last modified date"),
        ("update", "update"),
        ("cust_fnm", "customer first name"),
        ("st_cd", "state code"),
        ("crt_dt", "created date"),
        ("del_flg", "deleted flag"),
        ("card_last4", "card last 4"),
        ("isbn13", "isbn13"),
    ] {
        assert_eq!(words(name), expected, "{name}");
    }
}

#[test]
fn names_of_other_languages_are_translated() {
    for (name, expected) in [
        ("geburtsdatum", "birth date"),
        ("Kundennummer", "customer number"),
        ("straße", "street"),
        ("erstellt_am", "created at"),
        ("geaendert_am", "updated at"),
        ("rechnungsbetrag", "invoice amount"),
        ("date_naissance", "birth date"),
        ("numero_commande", "order number"),
        ("prenom", "first name"),
        ("prix_unitaire", "unit price"),
        ("fechaNacimiento", "birth date"),
        ("direccion_de_envio", "shipping address"),
        ("nombre_producto", "product name"),
        ("data_nascimento", "birth date"),
        ("criado_em", "created at"),
        ("quantidade", "quantity"),
        ("cognome", "last name"),
        ("numero_civico", "house number"),
        ("geboortedatum", "birth date"),
        ("telefoonnummer", "phone"),
        ("imie", "first name"),
        ("kod_pocztowy", "zipcode"),
        ("dogum_tarihi", "birth date"),
        ("müşteri_adı", "customer name"),
        ("дата_рождения", "birth date"),
        ("data_rozhdeniya", "birth date"),
        ("familiya", "last name"),
        ("生年月日", "birth date"),
        ("電話番号", "phone"),
        ("顧客名", "customer name"),
        ("seinengappi", "birth date"),
        ("数量", "quantity"),
        ("创建时间", "created at"),
        ("shengri", "birth date"),
    ] {
        assert_eq!(words(name), expected, "{name}");
    }
}

#[test]
fn ambiguous_words_are_translated_only_in_tables_of_the_language() {
    let in_language = |name: &str, language: &str| Name::in_language(name, Some(language)).words.join(" ");
    for (name, language, alone, there) in [
        ("land", "de", "land", "country"),
        ("plaats", "nl", "plaat", "city"),
        ("cap", "it", "cap", "zipcode"),
        ("tag", "de", "tag", "date"),
        ("no", "fr", "number", "number"),
        ("via", "it", "via", "street"),
        ("ad", "tr", "ad", "first name"),
        ("menge", "de", "quantity", "quantity"),
        ("note", "de", "note", "grade"),
    ] {
        assert_eq!((words(name), in_language(name, language)), (alone.into(), there.into()), "{name}");
    }
}

#[test]
fn the_language_of_a_table_is_detected() {
    use dbmocker_core::schema::{Column, SqlType, Table, TableName};
    let of = |columns: &[&str]| {
        let mut table = Table::new(TableName::new("public", "t"));
        table.columns = columns.iter().map(|c| Column::new(*c, SqlType::Bool, "boolean")).collect();
        language(&table)
    };
    assert_eq!(of(&["id", "vorname", "ort", "land", "plz"]), Some("de"));
    assert_eq!(of(&["id", "prenom", "ville", "adresse"]), Some("fr"));
    assert_eq!(of(&["id", "nombre", "apellido", "ciudad"]), Some("es"));
    assert_eq!(of(&["id", "nome", "sobrenome", "cidade", "uf"]), Some("pt"));
    assert_eq!(of(&["id", "voornaam", "achternaam", "plaats"]), Some("nl"));
    assert_eq!(of(&["id", "名前", "住所"]), Some("ja"));
    assert_eq!(of(&["id", "first_name", "note", "land", "menu_item", "art", "plan"]), None);
}

/// A phrase that is not in the normalized form of names would never match; those of dictionary files are normalized
/// when they are loaded.
#[test]
fn phrases_in_code_are_normalized() {
    let windows = super::super::dates::WINDOWS.iter().flat_map(|(phrases, _)| *phrases);
    let orders = super::super::name_orderings::MOMENTS
        .iter()
        .chain(super::super::name_orderings::NUMBERS)
        .flat_map(|(a, b)| [a, b]);
    let attributes = super::super::entities::PHRASES.iter().flat_map(|(phrases, _)| *phrases);
    let all = windows.chain(orders).chain(attributes);
    let wrong: Vec<String> = all.filter(|p| words(p) != **p).map(|p| format!("{p}: {}", words(p))).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn phrases() {
    let name = Name::new("billing_address_line1");
    assert!(name.has("address line") && !name.ends("address"));
    let entries = [("address".to_owned(), 1), ("address line 1".to_owned(), 2), ("line 1".to_owned(), 2)];
    assert_eq!(name.best(&entries.into()), Some(("address line 1".to_owned(), &2)));
}
