//! Quantities that instruments measure: their units and ranges.

use super::names::Name;

/// A kind of measurement.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// Words that name it.
    words: &'static [&'static str],
    /// Its unit, in decreasing length: the usual notation first, then a shorter one or one in ASCII.
    units: &'static [&'static str],
    /// Usual minimum and maximum of an instrument's range, with weights.
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

const ZERO: &[(i64, u32)] = &[(0, 1)];

/// The first match wins, so longer phrases come first.
const MEASURES: &[Measure] = &[
    measure(&["blood pressure", "systolic", "diastolic"], &["mmHg"], &[(40, 2), (60, 1)], &[(180, 3), (220, 2)]),
    measure(&["body temperature"], &["°C", "C"], &[(34, 1), (35, 3)], &[(41, 2), (42, 3)]),
    measure(&["oxygen saturation", "spo2"], &["%"], &[(80, 2), (85, 1)], &[(100, 1)]),
    measure(&["respiratory rate", "respiration"], &["/min"], &[(8, 1), (10, 2)], &[(30, 2), (40, 1)]),
    measure(&["glucose", "blood sugar"], &["mg/dL"], &[(40, 2), (60, 2)], &[(200, 2), (400, 1)]),
    measure(&["water"], &["m³", "m3"], ZERO, &[(20, 3), (100, 1)]),
    measure(&["heat"], &["kWh"], ZERO, &[(100, 3), (500, 1)]),
    measure(&["temperature", "temp"], &["°C", "C"], &[(-40, 3), (-20, 4), (0, 4)], &[(40, 3), (50, 5), (60, 3)]),
    measure(&["humidity", "moisture"], &["%"], ZERO, &[(100, 1)]),
    measure(&["pressure", "barometer"], &["hPa"], &[(300, 1), (800, 2), (900, 3)], &[(1100, 3), (1200, 1)]),
    measure(&["co2", "carbon dioxide"], &["ppm"], &[(0, 2), (350, 3), (400, 4)], &[(2000, 5), (5000, 4), (10000, 1)]),
    measure(&["vibration"], &["mm/s"], ZERO, &[(20, 3), (50, 4), (100, 1)]),
    measure(&["power", "wattage"], &["W"], ZERO, &[(500, 3), (2000, 4), (5000, 2)]),
    measure(&["energy", "electricity"], &["kWh"], ZERO, &[(50, 2), (500, 3)]),
    measure(&["voltage"], &["V"], ZERO, &[(24, 2), (48, 1), (250, 4), (400, 2)]),
    measure(&["current", "amperage"], &["A"], ZERO, &[(16, 4), (32, 3), (63, 1)]),
    measure(&["light", "illuminance", "brightness", "lux"], &["lx", "lux"], ZERO, &[(1000, 4), (10000, 2)]),
    measure(&["noise", "sound"], &["dB"], &[(30, 3), (20, 1)], &[(110, 2), (130, 3)]),
    measure(&["ph"], &["pH"], ZERO, &[(14, 1)]),
    measure(&["flow"], &["l/min"], ZERO, &[(50, 2), (200, 3)]),
    measure(&["level", "fill level", "battery", "smoke"], &["%"], ZERO, &[(100, 1)]),
    measure(&["pm25", "pm10", "dust", "particulate"], &["µg/m³", "ug/m3"], ZERO, &[(500, 3), (1000, 2)]),
    measure(&["gas", "voc", "co", "methane"], &["ppm"], ZERO, &[(500, 3), (1000, 2)]),
    measure(&["wind"], &["m/s"], ZERO, &[(40, 3), (60, 2)]),
    measure(&["speed", "velocity"], &["km/h"], ZERO, &[(130, 3), (200, 2)]),
    measure(&["rain", "rainfall", "precipitation"], &["mm"], ZERO, &[(50, 3), (100, 2)]),
    measure(&["distance", "proximity"], &["cm"], &[(2, 1)], &[(400, 3), (600, 1)]),
    measure(&["weight", "load"], &["kg"], ZERO, &[(100, 2), (1000, 3)]),
    measure(&["rpm", "rotation"], &["rpm"], ZERO, &[(3000, 3), (6000, 2)]),
    measure(&["frequency"], &["Hz"], ZERO, &[(60, 3), (400, 1)]),
    measure(&["conductivity"], &["µS/cm", "uS/cm"], ZERO, &[(2000, 3), (5000, 1)]),
    measure(&["turbidity"], &["NTU"], ZERO, &[(100, 2), (1000, 1)]),
    measure(&["radiation"], &["W/m²", "W/m2"], ZERO, &[(1200, 3), (1500, 1)]),
    measure(&["heart rate", "pulse"], &["bpm"], &[(30, 3), (40, 2)], &[(200, 3), (220, 2)]),
    measure(&["oxygen"], &["%"], ZERO, &[(100, 1)]),
];

impl Measure {
    /// The kind of measurement that a text names (`temperature`, `air_temperature`); `None` for other texts.
    pub fn of(text: &str) -> Option<&'static Measure> {
        let name = Name::new(text);
        MEASURES.iter().find(|m| name.ends_any(m.words))
    }

    /// Its unit in at most `most` characters; `None` if it has none so short.
    pub fn unit(&self, most: u32) -> Option<&'static str> {
        self.units.iter().copied().find(|u| u.chars().count() <= most as usize)
    }
}

/// Whether a column holds an instrument's reading, by its name.
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
