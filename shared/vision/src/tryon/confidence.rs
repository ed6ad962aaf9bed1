//! How far a picture can be trusted.

use super::geom::smooth_step;

/// Garments that are trusted less than this are not drawn.
pub(crate) const LEAST: f32 = 0.3;

/// What is known of a garment on a body, each 0–1 but for the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    /// How well the joints that it hangs on are seen, and how free what it covers is of arms.
    pub(crate) seen: f32,
    /// The share of it that lies on the body's outline.
    pub(crate) on_body: f32,
    /// How clean its cutout's edges are.
    pub(crate) quality: f32,
    /// How far its cutout could be trusted when it was made.
    pub(crate) cutout: f32,
    /// How much its outline is like its mirror image.
    pub(crate) symmetry: f32,
    /// How much its shape looks like what its category says.
    pub(crate) shape: f32,
    /// How far it had to be bent, as [`super::mesh::Grid::distortion`] has it.
    pub(crate) distortion: f32,
}

impl Signs {
    /// How far the garment in the picture can be trusted, 0–1.
    pub(crate) fn confidence(&self) -> f32 {
        (0.35 + 0.65 * self.seen)
            * (0.4 + 0.6 * smooth_step(0.3, 0.7, self.on_body))
            * (0.5 + 0.5 * self.quality)
            * (0.4 + 0.6 * smooth_step(0.1, 0.9, self.cutout))
            * (0.3 + 0.7 * smooth_step(0.65, 0.97, self.symmetry))
            * (0.2 + 0.8 * self.shape)
            * (-1.4 * (self.distortion - 0.27).max(0.0)).exp()
    }
}

/// A factor for the whole picture: old clothes that had to be left sticking out (`left`) and limbs that were
/// made up (`guessed`), both as shares of what the garments cover.
pub(crate) fn after_repair(left: f32, guessed: f32) -> f32 {
    (1.0 - 1.5 * left).clamp(0.5, 1.0) * (1.0 - 0.8 * guessed).clamp(0.6, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Signs = Signs {
        seen: 1.0,
        on_body: 0.9,
        quality: 1.0,
        cutout: 1.0,
        symmetry: 0.98,
        shape: 1.0,
        distortion: 0.2,
    };

    #[test]
    fn every_bad_sign_lowers_the_confidence() {
        let good = GOOD.confidence();
        assert!(good > 0.95 && good <= 1.0, "{good}");
        let worse = [
            Signs { seen: 0.5, ..GOOD },
            Signs {
                on_body: 0.4,
                ..GOOD
            },
            Signs {
                quality: 0.5,
                ..GOOD
            },
            Signs {
                cutout: 0.5,
                ..GOOD
            },
            Signs {
                symmetry: 0.75,
                ..GOOD
            },
            Signs { shape: 0.5, ..GOOD },
            Signs {
                distortion: 1.0,
                ..GOOD
            },
        ];
        for signs in worse {
            assert!(signs.confidence() < good - 0.15, "{signs:?}");
        }
        assert!(after_repair(0.2, 0.0) < 0.75 && after_repair(0.0, 0.3) < 0.8);
    }

    #[test]
    fn a_shape_that_is_nothing_like_its_category_is_below_the_least() {
        let odd = Signs {
            symmetry: 0.6,
            shape: 0.1,
            ..GOOD
        };
        assert!(odd.confidence() < LEAST);
    }
}
