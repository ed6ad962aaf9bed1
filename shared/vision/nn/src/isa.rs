//! Which instructions the kernels are compiled for, chosen when a model is loaded.

use pulp::{Simd, WithSimd};

/// Instruction sets for which kernels are compiled.
#[derive(Debug, Clone, Copy)]
pub struct InstructionSet(Inner);

#[derive(Debug, Clone, Copy)]
enum Inner {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    Portable,
}

impl InstructionSet {
    /// Those that this processor has, fastest first. The last is always there.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let sets = [
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V4::try_new().map(Inner::Avx512),
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V3::try_new().map(Inner::Avx2),
            #[cfg(target_arch = "aarch64")]
            pulp::aarch64::Neon::try_new().map(Inner::Neon),
            Some(Inner::Portable),
        ];
        sets.into_iter().flatten().map(Self).collect()
    }

    /// The fastest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available()
            .first()
            .copied()
            .unwrap_or(Self(Inner::Portable))
    }

    /// `avx512`, `avx2`, `neon` or `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Inner::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Inner::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Inner::Neon(_) => "neon",
            Inner::Portable => "portable",
        }
    }

    /// Runs a kernel with these instructions.
    pub(crate) fn run(self, kernel: impl Kernel) {
        let work = Fitted(kernel);
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Inner::Avx512(simd) => Simd::vectorize(simd, work),
            #[cfg(target_arch = "x86_64")]
            Inner::Avx2(simd) => Simd::vectorize(simd, work),
            #[cfg(target_arch = "aarch64")]
            Inner::Neon(simd) => Simd::vectorize(simd, work),
            Inner::Portable => Simd::vectorize(pulp::Scalar128b, work),
        }
    }
}

/// Arithmetic on blocks, written once for all widths of registers.
pub(crate) trait Kernel {
    /// Does it, with `R` registers for a block.
    fn run<S: Simd, const R: usize>(self, simd: S);
}

/// A kernel with as many registers for a block as their width asks for.
struct Fitted<K>(K);

impl<K: Kernel> WithSimd for Fitted<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.0.run::<S, 1>(simd),
            8 => self.0.run::<S, 2>(simd),
            _ => self.0.run::<S, 4>(simd),
        }
    }
}
