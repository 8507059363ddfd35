//! The `bank` example prints what its readers are told to expect.

#[expect(dead_code, reason = "its `main`, which writes to standard output")]
#[path = "../examples/bank.rs"]
mod bank;

#[tokio::test]
async fn the_bank_tells_its_story() {
    let mut told = Vec::new();
    bank::tell(&mut told).await.unwrap();
    let told = String::from_utf8(told).unwrap();
    for line in [
        "open an account for Ada: done, version 1",
        "deposit 100.00: done, version 2",
        "the same again, because the answer was lost: already done, as version 2",
        "withdraw 5.00: done, version 3",
        "transfer 30.00 from Ada to Bob: done, 2 change sets",
        "transfer 300.00 from Ada to Bob: no: the balance is 65.00, which does not cover 300.00",
        "Ada's account",
        "Bob's account",
    ] {
        assert!(told.lines().any(|said| said == line), "no `{line}` in:\n{told}");
    }
    for (start, count) in [
        ("  4  sent 30.00                       65.00  by teller@example.com, ", 1),
        ("  2  received 30.00                   30.00  by teller@example.com, ", 1),
        ("  as it was written: yes", 2),
        ("  with a 9 before each amount: version 2 was altered", 2),
    ] {
        let found = told.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(found, count, "`{start}` in:\n{told}");
    }
}
