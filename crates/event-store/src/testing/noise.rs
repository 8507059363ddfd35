//! Text that compresses little, for tests of a store's limits.

/// Returns this many characters of three bytes each, always the same ones. They compress to about
/// 60 %, because only their limited alphabet can be exploited.
pub fn noise(characters: usize) -> String {
    const FIRST: u32 = 0x4e00;
    const ALPHABET: u64 = 20_000;
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut state = 0_u64;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    });
    let letters = random.filter_map(|n| char::from_u32(FIRST + u32::try_from(n % ALPHABET).ok()?));
    letters.take(characters).collect()
}
