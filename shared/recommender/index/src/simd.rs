//! Which instructions the inner loops are compiled for. They are plain loops that the compiler vectorizes, once for
//! each set of instructions; all of them give the same numbers.

use pulp::NullaryFnOnce;

use crate::kernels::Product;

/// A loop to be compiled for several sets of instructions; its `call` must be inlined.
pub(crate) trait Kernel: NullaryFnOnce {}

impl<K: NullaryFnOnce> Kernel for K {}

/// A set of instructions that this processor has.
#[derive(Debug, Clone, Copy)]
pub struct InstructionSet(Inner);

#[cfg(target_arch = "x86_64")]
pulp::simd_type! {
    /// Ice Lake, Zen 4 and later: counts bits and adds up products of bytes in one instruction each.
    struct Avx512 {
        avx512f: "avx512f",
        avx512bw: "avx512bw",
        avx512dq: "avx512dq",
        avx512vl: "avx512vl",
        avx512vnni: "avx512vnni",
        avx512vpopcntdq: "avx512vpopcntdq",
    }

    /// Haswell, Zen and later.
    struct Avx2 {
        avx2: "avx2",
        popcnt: "popcnt",
    }
}

#[derive(Debug, Clone, Copy)]
enum Inner {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// What every processor of the kind has: SSE2, or NEON.
    Common,
}

impl InstructionSet {
    /// Those that this processor has, fastest first. The last is always there.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let sets = [
            #[cfg(target_arch = "x86_64")]
            Avx512::try_new().map(Inner::Avx512),
            #[cfg(target_arch = "x86_64")]
            Avx2::try_new().map(Inner::Avx2),
            Some(Inner::Common),
        ];
        sets.into_iter().flatten().map(Self).collect()
    }

    /// The fastest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available()
            .first()
            .copied()
            .unwrap_or(Self(Inner::Common))
    }

    /// `avx512`, `avx2` or `common`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Inner::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Inner::Avx2(_) => "avx2",
            Inner::Common => "common",
        }
    }

    /// The inner product of two vectors, to the last bit the same by all instructions. What one has more numbers than
    /// the other is left out.
    #[must_use]
    pub fn inner_product(self, a: &[f32], b: &[f32]) -> f32 {
        self.run(Product(a, b))
    }

    /// Runs a loop with these instructions.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Inner::Avx512(simd) => simd.vectorize(kernel),
            #[cfg(target_arch = "x86_64")]
            Inner::Avx2(simd) => simd.vectorize(kernel),
            Inner::Common => kernel.call(),
        }
    }
}
