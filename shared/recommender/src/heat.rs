//! How hot the air feels.

/// The heat index in °C: Rothfusz's regression of Steadman's table with the adjustments of the US National
/// Weather Service ("The Heat Index Equation"), for air at `temp_c` °C with `humidity` percent. Below a heat
/// index of 80 °F, where it is not defined, the temperature itself.
pub(crate) fn index(temp_c: f32, humidity: f32) -> f32 {
    /// The equation was fitted to no more than about this.
    const HIGHEST_C: f32 = 60.0;
    let (t, r) = (temp_c * 1.8 + 32.0, humidity.clamp(0.0, 100.0));
    let simple = 0.5 * (t + 61.0 + (t - 68.0) * 1.2 + r * 0.094);
    if 0.5 * (simple + t) < 80.0 {
        return temp_c;
    }
    let mut felt = -42.379 + 2.049_015_2 * t + 10.143_331 * r
        - 0.224_755_4 * t * r
        - 0.006_837_83 * t * t
        - 0.054_817_17 * r * r
        + 0.001_228_74 * t * t * r
        + 0.000_852_82 * t * r * r
        - 0.000_001_99 * t * t * r * r;
    if r < 13.0 && (80.0..=112.0).contains(&t) {
        felt -= (13.0 - r) / 4.0 * ((17.0 - (t - 95.0).abs()) / 17.0).max(0.0).sqrt();
    }
    if r > 85.0 && (80.0..=87.0).contains(&t) {
        felt += (r - 85.0) / 10.0 * (87.0 - t) / 5.0;
    }
    ((felt - 32.0) / 1.8).min(HIGHEST_C)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fahrenheit(temp: f32, humidity: f32) -> f32 {
        index((temp - 32.0) / 1.8, humidity) * 1.8 + 32.0
    }

    #[test]
    fn the_weather_services_chart_is_met() {
        // Its published chart, in whole °F.
        for (temp, humidity, felt) in [
            (80.0, 40.0, 80.0),
            (84.0, 80.0, 94.0),
            (90.0, 70.0, 106.0),
            (96.0, 50.0, 108.0),
            (100.0, 40.0, 109.0),
            (104.0, 55.0, 137.0),
        ] {
            let seen = fahrenheit(temp, humidity);
            assert!((seen - felt).abs() <= 1.0, "{temp} {humidity}: {seen}");
        }
    }

    #[test]
    fn below_its_range_it_is_the_temperature() {
        for temp in [-40.0, 0.0, 20.0, 25.0] {
            assert_eq!(index(temp, 90.0), temp);
        }
    }

    #[test]
    fn whatever_the_weather_it_stays_in_bounds() {
        for temp in -90..=60 {
            for humidity in 0..=100 {
                let felt = index(temp as f32, humidity as f32);
                assert!((-90.0..=60.0).contains(&felt), "{temp} {humidity}: {felt}");
            }
        }
    }
}
