//! The learned scorer.

use drape_domain::Slot;

use crate::{
    bytes::{Broken, Reader, Writer},
    encoder::Encoder,
    features::{Prepared, STYLE, Spaces, features},
    garment::{Garment, place},
    head::Head,
    parts::{Judged, Parts},
    served::Served,
    space::Space,
    train::{self, Error, Options, Trained},
};

/// Tells how well pieces go together, as it was learned from outfits.
#[derive(Debug, Clone, PartialEq)]
pub struct Compat {
    encoder: Encoder,
    spaces: Spaces,
    head: Head,
    /// The head with the gain, as pairs are judged by it.
    served: Served,
    /// Calibration: what the head's log-odds are multiplied with.
    gain: f32,
    /// The log-odds of an outfit of which nothing is known.
    bias: f32,
}

impl Compat {
    pub(crate) fn new(encoder: Encoder, spaces: Spaces, head: Head, gain: f32, bias: f32) -> Self {
        Self {
            encoder,
            spaces,
            served: Served::new(&head, gain),
            head,
            gain,
            bias,
        }
    }

    /// Learns from outfits; of those with fewer than two pieces there is nothing to learn.
    ///
    /// # Errors
    /// When there are too few or too many; see [`Error`].
    pub fn train(outfits: &[Vec<Garment<'_>>], options: &Options) -> Result<Trained, Error> {
        train::train(outfits, options)
    }

    /// All that pairs need of a piece, once for each piece.
    #[must_use]
    pub fn prepare(&self, garment: &Garment<'_>) -> Prepared {
        Prepared::new(&self.encoder.encode(garment), &self.spaces)
    }

    /// The same for many, which is faster: a few products of matrices. It may differ from one by one in the last bits.
    #[must_use]
    pub fn prepare_all(&self, garments: &[Garment<'_>]) -> Vec<Prepared> {
        Prepared::all(&self.encoder.encode_all(garments), &self.spaces)
    }

    /// What two pieces contribute to an outfit's log-odds; the order does not matter. Where one of them is not known
    /// in some respect, that respect contributes nothing.
    #[must_use]
    pub fn pair(&self, x: &Prepared, y: &Prepared) -> Parts {
        self.served.parts(&features(x, y))
    }

    /// Judges an outfit by all its pairs. One piece alone has none, and is neither good nor bad.
    #[must_use]
    pub fn outfit(&self, pairs: impl IntoIterator<Item = Parts>) -> Judged {
        Judged::of(self.bias, pairs)
    }

    /// Judges an outfit by its pieces.
    #[must_use]
    pub fn judge(&self, pieces: &[&Prepared]) -> Judged {
        let pairs = pieces.iter().enumerate().flat_map(|(at, x)| {
            let earlier = pieces.iter().take(at);
            earlier.map(move |y| self.pair(x, y))
        });
        self.outfit(pairs)
    }

    /// Where in the embeddings to look for a piece of slot `to` that goes with this one of slot `from`: its partner's
    /// expected direction, at unit length, for a search by inner product. The vector itself if it is zero, not finite,
    /// or of other dimensions than those learned from.
    #[must_use]
    pub fn project(&self, from: Slot, to: Slot, vector: &[f32]) -> Vec<f32> {
        let garment = Garment {
            slot: from,
            category: None,
            vector: Some(vector),
            colors: &[],
            words: &[],
        };
        let code = self.encoder.vectors.encode(&garment);
        let length = norm(&code);
        if length <= 0.0 {
            return vector.to_vec();
        }
        // As the head weighs what goes together and what is alike.
        let weight = |at: usize| {
            let scale = self.head.scales.get(at).copied().unwrap_or_default();
            let weight = self.head.linear.get(at).copied().unwrap_or_default();
            (scale * weight).max(0.0)
        };
        let (together, alike) = (weight(STYLE.start), weight(STYLE.start + 1));
        let partner = self.spaces.style.partner(place(from), place(to), &code);
        let mixed: Vec<f32> = partner
            .iter()
            .zip(&code)
            .map(|(partner, own)| together * partner + alike * own / (length * length))
            .collect();
        let mut wanted = self.encoder.vectors.decode(&mixed);
        let size = norm(&wanted);
        if !size.is_finite() || size <= 1e-12 {
            return vector.to_vec();
        }
        wanted.iter_mut().for_each(|x| *x /= size);
        wanted
    }

    /// As bytes for [`Self::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.encoder.write(&mut to);
        for space in [&self.spaces.style, &self.spaces.words, &self.spaces.color] {
            space.write(&mut to);
        }
        self.head.write(&mut to);
        to.floats(&[self.gain, self.bias]);
        to.finish()
    }

    /// From what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// When the bytes are anything else; see [`Broken`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Broken> {
        let mut from = Reader::new(bytes)?;
        let encoder = Encoder::read(&mut from)?;
        let spaces = Spaces {
            style: Space::read(&mut from)?,
            words: Space::read(&mut from)?,
            color: Space::read(&mut from)?,
        };
        let kept = [&spaces.style, &spaces.words, &spaces.color].map(Space::kept);
        let head = Head::read(&mut from)?;
        let last = from.floats(2)?;
        from.finish()?;
        let &[gain, bias] = last.as_slice() else {
            return Err(Broken::Length);
        };
        if kept != encoder.kept() || gain < 0.0 {
            return Err(Broken::Content);
        }
        Ok(Self::new(encoder, spaces, head, gain, bias))
    }
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}
