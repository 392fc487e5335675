//! Every target holds for its corpus and for some mutations of it.

use std::fs;
use std::path::Path;

use bowline_fuzz::{Mutator, TARGETS, corpus, replay, run};

#[test]
fn committed_inputs_hold() {
    for (name, target) in TARGETS {
        let corpus = corpus(name).unwrap();
        assert!(corpus.len() >= 5, "{name} has {} inputs", corpus.len());
        replay(*target, &corpus).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}

#[test]
fn mutations_hold() {
    for (name, target) in TARGETS {
        let corpus: Vec<_> = corpus(name).unwrap().into_iter().map(|(_, input)| input).collect();
        for seed in 0..4 {
            run(*target, &corpus, seed, |count| count == 1_500)
                .unwrap_or_else(|failure| panic!("{name}: {failure}"));
        }
    }
}

#[test]
fn a_broken_invariant_is_found_and_can_be_repeated() {
    let broken = |input: &[u8]| assert!(!input.windows(2).any(|pair| pair == b"%%"), "two percent");
    let corpus = [b"a%b".to_vec()];
    let first = run(broken, &corpus, 7, |count| count == 100_000).unwrap_err();
    let second = run(broken, &corpus, 7, |count| count == 100_000).unwrap_err();
    assert_eq!((&first.origin, &first.input), (&second.origin, &second.input));
    assert!(first.to_string().contains("two percent") && first.origin.starts_with("seed 7, "));
}

#[test]
fn a_seed_draws_the_same_inputs() {
    let corpus = [b"abc".to_vec(), b"def".to_vec()];
    let draw = |seed| {
        let mut mutator = Mutator::new(seed);
        (0..50).map(|_| mutator.input(&corpus)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn every_corpus_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{name:?}");
    }
}
