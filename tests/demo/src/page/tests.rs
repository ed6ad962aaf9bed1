use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    api::Lighting,
    photos::Skipped,
    report::{
        Again, Drawn, Fitting, Garment, LayerFiles, Mending, Pictures, Step, Times, Weather, Window,
    },
};

fn item(change: &Value) -> Value {
    let mut item = json!({
        "id": "i1", "title": "navy shirt", "category": "t_shirt", "slot": "top", "pattern": "striped",
        "colors": [{ "name": "navy", "hex": "#1c2448", "share": 0.7 }, { "name": "white", "hex": "#fafafa", "share": 0.3 }],
        "formality": 0.65, "season": ["spring", "autumn"], "status": "ready", "images": {}, "a_new_field": 1,
    });
    let members = item.as_object_mut().unwrap();
    members.extend(change.as_object().unwrap().clone());
    item
}

fn garment(item: Value) -> Garment {
    Garment {
        source: "shirts/1.jpg".into(),
        outcome: Outcome::Ready {
            item: Box::new(serde_json::from_value(item).unwrap()),
            pictures: Pictures {
                original: Some("images/0001-photo.jpg".into()),
                clean: Some("images/0001-cutout.png".into()),
                thumb: Some("images/0001-thumb.jpg".into()),
            },
        },
    }
}

fn weather() -> Weather {
    let advice = json!({
        "recommendations": [{
            "id": "r1", "items": ["i1"], "score": 0.8512,
            "explain": ["colors that go well together"],
            "pieces": [{ "item_id": "i1", "slot": "top", "title": "navy shirt", "thumb": null }],
            "features": [{ "name": "color_match", "contribution": 0.2 }, { "name": "season", "contribution": 0.05 }],
        }],
        "context": { "temp_c": 28.0, "condition": "sunny", "source": "client" },
        "model": "m1", "index": null, "missing": ["shoes"], "relaxed": [],
    });
    let tryon = json!({ "id": "t1", "status": "done", "render_url": "x", "confidence": 0.83, "renderer": "warp" });
    Weather {
        temp_c: 28,
        condition: "sunny".into(),
        advice: serde_json::from_value(advice).unwrap(),
        latency: Duration::from_millis(47),
        fitting: Some(Fitting {
            tryon: serde_json::from_value(tryon).unwrap(),
            picture: Some("images/tryon-1.png".into()),
            layers: Some(LayerFiles {
                person: "images/tryon-1-person.png".into(),
                garments: vec!["images/tryon-1-garment-1.png".into()],
                shadow: "images/tryon-1-shadow.png".into(),
                lighting: Lighting {
                    warm: [1.25, 1.0, 0.5],
                    cool: [0.75, 1.0, 1.5],
                },
            }),
            turns: vec!["images/tryon-1-turn-1.png".into()],
            took: Duration::from_millis(2_440),
        }),
    }
}

/// The boutique's shoes below the person's own shirt.
fn window() -> Window {
    let advice = json!({
        "recommendations": [{
            "id": "r2", "items": ["i1", "i9"], "score": 0.9, "explain": [], "features": [],
            "pieces": [
                { "item_id": "i1", "slot": "top", "title": "navy shirt", "owned": true },
                { "item_id": "i9", "slot": "shoes", "title": "black shoes", "thumb": "http://x/9", "owned": false,
                  "boutique": { "id": "b1", "name": "The Corner" },
                  "price": { "amount": 1_250_000, "currency": "NGN", "display": "₦12,500" } },
            ],
        }],
        "context": { "temp_c": 28.0, "condition": "sunny", "source": "client" },
        "model": "m1", "index": "x",
    });
    Window {
        pieces: 3,
        after: Some(Duration::from_secs(95)),
        pictures: [("i9".to_owned(), "images/boutique-1.jpg".to_owned())].into(),
        weather: Weather {
            temp_c: 28,
            condition: "sunny".into(),
            advice: serde_json::from_value(advice).unwrap(),
            latency: Duration::from_millis(30),
            fitting: None,
        },
    }
}

fn report() -> Report {
    Report {
        api: "http://localhost:4566".into(),
        date: "1 May 2030, 12:00 UTC".into(),
        found: 9,
        skipped: vec![Skipped {
            name: "page.jpg".into(),
            reason: "is empty".into(),
        }],
        garments: vec![
            garment(item(&json!({}))),
            Garment {
                source: "blurred.jpg".into(),
                outcome: Outcome::Failed {
                    reason: "We could not see a garment.".into(),
                    photo: Some("images/failed-0002.jpg".into()),
                },
            },
        ],
        body: "images/body.jpg".into(),
        weathers: vec![weather()],
        window: Some(window()),
        mending: Some(Mending {
            title: "navy shirt".into(),
            steps: vec![Step {
                title: "The photo",
                asked: "a crop".into(),
                picture: Some("images/0001-photo.jpg".into()),
                drawn: Some(Drawn {
                    crop: [0.125, 0.25, 0.5, 0.75],
                    remove: [(0.2, 0.3), (0.4, 0.5)],
                    radius: 0.0625,
                }),
                reason: None,
            }],
        }),
        again: Some(Again {
            title: "navy shirt".into(),
            recognised: true,
            took: Duration::from_millis(905),
        }),
        times: Times {
            uploads: vec![Duration::from_millis(120)],
            settling: vec![Duration::from_millis(1_500)],
            all_settled: Duration::from_millis(1_620),
            listing: Duration::from_millis(33),
            parallel: 4,
            between_looks: Duration::from_millis(612),
        },
    }
}

fn shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text} is not in {page}");
    }
}

#[test]
fn the_page_shows_what_was_answered_and_measured() {
    let page = render(&report()).into_string();
    shows(&page, &["1 of 2", "A sample of 9 photos"]);
    shows(
        &page,
        &[
            "T-shirt",
            "striped",
            "navy <small>70%</small>",
            "background:#1c2448",
            "0.65",
        ],
    );
    shows(
        &page,
        &[
            "src=\"images/0001-cutout.png\"",
            "src=\"images/0001-thumb.jpg\"",
        ],
    );
    shows(
        &page,
        &["<span>spring</span>", "<span class=\"off\">summer</span>"],
    );
    shows(
        &page,
        &[
            "We could not see a garment.",
            "images/failed-0002.jpg",
            "page.jpg",
            "is empty",
        ],
    );
    shows(
        &page,
        &[
            "28 °C, sunny",
            "weather from client",
            "0.85",
            "colors that go well together",
        ],
    );
    shows(
        &page,
        &[
            "width:100%",
            "+0.20",
            "width:25%",
            "+0.05",
            "nothing for: shoes",
        ],
    );
    shows(
        &page,
        &["images/body.jpg", "images/tryon-1.png", "<b>83%</b>"],
    );
    shows(
        &page,
        &[
            "120 ms", "612 ms", "1.5 s", "1.6 s", "33 ms", "47 ms", "2.4 s",
        ],
    );
}

#[test]
fn a_try_on_is_shown_in_three_lights_from_its_layers_and_from_two_sides() {
    let page = render(&report()).into_string();
    shows(
        &page,
        &[
            "images/tryon-1-person.png",
            "images/tryon-1-garment-1.png",
            "images/tryon-1-shadow.png",
            "values=\"1.25 0 0 0 0 0 1 0 0 0 0 0 0.5 0 0 0 0 0 1 0\"",
            "id=\"cool-0\"",
            "images/tryon-1-turn-1.png",
        ],
    );
}

#[test]
fn what_a_boutique_sells_is_marked_with_its_price() {
    let page = render(&report()).into_string();
    shows(
        &page,
        &[
            "With what a boutique sells",
            "3 pieces for sale",
            "The Corner",
            "₦12,500",
            "images/boutique-1.jpg",
        ],
    );
    assert_eq!(page.matches("class=\"sold\"").count(), 1);
}

#[test]
fn a_mended_image_is_shown_with_what_was_drawn() {
    let page = render(&report()).into_string();
    shows(
        &page,
        &[
            "x=\"0.125\" y=\"0.25\" width=\"0.375\" height=\"0.5\"",
            "stroke-width=\"0.125\"",
            "905 ms",
            "named the first one",
        ],
    );
}

#[test]
fn an_engine_that_is_not_sure_asks() {
    let unsure = json!({
        "category_candidates": [
            { "category": "shirt", "probability": 0.55 },
            { "category": "blouse", "probability": 0.4 },
        ],
        "duplicate_of": "i0",
        "cutout_confidence": 0.9,
    });
    let mut report = report();
    report.garments = vec![garment(item(&unsure))];
    let page = render(&report).into_string();
    shows(
        &page,
        &[
            "Is this: shirt (55%) or blouse (40%)?",
            "the same as another photo",
            "0.90",
        ],
    );
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let evil = "<script>alert('x')</script>\"&";
    let mut report = report();
    report.api = evil.into();
    let colors = json!([{ "name": evil, "hex": "red;background:url(http://x)", "share": 7.0 }]);
    let words = json!({ "title": evil, "category": evil, "pattern": evil, "season": [evil], "colors": colors });
    let mut bad = garment(item(&words));
    bad.source = evil.into();
    report.garments = vec![
        bad,
        Garment {
            source: evil.into(),
            outcome: Outcome::Failed {
                reason: evil.into(),
                photo: None,
            },
        },
    ];
    let weather = &mut report.weathers[0];
    weather.condition = evil.into();
    weather.advice.model = evil.into();
    weather.advice.missing = vec![evil.into()];
    let outfit = &mut weather.advice.recommendations[0];
    outfit.explain = vec![evil.into()];
    outfit.features[0].name = evil.into();
    outfit.pieces[0].title = evil.into();

    let page = render(&report).into_string();
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("url(http"), "{page}");
    shows(&page, &["&lt;script&gt;", "&quot;&amp;"]);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = render(&report()).into_string();
    for attribute in ["src=\"", "href=\""] {
        for reference in page.split(attribute).skip(1) {
            assert!(reference.starts_with("images/"), "{reference}");
        }
    }
    assert!(!page.contains("@import") && !page.contains("<link"));
}

#[test]
fn what_did_not_come_about_is_said() {
    let mut report = report();
    let weather = &mut report.weathers[0];
    weather.advice.recommendations.clear();
    let failed = json!({
        "id": "t1", "status": "failed", "render_url": null, "confidence": null, "renderer": null,
        "error": { "code": "body_not_visible", "message": "We could not see your whole body." },
    });
    let fitting = weather.fitting.as_mut().unwrap();
    fitting.tryon = serde_json::from_value(failed).unwrap();
    fitting.picture = None;
    let page = render(&report).into_string();
    shows(
        &page,
        &[
            "There is no whole outfit",
            "We could not see your whole body.",
        ],
    );
}
