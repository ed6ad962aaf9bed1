//! Which clusters of a garment's pixels are one colour of its cloth.
//!
//! Folds and shadows are darker shades of the cloth's colour and pass into it softly; prints, stripes and
//! panels have sharp edges. Where two colours meet there are pixels of both, which are no colour of their own.

use crate::{
    clusters::{Clusters, LIGHTNESS},
    oklab::Lab,
};

/// Clusters nearer than this are one colour.
const SAME: f32 = 0.055;
/// A shade's tint may be off by so much.
const TINT: f32 = 0.03;
/// No two clusters of one colour are farther apart in tint.
const FAR_TINT: f32 = 0.065;
/// Shades that keep more than this part of the lightness are one colour whatever their edges.
const NEAR_SHADE: f32 = 0.78;
const NEAR_TINT: f32 = 0.02;
/// So are those of one hue that keep a little less, such as the threads of denim. Less chroma than this is no
/// hue.
const HUED_SHADE: f32 = 0.6;
const FAINT: f32 = 0.018;
/// An edge is soft if the step from pixel to pixel is less than this part of the clusters' difference. Shades
/// that keep a good part of the lightness may have harder edges, as those of creases.
const SOFT: f32 = 0.5;
const CREASE: f32 = 0.68;
const CREASED: f32 = 0.85;
/// The darkest cluster of a colour keeps at least this part of the lightest one's lightness, if its shades
/// lie together (so much of their neighbours are their own); or else this part.
const DARKEST_SHADE: f32 = 0.42;
const COHERENT: f32 = 0.7;
const DARKEST_GRAIN: f32 = 0.54;
/// What is dark and has hardly any colour is black with light on it, as leather has.
const DARK: f32 = 0.46;
const COLOURLESS: f32 = 0.028;
/// Gloss on dark cloth or leather: smaller than what is dark, soft, and with little more colour than this.
const GLOSS_SHARE: f32 = 0.75;
const GLOSS: f32 = 0.05;
const GLOSSY: f32 = 0.66;
/// What shines loses colour and keeps its hue, so two strong colours whose hues differ by fewer degrees may be
/// one although their tints differ.
const STRONG: f32 = 0.06;
const SAME_HUE: f32 = 32.0;
/// A blend is about on the line between two others (off by this at most), not near either end, and thin: fewer
/// than this part of its neighbours are its own.
const ON_LINE: f32 = 0.04;
const ENDS: f32 = 0.15;
const THIN: f32 = 0.5;
/// Checks have blends in patches: up to this part of their neighbours are their own, but then each of the two has
/// so many times their pixels.
const PATCHY: f32 = 0.68;
const CLEARLY_MORE: f32 = 1.3;
/// Each of the two has at least this many times the pixels of their blend, and fewer if they contrast so much.
const MANY: f32 = 0.7;
const FEW: f32 = 0.35;
const CONTRAST: f32 = 0.25;

/// A colour of the cloth.
#[derive(Debug, Clone)]
pub(crate) struct Shades {
    /// The mean of its pixels.
    pub(crate) mean: Lab,
    /// How many pixels it has; a blend's are divided.
    pub(crate) count: f32,
    /// The means of its clusters.
    parts: Vec<Lab>,
    /// Which clusters it has.
    pub(crate) clusters: Vec<u8>,
}

/// Neighbouring pixels of two clusters: how many pairs, and the sum of their differences.
type Contact = (f32, f32);

/// How far the darker of two colours is from being a shade of the lighter one: in less light, all three values
/// fall by one factor.
fn off_tint(one: Lab, two: Lab) -> f32 {
    let (light, dark) = if one.l > two.l {
        (one, two)
    } else {
        (two, one)
    };
    let shaded = light.times(dark.l / light.l.max(1e-3));
    (shaded.a - dark.a).hypot(shaded.b - dark.b)
}

#[derive(Debug)]
struct Groups {
    groups: Vec<Shades>,
    /// Of each group with each.
    contacts: Vec<Vec<Contact>>,
}

/// The cloth's colours, in no order.
pub(crate) fn of(clusters: &Clusters) -> Vec<Shades> {
    let mut groups = Groups::new(clusters);
    while groups.dissolve_a_blend() {}
    while groups.join_the_nearest() {}
    groups.groups
}

impl Groups {
    fn new(clusters: &Clusters) -> Self {
        let number = clusters.centres.len();
        let mut contacts = vec![vec![(0.0, 0.0); number]; number];
        for ([one, two], [here, there]) in clusters.neighbours() {
            let step = here.distance2(there, 1.0).sqrt();
            for (one, two) in [(one, two), (two, one)] {
                let contact = contacts
                    .get_mut(usize::from(one))
                    .and_then(|row| row.get_mut(usize::from(two)));
                if let Some((pairs, steps)) = contact {
                    *pairs += 1.0;
                    *steps += step;
                }
            }
        }
        let groups = (0_u8..)
            .zip(&clusters.centres)
            .map(|(label, (mean, count))| Shades {
                mean: *mean,
                count: *count as f32,
                parts: vec![*mean],
                clusters: vec![label],
            })
            .collect();
        Self { groups, contacts }
    }

    fn contact(&self, one: usize, two: usize) -> Contact {
        let contact = self.contacts.get(one).and_then(|row| row.get(two));
        contact.copied().unwrap_or_default()
    }

    /// The part of a group's neighbours that are its own.
    fn cohesion(&self, of: usize) -> f32 {
        let all: f32 = self
            .contacts
            .get(of)
            .map_or(0.0, |row| row.iter().map(|(pairs, _)| pairs).sum());
        self.contact(of, of).0 / all.max(1.0)
    }

    /// Divides the pixels of one blend of two others between them; false if there is none.
    fn dissolve_a_blend(&mut self) -> bool {
        let number = self.groups.len();
        let found = (0..number)
            .filter(|blend| self.cohesion(*blend) < PATCHY)
            .find_map(|blend| {
                (0..number)
                    .flat_map(|one| (one + 1..number).map(move |two| (one, two)))
                    .filter(|(one, two)| *one != blend && *two != blend)
                    .find_map(|(one, two)| Some((blend, one, two, self.blend(blend, one, two)?)))
            });
        let Some((blend, one, two, part)) = found else {
            return false;
        };
        let count = self.groups.get(blend).map_or(0.0, |group| group.count);
        for (to, part) in [(one, 1.0 - part), (two, part)] {
            if let Some(group) = self.groups.get_mut(to) {
                group.count += count * part;
            }
        }
        self.remove(blend);
        true
    }

    /// How far a blend is from one colour to the other, if it is one.
    fn blend(&self, blend: usize, one: usize, two: usize) -> Option<f32> {
        let at = blend;
        let [blend, one, two] = [blend, one, two].map(|at| self.groups.get(at));
        let (blend, one, two) = (blend?, one?, two?);
        let contrast = one.mean.distance2(two.mean, LIGHTNESS).sqrt();
        let least = match self.cohesion(at) {
            cohesion if cohesion > THIN => CLEARLY_MORE,
            _ if contrast > CONTRAST => FEW,
            _ => MANY,
        };
        if one.count.min(two.count) < least * blend.count {
            return None;
        }
        let line = two.mean.plus(one.mean.times(-1.0));
        let off = blend.mean.plus(one.mean.times(-1.0));
        let dot = |x: Lab, y: Lab| x.l * y.l + x.a * y.a + x.b * y.b;
        let part = dot(line, off) / dot(line, line).max(1e-9);
        let on_line = one.mean.plus(line.times(part));
        let near = on_line.distance2(blend.mean, LIGHTNESS).sqrt() < ON_LINE;
        (near && (ENDS..=1.0 - ENDS).contains(&part)).then_some(part)
    }

    /// Joins the nearest two groups that are one colour; false if there are none.
    fn join_the_nearest(&mut self) -> bool {
        let number = self.groups.len();
        let nearest = (0..number)
            .flat_map(|one| (one + 1..number).map(move |two| (one, two)))
            .filter(|(one, two)| self.are_one(*one, *two))
            .map(|(one, two)| (self.distance(one, two), one, two))
            .min_by(|one, two| one.0.total_cmp(&two.0));
        let Some((_, one, two)) = nearest else {
            return false;
        };
        self.join(one, two);
        true
    }

    fn distance(&self, one: usize, two: usize) -> f32 {
        match (self.groups.get(one), self.groups.get(two)) {
            (Some(one), Some(two)) => one.mean.distance2(two.mean, LIGHTNESS).sqrt(),
            _ => f32::MAX,
        }
    }

    fn are_one(&self, one: usize, two: usize) -> bool {
        let (Some(first), Some(second)) = (self.groups.get(one), self.groups.get(two)) else {
            return false;
        };
        let mut pairs = first
            .parts
            .iter()
            .flat_map(|part| second.parts.iter().map(move |other| (part, other)));
        if pairs.any(|(part, other)| off_tint(*part, *other) > FAR_TINT) {
            return false;
        }
        if self.distance(one, two) < SAME {
            return true;
        }
        let (lighter, darker) = if first.mean.l > second.mean.l {
            (first, second)
        } else {
            (second, first)
        };
        let (light, dark) = (lighter.mean, darker.mean);
        let (pairs, steps) = self.contact(one, two);
        if pairs < 1.0 {
            return false;
        }
        let sharpness = steps / pairs / light.distance2(dark, 1.0).sqrt().max(1e-3);
        let kept = dark.l / light.l.max(1e-3);
        let tint = off_tint(light, dark);
        let apart = (light.hue() - dark.hue() + 180.0).rem_euclid(360.0) - 180.0;
        let shines = light.chroma().min(dark.chroma()) > STRONG && apart.abs() < SAME_HUE;
        let glossy =
            light.l < GLOSSY && dark.l < DARK && lighter.count < GLOSS_SHARE * darker.count;
        if glossy && light.chroma() < GLOSS && tint < GLOSS && sharpness < CREASED {
            return true;
        }
        if tint > TINT && !shines {
            return false;
        }
        if light.l < DARK && light.chroma().max(dark.chroma()) < COLOURLESS {
            return true;
        }
        let parts = first.parts.iter().chain(&second.parts);
        let (darkest, lightest) = parts.fold((f32::MAX, 0.0_f32), |(dark, light), part| {
            (dark.min(part.l), light.max(part.l))
        });
        let coherent = self.cohesion(one).min(self.cohesion(two)) > COHERENT;
        let least = if coherent {
            DARKEST_SHADE
        } else {
            DARKEST_GRAIN
        };
        if darkest < least * lightest {
            return false;
        }
        let faint = light.chroma().min(dark.chroma());
        (kept > NEAR_SHADE && tint < NEAR_TINT)
            || (kept > HUED_SHADE && faint > FAINT && apart.abs() < SAME_HUE)
            || sharpness < if kept > CREASE { CREASED } else { SOFT }
    }

    fn join(&mut self, one: usize, two: usize) {
        let Some(other) = self.groups.get(two).cloned() else {
            return;
        };
        if let Some(group) = self.groups.get_mut(one) {
            let total = (group.count + other.count).max(1e-6);
            let (own, others) = (group.count / total, other.count / total);
            group.mean = group.mean.times(own).plus(other.mean.times(others));
            group.count = total;
            group.parts.extend(other.parts);
            group.clusters.extend(other.clusters);
        }
        // Contacts of the second become the first's.
        for row in &mut self.contacts {
            let moved = row.get(two).copied().unwrap_or_default();
            if let Some((pairs, steps)) = row.get_mut(one) {
                *pairs += moved.0;
                *steps += moved.1;
            }
        }
        let moved = self.contacts.get(two).cloned().unwrap_or_default();
        if let Some(row) = self.contacts.get_mut(one) {
            for ((pairs, steps), moved) in row.iter_mut().zip(moved) {
                *pairs += moved.0;
                *steps += moved.1;
            }
        }
        self.remove(two);
    }

    fn remove(&mut self, at: usize) {
        self.groups.remove(at);
        self.contacts.remove(at);
        for row in &mut self.contacts {
            row.remove(at);
        }
    }
}
