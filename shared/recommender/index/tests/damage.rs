//! Damaged, cut-off, foreign and unusable input is told apart, and leads nowhere else.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;

use drape_domain::Slot;
use drape_index::{BuildError, Builder, Catalog, Entry, Error, Memory, Segment, Unusable, Wanted};
use proptest::prelude::*;
use support::*;

const DIM: usize = 64;

fn some(count: u64) -> Vec<Entry> {
    let mut random = fastrand::Rng::with_seed(count);
    (0..count)
        .map(|number| entry(&mut random, number, DIM))
        .collect()
}

fn small(coded_from: usize) -> Vec<u8> {
    file_with(&some(150), &[item(1000), item(1001)], DIM, coded_from)
}

fn opened(bytes: &[u8]) -> Result<Segment, Error> {
    Segment::open(Memory::from(bytes), MODEL, DIM)
}

/// Asks a segment all there is to ask.
fn use_all_of(segment: Segment) {
    let _ = segment.verify();
    let base = open(&small(usize::MAX), DIM);
    for catalog in [
        Catalog::new(segment.clone(), Vec::new()),
        Catalog::new(base, vec![segment]),
    ] {
        let catalog = catalog.unwrap();
        let query = [0.1; DIM];
        let sizes = [size("M"), size("EU42")];
        let wanted = Wanted {
            sizes: Some(&sizes),
            at_most: Some(drape_domain::Money::new(70_000, drape_domain::Currency::Ngn).unwrap()),
            not_items: &[item(3), item(4)],
            not_colors: &["blue"],
            not_owner: Some(owner(2)),
            ..Wanted::default()
        };
        for slot in Slot::ALL {
            for wanted in [wanted, Wanted::default()] {
                let hits = catalog.search(*slot, &[&query, &query], &wanted, 5);
                for hit in hits
                    .iter()
                    .flatten()
                    .chain(&catalog.popular(*slot, &wanted, 5))
                {
                    let _ = catalog.entry(hit.row).unwrap().to_entry();
                }
            }
        }
        for row in catalog.rows() {
            let _ = catalog.entry(row).unwrap().to_entry();
        }
        let _ = catalog.find(item(17));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_file_with_wrong_bits_is_noticed_and_leads_nowhere(flips in prop::collection::vec((0.0..1.0_f64, 0_u8..8), 1..40), coded: bool) {
        let whole = small(if coded { 10 } else { usize::MAX });
        let mut bytes = whole.clone();
        for (at, bit) in flips {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] ^= 1 << bit;
        }
        if let Ok(segment) = opened(&bytes) {
            prop_assert!(bytes == whole || matches!(segment.verify(), Err(Error::Checksum(_))));
            use_all_of(segment);
        }
    }

    #[test]
    fn a_header_of_noise_leads_nowhere(noise in prop::collection::vec(any::<u8>(), 320), keep in 0_usize..320) {
        let mut bytes = small(10);
        bytes[keep..320].copy_from_slice(&noise[keep..]);
        // A checksum that fits, so that all else has to be looked at too.
        let checksum = crc32fast::hash(&bytes[..316]);
        bytes[316..320].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(segment) = opened(&bytes) {
            use_all_of(segment);
        }
    }

    #[test]
    fn a_body_of_noise_leads_nowhere(seed: u64, coded: bool) {
        let mut bytes = small(if coded { 10 } else { usize::MAX });
        fastrand::Rng::with_seed(seed).fill(&mut bytes[320..]);
        let segment = opened(&bytes).unwrap();
        prop_assert!(matches!(segment.verify(), Err(Error::Checksum(_))));
        use_all_of(segment);
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_but_before_its_full_precision_rows() {
    let whole = small(10);
    let core = Segment::core_bytes(&whole).unwrap() as usize;
    for len in (0..whole.len())
        .step_by(61)
        .chain([8, 319, 320, core - 1, core, core + 1])
    {
        match opened(&whole[..len]) {
            Ok(segment) => assert_eq!((len, segment.has_rescoring()), (core, false)),
            Err(Error::Truncated { expected, found }) => {
                assert!(expected > found && found == len as u64)
            }
            Err(other) => panic!("{len}: {other}"),
        }
    }
    let mut longer = whole;
    longer.push(0);
    assert!(matches!(opened(&longer), Err(Error::Malformed(_))));
}

#[test]
fn a_file_of_another_kind_model_or_length_of_vectors_is_told_apart() {
    let whole = small(10);
    let open = |bytes: &[u8], model, dim| Segment::open(Memory::from(bytes), model, dim);
    assert!(matches!(
        open(b"{\"version\": 1}", MODEL, DIM),
        Err(Error::NotAnIndex)
    ));
    let error = open(&whole, "other-model", DIM).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the index has vectors of test-model, not other-model"
    );
    assert!(matches!(
        open(&whole, MODEL, 128),
        Err(Error::Dimensions {
            found: 64,
            expected: 128
        })
    ));
    let mut newer = whole.clone();
    newer[8] += 1;
    assert!(matches!(
        open(&newer, MODEL, DIM),
        Err(Error::Format { .. })
    ));
    let mut header = whole;
    header[40] ^= 1;
    assert!(matches!(open(&header, MODEL, DIM), Err(Error::Checksum(_))));
}

#[test]
fn segments_of_different_models_are_not_searched_together() {
    let other = |model, dim| {
        let mut bytes = Vec::new();
        Builder::new(model, dim, "v")
            .unwrap()
            .write(&mut bytes)
            .unwrap();
        Segment::open(Memory::from(&bytes[..]), model, dim).unwrap()
    };
    let base = || open(&small(10), DIM);
    assert!(matches!(
        Catalog::new(base(), vec![other("new", DIM)]),
        Err(Error::Model { .. })
    ));
    assert!(matches!(
        Catalog::new(base(), vec![other(MODEL, 65)]),
        Err(Error::Dimensions { .. })
    ));
    let many = vec![other(MODEL, DIM); 256];
    assert!(matches!(
        Catalog::new(base(), many),
        Err(Error::TooManySegments { found: 257, .. })
    ));
}

#[test]
fn a_mapped_file_is_searched_like_a_read_one() {
    let whole = small(10);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&whole).unwrap();
    let mapped = Segment::map(file.path(), MODEL, DIM).unwrap();
    mapped.verify().unwrap();
    let mapped = Catalog::new(mapped, Vec::new()).unwrap();
    let read = Catalog::new(opened(&whole).unwrap(), Vec::new()).unwrap();
    let query = [0.3; DIM];
    for slot in Slot::ALL {
        assert_eq!(
            found(&mapped, *slot, &query, &Wanted::default(), 9),
            found(&read, *slot, &query, &Wanted::default(), 9)
        );
    }
    let missing = Segment::map(std::path::Path::new("no/such/file"), MODEL, DIM);
    assert!(matches!(missing, Err(Error::Io(_))));
}

#[test]
fn an_item_that_cannot_be_compared_is_refused_by_name() {
    let mut builder = Builder::new(MODEL, 4, "v").unwrap();
    for (vector, reason) in [
        (
            vec![1.0; 3],
            Unusable::Length {
                found: 3,
                expected: 4,
            },
        ),
        (vec![1.0, f32::NAN, 0.0, 0.0], Unusable::NotFinite),
        (vec![1.0, f32::INFINITY, 0.0, 0.0], Unusable::NotFinite),
        (vec![0.0; 4], Unusable::Norm(0.0)),
        (vec![1e30; 4], Unusable::Norm(2e30)),
    ] {
        let error = builder.push(plain(42, vector)).unwrap_err();
        assert!(error.to_string().contains(&item(42).to_string()), "{error}");
        assert!(
            matches!(error, BuildError::Item { item: id, reason: found } if id == item(42) && found == reason)
        );
    }
    let mut odd = plain(42, vec![1.0; 4]);
    odd.traits.popularity = f32::NAN;
    assert!(matches!(
        builder.push(odd),
        Err(BuildError::Item {
            reason: Unusable::Trait,
            ..
        })
    ));
    assert!(builder.is_empty());
    builder.push(plain(43, vec![1.0; 4])).unwrap();
    assert_eq!(builder.len(), 1);
}

#[test]
fn names_and_dimensions_have_limits() {
    assert!(Builder::new("", 4, "v").is_err());
    assert!(Builder::new(&"m".repeat(65), 4, "v").is_err());
    assert!(Builder::new(MODEL, 0, "v").is_err());
    assert!(Builder::new(MODEL, 4097, "v").is_err());
}

#[test]
fn the_same_items_make_the_same_file_in_whatever_order() {
    let mut entries = some(80);
    let one = file(&entries, &[], DIM);
    entries.reverse();
    assert_eq!(file(&entries, &[], DIM), one);
}

#[test]
fn what_an_item_has_too_much_of_is_left_out() {
    let mut many = plain(1, vec![1.0; DIM]);
    many.traits.words = (0..100).collect();
    many.traits.sizes = (10..60).map(|number| size(&number.to_string())).collect();
    many.traits.colors = vec![many.traits.colors[0]; 9];
    let catalog = catalog(&[many.clone()], DIM);
    let kept = catalog
        .entry(catalog.find(item(1)).unwrap())
        .unwrap()
        .traits();
    assert_eq!(kept.words, many.traits.words[..16]);
    assert_eq!(kept.sizes, many.traits.sizes[..16]);
    assert_eq!(kept.colors, many.traits.colors[..4]);
    assert_eq!(catalog.find(item(2)), None);
}
