//! How much clothing a temperature asks for, in clo (1 clo = 0.155 m²·K/W).

use crate::{Condition, Context};

/// Underwear and socks, which no wardrobe lists: briefs 0.04, ankle socks 0.02 (ASHRAE 55, table of
/// garments).
pub(crate) const UNDERWEAR: f32 = 0.06;

/// What people are seen to wear indoors on a day that begins at `temp_c`: the dynamic clothing model of
/// Schiavon and Lee (2013), as ASHRAE 55 gives it.
pub(crate) fn typical(temp_c: f32) -> f32 {
    match temp_c {
        t if t < -5.0 => 1.0,
        t if t < 5.0 => 0.818 - 0.0364 * t,
        t if t < 26.0 => 10f32.powf(-0.1635 - 0.0066 * t),
        _ => 0.46,
    }
}

/// What a person strolling outdoors needs to lose exactly the heat they make: (t_skin − t_air) / dry heat
/// loss, less the insulation of the air around them.
pub(crate) fn outdoors(temp_c: f32, windy: bool) -> f32 {
    // Slow walking is 2 met = 116 W/m². A comfortable skin is then at 35.7 − 0.0275·116 = 32.5 °C
    // (Fanger's comfort line, ISO 7730), and about three quarters of the heat leave through the clothes, the
    // rest with breath and sweat.
    const SKIN_C: f32 = 32.5;
    const DRY_LOSS: f32 = 0.75 * 116.0;
    // The boundary layer is 0.7 clo in still air; walking takes some of it away, wind more.
    let air = if windy { 0.3 } else { 0.5 };
    ((SKIN_C - temp_c) / (0.155 * DRY_LOSS) - air).max(0.0)
}

/// The insulation that suits the weather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Band {
    /// Below it is too light.
    pub(crate) low: f32,
    /// Above it is too warm.
    pub(crate) high: f32,
}

impl Band {
    /// In warm weather from what strolling outdoors needs to what people wear indoors. In cold weather, where
    /// outdoors needs more, from half-way between the two (a day has some of both) to the need outdoors.
    /// Unknown without a temperature.
    pub(crate) fn of(context: &Context) -> Option<Self> {
        let temp = context.felt()?;
        let windy = matches!(context.condition, Some(Condition::Windy | Condition::Storm));
        let (indoors, outdoors) = (typical(temp), outdoors(temp, windy));
        Some(if outdoors > indoors {
            Self {
                low: 0.5 * (indoors + outdoors),
                high: outdoors,
            }
        } else {
            // In great heat people take off what the indoor model, which ends at 26 °C, leaves on: our own
            // estimate, down to a T-shirt, trousers and shoes.
            let less = (0.01 * (temp - 30.0)).clamp(0.0, 0.1);
            Self {
                low: outdoors,
                high: indoors - less,
            }
        })
    }

    /// 1 within the band, falling by a bell curve outside it: 0.2 clo off, about a coat's lining, is 0.6.
    pub(crate) fn fit(self, clo: f32) -> f32 {
        const WIDTH: f32 = 0.28;
        let off = (self.low - clo).max(clo - self.high).max(0.0) / WIDTH;
        (-off * off).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_model_is_met() {
        // Values that pythermalcomfort documents for its clo_tout: 0.46 at 27 °C and 0.47 at 25 °C.
        for (temp, clo) in [
            (-20.0, 1.0),
            (27.0, 0.46),
            (25.0, 0.47),
            (5.0, 0.64),
            (0.0, 0.82),
        ] {
            assert!(
                (typical(temp) - clo).abs() < 0.005,
                "{temp}: {}",
                typical(temp)
            );
        }
    }

    #[test]
    fn colder_never_asks_for_less() {
        let band = |t: f32| {
            Band::of(&Context {
                temp_c: Some(t),
                ..Context::at(time::OffsetDateTime::UNIX_EPOCH)
            })
        };
        for tenth in -400..450 {
            let (colder, warmer) = (
                band(tenth as f32 / 10.0).unwrap(),
                band((tenth + 1) as f32 / 10.0).unwrap(),
            );
            assert!(
                colder.low >= warmer.low - 2e-3 && colder.high >= warmer.high - 2e-3,
                "{tenth}"
            );
            assert!(colder.low <= colder.high);
        }
    }

    #[test]
    fn a_coat_over_a_t_shirt_does_at_12_degrees_and_not_at_2() {
        let fit = |temp, clothes: f32| {
            let day = Context {
                temp_c: Some(temp),
                ..Context::at(time::OffsetDateTime::UNIX_EPOCH)
            };
            Band::of(&day).unwrap().fit(clothes + UNDERWEAR)
        };
        let (t_shirt, sweater, trousers, coat, shoes) = (0.08, 0.31, 0.2, 0.6, 0.03);
        assert_eq!(fit(12.0, t_shirt + trousers + coat + shoes), 1.0);
        assert!(fit(2.0, t_shirt + trousers + coat + shoes) < 0.5);
        assert!(fit(2.0, sweater + trousers + coat + shoes) > 0.9);
    }

    #[test]
    fn in_the_heat_nothing_is_too_light() {
        let hot = Context {
            temp_c: Some(33.0),
            ..Context::at(time::OffsetDateTime::UNIX_EPOCH)
        };
        assert_eq!(Band::of(&hot).unwrap().fit(UNDERWEAR), 1.0);
        assert!(Band::of(&hot).unwrap().fit(1.2) < 0.1);
    }

    #[test]
    fn damp_heat_asks_for_less_than_dry_heat() {
        let high = |humidity| {
            let day = Context {
                temp_c: Some(33.0),
                humidity: Some(humidity),
                ..Context::at(time::OffsetDateTime::UNIX_EPOCH)
            };
            Band::of(&day).unwrap().high
        };
        assert!(high(85.0) < high(30.0) - 0.03);
    }
}
