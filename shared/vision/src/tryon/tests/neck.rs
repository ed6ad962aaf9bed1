//! Collars and hair.

use super::*;

/// A flat shirt of one colour whose collar stands above its shoulders.
fn collared(colour: [u8; 3]) -> RgbaImage {
    let mut shirt = shirt(colour);
    for (x, y, pixel) in shirt.enumerate_pixels_mut() {
        let out = (x as f32 - 150.0).abs();
        if out < 34.0 && (16..64).contains(&y) {
            pixel.0 = [colour[0], colour[1], colour[2], 255];
        }
    }
    shirt
}

#[test]
fn a_collar_lies_over_the_sides_of_the_neck_and_opens_at_the_throat() {
    let before = photo();
    let wear = |category| {
        render_on(
            &before,
            pose(),
            &[garment(category, collared(RED))],
            View::default(),
        )
        .unwrap()
        .image
    };
    let (shirt, round) = (wear(Category::Shirt), wear(Category::TShirt));
    for x in [189, 210] {
        assert!(
            reddish(*shirt.get_pixel(x, 140)),
            "{:?}",
            shirt.get_pixel(x, 140)
        );
        assert!(!reddish(*round.get_pixel(x, 140)));
    }
    // A shadow may fall on the throat.
    for y in [70, 110, 125, 135] {
        assert!(!reddish(*shirt.get_pixel(200, y)), "{y}");
    }
    assert_eq!(shirt.get_pixel(200, 100), before.get_pixel(200, 100));
}

#[test]
fn a_lock_of_hair_stays_and_a_thin_seam_of_its_colour_does_not() {
    let body = Body::measure(pose()).unwrap();
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let lock = |x: usize, y: usize| (212..228).contains(&x) && (40..220).contains(&y);
    let seam = |x: usize, y: usize| (160..240).contains(&x) && (165..169).contains(&y);
    let hair = Plane::from_fn(width, height, |x, y| {
        f32::from(u8::from(lock(x, y) || seam(x, y)))
    });
    let locks = protect::locks(&plane::Mask::of(&hair, 0.5), &body, &Head::of(&body));
    for (x, y) in [(220, 60), (220, 166), (220, 210), (214, 190)] {
        assert!(locks.get(x, y), "{x},{y}");
    }
    for (x, y) in [(170, 166), (195, 167), (238, 166)] {
        assert!(!locks.get(x, y), "{x},{y}");
    }
}

#[test]
fn old_clothes_seen_through_a_gap_in_a_lock_of_hair_are_covered() {
    let body = Body::measure(pose()).unwrap();
    let gap = |x: usize, y: usize| (218..222).contains(&x) && (190..195).contains(&y);
    let hair = Plane::from_fn(SIZE.0 as usize, SIZE.1 as usize, |x, y| {
        let lock = (205..235).contains(&x) && (40..220).contains(&y);
        f32::from(u8::from(lock && !gap(x, y)))
    });
    let locks = protect::locks(&plane::Mask::of(&hair, 0.5), &body, &Head::of(&body));
    assert!(locks.get(210, 192) && !locks.get(219, 192));
}
