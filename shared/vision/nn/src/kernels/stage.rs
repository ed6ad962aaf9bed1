//! Brings the rows that a window needs together, with zeros around the picture, so that the kernels meet no edge.

use crate::block::{Block, LANES};

/// 16 channels of an input, or fewer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plane<'a> {
    Blocked(&'a [Block]),
    /// Whole channels one after the other, as the input of a model comes.
    Planar(&'a [f32]),
}

/// Which part of a picture to bring, in its own pixels; what lies outside is zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) top: isize,
    pub(crate) rows: usize,
    pub(crate) left: isize,
    pub(crate) columns: usize,
}

/// Fills `target` with the part's rows of one plane of a picture of the given rows and columns.
pub(crate) fn stage(
    plane: Plane<'_>,
    rows: usize,
    columns: usize,
    part: Part,
    target: &mut [Block],
) {
    // Columns of the part that lie within the picture.
    let (begin, end) = overlap(part.left, part.columns, columns);
    for (index, row) in target
        .chunks_exact_mut(part.columns)
        .take(part.rows)
        .enumerate()
    {
        let inside = usize::try_from(part.top + index.cast_signed())
            .ok()
            .filter(|y| *y < rows);
        let (Some(y), true) = (inside, begin < end) else {
            row.fill(Block::ZERO);
            continue;
        };
        let first = y * columns + begin.saturating_add_signed(part.left);
        row[..begin].fill(Block::ZERO);
        row[end..].fill(Block::ZERO);
        match plane {
            Plane::Blocked(blocks) => {
                row[begin..end].copy_from_slice(&blocks[first..first + end - begin]);
            }
            Plane::Planar(numbers) => {
                row[begin..end].fill(Block::ZERO);
                for (lane, channel) in numbers.chunks_exact(rows * columns).take(LANES).enumerate()
                {
                    for (block, number) in row[begin..end].iter_mut().zip(&channel[first..]) {
                        block.0[lane] = *number;
                    }
                }
            }
        }
    }
}

/// Where of `count` places, the first at `start`, those begin and end that lie in `0..size`.
fn overlap(start: isize, count: usize, size: usize) -> (usize, usize) {
    let begin = start.min(0).unsigned_abs().min(count);
    let end = size
        .cast_signed()
        .saturating_sub(start)
        .max(0)
        .unsigned_abs()
        .min(count);
    (begin, end.max(begin))
}
