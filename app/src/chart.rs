//! Where the lines of the chart run. Pure.

use event_store::Version;

use crate::text::grouped;

/// How many steps are drawn at most; more would be narrower than a pixel.
const STEPS: usize = 1000;

/// A distance from the left or from the top, in thousandths of the whole. Floats would bring the code that
/// writes them, which is larger than all of this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place(i64);

impl Place {
    const WHOLE: i64 = 1000;

    /// As SVG takes a share of its width or height: `33.3%`.
    pub fn percent(self) -> String {
        format!("{}.{}%", self.0 / 10, self.0 % 10)
    }
}

/// A chart of what was on hand, version by version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// What was on hand after each version, thinned out to what can be seen.
    pub levels: Vec<(Version, i64)>,
    /// The line, in a box of 1000 by 1000.
    pub steps: String,
    /// The line and what is below it.
    pub area: String,
    /// What the upper edge stands for.
    pub top_label: String,
    /// Where the reorder level lies, from the top, and the level itself.
    pub reorder: Option<(Place, i64)>,
    top: i64,
}

/// Plots `levels`, ascending by version. The upper edge is the maximum, if there is one and it does not
/// dwarf what was ever on hand.
pub fn plot(levels: &[(Version, i64)], maximum: Option<i64>, reorder: Option<i64>) -> Plot {
    let levels = thinned(levels);
    let highest = levels.iter().map(|level| level.1).chain(reorder).max().unwrap_or(0).max(1);
    let top = maximum.filter(|most| (highest..=highest.saturating_mul(10)).contains(most));
    let label = if top.is_some() { " maximum" } else { "" };
    let mut plot = Plot {
        top_label: format!("{}{label}", grouped(top.unwrap_or(highest))),
        top: top.unwrap_or(highest),
        levels,
        ..Plot::default()
    };
    plot.reorder = reorder.map(|level| (plot.y(level), level));
    if !plot.levels.is_empty() {
        plot.steps = plot.draw();
        plot.area = format!("{}V1000H0z", plot.steps);
    }
    plot
}

impl Plot {
    /// Where a version that left `level` on hand lies, from the left and from the top.
    pub fn point(&self, version: Version, level: i64) -> (Place, Place) {
        (self.x(version), self.y(level))
    }

    /// A step happens half-way between two versions, so that each version's point lies on its plateau.
    fn draw(&self) -> String {
        use std::fmt::Write as _;

        let mut line = String::new();
        for (place, (version, level)) in self.levels.iter().enumerate() {
            let y = self.y(*level).0;
            // Writing to a string does not fail.
            let _ = if place == 0 {
                write!(line, "M0 {y}")
            } else {
                let before = self.levels[place - 1].0;
                let x = i64::midpoint(self.x(before).0, self.x(*version).0);
                write!(line, "H{x}V{y}")
            };
        }
        line.push_str("H1000");
        line
    }

    fn x(&self, version: Version) -> Place {
        let (Some((first, _)), Some((last, _))) = (self.levels.first(), self.levels.last()) else {
            return Place(Place::WHOLE / 2);
        };
        if first == last {
            return Place(Place::WHOLE / 2);
        }
        let share = |part: Version| i64::try_from(part).unwrap_or(i64::MAX);
        let before = share(version.clamp(*first, *last) - first);
        Place(before.saturating_mul(Place::WHOLE) / share(last - first))
    }

    /// A level may be as large as 2^53, whose thousandfold is more than an `i64` holds.
    fn y(&self, level: i64) -> Place {
        let share = i128::from(level) * i128::from(Place::WHOLE) / i128::from(self.top);
        let share = i64::try_from(share).unwrap_or(Place::WHOLE);
        Place(Place::WHOLE - share.clamp(0, Place::WHOLE))
    }
}

/// Every n-th level, the first and the last included.
fn thinned(levels: &[(Version, i64)]) -> Vec<(Version, i64)> {
    let every = levels.len().div_ceil(STEPS).max(1);
    let last = levels.last().filter(|_| !(levels.len().max(1) - 1).is_multiple_of(every));
    levels.iter().step_by(every).chain(last).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_lies_between_two_versions_and_a_point_on_its_plateau() {
        let plot = plot(&[(1, 0), (2, 48), (3, 40)], Some(60), Some(30));
        assert_eq!(plot.steps, "M0 1000H250V200H750V334H1000");
        assert_eq!(plot.point(2, 48), (Place(500), Place(200)));
        assert_eq!(plot.top_label, "60 maximum");
        assert_eq!(plot.reorder, Some((Place(500), 30)));
    }

    #[test]
    fn a_maximum_that_would_flatten_the_line_is_not_its_edge() {
        assert_eq!(plot(&[(1, 0), (2, 5)], Some(1_000_000), None).top_label, "5");
        assert_eq!(plot(&[(1, 0), (2, 50)], Some(40), None).top_label, "50");
    }

    #[test]
    fn one_version_stands_in_the_middle() {
        assert_eq!(plot(&[(1, 0)], None, None).point(1, 0), (Place(500), Place(1000)));
        assert_eq!(plot(&[], None, None).point(1, 0), (Place(500), Place(1000)));
    }

    #[test]
    fn a_place_is_written_as_a_share() {
        assert_eq!(
            [Place(0), Place(334), Place(1000)].map(Place::percent),
            ["0.0%", "33.4%", "100.0%"]
        );
    }

    #[test]
    fn the_largest_level_is_drawn() {
        let most = 9_007_199_254_740_991;
        assert_eq!(plot(&[(1, 0), (2, most)], None, None).steps, "M0 1000H500V0H1000");
    }

    #[test]
    fn a_long_history_is_thinned_but_keeps_its_ends() {
        let levels: Vec<_> = (1..=10_007).map(|version| (version, 1)).collect();
        let plot = plot(&levels, None, None);
        assert!(plot.levels.len() <= STEPS + 1);
        assert_eq!(plot.levels.last(), Some(&(10_007, 1)));
    }
}
