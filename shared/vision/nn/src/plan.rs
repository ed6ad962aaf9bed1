//! Where each value lies in memory, so that those that are not needed at the same time share it.

use std::ops::Range;

use crate::{
    block::Shape,
    error::Error,
    program::{Kind, Operation, Program, Value},
};

/// Half a gigabyte.
const MAX_BLOCKS: usize = 1 << 23;

/// The place of each value, in blocks of one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    places: Vec<Range<usize>>,
    /// Blocks in all.
    pub(crate) blocks: usize,
}

impl Plan {
    /// Largest first, each at the lowest place that is free for as long as it is needed. An operation that can
    /// write over one of its inputs does so where nobody reads that input later.
    pub(crate) fn new(program: &Program) -> Result<Self, Error> {
        let count = program.shapes.len();
        let size = |value: Value| program.shapes.get(value).copied().map_or(0, Shape::blocks);
        let mut last = vec![0; count];
        for (step, operation) in program.operations.iter().enumerate() {
            for value in operation.reads() {
                set(&mut last, value, step);
            }
        }
        for (value, _) in program.outputs.iter().flat_map(|output| &output.pieces) {
            set(&mut last, *value, program.operations.len());
        }
        // Values that take over another's place form one tenant.
        let mut tenants: Vec<Tenant> = Vec::new();
        let mut tenant_of = vec![usize::MAX; count];
        for (step, operation) in program.operations.iter().enumerate() {
            let until = last
                .get(operation.output)
                .copied()
                .unwrap_or(step)
                .max(step);
            let taken = overwritten(operation)
                .filter(|value| last.get(*value) == Some(&step))
                .and_then(|value| tenant_of.get(value).copied())
                .filter(|tenant| *tenant != usize::MAX);
            let number = if let Some(number) = taken {
                if let Some(tenant) = tenants.get_mut(number) {
                    tenant.until = until;
                }
                number
            } else {
                tenants.push(Tenant {
                    since: step,
                    until,
                    blocks: size(operation.output),
                    start: 0,
                });
                tenants.len() - 1
            };
            set(&mut tenant_of, operation.output, number);
        }
        let blocks = settle(&mut tenants);
        if blocks > MAX_BLOCKS {
            return Err(Error::Broken("it needs too much memory"));
        }
        let places = tenant_of
            .iter()
            .map(|number| {
                tenants
                    .get(*number)
                    .map_or(0..0, |tenant| tenant.start..tenant.start + tenant.blocks)
            })
            .collect();
        Ok(Self { places, blocks })
    }

    /// The place of a value; empty for the input and for what is never made.
    pub(crate) fn place(&self, value: Value) -> Range<usize> {
        self.places.get(value).cloned().unwrap_or(0..0)
    }
}

fn set(list: &mut [usize], index: usize, number: usize) {
    if let Some(item) = list.get_mut(index) {
        *item = number;
    }
}

/// Memory that is needed from one operation to another, both included.
struct Tenant {
    since: usize,
    until: usize,
    blocks: usize,
    start: usize,
}

/// Gives each its start; answers how many blocks that takes.
fn settle(tenants: &mut [Tenant]) -> usize {
    let mut order: Vec<usize> = (0..tenants.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(tenants[*index].blocks));
    let mut settled: Vec<usize> = Vec::with_capacity(order.len());
    let mut total = 0;
    for index in order {
        let (since, until, blocks) = (
            tenants[index].since,
            tenants[index].until,
            tenants[index].blocks,
        );
        let mut neighbours: Vec<(usize, usize)> = settled
            .iter()
            .map(|other| &tenants[*other])
            .filter(|other| other.since <= until && since <= other.until)
            .map(|other| (other.start, other.start + other.blocks))
            .collect();
        neighbours.sort_unstable();
        let mut start = 0;
        for (from, to) in neighbours {
            if start + blocks <= from {
                break;
            }
            start = start.max(to);
        }
        tenants[index].start = start;
        settled.push(index);
        total = total.max(start + blocks);
    }
    total
}

/// The input that an operation may write over: it reads each number of it just before it writes in that place, and
/// it reads no other value in the same place.
pub(crate) fn overwritten(operation: &Operation) -> Option<Value> {
    let candidate = match &operation.kind {
        Kind::Convolution(convolution) => convolution.residual?.value,
        Kind::Add | Kind::Multiply | Kind::Activate => *operation.inputs.first()?,
        _ => return None,
    };
    let reads = operation
        .reads()
        .filter(|value| *value == candidate)
        .count();
    (candidate != 0 && reads == 1).then_some(candidate)
}
