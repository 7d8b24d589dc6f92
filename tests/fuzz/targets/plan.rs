//! A saved plan: what passes its checks makes rows or errors, never a panic.
#![no_main]

use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(plan) = Plan::from_json(text) else { return };
    let generator = Generator::new(&plan);
    for (t, table) in plan.tables.iter().enumerate() {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        for row in [0, 1, table.rows / 2, table.rows.saturating_sub(1)].into_iter().filter(|row| *row < table.rows) {
            let _ = generator.cells(t, &columns, row);
        }
    }
});
