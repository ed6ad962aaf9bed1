//! Reasons in words, each checked against the facts before it is said.

use drape_domain::{Category, ItemId, Prefs, Timestamp};
use drape_learn::Parts;
use time::Date;

use crate::{
    Condition, Context, Rule,
    diversity::{Mean, likeness},
    garment::Garment,
    history::LikedLook,
    score::PREFERENCE,
    search::{Candidates, Found},
};

/// An outfit and all that reasons for it may rest on.
pub(crate) struct Told<'a, 'b> {
    pub(crate) candidates: &'b Candidates<'a>,
    pub(crate) found: &'b Found,
    pub(crate) context: &'b Context,
    pub(crate) prefs: &'b Prefs,
    pub(crate) pieces: &'b [&'b Garment<'a>],
}

/// What a person would call it.
pub(crate) fn noun(piece: &Garment<'_>) -> String {
    piece.category.as_str().replace('_', "-")
}

impl Told<'_, '_> {
    /// What this feature gives to say, if it is true of the outfit.
    pub(crate) fn reason(&self, feature: &str) -> Option<String> {
        match feature {
            "color_match" => self.color(),
            "warmth_fit" => self.warmth(),
            "formality_match" => self.formality(),
            "style_match" => self.style(),
            "words_match" => (self.learned(|parts| parts.words) >= Some(0.1))
                .then(|| "kinds of pieces that are often worn together".to_owned()),
            "preference" => self.preference(),
            "freshness" => self.freshness(),
            "season" => self.season(),
            "boutique" => self.popular(),
            _ => None,
        }
    }

    fn breaks(&self, rule: Rule) -> bool {
        let broken = &self.candidates.plan.broken;
        self.found
            .look
            .picks()
            .any(|pick| broken[self.candidates.units[pick].index] & rule.bit() != 0)
    }

    /// What the learned scorer says of a group, if there is one.
    fn learned(&self, group: impl Fn(&Parts) -> f32) -> Option<f32> {
        self.found.scored.learned.map(|split| group(&split.parts))
    }

    fn style(&self) -> Option<String> {
        let agrees = self
            .learned(|parts| parts.style)
            .is_none_or(|style| style > 0.0);
        // Without knowing what all clothes have in common, nobody can say what these share.
        let is_known = self.candidates.wardrobe.center.is_some();
        (agrees && is_known && self.found.scored.cosine >= Some(0.2))
            .then(|| "pieces that share a style".to_owned())
    }

    fn color(&self) -> Option<String> {
        if self.found.scored.palette >= Some(0.5) {
            return Some("matches your color palette".to_owned());
        }
        let agrees = self
            .learned(|parts| parts.color)
            .is_none_or(|color| color > 0.0);
        (agrees && self.found.scored.colors >= Some(0.75))
            .then(|| "colors that go well together".to_owned())
    }

    fn warmth(&self) -> Option<String> {
        let (band, temp) = (self.candidates.measure.band?, self.context.temp()?);
        let clo = self.found.scored.clo;
        if self.breaks(Rule::Weather) {
            return None;
        }
        // A tenth of a clo is less than a thin shirt.
        let not_too_warm = clo <= band.high + 0.1;
        let degrees = temp.round() as i32;
        if temp >= 24.0 {
            let sky = self.context.condition.and_then(sky);
            return not_too_warm.then(|| match sky {
                Some(sky) => format!("great for {degrees} °C and {sky}"),
                None => format!("great for {degrees} °C"),
            });
        }
        if temp >= 18.0 {
            return (not_too_warm && clo >= band.low - 0.1)
                .then(|| format!("right for a mild {degrees} °C"));
        }
        if clo < band.low - 0.1 {
            return None;
        }
        let coat = self
            .pieces
            .iter()
            .any(|piece| piece.category == Category::Outerwear);
        let sky = match self.context.condition {
            Some(Condition::Rain) if coat => " and rain",
            Some(Condition::Storm) if coat => " and storm",
            Some(Condition::Snow) if coat => " and snow",
            Some(Condition::Windy) if coat => " and wind",
            _ => "",
        };
        Some(format!("warm enough for {degrees} °C{sky}"))
    }

    fn formality(&self) -> Option<String> {
        let what = match (self.context.dress_code(), self.context.meant_occasion()) {
            (Some(code), _) => code.phrase(),
            (None, Some(occasion)) => occasion.phrase(),
            (None, None) => return None,
        };
        (self.found.scored.closeness >= 0.7 && !self.breaks(Rule::Occasion))
            .then(|| format!("dressed right for {what}"))
    }

    fn preference(&self) -> Option<String> {
        if self.found.scored.values[PREFERENCE] <= 0.55 {
            return None;
        }
        if let Some(reason) = self.liked_look() {
            return Some(reason);
        }
        if self.found.scored.together >= 0.5 {
            return Some("you went for some of these together before".to_owned());
        }
        if let Some(style) = self.pieces.iter().find_map(|piece| piece.style) {
            let style = self.prefs.favorite_styles.get(style);
            return style.map(|style| format!("in your {style} style"));
        }
        let best = self
            .pieces
            .iter()
            .max_by(|a, b| a.known.liking.total_cmp(&b.known.liking))?;
        (best.known.liking >= 0.5)
            .then(|| format!("with the {} that you went for before", noun(best)))
    }

    /// The latest look that the person liked and that is much like this one.
    fn liked_look(&self) -> Option<String> {
        /// Half of what two looks can have in common.
        const SIMILAR: f32 = 0.5;
        let center = self.candidates.wardrobe.center.as_ref();
        let mean = Mean::of(self.pieces.iter().copied(), center);
        let alike = |liked: &LikedLook| {
            let of = |id: &ItemId| self.candidates.wardrobe.find(*id);
            let theirs = Mean::of(liked.items.iter().filter_map(of), center);
            let cosine = center.and_then(|_| mean.cosine(&theirs));
            let common = self
                .pieces
                .iter()
                .filter(|piece| liked.items.contains(&piece.id))
                .count();
            likeness(common, self.pieces.len(), liked.items.len(), cosine)
        };
        let liked = self.candidates.wardrobe.history.liked.iter();
        let similar = liked.into_iter().find(|liked| alike(liked) >= SIMILAR)?;
        let main = self.pieces.iter().filter(|piece| piece.is_main());
        let same = main
            .into_iter()
            .all(|piece| similar.items.contains(&piece.id));
        let what = if same { "this look" } else { "a similar look" };
        let when = when(similar.at, self.context.moment());
        Some(format!("you liked {what} {when}"))
    }

    fn freshness(&self) -> Option<String> {
        let main = || self.pieces.iter().filter(|piece| piece.is_main());
        let weeks = |days: u32| match days / 7 {
            0 | 1 => None,
            2 => Some("two weeks".to_owned()),
            3 => Some("three weeks".to_owned()),
            4 => Some("four weeks".to_owned()),
            _ if days < 62 => Some("over a month".to_owned()),
            _ => Some(format!("{} months", days / 31)),
        };
        // Of the whole outfit only if all of it is known; else of its first piece alone.
        let all: Option<Vec<u32>> = main().map(|piece| piece.known.worn_days_ago).collect();
        if let Some(days) = all.and_then(|days| days.into_iter().min()) {
            return weeks(days).map(|weeks| format!("not worn for {weeks}"));
        }
        let hero = main().next()?;
        weeks(hero.known.worn_days_ago?)
            .map(|weeks| format!("it is {weeks} since you wore the {}", noun(hero)))
    }

    /// A piece of a boutique of which people said good things, mostly.
    fn popular(&self) -> Option<String> {
        const LIKED: f32 = 0.7;
        let liked = |piece: &&&Garment<'_>| piece.popularity >= Some(LIKED);
        let piece = self.pieces.iter().find(liked)?;
        Some(format!("others like the {}", noun(piece)))
    }

    fn season(&self) -> Option<String> {
        // With a temperature, the season is read from it and warmth says the same better.
        (self.found.scored.in_season == Some(true) && self.candidates.measure.band.is_none())
            .then(|| "in season".to_owned())
    }
}

/// The sky of a warm day, after "28 °C and". What falls from it is met by shoes and coats, not by warmth.
const fn sky(condition: Condition) -> Option<&'static str> {
    match condition {
        Condition::Sunny => Some("sunny"),
        Condition::Clear => Some("clear"),
        Condition::Cloudy => Some("cloudy"),
        Condition::Windy => Some("windy"),
        Condition::Fog => Some("hazy"),
        Condition::Rain | Condition::Snow | Condition::Storm => None,
    }
}

/// When that was, as one says it at `moment`.
fn when(at: Timestamp, moment: Timestamp) -> String {
    let (then, today) = (at.date().min(moment.date()), moment.date());
    let months = |date: Date| date.year() * 12 + i32::from(u8::from(date.month()));
    match ((today - then).whole_days(), months(today) - months(then)) {
        (0, _) => "today".to_owned(),
        (1, _) => "yesterday".to_owned(),
        (2..7, _) => "a few days ago".to_owned(),
        (7..14, _) => "last week".to_owned(),
        (days, 0) => format!("{} weeks ago", days / 7),
        (_, 1) => "last month".to_owned(),
        (_, months) => format!("{months} months ago"),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_past_is_told_as_people_do() {
        let now = datetime!(2027-01-20 09:00 UTC);
        for (at, words) in [
            (datetime!(2027-01-20 07:00 UTC), "today"),
            (datetime!(2027-01-25 07:00 UTC), "today"),
            (datetime!(2027-01-19 23:00 UTC), "yesterday"),
            (datetime!(2027-01-15 07:00 UTC), "a few days ago"),
            (datetime!(2027-01-10 07:00 UTC), "last week"),
            (datetime!(2027-01-02 07:00 UTC), "2 weeks ago"),
            (datetime!(2026-12-20 07:00 UTC), "last month"),
            (datetime!(2026-11-20 07:00 UTC), "2 months ago"),
        ] {
            assert_eq!(when(at, now), words);
        }
    }
}
