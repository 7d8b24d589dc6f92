//! What instruments measure: its unit, and the range in which it lies.

use super::names::Name;

/// A kind of measurement.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// Words that name it.
    words: &'static [&'static str],
    /// Its unit in full, and where there is only room for ASCII letters or few of them.
    units: &'static [&'static str],
    /// Usual least and greatest values of an instrument.
    pub least: &'static [(i64, u32)],
    pub most: &'static [(i64, u32)],
}

const fn measure(
    words: &'static [&'static str],
    units: &'static [&'static str],
    least: &'static [(i64, u32)],
    most: &'static [(i64, u32)],
) -> Measure {
    Measure { words, units, least, most }
}

const NOTHING: &[(i64, u32)] = &[(0, 1)];

/// The more telling words first.
const MEASURES: &[Measure] = &[
    measure(&["blood pressure", "systolic", "diastolic"], &["mmHg"], &[(40, 2), (60, 1)], &[(180, 3), (220, 2)]),
    measure(&["body temperature"], &["°C", "C"], &[(34, 1), (35, 3)], &[(41, 2), (42, 3)]),
    measure(&["oxygen saturation", "spo2"], &["%"], &[(80, 2), (85, 1)], &[(100, 1)]),
    measure(&["respiratory rate", "respiration"], &["/min"], &[(8, 1), (10, 2)], &[(30, 2), (40, 1)]),
    measure(&["glucose", "blood sugar"], &["mg/dL"], &[(40, 2), (60, 2)], &[(200, 2), (400, 1)]),
    measure(&["water"], &["m³", "m3"], NOTHING, &[(20, 3), (100, 1)]),
    measure(&["heat"], &["kWh"], NOTHING, &[(100, 3), (500, 1)]),
    measure(&["temperature", "temp"], &["°C", "C"], &[(-40, 3), (-20, 4), (0, 4)], &[(40, 3), (50, 5), (60, 3)]),
    measure(&["humidity", "moisture"], &["%"], NOTHING, &[(100, 1)]),
    measure(&["pressure", "barometer"], &["hPa"], &[(300, 1), (800, 2), (900, 3)], &[(1100, 3), (1200, 1)]),
    measure(&["co2", "carbon dioxide"], &["ppm"], &[(0, 2), (350, 3), (400, 4)], &[(2000, 5), (5000, 4), (10000, 1)]),
    measure(&["vibration"], &["mm/s"], NOTHING, &[(20, 3), (50, 4), (100, 1)]),
    measure(&["power", "wattage"], &["W"], NOTHING, &[(500, 3), (2000, 4), (5000, 2)]),
    measure(&["energy", "electricity"], &["kWh"], NOTHING, &[(50, 2), (500, 3)]),
    measure(&["voltage"], &["V"], NOTHING, &[(24, 2), (48, 1), (250, 4), (400, 2)]),
    measure(&["current", "amperage"], &["A"], NOTHING, &[(16, 4), (32, 3), (63, 1)]),
    measure(&["light", "illuminance", "brightness", "lux"], &["lx", "lux"], NOTHING, &[(1000, 4), (10000, 2)]),
    measure(&["noise", "sound"], &["dB"], &[(30, 3), (20, 1)], &[(110, 2), (130, 3)]),
    measure(&["ph"], &["pH"], NOTHING, &[(14, 1)]),
    measure(&["flow"], &["l/min"], NOTHING, &[(50, 2), (200, 3)]),
    measure(&["level", "fill level", "battery", "smoke"], &["%"], NOTHING, &[(100, 1)]),
    measure(&["pm25", "pm10", "dust", "particulate"], &["µg/m³", "ug/m3"], NOTHING, &[(500, 3), (1000, 2)]),
    measure(&["gas", "voc", "co", "methane"], &["ppm"], NOTHING, &[(500, 3), (1000, 2)]),
    measure(&["wind"], &["m/s"], NOTHING, &[(40, 3), (60, 2)]),
    measure(&["speed", "velocity"], &["km/h"], NOTHING, &[(130, 3), (200, 2)]),
    measure(&["rain", "rainfall", "precipitation"], &["mm"], NOTHING, &[(50, 3), (100, 2)]),
    measure(&["distance", "proximity"], &["cm"], &[(2, 1)], &[(400, 3), (600, 1)]),
    measure(&["weight", "load"], &["kg"], NOTHING, &[(100, 2), (1000, 3)]),
    measure(&["rpm", "rotation"], &["rpm"], NOTHING, &[(3000, 3), (6000, 2)]),
    measure(&["frequency"], &["Hz"], NOTHING, &[(60, 3), (400, 1)]),
    measure(&["conductivity"], &["µS/cm", "uS/cm"], NOTHING, &[(2000, 3), (5000, 1)]),
    measure(&["turbidity"], &["NTU"], NOTHING, &[(100, 2), (1000, 1)]),
    measure(&["radiation"], &["W/m²", "W/m2"], NOTHING, &[(1200, 3), (1500, 1)]),
    measure(&["heart rate", "pulse"], &["bpm"], &[(30, 3), (40, 2)], &[(200, 3), (220, 2)]),
    measure(&["oxygen"], &["%"], NOTHING, &[(100, 1)]),
];

impl Measure {
    /// The kind that a text names: `temperature`, `air_temperature`.
    pub fn of(text: &str) -> Option<&'static Measure> {
        let name = Name::new(text);
        MEASURES.iter().find(|m| name.ends_any(m.words))
    }

    /// Its unit in so many characters.
    pub fn unit(&self, most: u32) -> Option<&'static str> {
        self.units.iter().copied().find(|u| u.chars().count() <= most as usize)
    }
}

/// Columns of what an instrument says.
pub fn is_reading(column: &str) -> bool {
    let name = Name::new(column);
    let of = ["value", "reading", "measurement", "measured value", "val", "reading value", "sensor value"];
    of.iter().any(|p| name.words.iter().map(String::as_str).eq(p.split(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_units_and_ranges() {
        for (text, unit) in [("temperature", "°C"), ("air_temperature", "°C"), ("Humidity", "%"), ("co2", "ppm")] {
            assert_eq!(Measure::of(text).and_then(|m| m.unit(10)), Some(unit), "{text}");
        }
        assert_eq!(Measure::of("temperature").and_then(|m| m.unit(1)), Some("C"));
        assert_eq!(Measure::of("invoice"), None);
        for m in MEASURES {
            let greatest = m.least.iter().map(|(n, _)| *n).max();
            assert!(greatest < m.most.iter().map(|(n, _)| *n).min(), "{:?}", m.words);
        }
        assert!(is_reading("value") && is_reading("reading_value") && !is_reading("face_value"));
    }
}
