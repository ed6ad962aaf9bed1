//! Who is near to what among all that was chosen together, over several steps.
//!
//! Each user, top and bottom starts as a random direction, and becomes the mean of what it was seen with, again
//! and again: things that share neighbours, or neighbours' neighbours, come to point the same way (H. Chen et
//! al., "Fast and accurate network embeddings via very sparse random projection", CIKM 2019).

use super::counts::Numbered;

/// Numbers of a direction.
const DIM: usize = 96;
/// Steps.
const STEPS: usize = 3;
/// How many features of nearness there are.
pub(super) const NEARNESSES: usize = 6;

type Direction = [f32; DIM];

/// The directions of all after each step: users, then tops, then bottoms.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    steps: Vec<Vec<Direction>>,
    sizes: Sizes,
}

/// How many users, tops and bottoms there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) users: usize,
    pub(super) tops: usize,
    pub(super) bottoms: usize,
}

impl Graph {
    /// Of who chose what for which top.
    pub(super) fn new(lines: &[Numbered], sizes: Sizes) -> Self {
        let (tops_at, bottoms_at) = (sizes.users, sizes.users + sizes.tops);
        let count = bottoms_at + sizes.bottoms;
        let edges: Vec<[usize; 3]> = lines
            .iter()
            .map(|line| {
                [
                    line.user as usize,
                    tops_at + line.top as usize,
                    bottoms_at + line.positive as usize,
                ]
            })
            .collect();
        let mut rng = fastrand::Rng::with_seed(2);
        let mut now: Vec<Direction> = (0..count)
            .map(|_| [(); DIM].map(|()| if rng.bool() { 1.0 } else { -1.0 }))
            .collect();
        let mut degrees = vec![0f32; count];
        for node in edges.iter().flatten() {
            degrees[*node] += 2.0;
        }
        let mut steps = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            let mut next = vec![[0.0; DIM]; count];
            for [a, b, c] in &edges {
                for (to, from) in [(a, b), (b, a), (a, c), (c, a), (b, c), (c, b)] {
                    // What is seen with everything tells little of what it is seen with.
                    let share = 1.0 / degrees[*from].max(1.0).sqrt();
                    let source = now[*from];
                    for (x, y) in next[*to].iter_mut().zip(source) {
                        *x += y * share;
                    }
                }
            }
            center(&mut next, &degrees);
            next.iter_mut().for_each(normalise);
            now.clone_from(&next);
            steps.push(next);
        }
        Self { steps, sizes }
    }

    /// How near the bottom is to the user, and to the top, after one, two and three steps: cosines; 0 for what is
    /// not known.
    pub(super) fn nearness(
        &self,
        user: Option<u32>,
        top: Option<u32>,
        bottom: Option<u32>,
    ) -> [f32; NEARNESSES] {
        let Sizes { users, tops, .. } = self.sizes;
        let user = user.map(|user| user as usize);
        let top = top.map(|top| users + top as usize);
        let bottom = bottom.map(|bottom| users + tops + bottom as usize);
        let mut nearness = [0.0; NEARNESSES];
        let pairs = [user, top]
            .into_iter()
            .flat_map(|other| self.steps.iter().map(move |step| (other, step)));
        for (to, (other, directions)) in nearness.iter_mut().zip(pairs) {
            let direction = |node: Option<usize>| node.and_then(|node| directions.get(node));
            if let (Some(a), Some(b)) = (direction(other), direction(bottom)) {
                *to = a.iter().zip(b).map(|(x, y)| x * y).sum();
            }
        }
        nearness
    }
}

/// Takes out what all share, which is only how much each was seen.
fn center(directions: &mut [Direction], degrees: &[f32]) {
    let (mut mean, mut n) = ([0f32; DIM], 0f32);
    for (direction, degree) in directions.iter().zip(degrees) {
        if *degree > 0.0 {
            let mut unit = *direction;
            normalise(&mut unit);
            mean.iter_mut().zip(unit).for_each(|(m, x)| *m += x);
            n += 1.0;
        }
    }
    mean.iter_mut().for_each(|m| *m /= n.max(1.0));
    for (direction, degree) in directions.iter_mut().zip(degrees) {
        if *degree > 0.0 {
            normalise(direction);
            direction.iter_mut().zip(mean).for_each(|(x, m)| *x -= m);
        }
    }
}

fn normalise(direction: &mut Direction) {
    let norm = direction.iter().map(|x| x * x).sum::<f32>().sqrt();
    if norm > 0.0 {
        direction.iter_mut().for_each(|x| *x /= norm);
    }
}
