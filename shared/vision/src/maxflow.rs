//! The cheapest division of a grid of pixels into two sides: a minimum cut, found by the augmenting-path
//! algorithm of Boykov and Kolmogorov (2004, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for
//! Energy Minimization in Vision"), whose two search trees are kept between augmentations. Capacities are whole
//! numbers, so the answer is exact and always the same.

use std::collections::VecDeque;

/// To a pixel's eight neighbours. The one after four more is the opposite.
const DIRECTIONS: [(isize, isize); 8] = [
    (1, 0),
    (1, 1),
    (0, 1),
    (-1, 1),
    (-1, 0),
    (-1, -1),
    (0, -1),
    (1, -1),
];

const FREE: u8 = 0;
const SOURCE: u8 = 1;
const SINK: u8 = 2;

/// Instead of a direction: no parent, the terminal itself, and a parent that has just been lost.
const NONE: u8 = 8;
const TERMINAL: u8 = 9;
const ORPHAN: u8 = 10;

/// A grid whose pixels want to be on one side or the other and are tied to their neighbours.
pub(crate) struct GridCut {
    width: usize,
    height: usize,
    /// Of the grid with a rim of one idle pixel around it, which saves asking for the borders.
    stride: usize,
    offsets: [isize; 8],
    /// What can still flow to each neighbour.
    ties: Vec<[i32; 8]>,
    /// What can still flow from the source (positive) or to the sink (negative).
    wish: Vec<i32>,
    side: Vec<u8>,
    parent: Vec<u8>,
    stamp: Vec<u32>,
    distance: Vec<u32>,
    active: VecDeque<usize>,
    queued: Vec<bool>,
    orphans: VecDeque<usize>,
    time: u32,
}

impl GridCut {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let stride = width + 2;
        let nodes = stride * (height + 2);
        Self {
            width,
            height,
            stride,
            offsets: DIRECTIONS.map(|(x, y)| y * stride as isize + x),
            ties: vec![[0; 8]; nodes],
            wish: vec![0; nodes],
            side: vec![FREE; nodes],
            parent: vec![NONE; nodes],
            stamp: vec![0; nodes],
            distance: vec![0; nodes],
            active: VecDeque::new(),
            queued: vec![false; nodes],
            orphans: VecDeque::new(),
            time: 0,
        }
    }

    fn node(&self, x: usize, y: usize) -> usize {
        (y + 1) * self.stride + x + 1
    }

    fn neighbour(&self, node: usize, direction: usize) -> usize {
        node.wrapping_add_signed(self.offsets[direction])
    }

    /// How much a pixel wants to be inside (positive) or outside (negative).
    pub(crate) fn wish(&mut self, x: usize, y: usize, strength: i32) {
        let node = self.node(x, y);
        self.wish[node] = strength;
    }

    /// Ties every pixel to its right and lower neighbours, as strongly as `strength` says for two pixels and
    /// their distance (1, or √2 on a diagonal).
    pub(crate) fn tie(&mut self, strength: impl Fn((usize, usize), (usize, usize), f32) -> i32) {
        for y in 0..self.height {
            for x in 0..self.width {
                for (direction, (dx, dy)) in DIRECTIONS.into_iter().enumerate().take(4) {
                    let (Some(nx), Some(ny)) = (x.checked_add_signed(dx), y.checked_add_signed(dy))
                    else {
                        continue;
                    };
                    if nx >= self.width || ny >= self.height {
                        continue;
                    }
                    let length = ((dx * dx + dy * dy) as f32).sqrt();
                    let strength = strength((x, y), (nx, ny), length);
                    let (one, two) = (self.node(x, y), self.node(nx, ny));
                    self.ties[one][direction] = strength;
                    self.ties[two][direction + 4] = strength;
                }
            }
        }
    }

    /// Which pixels are inside, row by row.
    pub(crate) fn solve(mut self) -> Vec<bool> {
        for node in 0..self.wish.len() {
            if self.wish[node] != 0 {
                self.side[node] = if self.wish[node] > 0 { SOURCE } else { SINK };
                self.parent[node] = TERMINAL;
                self.distance[node] = 1;
                self.activate(node);
            }
        }
        while let Some(node) = self.active.pop_front() {
            self.queued[node] = false;
            while self.side[node] != FREE {
                let Some((from, direction)) = self.grow(node) else {
                    break;
                };
                self.time += 1;
                self.augment(from, direction);
                self.adopt();
            }
        }
        let inside = |x, y| self.side[self.node(x, y)] == SOURCE;
        (0..self.height)
            .flat_map(|y| (0..self.width).map(move |x| (x, y)))
            .map(|(x, y)| inside(x, y))
            .collect()
    }

    fn activate(&mut self, node: usize) {
        if !self.queued[node] {
            self.queued[node] = true;
            self.active.push_back(node);
        }
    }

    /// What can still flow between a node and its neighbour, in the direction of its tree's growth.
    fn outward(&self, node: usize, direction: usize, neighbour: usize) -> i32 {
        if self.side[node] == SOURCE {
            self.ties[node][direction]
        } else {
            self.ties[neighbour][(direction + 4) % 8]
        }
    }

    /// Grows the node's tree by its free neighbours. Where the trees meet it answers the source's node and the
    /// direction to the sink's.
    fn grow(&mut self, node: usize) -> Option<(usize, usize)> {
        for direction in 0..8 {
            let next = self.neighbour(node, direction);
            if self.outward(node, direction, next) <= 0 {
                continue;
            }
            let back = (direction + 4) % 8;
            if self.side[next] == FREE {
                self.side[next] = self.side[node];
                self.follow(next, back, node);
                self.activate(next);
            } else if self.side[next] != self.side[node] {
                return Some(if self.side[node] == SOURCE {
                    (node, direction)
                } else {
                    (next, back)
                });
            } else if self.stamp[next] <= self.stamp[node]
                && self.distance[next] > self.distance[node]
            {
                self.follow(next, back, node);
            }
        }
        None
    }

    fn follow(&mut self, node: usize, direction: usize, parent: usize) {
        self.parent[node] = direction as u8;
        self.stamp[node] = self.stamp[parent];
        self.distance[node] = self.distance[parent] + 1;
    }

    /// Sends what fits along the path through a tie between the trees.
    fn augment(&mut self, from: usize, direction: usize) {
        let to = self.neighbour(from, direction);
        let mut amount = self.ties[from][direction];
        let mut node = from;
        while self.parent[node] != TERMINAL {
            let up = usize::from(self.parent[node]);
            node = self.neighbour(node, up);
            amount = amount.min(self.ties[node][(up + 4) % 8]);
        }
        amount = amount.min(self.wish[node]);
        node = to;
        while self.parent[node] != TERMINAL {
            let up = usize::from(self.parent[node]);
            amount = amount.min(self.ties[node][up]);
            node = self.neighbour(node, up);
        }
        amount = amount.min(-self.wish[node]);

        self.ties[from][direction] -= amount;
        self.ties[to][(direction + 4) % 8] += amount;
        node = from;
        while self.parent[node] != TERMINAL {
            let up = usize::from(self.parent[node]);
            let parent = self.neighbour(node, up);
            self.ties[node][up] += amount;
            self.ties[parent][(up + 4) % 8] -= amount;
            if self.ties[parent][(up + 4) % 8] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.wish[node] -= amount;
        if self.wish[node] == 0 {
            self.orphan(node);
        }
        node = to;
        while self.parent[node] != TERMINAL {
            let up = usize::from(self.parent[node]);
            let parent = self.neighbour(node, up);
            self.ties[parent][(up + 4) % 8] += amount;
            self.ties[node][up] -= amount;
            if self.ties[node][up] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.wish[node] += amount;
        if self.wish[node] == 0 {
            self.orphan(node);
        }
    }

    fn orphan(&mut self, node: usize) {
        self.orphans.push_back(node);
    }

    /// Finds new parents for the nodes that lost theirs, or sets them free.
    fn adopt(&mut self) {
        // They are marked only now: while sending, the path is followed through them.
        for node in &self.orphans {
            self.parent[*node] = ORPHAN;
        }
        while let Some(node) = self.orphans.pop_front() {
            let mut best: Option<(u32, usize)> = None;
            for direction in 0..8 {
                let next = self.neighbour(node, direction);
                if self.side[next] != self.side[node] || !self.reaches(next, direction, node) {
                    continue;
                }
                if let Some(distance) = self.distance_to_terminal(next)
                    && best.is_none_or(|(least, _)| distance < least)
                {
                    best = Some((distance, direction));
                }
            }
            if let Some((distance, direction)) = best {
                self.parent[node] = direction as u8;
                self.stamp[node] = self.time;
                self.distance[node] = distance + 1;
                continue;
            }
            for direction in 0..8 {
                let next = self.neighbour(node, direction);
                if self.side[next] != self.side[node] {
                    continue;
                }
                if self.reaches(next, direction, node) {
                    self.activate(next);
                }
                if usize::from(self.parent[next]) == (direction + 4) % 8 {
                    self.parent[next] = ORPHAN;
                    self.orphans.push_back(next);
                }
            }
            self.side[node] = FREE;
            self.parent[node] = NONE;
        }
    }

    /// Whether something can flow between a neighbour (seen in `direction`) as the parent and a node.
    fn reaches(&self, parent: usize, direction: usize, node: usize) -> bool {
        if self.side[parent] == SOURCE {
            self.ties[parent][(direction + 4) % 8] > 0
        } else {
            self.ties[node][direction] > 0
        }
    }

    /// Steps from a node up to its terminal; none if its line ends at an orphan.
    fn distance_to_terminal(&mut self, start: usize) -> Option<u32> {
        let (mut node, mut steps) = (start, 0);
        let total = loop {
            if self.stamp[node] == self.time && self.parent[node] < NONE {
                break steps + self.distance[node];
            }
            match self.parent[node] {
                TERMINAL => {
                    self.stamp[node] = self.time;
                    self.distance[node] = 1;
                    break steps + 1;
                }
                ORPHAN | NONE => return None,
                up => node = self.neighbour(node, usize::from(up)),
            }
            steps += 1;
        };
        // The line is remembered, so that it is walked once.
        let (mut node, mut distance) = (start, total);
        while self.stamp[node] != self.time && self.parent[node] < NONE {
            self.stamp[node] = self.time;
            self.distance[node] = distance;
            distance -= 1;
            node = self.neighbour(node, usize::from(self.parent[node]));
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a division costs: the wishes that are not granted, and the ties that are cut.
    fn cost(
        inside: &[bool],
        width: usize,
        wishes: &[i32],
        tie: impl Fn((usize, usize), (usize, usize), f32) -> i32,
    ) -> i64 {
        let height = wishes.len() / width;
        let mut cost = 0_i64;
        for (at, wish) in wishes.iter().enumerate() {
            if (*wish > 0) != inside[at] {
                cost += i64::from(wish.abs());
            }
            let (x, y) = (at % width, at / width);
            for (dx, dy) in &DIRECTIONS[..4] {
                let (nx, ny) = (x as isize + dx, y as isize + dy);
                if nx < 0 || nx >= width as isize || ny >= height as isize {
                    continue;
                }
                let (nx, ny) = (nx as usize, ny as usize);
                if inside[at] != inside[ny * width + nx] {
                    let length = ((dx * dx + dy * dy) as f32).sqrt();
                    cost += i64::from(tie((x, y), (nx, ny), length));
                }
            }
        }
        cost
    }

    #[test]
    fn no_division_of_a_small_grid_is_cheaper() {
        let (width, height) = (4, 3);
        let mut seed = 7_u32;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 16) % most) as i32
        };
        for _ in 0..60 {
            let wishes: Vec<i32> = (0..width * height).map(|_| random(41) - 20).collect();
            let strengths: Vec<i32> = (0..64).map(|_| random(15)).collect();
            let tie = |(x, y): (usize, usize), (nx, ny): (usize, usize), _: f32| {
                strengths[(x * 5 + y * 11 + nx * 17 + ny * 3) % 64]
            };
            let mut grid = GridCut::new(width, height);
            for (at, wish) in wishes.iter().enumerate() {
                grid.wish(at % width, at / width, *wish);
            }
            grid.tie(tie);

            let found = cost(&grid.solve(), width, &wishes, tie);

            let least = (0..1_u32 << (width * height))
                .map(|bits| {
                    let inside: Vec<bool> =
                        (0..width * height).map(|at| bits >> at & 1 == 1).collect();
                    cost(&inside, width, &wishes, tie)
                })
                .min();
            assert_eq!(Some(found), least);
        }
    }

    #[test]
    fn doubt_goes_to_the_side_it_is_tied_to() {
        let mut grid = GridCut::new(6, 1);
        grid.wish(0, 0, 100);
        grid.wish(5, 0, -100);
        // The edge is between the second and the third pixel.
        grid.tie(|(x, _), _, _| if x == 1 { 1 } else { 30 });
        assert_eq!(grid.solve(), [true, true, false, false, false, false]);
    }
}
