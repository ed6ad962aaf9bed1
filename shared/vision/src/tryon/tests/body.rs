//! Whose photo it is, and what is known of their legs.

use super::*;

fn code(pose: Pose) -> Option<&'static str> {
    Body::measure(pose).err().map(|error| error.code())
}

#[test]
fn clothes_without_anybody_in_them_are_nobody() {
    assert_eq!(code(pose()), None);
    let unsure = Pose {
        presence: 0.9,
        ..pose()
    };
    assert_eq!(code(unsure), Some("body_not_visible"));
    let mut headless = pose();
    let above_the_collar = 125 * SIZE.0 as usize;
    headless.mask.data[..above_the_collar].fill(0.0);
    assert_eq!(code(headless), Some("body_not_visible"));
    let mut sunk = pose();
    sunk.joints[0].at.y += 60.0;
    assert_eq!(code(sunk), Some("body_not_visible"));
}

/// Bare legs below a skirt that is far wider than they are, down to a height.
fn in_a_skirt(hem: f32) -> (RgbImage, Pose) {
    let skirt = |at: P| (300.0..hem).contains(&at.y) && (at.x - 200.0).abs() < 80.0;
    let (mut photo, mut pose) = (photo(), pose());
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        let at = p(x as f32 + 0.5, y as f32 + 0.5);
        if skirt(at) {
            *pixel = Rgb([240, 240, 235]);
            pose.mask.data[(y * SIZE.0 + x) as usize] = 1.0;
        } else if at.y >= hem && *pixel == Rgb([60, 60, 75]) {
            *pixel = SKIN;
        }
    }
    (photo, pose)
}

#[test]
fn trousers_follow_the_legs_and_not_the_skirt_over_them() {
    let (photo, pose) = in_a_skirt(420.0);
    let garments = [garment(Category::Pants, trousers(GREEN))];
    let rendering = render_on(&photo, pose, &garments, View::default()).unwrap();
    for x in [166, 234] {
        assert!(greenish(*rendering.image.get_pixel(x, 400)), "{x}");
    }
    for x in [122, 278] {
        assert_eq!(*rendering.image.get_pixel(x, 400), WALL, "{x}");
    }
}

#[test]
fn made_up_thighs_are_as_broad_as_the_knees_below_them_let_expect() {
    let (photo, pose) = in_a_skirt(400.0);
    let shorts = image::imageops::crop_imm(&trousers(GREEN), 0, 0, 240, 190).to_image();
    let garments = [garment(Category::Shorts, shorts)];
    let rendering = render_on(&photo, pose, &garments, View::default()).unwrap();
    let skin = |y: u32| {
        (100..300)
            .filter(|&x| {
                let pixel = rendering.image.get_pixel(x, y).0;
                pixel.iter().zip(SKIN.0).all(|(&a, b)| a.abs_diff(b) < 45)
            })
            .count() as f32
    };
    let (above, below) = (skin(392), skin(412));
    assert!((above / below - 1.0).abs() < 0.12, "{above} {below}");
}

#[test]
fn crossed_arms_lower_the_confidence_of_a_top_and_not_of_trousers() {
    let mut crossed = pose();
    for (wrist, x) in [(15, 175.0), (16, 225.0)] {
        crossed.joints[wrist].at = p(x, 225.0);
    }
    let seen = |pose: Pose, category, cutout| {
        let garments = [garment(category, cutout)];
        render_on(&photo(), pose, &garments, View::default())
            .map_or(0.0, |rendering| rendering.confidence)
    };
    let top = |pose| seen(pose, Category::TShirt, shirt(RED));
    let legs = |pose| seen(pose, Category::Pants, trousers(GREEN));
    assert!(top(crossed.clone()) < top(pose()) - 0.15);
    assert!((legs(crossed) - legs(pose())).abs() < 0.05);
}
