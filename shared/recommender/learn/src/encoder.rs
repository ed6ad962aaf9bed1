//! Pieces as codes, by what can be learned without knowing which were worn together.

use crate::{
    bytes::{Broken, Reader, Writer},
    garment::{Garment, SLOTS, place},
    hues::{self, Palette},
    vectors::Vectors,
    vocabulary::{Bag, Vocabulary},
};

/// A piece's codes. Each is zeros where nothing is known, which is what the slot's mean has.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub(crate) slot: usize,
    pub(crate) style: Vec<f32>,
    pub(crate) words: Vec<f32>,
    pub(crate) color: Vec<f32>,
    pub(crate) bag: Bag,
    pub(crate) palette: Palette,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoder {
    pub(crate) vectors: Vectors,
    vocabulary: Vocabulary,
    /// For each slot its mean over [`hues::histogram`].
    colors: Vec<f32>,
}

impl Encoder {
    pub(crate) fn fit(garments: &[Garment<'_>], seed: u64) -> Self {
        Self {
            vectors: Vectors::fit(garments, seed),
            vocabulary: Vocabulary::fit(garments, seed),
            colors: mean_histograms(garments),
        }
    }

    /// Dimensions of the codes of style, words and colour.
    pub(crate) fn kept(&self) -> [usize; 3] {
        [self.vectors.kept(), self.vocabulary.kept(), hues::ANCHORS]
    }

    pub(crate) fn encode(&self, garment: &Garment<'_>) -> Encoded {
        self.with_style(garment, self.vectors.encode(garment))
    }

    /// The same for many, which is faster.
    pub(crate) fn encode_all(&self, garments: &[Garment<'_>]) -> Vec<Encoded> {
        let styles = self.vectors.encode_all(garments);
        (garments.iter().zip(styles))
            .map(|(garment, style)| self.with_style(garment, style))
            .collect()
    }

    fn with_style(&self, garment: &Garment<'_>, style: Vec<f32>) -> Encoded {
        let slot = place(garment.slot);
        let bag = self.vocabulary.bag(garment);
        let palette = garment.palette();
        let mut color = hues::histogram(&palette);
        if !palette.is_empty() {
            let mean = self.colors.chunks_exact(hues::ANCHORS).nth(slot);
            for (x, mean) in color.iter_mut().zip(mean.unwrap_or_default()) {
                *x -= mean;
            }
        }
        Encoded {
            slot,
            style,
            words: self.vocabulary.encode(slot, &bag),
            color,
            bag,
            palette: Palette::of(&palette),
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        self.vectors.write(to);
        self.vocabulary.write(to);
        to.floats(&self.colors);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(Self {
            vectors: Vectors::read(from)?,
            vocabulary: Vocabulary::read(from)?,
            colors: from.floats(SLOTS * hues::ANCHORS)?,
        })
    }
}

fn mean_histograms(garments: &[Garment<'_>]) -> Vec<f32> {
    let mut means = vec![0.0_f32; SLOTS * hues::ANCHORS];
    for (slot, mean) in means.chunks_exact_mut(hues::ANCHORS).enumerate() {
        let mut count = 0.0_f32;
        for garment in garments.iter().filter(|piece| place(piece.slot) == slot) {
            let palette = garment.palette();
            if palette.is_empty() {
                continue;
            }
            count += 1.0;
            for (sum, x) in mean.iter_mut().zip(hues::histogram(&palette)) {
                *sum += x;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count.max(1.0));
    }
    means
}
