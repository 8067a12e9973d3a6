//! What several fuzz targets use.

/// In an input this byte, then `b`, then `n` mean: the byte `b` two to the power of `n` times. Limits
/// of many kilobytes so come into reach of inputs of a few bytes, which is what fuzzers are good at.
/// To HTTP it is one control character among others, which are there to try in its place.
pub const REPEAT: u8 = 0x1f;

/// Two to the power of this is the longest repetition: twice the longest head.
const LONGEST: u8 = 16;

/// How long an input may become, so that none takes long.
const MAX_LENGTH: usize = 256 * 1024;

/// Writes the repetitions in an input out.
pub fn unfold(mut input: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(input.len());
    while let [first, behind @ ..] = input {
        let (byte, count, behind) = match (*first, behind) {
            (REPEAT, [byte, n, behind @ ..]) => (*byte, 1 << (n % (LONGEST + 1)), behind),
            (byte, behind) => (byte, 1, behind),
        };
        bytes.resize((bytes.len() + count).min(MAX_LENGTH), byte);
        input = behind;
    }
    bytes
}

/// Where to cut bytes in two: everywhere, or if that were too often, at places evenly apart.
pub fn cuts(length: usize) -> impl Iterator<Item = usize> {
    const MOST: usize = 64;
    (0..=length).step_by(length / MOST + 1)
}
