//! The points at which an instance is dropped before it completes.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DropPoint {
    /// The number of polls before the drop.
    pub(crate) polls: u32,
    /// Whether the polls follow one another at once, instead of each after a wake-up.
    pub(crate) back_to_back: bool,
}

impl DropPoint {
    /// Every point to try. Once an instance completes before its point, later points with wake-ups add nothing.
    pub(crate) fn all(max_polls: u32) -> impl Iterator<Item = DropPoint> {
        let woken = (0..=max_polls).map(|polls| DropPoint { polls, back_to_back: false });
        woken.chain([DropPoint { polls: max_polls.max(2), back_to_back: true }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_dropped_after_each_number_of_polls() {
        let points = DropPoint::all(3).filter(|point| !point.back_to_back);
        let polls: Vec<u32> = points.map(|point| point.polls).collect();
        assert_eq!(polls, [0, 1, 2, 3]);
        assert!(DropPoint::all(0).any(|point| point.back_to_back && point.polls > 1));
    }
}
