//! Hats.

use super::*;

/// A dome of one colour, or one whose peak points to the side.
fn cap(aside: bool) -> RgbaImage {
    RgbaImage::from_fn(240, 200, |x, y| {
        let (x, y) = (x as f32 - 90.0, y as f32);
        let dome =
            x.abs() < 70.0 && y > 20.0 && (x / 70.0).powi(2) + ((y - 150.0) / 130.0).powi(2) < 1.0;
        let peak = aside && (0.0..145.0).contains(&x) && (130.0..165.0).contains(&y);
        let alpha = if dome && y < 150.0 || peak { 255 } else { 0 };
        Rgba([RED[0], RED[1], RED[2], alpha])
    })
}

#[test]
fn a_hat_covers_the_crown_of_the_head_and_leaves_the_eyes_free() {
    let before = photo();
    let rendering = render_on(
        &before,
        pose(),
        &[garment(Category::Hat, cap(false))],
        View::default(),
    )
    .unwrap();
    let after = &rendering.image;
    for (x, y) in [(200, 40), (180, 50), (220, 50)] {
        assert!(
            reddish(*after.get_pixel(x, y)),
            "{x},{y}: {:?}",
            after.get_pixel(x, y)
        );
    }
    for (x, y) in [(189, 66), (211, 66), (200, 90)] {
        assert_eq!(after.get_pixel(x, y), before.get_pixel(x, y), "{x},{y}");
    }
}

#[test]
fn a_cap_seen_from_the_side_is_left_out() {
    let error = render_on(
        &photo(),
        pose(),
        &[garment(Category::Hat, cap(true))],
        View::default(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "garment_not_clear");
}
