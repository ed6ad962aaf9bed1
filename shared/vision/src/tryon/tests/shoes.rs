//! Shoes.

use super::*;

/// Two shoes seen from above, their toes at the lower end.
fn from_above(right_breadth: f32) -> RgbaImage {
    RgbaImage::from_fn(240, 260, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let shoe = |middle: f32, breadth: f32| {
            let half = breadth * if y > 120.0 { 46.0 } else { 36.0 };
            ((x - middle) / half).powi(2) + ((y - 130.0) / 115.0).powi(2) < 1.0
        };
        let inside = shoe(60.0, 1.0) || shoe(180.0, right_breadth);
        Rgba([RED[0], RED[1], RED[2], if inside { 255 } else { 0 }])
    })
}

#[test]
fn shoes_seen_from_above_lie_on_the_feet_and_the_legs_stand_in_them() {
    let before = photo();
    let garments = [garment(Category::Shoes, from_above(1.0))];
    let rendering = render_on(&before, pose(), &garments, View::default()).unwrap();
    for (x, y) in [(159, 562), (241, 562)] {
        let pixel = *rendering.image.get_pixel(x, y);
        assert!(reddish(pixel), "{pixel:?} at {x},{y}");
    }
    for (x, y) in [(166, 500), (234, 500), (166, 525), (234, 525)] {
        let pixel = rendering.layers.garments[0].1.get_pixel(x, y).0;
        assert_eq!(pixel[3], 0, "{x},{y}");
    }
}

#[test]
fn two_things_that_are_no_pair_are_left_out() {
    let garments = [garment(Category::Shoes, from_above(0.35))];
    let error = render_on(&photo(), pose(), &garments, View::default()).unwrap_err();
    assert_eq!(error.code(), "garment_not_clear");
}

#[test]
fn nobody_who_is_walking_gets_shoes() {
    let mut walking = pose();
    for joint in [27, 29, 31] {
        walking.joints[joint].at.y -= 60.0;
    }
    let garments = [garment(Category::Shoes, from_above(1.0))];
    let error = render_on(&photo(), walking, &garments, View::default()).unwrap_err();
    assert_eq!(error.code(), "garment_not_clear");
}
