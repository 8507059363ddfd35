use api::{Code, Problem};

/// Returns the advice to a person for whom something could not be loaded.
///
/// A failure to load loses nothing, so most problems only need a retry; the others explain
/// themselves.
pub fn remedy(problem: &Problem) -> String {
    let advice = match () {
        () if problem.is(Code::NoAnswer) => "The page tries again once you are back online.",
        () if problem.is(Code::DiskFull) => "Try again once there is room on the server's disk.",
        () if problem.is_unknown_outcome() => "Try again in a moment.",
        () => return problem.detail.clone(),
    };
    format!("Nothing was lost. {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_problem() {
        for (code, advice) in [
            (Code::NoAnswer, "Nothing was lost. The page tries again once you are back online."),
            (
                Code::DiskFull,
                "Nothing was lost. Try again once there is room on the server's disk.",
            ),
            (Code::Unavailable, "Nothing was lost. Try again in a moment."),
            (Code::Malformed, "`limit` must be 1 to 200"),
        ] {
            assert_eq!(remedy(&Problem::new(code, "`limit` must be 1 to 200")), advice, "{code:?}");
        }
    }
}
