mod body;
mod hat;
mod neck;
mod repair;
mod shapes;
mod shoes;

use std::sync::LazyLock;

use drape_domain::Category;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

use super::{
    body::Body,
    geom::{P, p, to_segment},
    plane::Plane,
    pose::{JOINTS, Joint, Pose},
    *,
};

static ENGINE: LazyLock<TryOnEngine> = LazyLock::new(|| TryOnEngine::load().unwrap());

const SIZE: (u32, u32) = (400, 600);
const SKIN: Rgb<u8> = Rgb([205, 160, 130]);
const WALL: Rgb<u8> = Rgb([120, 150, 170]);

/// The landmarks of somebody who stands upright in the middle of the picture, arms a little away.
fn landmarks() -> [Joint; JOINTS] {
    let mut joints = [Joint {
        at: p(200.0, 80.0),
        visibility: 0.98,
    }; JOINTS];
    let mut set = |index: usize, x: f32, y: f32| joints[index].at = p(x, y);
    set(0, 200.0, 75.0);
    // Right is even and on the picture's left.
    for (right, sign) in [(1, -1.0), (0, 1.0)] {
        let at = |out: f32| 200.0 + sign * out;
        set(2 + 3 * right, at(11.0), 66.0);
        set(7 + right, at(24.0), 72.0);
        set(9 + right, at(8.0), 88.0);
        set(11 + right, at(56.0), 150.0);
        set(13 + right, at(95.0), 205.0);
        set(15 + right, at(120.0), 260.0);
        set(17 + right, at(128.0), 278.0);
        set(19 + right, at(124.0), 280.0);
        set(21 + right, at(116.0), 275.0);
        set(23 + right, at(34.0), 300.0);
        set(25 + right, at(34.0), 420.0);
        set(27 + right, at(34.0), 530.0);
        set(29 + right, at(32.0), 545.0);
        set(31 + right, at(42.0), 558.0);
    }
    joints
}

fn on_body(joints: &[Joint; JOINTS], at: P) -> bool {
    let bone =
        |a: usize, b: usize, radius: f32| to_segment(at, joints[a].at, joints[b].at).0 < radius;
    let torso = at.y > 138.0 && at.y < 320.0 && (at.x - 200.0).abs() < 56.0;
    at.distance(p(200.0, 70.0)) < 34.0
        || to_segment(at, p(200.0, 90.0), p(200.0, 150.0)).0 < 16.0
        || torso
        || [(11, 13), (12, 14)].iter().any(|&(a, b)| bone(a, b, 16.0))
        || [(13, 15), (14, 16), (15, 19), (16, 20)]
            .iter()
            .any(|&(a, b)| bone(a, b, 12.0))
        || [(23, 25), (24, 26)].iter().any(|&(a, b)| bone(a, b, 26.0))
        || [(25, 27), (26, 28), (27, 31), (28, 32)]
            .iter()
            .any(|&(a, b)| bone(a, b, 17.0))
}

fn pose() -> Pose {
    let joints = landmarks();
    let mask = Plane::from_fn(SIZE.0 as usize, SIZE.1 as usize, |x, y| {
        f32::from(u8::from(on_body(
            &joints,
            p(x as f32 + 0.5, y as f32 + 0.5),
        )))
    });
    Pose {
        joints,
        mask,
        presence: 1.0,
    }
}

/// Somebody in a grey shirt and dark trousers before a wall, with dark hair.
fn photo() -> RgbImage {
    let joints = landmarks();
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let at = p(x as f32 + 0.5, y as f32 + 0.5);
        if !on_body(&joints, at) {
            WALL
        } else if at.y < 52.0 {
            Rgb([40, 25, 20])
        } else if at.y > 150.0 && (at.x - 200.0).abs() < 58.0 && at.y < 535.0 {
            if at.y < 300.0 {
                Rgb([150, 150, 150])
            } else {
                Rgb([60, 60, 75])
            }
        } else {
            SKIN
        }
    })
}

/// A flat T-shirt of one colour.
fn shirt(colour: [u8; 3]) -> RgbaImage {
    RgbaImage::from_fn(300, 320, |x, y| {
        let (x, y) = ((x as f32 - 150.0).abs(), y as f32);
        let body = x < 80.0 && (40.0..300.0).contains(&y);
        let sleeve = x < 135.0
            && (40.0 + 0.25 * (x - 60.0).max(0.0)..105.0 + 0.25 * (x - 60.0).max(0.0)).contains(&y);
        let neck = (x / 34.0).powi(2) + ((y - 40.0) / 22.0).powi(2) < 1.0;
        let alpha = if (body || sleeve) && !neck { 255 } else { 0 };
        Rgba([colour[0], colour[1], colour[2], alpha])
    })
}

/// Flat trousers of one colour.
fn trousers(colour: [u8; 3]) -> RgbaImage {
    RgbaImage::from_fn(240, 420, |x, y| {
        let (x, y) = ((x as f32 - 120.0).abs(), y as f32);
        let inside =
            (10.0..410.0).contains(&y) && x < 80.0 && (y < 140.0 || x > 8.0 + 0.06 * (y - 140.0));
        Rgba([
            colour[0],
            colour[1],
            colour[2],
            if inside { 255 } else { 0 },
        ])
    })
}

fn garment(category: Category, cutout: RgbaImage) -> Garment {
    Garment {
        category,
        cutout,
        cutout_confidence: 1.0,
    }
}

fn outfits() -> [Vec<Garment>; 2] {
    [
        vec![garment(Category::TShirt, shirt(RED))],
        vec![
            garment(Category::Pants, trousers(GREEN)),
            garment(Category::TShirt, shirt(RED)),
        ],
    ]
}

const RED: [u8; 3] = [200, 20, 20];
const GREEN: [u8; 3] = [20, 160, 30];

fn reddish(pixel: Rgb<u8>) -> bool {
    pixel.0[0] > 110 && pixel.0[1] < 60 && pixel.0[2] < 60
}

fn greenish(pixel: Rgb<u8>) -> bool {
    pixel.0[1] > 90 && pixel.0[0] < 60 && pixel.0[2] < 70
}

#[test]
fn an_empty_photo_says_that_nobody_is_seen() {
    let blank = RgbImage::from_pixel(640, 900, Rgb([230, 230, 230]));
    let error = ENGINE
        .render(
            &blank,
            &[garment(Category::TShirt, shirt(RED))],
            View::default(),
        )
        .unwrap_err();
    assert_eq!(error.code(), "body_not_visible");
    assert!(error.to_string().contains("could not see your whole body"));
    assert!(error.is_final());
}

#[test]
fn a_bag_alone_is_nothing_to_try_on_and_no_model_runs_for_it() {
    let blank = RgbImage::new(1, 1);
    for garments in [
        vec![],
        vec![
            garment(Category::Bag, shirt(RED)),
            garment(Category::Accessory, shirt(RED)),
        ],
    ] {
        assert_eq!(
            ENGINE
                .render(&blank, &garments, View::default())
                .unwrap_err()
                .code(),
            "nothing_to_try_on"
        );
    }
}

#[test]
fn an_undershirt_gets_no_sleeves_even_if_its_outline_is_a_t_shirts() {
    let red = |category| {
        let garments = [garment(category, shirt(RED))];
        let rendering = render_on(&photo(), pose(), &garments, View::default()).unwrap();
        // Half way down both upper arms.
        [(118, 185), (282, 185)].map(|(x, y)| reddish(*rendering.image.get_pixel(x, y)))
    };
    assert_eq!(red(Category::TShirt), [true; 2]);
    assert_eq!(red(Category::Undershirt), [false; 2]);
}

#[test]
fn a_garment_of_which_the_cutout_is_poor_is_trusted_less() {
    let of = |cutout_confidence| {
        let garments = [Garment {
            cutout_confidence,
            ..garment(Category::TShirt, shirt(RED))
        }];
        let rendering = render_on(&photo(), pose(), &garments, View::default()).unwrap();
        rendering.confidence
    };
    assert!(of(0.5) < of(1.0) - 0.1, "{} {}", of(0.5), of(1.0));
    assert!(of(0.2) < of(0.5) - 0.1, "{} {}", of(0.2), of(0.5));
    // What was stored may be no number.
    assert!(of(f32::NAN) <= of(0.2));
}

#[test]
fn a_shirt_lies_on_the_torso_and_its_sleeves_on_the_arms() {
    let rendering = render_on(
        &photo(),
        pose(),
        &[garment(Category::TShirt, shirt(RED))],
        View::default(),
    )
    .unwrap();
    for (x, y) in [
        (200, 200),
        (165, 190),
        (235, 190),
        (200, 260),
        (170, 250),
        (230, 250),
    ] {
        assert!(
            reddish(*rendering.image.get_pixel(x, y)),
            "torso at {x},{y}: {:?}",
            rendering.image.get_pixel(x, y)
        );
    }
    for x in [128, 272] {
        assert!(
            reddish(*rendering.image.get_pixel(x, 172)),
            "sleeve at {x}: {:?}",
            rendering.image.get_pixel(x, 172)
        );
    }
    assert_eq!(rendering.placed, [0]);
}

#[test]
fn face_hands_and_everything_outside_of_the_garment_stay_bit_for_bit() {
    let before = photo();
    let rendering = render_on(
        &before,
        pose(),
        &[garment(Category::TShirt, shirt(RED))],
        View::default(),
    )
    .unwrap();
    assert_eq!(rendering.image.dimensions(), before.dimensions());
    for (x, y, pixel) in rendering.image.enumerate_pixels() {
        let face = y < 110;
        let below = y > 420;
        let aside = !(60..340).contains(&x);
        let hands = y > 255 && !(110..290).contains(&x);
        if face || below || aside || hands {
            assert_eq!(pixel, before.get_pixel(x, y), "at {x},{y}");
        }
    }
}

#[test]
fn where_the_regions_are_empty_the_picture_is_the_photo() {
    let before = photo();
    for garments in outfits() {
        let rendering = render_on(&before, pose(), &garments, View::default()).unwrap();
        let mut drawn = 0;
        for (x, y, region) in rendering.regions.enumerate_pixels() {
            if region.0[0] == 0 {
                assert_eq!(
                    rendering.image.get_pixel(x, y),
                    before.get_pixel(x, y),
                    "at {x},{y}"
                );
            } else {
                drawn += 1;
            }
        }
        let all = SIZE.0 * SIZE.1;
        assert!(drawn > all / 50 && drawn < all / 2, "{drawn} of {all}");
    }
}

#[test]
fn the_layers_compose_to_the_picture_in_every_light() {
    for garments in outfits() {
        for lighting in [Lighting::Neutral, Lighting::Warm, Lighting::Cool] {
            let view = View {
                lighting,
                ..View::default()
            };
            let rendering = render_on(&photo(), pose(), &garments, view).unwrap();
            let layers = &rendering.layers;
            let order: Vec<usize> = layers.garments.iter().map(|layer| layer.0).collect();
            assert_eq!(order, rendering.placed);
            // In whole numbers of the layers themselves, as an app would do it.
            let gains = lighting.gains();
            for (x, y, pixel) in rendering.image.enumerate_pixels() {
                let mut colour = layers.person.get_pixel(x, y).0.map(f32::from);
                let tops = layers.garments.iter().map(|layer| (&layer.1, gains));
                for (layer, gains) in tops.chain([(&layers.shadow, [1.0; 3])]) {
                    let above = layer.get_pixel(x, y).0.map(f32::from);
                    let alpha = above[3] / 255.0;
                    for channel in 0..3 {
                        let lit = (above[channel] * gains[channel]).min(255.0);
                        colour[channel] += (lit - colour[channel]) * alpha;
                    }
                }
                for (channel, value) in pixel.0.into_iter().enumerate() {
                    let off = f32::from(value) - colour[channel];
                    assert!(off.abs() <= 1.0, "{off} at {x},{y} in {lighting:?}");
                }
            }
        }
    }
}

#[test]
fn warm_light_is_redder_and_cool_light_bluer_on_cloth_alone() {
    let garments = [garment(Category::TShirt, shirt([120; 3]))];
    let seen = |lighting| {
        let view = View {
            lighting,
            ..View::default()
        };
        render_on(&photo(), pose(), &garments, view).unwrap().image
    };
    let [neutral, warm, cool] = [Lighting::Neutral, Lighting::Warm, Lighting::Cool].map(seen);
    let cloth = |image: &RgbImage| image.get_pixel(200, 220).0;
    assert!(cloth(&warm)[0] > cloth(&neutral)[0] && cloth(&warm)[2] < cloth(&neutral)[2]);
    assert!(cloth(&cool)[0] < cloth(&neutral)[0] && cloth(&cool)[2] > cloth(&neutral)[2]);
    assert_eq!(warm.get_pixel(200, 80), cool.get_pixel(200, 80), "the face");
}

#[test]
fn turns_are_two_pictures_of_the_same_size_that_differ_from_the_picture_on_the_body_alone() {
    let garments = [garment(Category::TShirt, shirt(RED))];
    let still = render_on(&photo(), pose(), &garments, View::default()).unwrap();
    assert!(still.turns.is_empty());
    let view = View {
        rotate: true,
        ..View::default()
    };
    let rendering = render_on(&photo(), pose(), &garments, view).unwrap();
    assert_eq!(rendering.image, still.image);
    assert_eq!(rendering.turns.len(), 2);
    for turn in &rendering.turns {
        assert_eq!(turn.dimensions(), rendering.image.dimensions());
        assert_ne!(*turn, rendering.image);
        for y in 0..SIZE.1 {
            assert_eq!(*turn.get_pixel(3, y), WALL);
            assert_eq!(*turn.get_pixel(SIZE.0 - 4, y), WALL);
        }
    }
    // The nose goes to the side that the person turns to.
    let [left, right] = &rendering.turns[..] else {
        panic!("two turns")
    };
    let middle = |image: &RgbImage| {
        let red: Vec<f32> = (0..SIZE.0)
            .filter(|&x| image.get_pixel(x, 75).0 == [0, 0, 0])
            .map(|x| x as f32)
            .collect();
        red.iter().sum::<f32>() / red.len().max(1) as f32
    };
    let mut marked = photo();
    for x in 196..204 {
        for y in 70..80 {
            marked.put_pixel(x, y, Rgb([0, 0, 0]));
        }
    }
    let marked = render_on(&marked, pose(), &garments, view).unwrap().turns;
    assert!(middle(&marked[0]) < 199.0 && middle(&marked[1]) > 200.0);
    assert_ne!(left, right);
}

#[test]
fn trousers_reach_the_ankles_on_both_legs() {
    let rendering = render_on(
        &photo(),
        pose(),
        &[garment(Category::Pants, trousers(GREEN))],
        View::default(),
    )
    .unwrap();
    for (x, y) in [
        (166, 350),
        (234, 350),
        (166, 430),
        (234, 430),
        (166, 510),
        (234, 510),
        (200, 290),
    ] {
        assert!(
            greenish(*rendering.image.get_pixel(x, y)),
            "at {x},{y}: {:?}",
            rendering.image.get_pixel(x, y)
        );
    }
    assert_eq!(
        *rendering.image.get_pixel(200, 500),
        WALL,
        "the gap between the legs stays open"
    );
}

#[test]
fn tops_go_over_bottoms_whatever_the_order_of_the_request() {
    let [top, bottom] = [
        garment(Category::TShirt, shirt(RED)),
        garment(Category::Pants, trousers(GREEN)),
    ];
    let one = render_on(
        &photo(),
        pose(),
        &[top.clone(), bottom.clone()],
        View::default(),
    )
    .unwrap();
    let other = render_on(&photo(), pose(), &[bottom, top], View::default()).unwrap();
    assert_eq!(one.image, other.image);
    assert_eq!((one.placed, other.placed), (vec![1, 0], vec![0, 1]));
    assert!(
        reddish(*one.image.get_pixel(200, 285)),
        "the shirt's hem covers the waistband"
    );
}

#[test]
fn what_cannot_be_worn_or_seen_is_left_out_and_said() {
    let empty = RgbaImage::new(50, 50);
    let garments = [
        garment(Category::Bag, shirt(RED)),
        garment(Category::Shirt, empty.clone()),
        garment(Category::TShirt, shirt(RED)),
    ];
    let rendering = render_on(&photo(), pose(), &garments, View::default()).unwrap();
    assert_eq!(rendering.placed, [2]);
    assert_eq!(
        rendering.skipped,
        [(0, Skipped::NotWearable), (1, Skipped::NotClear)]
    );
    let error = render_on(
        &photo(),
        pose(),
        &[garment(Category::Shirt, empty)],
        View::default(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "garment_not_clear");
}

#[test]
fn shoes_seen_from_the_side_and_shapes_unlike_their_kind_are_left_out_with_a_reason() {
    let side_view = RgbaImage::from_fn(300, 140, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let sole = (20.0..280.0).contains(&x) && (90.0..120.0).contains(&y);
        let shaft = (20.0..120.0).contains(&x) && (20.0..90.0).contains(&y);
        Rgba([90, 60, 40, if sole || shaft { 255 } else { 0 }])
    });
    let garments = [
        garment(Category::Shoes, side_view),
        garment(Category::TShirt, shirt(RED)),
        // A band is no pair of trousers.
        garment(
            Category::Pants,
            RgbaImage::from_fn(400, 60, |x, y| {
                let inside = y > 4 && y < 20 + x / 12;
                Rgba([40, 40, 90, if inside { 255 } else { 0 }])
            }),
        ),
    ];
    let rendering = render_on(&photo(), pose(), &garments, View::default()).unwrap();
    assert_eq!(rendering.placed, [1]);
    assert_eq!(
        rendering.skipped,
        [(0, Skipped::NotClear), (2, Skipped::NotClear)]
    );
}

#[test]
fn an_odd_cutout_lowers_the_confidence() {
    let seen = |cutout| {
        let garments = [garment(Category::TShirt, cutout)];
        // Too odd is left out.
        render_on(&photo(), pose(), &garments, View::default())
            .map_or(0.0, |rendering| rendering.confidence)
    };
    let whole = seen(shirt(RED));
    // One sleeve and a part of the side are missing.
    let mut torn = shirt(RED);
    for (x, y, pixel) in torn.enumerate_pixels_mut() {
        if x > 190 || (x > 150 && y > 220) {
            *pixel = Rgba([0; 4]);
        }
    }
    assert!(seen(torn) < whole - 0.15, "{whole}");
}

#[test]
fn confidence_falls_with_hidden_joints_and_the_hidden_whole_is_refused() {
    let shirt = [garment(Category::TShirt, shirt(RED))];
    let seen = render_on(&photo(), pose(), &shirt, View::default())
        .unwrap()
        .confidence;
    let mut dim = pose();
    dim.joints[11].visibility = 0.6;
    dim.joints[23].visibility = 0.6;
    let half = render_on(&photo(), dim, &shirt, View::default())
        .unwrap()
        .confidence;
    assert!(
        seen > 0.8 && seen <= 1.0 && half < seen - 0.1,
        "{seen} {half}"
    );
    let mut hidden = pose();
    hidden.joints[24].visibility = 0.1;
    assert_eq!(
        render_on(&photo(), hidden, &shirt, View::default())
            .unwrap_err()
            .code(),
        "body_not_visible"
    );
}

#[test]
fn only_what_a_garment_hangs_on_must_be_seen() {
    let mut legless = pose();
    for joint in 25..33 {
        legless.joints[joint].visibility = 0.05;
    }
    assert!(
        render_on(
            &photo(),
            legless.clone(),
            &[garment(Category::TShirt, shirt(RED))],
            View::default()
        )
        .is_ok()
    );
    let error = render_on(
        &photo(),
        legless,
        &[garment(Category::Pants, trousers(GREEN))],
        View::default(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "body_not_visible");
}

#[test]
fn a_side_view_a_back_and_somebody_lying_are_refused() {
    let code = |change: &dyn Fn(P) -> P| {
        let mut pose = pose();
        for joint in &mut pose.joints {
            joint.at = change(joint.at);
        }
        Body::measure(pose).unwrap_err().code()
    };
    assert_eq!(
        code(&|at| p(200.0 + (at.x - 200.0) * 0.2, at.y)),
        "body_turned_away"
    );
    assert_eq!(code(&|at| p(400.0 - at.x, at.y)), "body_turned_away");
    assert_eq!(
        code(&|at| p(
            200.0 - (at.y - 300.0) * 0.6 + (at.x - 200.0) * 0.6,
            300.0 + (at.x - 200.0) * 0.6
        )),
        "body_not_upright"
    );
}

#[test]
fn the_same_request_makes_the_same_picture() {
    let garments = [
        garment(Category::TShirt, shirt(RED)),
        garment(Category::Pants, trousers(GREEN)),
    ];
    let one = render_on(&photo(), pose(), &garments, View::default()).unwrap();
    let other = render_on(&photo(), pose(), &garments, View::default()).unwrap();
    assert_eq!(one.image, other.image);
    assert_eq!(one.confidence.to_bits(), other.confidence.to_bits());
}

#[test]
fn every_category_is_placed_or_skipped_and_the_face_stays() {
    let before = photo();
    for &category in Category::ALL {
        for cutout in [
            shirt(RED),
            trousers(GREEN),
            RgbaImage::from_pixel(40, 300, Rgba([9, 9, 200, 255])),
        ] {
            match render_on(
                &before,
                pose(),
                &[garment(category, cutout)],
                View::default(),
            ) {
                Ok(rendering) => {
                    assert!((0.0..=1.0).contains(&rendering.confidence), "{category}");
                    for y in 62..95 {
                        for x in 190..210 {
                            assert_eq!(
                                rendering.image.get_pixel(x, y),
                                before.get_pixel(x, y),
                                "{category}"
                            );
                        }
                    }
                }
                Err(error) => assert!(
                    matches!(
                        error,
                        TryOnError::NothingToTryOn | TryOnError::GarmentNotClear
                    ),
                    "{category}: {error}"
                ),
            }
        }
    }
}

#[test]
fn a_large_photo_is_made_smaller_and_a_small_one_is_left() {
    assert_eq!(fitted(&RgbImage::new(3000, 1500)).dimensions(), (1024, 512));
    assert_eq!(fitted(&RgbImage::new(800, 600)).dimensions(), (800, 600));
    assert_eq!(fitted(&RgbImage::new(5000, 1)).dimensions(), (1024, 1));
}

#[test]
fn a_real_person_wears_a_shirt_and_the_face_stays() {
    // Only where the sample photo is at hand.
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/photos/people/full-body.jpg"
    );
    let Ok(bytes) = std::fs::read(path) else {
        return;
    };
    let photo = image::load_from_memory(&bytes).unwrap().into_rgb8();
    let rendering = ENGINE
        .render(
            &photo,
            &[garment(Category::TShirt, shirt(RED))],
            View::default(),
        )
        .unwrap();
    assert!(rendering.confidence > 0.7, "{}", rendering.confidence);
    let before = fitted(&photo);
    let (width, height) = before.dimensions();
    let mut red = 0;
    for (x, y, pixel) in rendering.image.enumerate_pixels() {
        red += u32::from(reddish(*pixel));
        if y < height / 10 || y > height * 7 / 10 {
            assert_eq!(pixel, before.get_pixel(x, y), "at {x},{y}");
        }
    }
    assert!(red > width * height / 60, "{red}");
    // Only the upper half of the body is no whole body.
    let upper =
        image::imageops::crop_imm(&photo, 0, 0, photo.width(), photo.height() * 2 / 5).to_image();
    let error = ENGINE
        .render(
            &upper,
            &[garment(Category::Pants, trousers(GREEN))],
            View::default(),
        )
        .unwrap_err();
    assert_eq!(error.code(), "body_not_visible");
}
