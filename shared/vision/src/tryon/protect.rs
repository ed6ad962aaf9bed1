//! What garments must not cover: face, neck, hair and hands, and bare forearms in front of the torso.

use image::RgbImage;

use super::{
    body::Body,
    foot::Foot,
    geom::{P, p, smooth_step, to_segment},
    plane::{Mask, Plane},
};

/// How much of each pixel is kept from garments, 0–1.
#[derive(Debug, Clone)]
pub(crate) struct Protected {
    /// Face, neck, hair and hands: nothing but a hat may cover them.
    pub(crate) always: Plane,
    /// The same for garments with a collar: it lies over the sides of the neck.
    pub(crate) collared: Plane,
    /// The face below the brows: no hat may cover it either.
    pub(crate) face: Plane,
    /// The legs down to the ankles: no shoe covers them.
    pub(crate) legs: Plane,
    /// Bare forearms that hang in front of what is worn on the torso or the legs.
    pub(crate) arms: Plane,
    /// Face, hair, hands and bare forearms: what no garment's shadow falls on.
    pub(crate) front: Plane,
    /// How surely a pixel of the person is bare skin.
    pub(crate) skin: Plane,
}

/// Finds what must stay as it was.
pub(crate) fn protect(photo: &RgbImage, body: &Body) -> Protected {
    let head = Head::of(body);
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let colours = Colours::learn(photo, body, &head);
    let near = |x: usize, y: usize| p(x as f32 + 0.5, y as f32 + 0.5);
    let tone = Tone::learn(photo, body, &head);
    let skin = Plane::from_fn(width, height, |x, y| {
        if body.mask.data[y * width + x] >= 0.3 {
            colours.skin(photo, x, y) * tone.like(photo.get_pixel(x as u32, y as u32).0)
        } else {
            0.0
        }
    });
    let hair = hair(photo, body, &head, &colours, &skin);
    let skin_of = |part: &dyn Fn(P) -> bool| {
        let plane = Plane::from_fn(width, height, |x, y| {
            let here = skin.data[y * width + x] > 0.45 && part(near(x, y));
            f32::from(u8::from(here))
        });
        soften(&plane)
    };
    let box_of = |points: &[P], margin: f32| Bounds::around(points, margin);
    let reach = 0.25 * body.torso;
    let hands: Vec<Bounds> = body
        .sides
        .iter()
        .map(|side| {
            box_of(
                &[side.wrist.at, side.index.at, side.pinky.at, side.thumb.at],
                reach,
            )
        })
        .collect();
    let hands = skin_of(&|at| (0..2).any(|side| hands[side].holds(at) && body.on_hand(side, at)));
    let arms: Vec<Bounds> = body
        .sides
        .iter()
        .map(|side| {
            box_of(
                &[
                    side.shoulder.at,
                    side.elbow.at,
                    side.wrist.at,
                    side.index.at,
                ],
                reach,
            )
        })
        .collect();
    let arms = skin_of(&|at| (0..2).any(|side| arms[side].holds(at) && body.on_forearm(side, at)));

    let face = Plane::from_fn(width, height, |x, y| {
        f32::from(u8::from(head.below_brows(near(x, y))))
    });
    let kept = |neck: &dyn Fn(P) -> bool| {
        let mut kept = soften(&Plane::from_fn(width, height, |x, y| {
            let here = body.mask.data[y * width + x] > 0.3 && neck(near(x, y));
            f32::from(u8::from(here))
        }));
        for (index, value) in kept.data.iter_mut().enumerate() {
            *value = value.max(hair.data[index]).max(hands.data[index]);
            if head.on_face(near(index % width, index / width)) {
                *value = 1.0;
            }
        }
        kept
    };
    let always = kept(&|at| head.on_neck(at, body));
    let collared = kept(&|at| head.on_neck(at, body) && in_collar(at, body));
    let front = Plane::from_fn(width, height, |x, y| {
        let index = y * width + x;
        if head.on_face(near(x, y)) {
            1.0
        } else {
            hair.data[index]
                .max(hands.data[index])
                .max(arms.data[index])
        }
    });
    Protected {
        legs: legs(body),
        always,
        collared,
        face,
        arms,
        front,
        skin,
    }
}

/// The legs from the knees down to the ankles.
fn legs(body: &Body) -> Plane {
    let (width, height) = (body.mask.width, body.mask.height);
    let feet: Vec<Foot> = (0..2)
        .filter_map(|side| Foot::measure(body, side))
        .collect();
    Plane::from_fn(width, height, |x, y| {
        let at = p(x as f32 + 0.5, y as f32 + 0.5);
        let leg = feet.iter().map(|foot| foot.leg(at)).fold(0.0, f32::max);
        leg * smooth_step(0.3, 0.7, body.mask.data[y * width + x])
    })
}

/// In the opening of a collar, or above it: it begins at the pit of the neck and is as wide as the neck at the
/// collar's upper edge.
fn in_collar(at: P, body: &Body) -> bool {
    let offset = (at - body.neck) * (1.0 / body.torso);
    let (across, up) = (offset.dot(body.across()).abs(), offset.dot(body.up()));
    across < 0.8 * (up - 0.005)
}

/// Specks removed and edges softened by about a pixel.
fn soften(plane: &Plane) -> Plane {
    let mut soft = plane.blurred(1);
    for value in &mut soft.data {
        *value = ((*value - 0.25) * 2.0).clamp(0.0, 1.0);
    }
    soft
}

struct Bounds {
    low: P,
    high: P,
}

impl Bounds {
    fn around(points: &[P], margin: f32) -> Self {
        let fold = |get: fn(&P) -> f32, with: fn(f32, f32) -> f32, start| {
            points.iter().map(get).fold(start, with)
        };
        Self {
            low: p(
                fold(|p| p.x, f32::min, f32::INFINITY) - margin,
                fold(|p| p.y, f32::min, f32::INFINITY) - margin,
            ),
            high: p(
                fold(|p| p.x, f32::max, f32::NEG_INFINITY) + margin,
                fold(|p| p.y, f32::max, f32::NEG_INFINITY) + margin,
            ),
        }
    }

    fn holds(&self, at: P) -> bool {
        at.x >= self.low.x && at.x <= self.high.x && at.y >= self.low.y && at.y <= self.high.y
    }
}

/// Where the head is, in proportions of the distance from the eyes to the mouth.
///
/// Of an adult's head, that distance is about 0.3 of the height from chin to crown: the chin lies 0.65 of it
/// below the mouth, the hair line 0.9 of it above the eyes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Between the eyes.
    pub(crate) eyes: P,
    /// Down the face.
    pub(crate) down: P,
    /// From the eyes to the mouth, in pixels.
    pub(crate) unit: f32,
    /// Half the head's breadth, in pixels.
    pub(crate) half: f32,
    /// Middle of the head, seen from the front.
    pub(crate) centre: P,
}

impl Head {
    /// Of a measured body.
    pub(crate) fn of(body: &Body) -> Self {
        let (eyes, way) = body.face();
        // Head and neck are upright more or less, so that a bad mouth landmark cannot tilt the head far.
        let down = (way.unit() + body.up() * -0.5).unit();
        // Measured against the torso too: a lowered face is foreshortened.
        let unit = way.length().clamp(0.12 * body.torso, 0.19 * body.torso);
        let ears = body.sides[0].ear.at.mix(body.sides[1].ear.at, 0.5);
        let centre = ears.mix(body.nose.at, 0.35);
        let between = body.sides[0].ear.at.distance(body.sides[1].ear.at);
        let half = (0.55 * between).clamp(0.14 * body.torso, 0.2 * body.torso);
        Self {
            eyes,
            down,
            unit,
            half,
            centre,
        }
    }

    /// Coordinates in the head: to the picture's right of the middle and downwards from the eyes, in units.
    fn within(&self, at: P) -> P {
        let across = p(self.down.y, -self.down.x);
        let offset = at - self.eyes;
        let middle = (self.centre - self.eyes).dot(across) * 0.5;
        p(
            (offset.dot(across) - middle) / self.unit,
            offset.dot(self.down) / self.unit,
        )
    }

    /// On the face, from the hair line to the chin.
    pub(crate) fn on_face(&self, at: P) -> bool {
        let at = self.within(at);
        let half = (self.half / self.unit).max(0.9);
        (at.x / half).powi(2) + ((at.y - 0.4) / 1.3).powi(2) < 1.0
    }

    /// On the face, below the brows.
    pub(crate) fn below_brows(&self, at: P) -> bool {
        self.on_face(at) && self.within(at).y > -0.3
    }

    /// On the neck, down to where a round neckline lies.
    fn on_neck(&self, at: P, body: &Body) -> bool {
        let chin = self.eyes + self.down * (1.3 * self.unit);
        let base = body.neck + body.up() * (0.07 * body.torso);
        let (distance, share) = to_segment(at, chin, base);
        distance < body.torso * (0.12 - 0.04 * share)
    }

    /// Anywhere on the head, hair included, where it lies close.
    fn on_head(&self, at: P) -> bool {
        let at = self.within(at);
        (at.x / 1.9).powi(2) + ((at.y + 0.35) / 2.1).powi(2) < 1.0
    }
}

/// How often each colour occurs in hair, skin and clothes: three histograms over brightness and two colour
/// differences.
struct Colours {
    hair: Vec<f32>,
    skin: Vec<f32>,
    clothes: Vec<f32>,
}

const BRIGHT: usize = 16;
const CHROMA: usize = 32;

fn bin(photo: &RgbImage, x: usize, y: usize) -> [usize; 3] {
    let [r, g, b] = photo.get_pixel(x as u32, y as u32).0.map(f32::from);
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    // Twice the usual range: skin, hair and most fabrics have little chroma.
    let chroma = |value: f32| {
        ((value - luma) * 0.2 + CHROMA as f32 / 2.0).clamp(0.0, CHROMA as f32 - 1.0) as usize
    };
    [
        (luma / 256.0 * BRIGHT as f32) as usize,
        chroma(b),
        chroma(r),
    ]
}

const fn slot(bin: [usize; 3]) -> usize {
    (bin[0] * CHROMA + bin[1]) * CHROMA + bin[2]
}

impl Colours {
    fn learn(photo: &RgbImage, body: &Body, head: &Head) -> Self {
        let empty = vec![0.0_f32; BRIGHT * CHROMA * CHROMA];
        let mut colours = Self {
            hair: empty.clone(),
            skin: empty.clone(),
            clothes: empty,
        };
        let width = photo.width() as usize;
        for y in 0..photo.height() as usize {
            for x in 0..width {
                if body.mask.data[y * width + x] < 0.8 {
                    continue;
                }
                let at = p(x as f32 + 0.5, y as f32 + 0.5);
                let inner = head.within(at);
                let histogram = if inner.x.abs() < 0.7 && (0.25..1.0).contains(&inner.y) {
                    &mut colours.skin
                } else if head.on_head(at) && !head.on_face(at) && inner.y < 0.2 {
                    &mut colours.hair
                } else if on_chest(body, at) {
                    &mut colours.clothes
                } else {
                    continue;
                };
                histogram[slot(bin(photo, x, y))] += 1.0;
            }
        }
        for histogram in [&mut colours.hair, &mut colours.skin, &mut colours.clothes] {
            spread(histogram);
        }
        colours
    }

    /// Hair against skin and clothes. Skin counts double: it is there wherever hair is.
    fn hair(&self, photo: &RgbImage, x: usize, y: usize) -> f32 {
        let slot = slot(bin(photo, x, y));
        self.hair[slot] / (self.hair[slot] + 3.0 * self.skin[slot] + self.clothes[slot] + 4e-4)
    }

    /// Clothes against hair.
    fn clothes(&self, photo: &RgbImage, x: usize, y: usize) -> f32 {
        let slot = slot(bin(photo, x, y));
        self.clothes[slot] / (self.clothes[slot] + self.hair[slot] + 1e-4)
    }

    /// Skin against clothes; hair has similar colours but does not grow on hands.
    fn skin(&self, photo: &RgbImage, x: usize, y: usize) -> f32 {
        let slot = slot(bin(photo, x, y));
        self.skin[slot].max(0.5 * self.hair[slot])
            / (self.skin[slot].max(0.5 * self.hair[slot]) + self.clothes[slot] + 2e-4)
    }
}

/// The face's hue, in which skin is in light and in shade.
struct Tone {
    /// Red minus green and green minus blue, over the brightness.
    middle: [f32; 2],
}

impl Tone {
    fn of([red, green, blue]: [u8; 3]) -> [f32; 2] {
        let [red, green, blue] = [red, green, blue].map(f32::from);
        let bright = 0.299 * red + 0.587 * green + 0.114 * blue + 16.0;
        [(red - green) / bright, (green - blue) / bright]
    }

    fn learn(photo: &RgbImage, body: &Body, head: &Head) -> Self {
        let width = photo.width() as usize;
        let mut values = [Vec::new(), Vec::new()];
        for (x, y, pixel) in photo.enumerate_pixels() {
            let inner = head.within(p(x as f32 + 0.5, y as f32 + 0.5));
            let on_face = inner.x.abs() < 0.7
                && (0.25..1.0).contains(&inner.y)
                && body.mask.data[y as usize * width + x as usize] >= 0.8;
            if on_face {
                for (values, value) in values.iter_mut().zip(Self::of(pixel.0)) {
                    values.push(value);
                }
            }
        }
        let middle = values.map(|mut values| {
            values.sort_by(f32::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(0.15)
        });
        Self { middle }
    }

    /// How far a colour has that hue, 0–1.
    fn like(&self, colour: [u8; 3]) -> f32 {
        let off = Self::of(colour)
            .into_iter()
            .zip(self.middle)
            .map(|(value, middle)| (value - middle).abs())
            .fold(0.0, f32::max);
        // Shade and make-up change it a little; grey, white and most cloth lie further away.
        1.0 - smooth_step(0.11, 0.18, off)
    }
}

fn on_chest(body: &Body, at: P) -> bool {
    let down = (body.neck - at).dot(body.up());
    let q = down / body.torso;
    if !(0.35..0.95).contains(&q) {
        return false;
    }
    let section = body.section(q);
    at.distance(section.centre()) < 0.35 * section.left.distance(section.right)
}

/// Blurs a histogram along its three axes and makes its sum 1.
fn spread(histogram: &mut [f32]) {
    for (stride, count) in [(1, CHROMA), (CHROMA, CHROMA), (CHROMA * CHROMA, BRIGHT)] {
        let before = histogram.to_vec();
        for (index, value) in histogram.iter_mut().enumerate() {
            let at = index / stride % count;
            let below = if at > 0 {
                before[index - stride]
            } else {
                before[index]
            };
            let above = if at + 1 < count {
                before[index + stride]
            } else {
                before[index]
            };
            *value = 0.5 * before[index] + 0.25 * (below + above);
        }
    }
    let sum: f32 = histogram.iter().sum();
    if sum > 0.0 {
        for value in histogram {
            *value /= sum;
        }
    }
}

/// Hair: what has the head's hair colours, hangs together with the head, and lies on head, neck, shoulders or
/// chest.
fn hair(photo: &RgbImage, body: &Body, head: &Head, colours: &Colours, skin: &Plane) -> Plane {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let reach = 1.1 * body.torso;
    let lowest = 0.75;
    let likely = Plane::from_fn(width, height, |x, y| {
        let at = p(x as f32 + 0.5, y as f32 + 0.5);
        let q = (body.neck - at).dot(body.up()) / body.torso;
        if q > lowest || at.distance(head.eyes) > reach || body.mask.data[y * width + x] < 0.3 {
            return 0.0;
        }
        if head.on_head(at) && q < -0.25 && !head.on_face(at) {
            return 1.0;
        }
        // Fair hair and skin have colours in common; below the head it is skin.
        let skin = if head.on_head(at) {
            0.0
        } else {
            skin.data[y * width + x]
        };
        colours.hair(photo, x, y) * (1.0 - smooth_step(0.85, 0.98, skin))
    });
    let likely = likely.blurred(1);
    let mut mask = Mask::of(&likely, 0.5);
    let seed = head.eyes - head.down * (1.3 * head.unit);
    let mut hair = Plane::new(width, height);
    for piece in mask.pieces(true) {
        let linked = piece.pixels.iter().any(|&index| {
            let at = p((index % width) as f32, (index / width) as f32);
            at.distance(seed) < 0.8 * head.unit
        });
        if !linked {
            for index in piece.pixels {
                mask.data[index] = false;
            }
        }
    }
    // Highlights within.
    for hole in mask.pieces(false) {
        let through = hole
            .pixels
            .iter()
            .filter(|&&index| colours.clothes(photo, index % width, index / width) > 0.5)
            .count();
        if !hole.touches_edge
            && (hole.pixels.len() as f32) < 0.004 * body.torso * body.torso
            && through * 2 < hole.pixels.len()
        {
            for index in hole.pixels {
                mask.data[index] = true;
            }
        }
    }
    let locks = locks(&mask, body, head);
    for (index, value) in hair.data.iter_mut().enumerate() {
        *value = f32::from(u8::from(locks.data[index]));
    }
    soften(&hair)
}

/// Hair without what is thin below the head: edges and folds of clothes that have hair's colours.
pub(crate) fn locks(hair: &Mask, body: &Body, head: &Head) -> Mask {
    let (width, height) = (hair.width, hair.height);
    let thin = (0.03 * body.torso).max(2.0);
    let depth = Mask {
        width,
        height,
        data: hair.data.iter().map(|set| !set).collect(),
    }
    .distance_to();
    let on_head = |index: usize| head.on_head(p((index % width) as f32, (index / width) as f32));
    let core = Mask {
        width,
        height,
        data: depth
            .iter()
            .enumerate()
            .map(|(index, &depth)| depth > thin || depth > 0.0 && on_head(index))
            .collect(),
    };
    // A pixel less than before: at its edge hair is mixed with the old clothes.
    let near = core.grown(thin - 0.5);
    let mut locks = Mask {
        width,
        height,
        data: hair
            .data
            .iter()
            .zip(&near.data)
            .enumerate()
            .map(|(index, (&hair, &near))| hair && near && (depth[index] > 1.0 || on_head(index)))
            .collect(),
    };
    let least = (0.006 * body.torso * body.torso) as usize;
    for piece in locks.pieces(true) {
        if piece.pixels.len() < least {
            for index in piece.pixels {
                locks.data[index] = false;
            }
        }
    }
    for hole in locks.pieces(false) {
        if !hole.touches_edge && hole.pixels.len() < least / 4 {
            // What is no hair within are old clothes, seen through it.
            for index in hole.pixels {
                locks.data[index] = hair.data[index];
            }
        }
    }
    locks
}
