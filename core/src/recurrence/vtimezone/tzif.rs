//! Changes of an offset as a TZif file (RFC 9636), which is what jiff reads.

use super::Change;

/// A version 2 file: `before` the first change, the changes, and the rules after the last.
pub(super) fn write(before: i32, changes: &[Change], rules: &str) -> Vec<u8> {
    let mut kinds = vec![(before, false)];
    let mut indexes = Vec::with_capacity(changes.len());
    for change in changes {
        let kind = (change.offset_s, change.daylight);
        let index = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        // 256 kinds are the most that the format knows; no zone comes near.
        indexes.push(u8::try_from(index).unwrap_or(0));
    }
    let mut out = Vec::with_capacity(128 + changes.len() * 9);
    // Version 1 readers find one kind and no change.
    block(&mut out, &kinds[..1], &[], &[]);
    block(&mut out, &kinds, changes, &indexes);
    out.push(b'\n');
    out.extend(rules.as_bytes());
    out.push(b'\n');
    out
}

fn block(out: &mut Vec<u8>, kinds: &[(i32, bool)], changes: &[Change], indexes: &[u8]) {
    const NAMES: &[u8; 8] = b"STD\0DST\0";
    out.extend(b"TZif2");
    out.extend([0; 15]);
    for count in [0, 0, 0, changes.len(), kinds.len(), NAMES.len()] {
        out.extend(u32::try_from(count).unwrap_or(0).to_be_bytes());
    }
    for change in changes {
        out.extend(change.at_s.to_be_bytes());
    }
    out.extend(indexes);
    for (offset, daylight) in kinds {
        out.extend(offset.to_be_bytes());
        out.extend([u8::from(*daylight), if *daylight { 4 } else { 0 }]);
    }
    out.extend(NAMES);
}
