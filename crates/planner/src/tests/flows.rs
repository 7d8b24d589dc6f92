//! Amounts whose sign follows their type.

use super::*;

fn movements(column: &str, check: &str) -> Schema {
    let movements = table("stock_movements").int("id").primary(&["id"]).varchar("movement_type", 20).int(column);
    let movements = movements.check("movement_type in ('receipt', 'sale', 'return', 'damage', 'adjustment')");
    Fixture::new().with(movements.check(check)).schema()
}

#[test]
fn signs_of_movements_follow_their_type() {
    for (column, check) in
        [("quantity", "quantity <> 0"), ("quantity_change", "id > 0"), ("quantity", "quantity between -500 and 500")]
    {
        let schema = movements(column, check);
        let (plan, generator) = planned(&schema, 300);
        let mut seen = HashSet::new();
        for row in 0..plan.tables[0].rows {
            let cells = generator.cells(0, &[1, 2], row).unwrap();
            let (Value::Text(kind), Value::Int(n)) = (&cells[0], &cells[1]) else { panic!("{cells:?}") };
            match kind.as_str() {
                "receipt" | "return" => assert!(*n > 0, "{cells:?}"),
                "sale" | "damage" => assert!(*n < 0, "{cells:?}"),
                _ => assert_ne!(*n, 0, "{cells:?}"),
            }
            seen.insert(kind.clone());
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert!(plan.describe(Detail::Columns).contains("its sign follows movement_type"), "{column}");
        checked(&schema, (plan, generator));
    }
    // Lines are quantity times price, whatever their type.
    let money = |t: dbmocker_core::schema::fixtures::TableFixture, name: &str| {
        t.column(name, SqlType::Decimal { precision: 12, scale: 2, unsigned: false }, "numeric(12,2)", false)
    };
    let lines = table("bill_lines").int("id").primary(&["id"]).varchar("line_type", 20).int("quantity");
    let lines = money(money(lines, "unit_price"), "amount").check("line_type in ('energy', 'tax', 'credit', 'fee')");
    let (plan, _) = planned(&Fixture::new().with(lines).schema(), 100);
    assert!(!plan.describe(Detail::Columns).contains("its sign follows"), "{}", plan.describe(Detail::Columns));
    let (plan, _) = planned(&movements("quantity", "quantity > 0"), 100);
    assert!(!plan.describe(Detail::Columns).contains("its sign follows"), "only pieces");
}
