//! Pages of plans and reports: their data can be parsed, text of the database never becomes markup, and their size is
//! limited.

use serde_json::Value;

use crate::program::{dbmocker, path};
use crate::servers::{Kind, database, sqlite_database};
use crate::shop::shop;

/// The JSON block of a page.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

fn plan(url: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "plan.html");
    dbmocker(["plan", "--url", url, "--html", &file].iter().chain(more)).ok();
    std::fs::read_to_string(file).unwrap()
}

fn column<'a>(table: &'a Value, name: &str) -> &'a Value {
    table["columns"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap()
}

fn table<'a>(page: &'a Value, name: &str) -> &'a Value {
    let is = |t: &&Value| t["name"].as_str().unwrap().ends_with(&format!(".{name}"));
    page["tables"].as_array().unwrap().iter().find(is).unwrap()
}

#[test]
fn the_page_of_a_plan_has_what_the_plan_says() {
    for kind in crate::servers::KINDS {
        let db = shop(kind);
        let page = data(&plan(&db.url, &["--rows", "500"]));
        assert_eq!(page["tables"].as_array().unwrap().len(), 5, "{kind:?}");
        assert!(!page["meanwhile"].as_array().unwrap().is_empty());
        assert!(page["estimate"]["text"].as_str().unwrap().contains("on disk"));
        let orders = table(&page, "orders");
        assert_eq!((orders["level"].as_u64(), orders["rows"].as_u64()), (Some(1), Some(500)));
        let status = column(orders, "status");
        assert!(status["rule"].as_str().unwrap().starts_with("one of new, paid, shipped, cancelled"), "{status}");
        assert!(status["reason"].as_str().unwrap().contains("CHECK"), "{status}");
        assert_eq!(status["values"]["top"][0][0], "shipped");
        let ordered = &column(orders, "ordered_at")["values"]["values"];
        assert_eq!(ordered["bars"].as_array().unwrap().len(), 16, "{ordered}");
        let reference = &orders["references"][0];
        let parent = reference["to"].as_u64().unwrap() as usize;
        assert!(page["tables"][parent]["name"].as_str().unwrap().ends_with(".users"));
        let parents = reference["rows"]["bars"].as_array().unwrap().iter().map(|b| b[1].as_u64().unwrap()).sum::<u64>();
        assert_eq!((parents, reference["rows"]["parents"].as_u64()), (500, Some(500)), "{reference}");
        assert_eq!(orders["sample"].as_array().unwrap().len(), 10);
        assert!(orders["keys"].as_array().unwrap().iter().any(|k| k["primary"] == true));
    }
}

#[test]
fn the_sample_of_a_page_is_what_a_load_writes() {
    let db = shop(Kind::Sqlite);
    let page = data(&plan(&db.url, &["--rows", "500"]));
    dbmocker(["load", "--url", &db.url, "--rows", "500"]).ok();
    let users = table(&page, "users");
    let email = users["sent"]
        .as_array()
        .unwrap()
        .iter()
        .position(|c| users["columns"][c.as_u64().unwrap() as usize]["name"] == "email");
    for (sample, stored) in
        users["sample"].as_array().unwrap().iter().zip(db.rows("SELECT email FROM users ORDER BY id LIMIT 10"))
    {
        assert_eq!(sample[email.unwrap()].as_str(), stored[0].as_deref());
    }
}

#[test]
fn nothing_of_the_database_becomes_markup() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&|";
    let quoted = hostile.replace('"', "\"\"");
    let text = hostile.replace('\'', "''");
    let db = sqlite_database(&format!(
        "CREATE TABLE \"{quoted}\" (id INTEGER PRIMARY KEY, \"{quoted}\" TEXT NOT NULL CHECK (\"{quoted}\" IN ('{text}', '<!--')));
         CREATE TABLE child (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES \"{quoted}\" (id));"
    ));
    let html = plan(&db.url, &["--rows", "20"]);
    assert!(!html.contains("<img") && !html.contains("alert(1)</"), "{hostile}");
    let ours = plan(&shop(Kind::Sqlite).url, &["--rows", "20"]).matches("<script").count();
    assert_eq!(html.matches("<script").count(), ours);
    let page = data(&html);
    let odd = table(&page, hostile);
    assert_eq!(odd["columns"][1]["name"], hostile);
    let listed = odd["columns"][1]["values"]["top"].as_array().unwrap();
    assert!(listed.iter().any(|v| v[0] == "<!--"), "{listed:?}");

    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "plan.md");
    dbmocker(["plan", "--url", &db.url, "--html", &file]).ok();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("<script") && text.contains("## Meanwhile") && text.contains("\\|"), "{text}");
}

#[test]
fn pages_of_many_tables_stay_small() {
    let table = |t: usize| {
        format!(
            "CREATE TABLE customer_orders_{t} (id INTEGER PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, status VARCHAR(10), note TEXT,
             first_name VARCHAR(50), last_name VARCHAR(50), email VARCHAR(100), city VARCHAR(80), price DECIMAL(10, 2) NOT NULL,
             created_at TIMESTAMP NOT NULL, parent_id INT REFERENCES customer_orders_{} (id), other_id INT REFERENCES customer_orders_{} (id));",
            t * 7 / 8,
            t / 2
        )
    };
    let db = sqlite_database(&(0..100).map(table).collect::<String>());
    let html = plan(&db.url, &["--rows", "100"]);
    // Less than 3 MB for 500 tables.
    assert!(html.len() < 700_000, "{}", html.len());
    let page = data(&html);
    assert_eq!(page["tables"].as_array().unwrap().len(), 100);
    assert!(page["tables"].as_array().unwrap().iter().all(|t| !t["sample"].as_array().unwrap().is_empty()));
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_planning() {
    let db = database(Kind::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let ran = dbmocker(["plan", "--url", &db.url, "--html", "/no/such/folder/plan.html"]).expect(4);
    assert!(ran.stderr.contains("cannot write the page `/no/such/folder/plan.html`"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_page_on_stdout_is_all_of_stdout() {
    let db = database(Kind::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let ran = dbmocker(["plan", "--url", &db.url, "--html", "-"]).ok();
    assert_eq!(data(&ran.stdout)["tables"].as_array().unwrap().len(), 1);
    assert!(ran.stdout.starts_with("<!doctype html>") && ran.stdout.ends_with("</html>\n"), "{}", ran.stdout);
    let ran = dbmocker(["plan", "--url", &db.url, "--html", "-", "--json"]).expect(2);
    assert!(ran.stderr.contains("stdout takes one of"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

/// The report of a load, as it was written to a file of this name.
fn report(url: &str, name: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), name);
    dbmocker(["load", "--url", url, "--rows", "300", "--report", &file].iter().chain(more)).ok();
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn the_page_of_a_report_has_the_run_over_time() {
    for kind in crate::servers::KINDS {
        let page = data(&report(&shop(kind).url, "report.html", &[]));
        assert_eq!(page["totals"]["rows"], 1500, "{kind:?}");
        let samples = page["samples"].as_array().unwrap();
        assert!(samples.len() >= 2 && samples.iter().all(|s| s["memory"].as_u64() > Some(0)), "{samples:?}");
        assert_eq!(samples.last().unwrap()["rows"], 1500);
        let tasks = page["tasks"].as_array().unwrap();
        assert_eq!(tasks.iter().map(|t| t["rows"].as_u64().unwrap()).sum::<u64>(), 1500, "{tasks:?}");
        assert!(tasks.iter().all(|t| t["to"].as_f64() >= t["from"].as_f64()), "{tasks:?}");
        assert_eq!(
            (&page["verified"]["passed"], &page["verified"]["findings"]),
            (&true.into(), &serde_json::json!([]))
        );
    }
}

#[test]
fn the_end_of_a_reports_name_is_its_format() {
    let (text, json) =
        (report(&shop(Kind::Sqlite).url, "a.md", &[]), report(&shop(Kind::Sqlite).url, "a.txt", &["--no-verify"]));
    for part in
        ["# load sqlite:", "- 1,500 rows", "- verified: 5 tables, 1,500 rows, no error found", "| main.orders | 300 |"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["totals"]["rows"], &json["verification"]), (&1500.into(), &Value::Null));
}

#[test]
fn a_report_page_says_what_the_verification_found() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT NOT NULL);
         CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INT NOT NULL REFERENCES t (id));
         CREATE TRIGGER odd AFTER INSERT ON u WHEN NEW.id = 3 BEGIN UPDATE u SET t_id = 99999 WHERE id = 3; END;",
    );
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "report.html");
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "20", "--report", &file]).expect(1);
    assert!(ran.stderr.contains("the verification found errors"), "{}", ran.stderr);
    let page = data(&std::fs::read_to_string(file).unwrap());
    assert_eq!(page["verified"]["passed"], false);
    assert!(page["verified"]["findings"][0].as_str().unwrap().contains("orphans"), "{page}");
}
