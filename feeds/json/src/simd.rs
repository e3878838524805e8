//! The only unsafe code of the crate: the proof that the processor has AVX2, and the kernels that use it.
#![expect(
    unsafe_code,
    reason = "AVX2 code may run only on processors that have AVX2, and vector loads take pointers"
)]

use crate::kernels::{Kernels, Portable};
use crate::symbols::Symbols;
use crate::{DecodeError, Decoded, LevelSink, SymbolId, walk};

/// Which instructions the decoder may use.
///
/// Only [`Capability::detect`] makes a value that names AVX2, so safe code cannot use it where it does not
/// exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2),
}

impl Capability {
    /// None beyond the target's baseline: the walker then uses portable code, three to four times slower.
    #[must_use]
    pub const fn scalar() -> Self {
        Self(Instructions::Baseline)
    }

    /// What this processor and operating system have. Some instructions it needs trap into a hypervisor
    /// (microseconds): ask once, at boot.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = x86::Avx2::detect() {
            return Self(Instructions::Avx2(avx2));
        }
        Self::scalar()
    }

    /// Runs the walker over `frame`; any error means that the twin must decode it.
    #[inline]
    pub(crate) fn walk<S: LevelSink>(
        self,
        frame: &[u8],
        symbols: Symbols<'_>,
        snapshot_symbol: Option<SymbolId>,
        sink: &mut S,
    ) -> Result<Decoded, DecodeError> {
        match self.0 {
            Instructions::Baseline => Portable.run(
                #[inline(always)]
                || walk::walk(Portable, frame, symbols, snapshot_symbol, sink),
            ),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.run(
                #[inline(always)]
                || walk::walk(avx2, frame, symbols, snapshot_symbol, sink),
            ),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{
        __cpuid, __cpuid_count, __m128i, __m256i, _mm_and_si128, _mm_cvtsi128_si64, _mm_loadu_si128,
        _mm_madd_epi16, _mm_maddubs_epi16, _mm_or_si128, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16,
        _mm_set1_epi32, _mm_sub_epi8, _mm_subs_epu8, _mm_testz_si128, _mm256_add_epi64, _mm256_and_si256,
        _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_extracti128_si256,
        _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_mul_epu32,
        _mm256_or_si256, _mm256_packus_epi32, _mm256_set_m128i, _mm256_set1_epi8, _mm256_set1_epi16,
        _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_shuffle_epi8, _mm256_srli_epi64, _mm256_sub_epi8,
        _mm256_subs_epu8, _mm256_testz_si256, _xgetbv,
    };

    use crate::kernels::{BLOCK, DECIMAL_BYTES_MAX, Kernels, LANE, SPAN};
    use crate::layouts::{DIGITS, Digits, LAYOUTS, Layout, Layouts};
    use crate::{GRID_SCALE_MAX, Grid};

    /// Proof that processor and operating system support AVX2, BMI1, BMI2, LZCNT and POPCNT: only
    /// [`Avx2::detect`] makes one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Avx2(());

    impl Avx2 {
        /// Intel Software Developer's Manual, volume 1, 14.3 and 14.7.1.
        pub(super) fn detect() -> Option<Self> {
            const POPCNT_OSXSAVE_AVX: u32 = 1 << 23 | 1 << 27 | 1 << 28;
            const BMI1_AVX2_BMI2: u32 = 1 << 3 | 1 << 5 | 1 << 8;
            const XMM_YMM_STATE: u64 = 0b110;
            const LZCNT: u32 = 1 << 5;
            // Miri executes no assembly.
            if cfg!(miri)
                || __cpuid(0).eax < 7
                || __cpuid(0x8000_0000).eax < 0x8000_0001
                || __cpuid(0x8000_0001).ecx & LZCNT == 0
                || __cpuid(1).ecx & POPCNT_OSXSAVE_AVX != POPCNT_OSXSAVE_AVX
                || __cpuid_count(7, 0).ebx & BMI1_AVX2_BMI2 != BMI1_AVX2_BMI2
            {
                return None;
            }
            // SAFETY: OSXSAVE, seen above, says that the instruction exists and is enabled.
            let enabled = unsafe { enabled_state() };
            (enabled & XMM_YMM_STATE == XMM_YMM_STATE).then_some(Self(()))
        }
    }

    /// Which register states the operating system saves (XCR0).
    #[target_feature(enable = "xsave")]
    fn enabled_state() -> u64 {
        // SAFETY: register 0 exists wherever XSAVE does.
        unsafe { _xgetbv(0) }
    }

    // Inlined whatever their size, so that they end up in the function which `run` compiles for AVX2: outside
    // of it each instruction would be a call.
    #[expect(
        clippy::multiple_unsafe_ops_per_block,
        reason = "an intrinsic is unsafe only for want of AVX2, and one proof serves them all"
    )]
    impl Kernels for Avx2 {
        #[inline(always)]
        fn run<R>(self, work: impl FnOnce() -> R) -> R {
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
                work()
            }
            // A function of its own: rustc 1.95 inlines functions with target features even where told not
            // to.
            #[inline(never)]
            fn apart<R>(_: Avx2, work: impl FnOnce() -> R) -> R {
                // SAFETY: the first argument proves the features.
                unsafe { with_avx2(work) }
            }
            apart(self, work)
        }

        #[inline(always)]
        fn quotes(self, span: &[u8; SPAN]) -> u64 {
            let (blocks, _) = span.as_chunks();
            let [low, high] = blocks else { return 0 };
            // SAFETY: `self` proves the features.
            unsafe {
                let quotes = |block| set(_mm256_cmpeq_epi8(load32(block), splat(b'"')));
                u64::from(quotes(low)) | u64::from(quotes(high)) << BLOCK
            }
        }

        #[inline(always)]
        fn commas(self, span: &[u8; SPAN + 1]) -> u64 {
            let (blocks, _) = span.as_chunks();
            let (_, blocks_after) = span.as_rchunks();
            let ([low, high], [low_after, high_after]) = (blocks, blocks_after) else { return 0 };
            // SAFETY: `self` proves the features.
            unsafe {
                let commas = |block, after| {
                    let quotes = _mm256_cmpeq_epi8(load32(after), splat(b'"'));
                    set(_mm256_and_si256(_mm256_cmpeq_epi8(load32(block), splat(b',')), quotes))
                };
                u64::from(commas(low, low_after)) | u64::from(commas(high, high_after)) << BLOCK
            }
        }

        #[inline(always)]
        fn string_stops(self, block: &[u8; BLOCK]) -> u32 {
            // SAFETY: `self` proves the features.
            unsafe {
                let block = load32(block);
                let quotes = _mm256_cmpeq_epi8(block, splat(b'"'));
                let escapes = _mm256_cmpeq_epi8(block, splat(b'\\'));
                // As signed numbers, control characters and bytes beyond ASCII all lie below the space.
                let unprintable = _mm256_cmpgt_epi8(splat(b' '), block);
                set(_mm256_or_si256(quotes, _mm256_or_si256(escapes, unprintable)))
            }
        }

        #[inline(always)]
        fn integer(self, lane: &[u8; LANE], length: usize) -> Option<u64> {
            let Digits { keep, least } = DIGITS.get(length)?;
            // SAFETY: `self` proves the features.
            unsafe {
                let digits = _mm_sub_epi8(load16(lane), _mm_set1_epi8(b'0'.cast_signed()));
                let digits = _mm_and_si128(digits, load16(keep));
                let above = _mm_subs_epu8(digits, _mm_set1_epi8(9));
                let below = _mm_subs_epu8(load16(least), digits);
                let wrong = _mm_or_si128(above, below);
                if _mm_testz_si128(wrong, wrong) == 0 {
                    return None;
                }
                let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(TENS));
                let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(HUNDREDS));
                let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(MYRIADS));
                let eights = _mm_cvtsi128_si64(eights).cast_unsigned();
                Some((eights & 0xFFFF_FFFF) * 100_000_000 + (eights >> 32))
            }
        }

        type Scale = &'static Layouts;

        #[inline(always)]
        #[expect(clippy::indexing_slicing, reason = "a scale is at most GRID_SCALE_MAX; the mask shows it")]
        fn scale(self, grid: &Grid) -> &'static Layouts {
            &LAYOUTS[usize::from(grid.scale() & GRID_SCALE_MAX)]
        }

        #[inline(always)]
        fn decimals(
            self,
            [first, second]: [&[u8; LANE]; 2],
            [first_length, second_length]: [usize; 2],
            [first_scale, second_scale]: [&'static Layouts; 2],
        ) -> Option<[u64; 2]> {
            if first_length | second_length > DECIMAL_BYTES_MAX {
                return None;
            }
            // SAFETY: `self` proves the features.
            unsafe {
                let raw = load_lanes(first, second);
                let points = set(_mm256_cmpeq_epi8(raw, splat(b'.')));
                // A lane's first byte, too far ahead to belong to the number, stands in for the point if
                // there is none.
                let first_after = (points << LANE | 1 << LANE).leading_zeros();
                let second_after = (points | 1 << LANE).leading_zeros();
                let first = layout(first_scale, first_length, first_after);
                let second = layout(second_scale, second_length, second_after);
                let digits = _mm256_sub_epi8(raw, splat(b'0'));
                let excess = _mm256_subs_epu8(digits, load_lanes(&first.limit, &second.limit));
                if _mm256_testz_si256(excess, excess) == 0 {
                    return None;
                }
                let digits = _mm256_shuffle_epi8(digits, load_lanes(&first.shuffle, &second.shuffle));
                let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(TENS));
                let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(HUNDREDS));
                let eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(MYRIADS));
                // The upper eight digits are in the low word.
                let upper = _mm256_mul_epu32(eights, _mm256_set1_epi64x(100_000_000));
                let sums = _mm256_add_epi64(upper, _mm256_srli_epi64::<32>(eights));
                Some([
                    _mm_cvtsi128_si64(_mm256_castsi256_si128(sums)).cast_unsigned(),
                    _mm_cvtsi128_si64(_mm256_extracti128_si256::<1>(sums)).cast_unsigned(),
                ])
            }
        }
    }

    /// Weights of two digits, of two pairs, of two fours: the first of each pair lies in the low half.
    const TENS: i16 = 1 << 8 | 10;
    const HUNDREDS: i32 = 1 << 16 | 100;
    const MYRIADS: i32 = 1 << 16 | 10_000;

    /// The layout of a decimal of `length` bytes, whose lane has `after` bytes after its last point.
    #[inline(always)]
    #[expect(
        clippy::indexing_slicing,
        reason = "lengths are at most DECIMAL_BYTES_MAX, and fewer bytes than a lane follow a point; the masks show it"
    )]
    fn layout(layouts: &'static Layouts, length: usize, after: u32) -> &'static Layout {
        &layouts[length & DECIMAL_BYTES_MAX][after as usize % LANE]
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load16(bytes: &[u8; LANE]) -> __m128i {
        // SAFETY: the reference covers the 16 bytes read; this load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load32(bytes: &[u8; BLOCK]) -> __m256i {
        // SAFETY: the reference covers the 32 bytes read; this load needs no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_lanes(low: &[u8; LANE], high: &[u8; LANE]) -> __m256i {
        _mm256_set_m128i(load16(high), load16(low))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    /// The set of bytes whose upper bit is set.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn set(bytes: __m256i) -> u32 {
        _mm256_movemask_epi8(bytes).cast_unsigned()
    }
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
