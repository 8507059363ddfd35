//! The hash chain: valid histories, and how each kind of damage is found and reported.

use event_store::{AggregateId, ChainBreak, ChangeSet, Hash, Kind, verify_chain};

use crate::histories::{noting, tally};

fn history(aggregate: &AggregateId, length: usize) -> Vec<ChangeSet> {
    let mut history: Vec<ChangeSet> = Vec::new();
    for _ in 0..length {
        history.push(noting(aggregate, history.last(), "so be it"));
    }
    history
}

fn broken(history: &[ChangeSet]) -> ChainBreak {
    verify_chain(&tally(1), 0, Hash::ZERO, history).unwrap_err()
}

#[test]
fn a_history_verifies_from_its_start_or_from_any_head() {
    let history = history(&tally(1), 5);
    let end = history[4].hash;
    assert_eq!(verify_chain(&tally(1), 0, Hash::ZERO, &history), Ok(end));
    for after in 1..=5 {
        let head = &history[after - 1];
        let newer = &history[after..];
        assert_eq!(verify_chain(&tally(1), head.version, head.hash, newer), Ok(end));
    }
    assert_eq!(verify_chain(&tally(1), 0, Hash::ZERO, []), Ok(Hash::ZERO));
}

#[test]
fn each_break_is_reported_with_the_first_untrusted_version() {
    let sound = history(&tally(1), 5);

    let mut removed = sound.clone();
    removed.remove(2);
    assert_eq!(broken(&removed), ChainBreak::Gap { expected: 3, found: 4 });
    assert_eq!(broken(&removed).version(), 3);

    let mut swapped = sound.clone();
    swapped.swap(1, 2);
    assert_eq!(broken(&swapped), ChainBreak::Gap { expected: 2, found: 3 });

    let mut renumbered = sound.clone();
    renumbered.swap(1, 2);
    (renumbered[1].version, renumbered[2].version) = (2, 3);
    assert_eq!(broken(&renumbered), ChainBreak::Unchained { version: 2 });

    let mut altered = sound.clone();
    let ChangeSet { aggregate, version, prev, hash, .. } = sound[3].clone();
    let body = sound[3].body().replace("tester", "nobody");
    altered[3] = ChangeSet::from_parts(aggregate, version, prev, hash, body).unwrap();
    assert_eq!(broken(&altered), ChainBreak::Altered { version: 4 });

    // Sealed again, so that it is valid by itself: only the next change set does not chain to it.
    let mut forged = sound.clone();
    forged[3] = noting(&tally(1), Some(&sound[2]), "so be it not");
    assert_eq!(broken(&forged), ChainBreak::Unchained { version: 5 });

    let mut foreign = sound.clone();
    foreign[4] = history(&tally(2), 5).remove(4);
    assert_eq!(broken(&foreign), ChainBreak::Foreign { version: 5 });
}

/// A change to any covered part changes the hash.
#[test]
fn a_hash_covers_the_previous_hash_the_aggregate_the_version_and_the_body() {
    let hash = Hash::of_change_set(Hash::ZERO, &tally(1), 1, "{}");
    for other in [
        Hash::of_change_set(hash, &tally(1), 1, "{}"),
        Hash::of_change_set(Hash::ZERO, &tally(2), 1, "{}"),
        Hash::of_change_set(
            Hash::ZERO,
            &AggregateId::new(Kind::from_static("tall"), tally(1).id),
            1,
            "{}",
        ),
        Hash::of_change_set(Hash::ZERO, &tally(1), 2, "{}"),
        Hash::of_change_set(Hash::ZERO, &tally(1), 1, "{ }"),
    ] {
        assert_ne!(hash, other);
    }
}

#[test]
fn a_hash_is_written_in_lower_case_hex() {
    let hash = Hash::of_change_set(Hash::ZERO, &tally(1), 1, "{}");
    let text = hash.to_string();
    // sha256 of 32 zero bytes, the key, a zero byte, the version in eight bytes, and `{}`.
    assert_eq!(text, "21230738b02b11805be34a1f99d4c72eeaae6c37363098d57148413f5bf63f17");
    assert_eq!(text.parse(), Ok(hash));
    assert_eq!(serde_json::to_value(hash).unwrap(), serde_json::json!(text));
    assert_eq!(serde_json::from_value::<Hash>(serde_json::json!(text)).unwrap(), hash);
    assert!(serde_json::from_value::<Hash>(serde_json::json!(text.to_uppercase())).is_err());
    assert_eq!(format!("{hash:?}"), format!("Hash({text})"));
    assert_eq!(Hash::from_slice(hash.as_bytes()), Some(hash));
    for wrong in ["", "00", &text[1..], &text.replace(&text[..1], "g"), &format!("{text}00")] {
        assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
    }
    assert_eq!(Hash::from_slice(&[0; 31]), None);
}

/// A hash has one text form, so that a recorded hash cannot be altered unnoticed, not even in case.
#[test]
fn only_lower_case_hex_is_read_as_a_hash() {
    let hash = tally(1).id.simple().to_string().repeat(2).replace('0', "a");
    assert_eq!(hash.parse::<Hash>().unwrap().to_string(), hash);
    let capital = hash.replacen('a', "A", 1);
    for other in
        [&capital, &hash.to_uppercase(), &hash[1..], &format!("{hash}a"), &hash.replace('a', "g")]
    {
        assert!(other.parse::<Hash>().is_err(), "{other}");
    }
}

/// Callers compare and match kinds as texts.
#[test]
fn a_kind_reads_as_its_name() {
    let kind: Kind = "tally".parse().unwrap();
    assert!(kind == "tally" && kind == *"tally" && kind != "tall" && kind != *"tall");
    assert_eq!((&*kind, kind.len(), String::from(kind.clone())), ("tally", 5, "tally".to_owned()));
}

/// A UUID has several text forms. If two were one key, a history could stand in two partitions.
#[test]
fn only_the_canonical_text_of_an_id_is_a_key() {
    let id = "0199c0de-4d1a-7b5e-8c3f-5e2f9a1b6c70";
    assert!(format!("tally#{id}").parse::<AggregateId>().is_ok());
    for other in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}")] {
        assert!(format!("tally#{other}").parse::<AggregateId>().is_err(), "{other}");
    }
}
