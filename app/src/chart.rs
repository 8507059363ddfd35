//! The geometry of the chart. Pure.

use event_store::Version;

/// The most steps that are drawn; more would be narrower than a pixel.
const STEPS: usize = 1000;

/// A distance from the left or from the top, in thousandths of the whole.
///
/// Floats would pull in their formatting code, which is larger than this module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset(i64);

impl Offset {
    const WHOLE: i64 = 1000;

    /// Formats the distance as a share of an SVG's width or height: `33.3%`.
    pub fn percent(self) -> String {
        format!("{}.{}%", self.0 / 10, self.0 % 10)
    }
}

/// The charted measure of a record after one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The version.
    pub version: Version,
    /// The measure, such as the quantity on hand.
    pub value: i64,
    /// The upper limit, if it was set and is known.
    pub maximum: Option<i64>,
    /// The lower limit, such as a reorder level, if it was set and is known.
    pub reorder: Option<i64>,
}

/// A chart of a record, version by version.
///
/// It spans all versions, like the slider under it, even if only a part of the history is loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// The points to draw, thinned out to what can be distinguished.
    pub levels: Vec<Level>,
    /// The line of the measure, as an SVG path in a box of 1000 by 1000.
    pub steps: String,
    /// The line and the area below it.
    pub area: String,
    /// The line of the upper limit.
    pub maximum: String,
    /// The line of the lower limit.
    pub reorder: String,
    /// The quantity at the upper edge.
    pub top: i64,
    head: Version,
}

/// Plots `levels`, ascending by version, of a record whose newest version is `head`.
///
/// The upper edge is the highest maximum, unless that is missing or dwarfs the measure.
pub fn plot(levels: &[Level], head: Version) -> Plot {
    let levels = thinned(levels);
    let highest = levels.iter().map(|level| level.value.max(level.reorder.unwrap_or(0)));
    let highest = highest.max().unwrap_or(0).max(1);
    let shown = highest..=highest.saturating_mul(10);
    let top = levels.iter().filter_map(|level| level.maximum.filter(|most| shown.contains(most)));
    let top = top.max().unwrap_or(highest);
    let mut plot = Plot { top, head, levels, ..Plot::default() };
    plot.steps = plot.line(|level| Some(level.value));
    plot.maximum = plot.line(|level| level.maximum.filter(|most| *most <= top));
    plot.reorder = plot.line(|level| level.reorder);
    if let (Some(first), false) = (plot.levels.first(), plot.steps.is_empty()) {
        plot.area = format!("{}V1000H{}z", plot.steps, plot.left(first.version));
    }
    plot
}

impl Plot {
    /// Returns the distances, from the left and from the top, of a version that left the
    /// measure at `level`.
    pub fn point(&self, version: Version, level: i64) -> (Offset, Offset) {
        (self.x(version), self.y(level))
    }

    /// Returns the distance of a level from the top, unless it is above the upper edge.
    pub fn height(&self, level: i64) -> Option<Offset> {
        (level <= self.top).then(|| self.y(level))
    }

    /// Returns the first and the last version that are drawn, if others are not.
    pub fn part(&self) -> Option<(Version, Version)> {
        let part = (self.levels.first()?.version, self.levels.last()?.version);
        (part != (1, self.head)).then_some(part)
    }

    /// Draws a line, with gaps where `value` is `None`.
    ///
    /// A step lies halfway between two versions, so that each version's point lies on its plateau.
    fn line(&self, value: impl Fn(&Level) -> Option<i64>) -> String {
        use std::fmt::Write as _;

        let mut line = String::new();
        let mut before = None;
        for level in &self.levels {
            let y = value(level).map(|level| self.y(level).0);
            let (was, x) = match before {
                Some((version, y)) => {
                    (y, i64::midpoint(self.x(version).0, self.x(level.version).0))
                }
                None => (None, self.left(level.version)),
            };
            // Writing to a string never fails.
            let _ = match (was, y) {
                (Some(was), Some(y)) if was == y => Ok(()),
                (Some(_), Some(y)) => write!(line, "H{x}V{y}"),
                (Some(_), None) => write!(line, "H{x}"),
                (None, Some(y)) => write!(line, "M{x} {y}"),
                (None, None) => Ok(()),
            };
            before = Some((level.version, y));
        }
        if let Some((version, Some(_))) = before {
            let _ = write!(line, "H{}", self.right(version));
        }
        line
    }

    /// Returns the start of a line. For the first version it is the chart's edge, even if no other
    /// exists.
    fn left(&self, version: Version) -> i64 {
        if version <= 1 { 0 } else { self.x(version).0 }
    }

    fn right(&self, version: Version) -> i64 {
        if version >= self.head { Offset::WHOLE } else { self.x(version).0 }
    }

    fn x(&self, version: Version) -> Offset {
        if self.head <= 1 {
            return Offset(Offset::WHOLE / 2);
        }
        let share = |part: Version| i64::try_from(part).unwrap_or(i64::MAX);
        let before = share(version.clamp(1, self.head) - 1);
        Offset(before.saturating_mul(Offset::WHOLE) / share(self.head - 1))
    }

    /// Computes the distance from the top in 128 bits, because the product may exceed an `i64`.
    fn y(&self, level: i64) -> Offset {
        let share = i128::from(level) * i128::from(Offset::WHOLE) / i128::from(self.top);
        let share = i64::try_from(share).unwrap_or(Offset::WHOLE);
        Offset(Offset::WHOLE - share.clamp(0, Offset::WHOLE))
    }
}

/// Returns every n-th level, including the first and the last.
fn thinned(levels: &[Level]) -> Vec<Level> {
    let every = levels.len().div_ceil(STEPS).max(1);
    let last = levels.last().filter(|_| !(levels.len().max(1) - 1).is_multiple_of(every));
    levels.iter().step_by(every).chain(last).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(values: &[(Version, i64)]) -> Vec<Level> {
        let level = |&(version, value)| Level { version, value, ..Level::default() };
        values.iter().map(level).collect()
    }

    fn limited(maximum: i64, levels: Vec<Level>) -> Vec<Level> {
        levels.into_iter().map(|level| Level { maximum: Some(maximum), ..level }).collect()
    }

    #[test]
    fn a_step_lies_between_two_versions_and_a_point_on_its_plateau() {
        let plot = plot(&limited(60, levels(&[(1, 0), (2, 48), (3, 40)])), 3);
        assert_eq!(plot.steps, "M0 1000H250V200H750V334H1000");
        assert_eq!(plot.point(2, 48), (Offset(500), Offset(200)));
        assert_eq!(plot.maximum, "M0 0H1000");
    }

    #[test]
    fn limits_are_drawn_as_of_each_version() {
        let mut levels = levels(&[(1, 0), (2, 40), (3, 40), (4, 40), (5, 40)]);
        (levels[1].reorder, levels[2].reorder) = (Some(4), Some(10));
        (levels[3].maximum, levels[4].maximum) = (Some(100), Some(50));
        let plot = plot(&levels, 5);
        assert_eq!(plot.reorder, "M125 960H375V900H625");
        assert_eq!(plot.maximum, "M625 0H875V500H1000");
    }

    #[test]
    fn a_partial_history_is_drawn_in_place_among_all_versions() {
        let plot = plot(&levels(&[(51, 10), (52, 20)]), 101);
        assert_eq!(plot.steps, "M500 500H505V0H510");
        assert_eq!(plot.area, "M500 500H505V0H510V1000H500z");
        assert_eq!(plot.point(26, 10), (Offset(250), Offset(500)));
        assert_eq!(plot.part(), Some((51, 52)));
    }

    #[test]
    fn a_maximum_that_would_flatten_the_line_is_not_the_upper_edge() {
        let tops = |maximum, on_hand| plot(&limited(maximum, levels(&[(1, 0), (2, on_hand)])), 2);
        assert_eq!((tops(1_000_000, 5).top, tops(1_000_000, 5).maximum), (5, String::new()));
        assert_eq!(tops(40, 50).top, 50);
    }

    #[test]
    fn a_single_version_is_centered_on_a_full_line() {
        let one = plot(&levels(&[(1, 0)]), 1);
        assert_eq!(one.point(1, 0), (Offset(500), Offset(1000)));
        assert_eq!((one.steps.as_str(), one.part()), ("M0 1000H1000", None));
        assert_eq!(plot(&[], 1).point(1, 0), (Offset(500), Offset(1000)));
    }

    #[test]
    fn an_offset_is_formatted_as_a_percentage() {
        assert_eq!(
            [Offset(0), Offset(334), Offset(1000)].map(Offset::percent),
            ["0.0%", "33.4%", "100.0%"]
        );
    }

    #[test]
    fn the_largest_level_is_drawn() {
        let most = 9_007_199_254_740_991;
        assert_eq!(plot(&levels(&[(1, 0), (2, most)]), 2).steps, "M0 1000H500V0H1000");
    }

    #[test]
    fn a_long_history_is_thinned_but_keeps_its_ends() {
        let levels: Vec<_> =
            (1..=10_007).map(|version| Level { version, value: 1, ..Level::default() }).collect();
        let plot = plot(&levels, 10_007);
        assert!(plot.levels.len() <= STEPS + 1);
        assert_eq!(plot.part(), None);
    }
}
