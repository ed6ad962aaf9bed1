//! What happens to the old clothes where the new ones do not cover them.

use super::*;

const CLOTH: Rgb<u8> = Rgb([70, 90, 60]);

/// The same person with some of it in other clothes.
fn dressed(wears: impl Fn(P) -> bool) -> RgbImage {
    let mut photo = photo();
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        if wears(p(x as f32 + 0.5, y as f32 + 0.5)) {
            *pixel = CLOTH;
        }
    }
    photo
}

fn near(a: Rgb<u8>, b: Rgb<u8>, most: u8) -> bool {
    a.0.iter().zip(b.0).all(|(&a, b)| a.abs_diff(b) <= most)
}

/// On an arm between the shoulder and the wrist.
fn on_arm(at: P) -> bool {
    let joints = landmarks();
    [(11, 13), (12, 14), (13, 15), (14, 16)]
        .iter()
        .any(|&(a, b)| to_segment(at, joints[a].at, joints[b].at).0 < 16.0)
        && on_body(&joints, at)
}

#[test]
fn old_long_sleeves_become_bare_arms_below_a_t_shirts() {
    let photo = dressed(|at| on_arm(at) && at.y < 255.0);
    let garments = [garment(Category::TShirt, shirt(RED))];
    let rendering = render_on(&photo, pose(), &garments, View::default()).unwrap();
    for (x, y) in [(300, 220), (100, 220), (310, 240)] {
        let pixel = *rendering.image.get_pixel(x, y);
        assert!(near(pixel, SKIN, 45), "{pixel:?} at {x},{y}");
        assert!(!near(pixel, CLOTH, 40), "{pixel:?} at {x},{y}");
        assert_eq!(rendering.regions.get_pixel(x, y).0, [255]);
    }
    let hand = *rendering.image.get_pixel(324, 280);
    assert_eq!(hand, *photo.get_pixel(324, 280));
}

/// A skirt that is far wider than legs, and the pose of who wears it.
fn wide_skirt() -> (RgbImage, Pose) {
    let skirt = |at: P| (300.0..480.0).contains(&at.y) && (at.x - 200.0).abs() < 95.0;
    let mut pose = pose();
    for y in 0..pose.mask.height {
        for x in 0..pose.mask.width {
            if skirt(p(x as f32 + 0.5, y as f32 + 0.5)) {
                pose.mask.data[y * SIZE.0 as usize + x] = 1.0;
            }
        }
    }
    (dressed(skirt), pose)
}

#[test]
fn an_old_wide_skirt_gives_way_to_the_wall_beside_trousers() {
    let (photo, pose) = wide_skirt();
    let garments = [garment(Category::Pants, trousers(GREEN))];
    let rendering = render_on(&photo, pose, &garments, View::default()).unwrap();
    for (x, y) in [(115, 400), (285, 400), (112, 460), (288, 460)] {
        let pixel = *rendering.image.get_pixel(x, y);
        assert!(near(pixel, WALL, 12), "{pixel:?} at {x},{y}");
    }
    assert!(greenish(*rendering.image.get_pixel(166, 430)));
}

#[test]
fn before_a_busy_wall_old_clothes_are_left_and_the_confidence_falls() {
    let (plain, pose) = wide_skirt();
    let mut busy = plain.clone();
    for (x, y, pixel) in busy.enumerate_pixels_mut() {
        if *pixel == WALL && (x / 6 + y / 6) % 2 == 0 {
            *pixel = Rgb([20, 20, 20]);
        }
    }
    let garments = [garment(Category::Pants, trousers(GREEN))];
    let even = render_on(&plain, pose.clone(), &garments, View::default()).unwrap();
    let uneven = render_on(&busy, pose, &garments, View::default()).unwrap();
    let pixel = *uneven.layers.person.get_pixel(115, 400);
    assert_eq!(pixel.0[..3], CLOTH.0, "left as it was");
    assert!(
        uneven.confidence < even.confidence - 0.05,
        "{} {}",
        uneven.confidence,
        even.confidence
    );
}

/// The confidence of a new T-shirt over an old top that ends at a height in the picture.
fn over_an_old_top(ends: f32, bare_legs: bool) -> f32 {
    let mut photo = dressed(|at| (140.0..ends).contains(&at.y) && (at.x - 200.0).abs() < 62.0);
    if bare_legs {
        for (_, y, pixel) in photo.enumerate_pixels_mut() {
            if y as f32 >= ends && *pixel == Rgb([60, 60, 75]) {
                *pixel = SKIN;
            }
        }
    }
    let garments = [garment(Category::TShirt, shirt(RED))];
    let rendering = render_on(&photo, pose(), &garments, View::default()).unwrap();
    rendering.confidence
}

#[test]
fn an_old_coat_that_goes_on_below_a_new_top_lowers_the_confidence() {
    let (shirt, coat) = (over_an_old_top(300.0, false), over_an_old_top(440.0, false));
    assert!(coat < shirt - 0.1, "{coat} {shirt}");
}

#[test]
fn an_old_dress_over_bare_legs_reads_as_a_skirt_below_a_new_top() {
    let (shirt, dress) = (over_an_old_top(300.0, true), over_an_old_top(440.0, true));
    assert!((dress - shirt).abs() < 0.05, "{dress} {shirt}");
}

#[test]
fn clothes_that_the_new_ones_are_not_worn_instead_of_stay() {
    let before = photo();
    let garments = [garment(Category::Pants, trousers(GREEN))];
    let rendering = render_on(&before, pose(), &garments, View::default()).unwrap();
    for y in 160..200 {
        for x in 150..250 {
            assert_eq!(rendering.image.get_pixel(x, y), before.get_pixel(x, y));
        }
    }
}

#[test]
fn the_face_is_never_repaired() {
    let photo = dressed(|at| on_arm(at) && at.y < 255.0);
    for garments in outfits() {
        let rendering = render_on(&photo, pose(), &garments, View::default()).unwrap();
        for y in 55..105 {
            for x in 180..220 {
                assert_eq!(rendering.image.get_pixel(x, y), photo.get_pixel(x, y));
            }
        }
    }
}
