//! What is read from the outlines of garments.

use super::*;

fn flat(width: u32, height: u32, inside: impl Fn(f32, f32) -> bool) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let inside = inside((x as f32 - 0.5 * width as f32).abs(), y as f32);
        Rgba([RED[0], RED[1], RED[2], if inside { 255 } else { 0 }])
    })
}

/// On both upper arms, a little below the shoulders.
fn arms(rendering: &Rendering) -> [bool; 2] {
    [(134, 162), (266, 162)].map(|(x, y)| reddish(*rendering.image.get_pixel(x, y)))
}

fn wear(category: Category, cutout: RgbaImage) -> Rendering {
    render_on(
        &photo(),
        pose(),
        &[garment(category, cutout)],
        View::default(),
    )
    .unwrap()
}

#[test]
fn short_sleeves_are_found_on_a_t_shirt_that_is_as_broad_at_its_hem() {
    let shirt = flat(320, 320, |out, y| {
        let body = (40.0..300.0).contains(&y) && out < 75.0 + 0.25 * (y - 40.0);
        let sleeve = out < 140.0 && (40.0 + 0.5 * (out - 40.0).max(0.0)..128.0).contains(&y);
        (body || sleeve) && (out / 34.0).powi(2) + ((y - 40.0) / 22.0).powi(2) > 1.0
    });
    assert_eq!(arms(&wear(Category::TShirt, shirt)), [true; 2]);
}

#[test]
fn a_flared_dress_without_sleeves_gets_none() {
    let dress = flat(320, 420, |out, y| {
        let breadth = if y < 160.0 {
            70.0 - 0.15 * (y - 20.0)
        } else {
            49.0 + 0.4 * (y - 160.0)
        };
        (20.0..400.0).contains(&y)
            && out < breadth
            && (out / 30.0).powi(2) + ((y - 20.0) / 30.0).powi(2) > 1.0
    });
    assert_eq!(arms(&wear(Category::Dress, dress)), [false; 2]);
}

#[test]
fn the_hem_of_a_skirt_cut_in_a_circle_hangs_level() {
    // A sector of a ring: its hem's middle lies far below its corners.
    let skirt = flat(400, 300, |out, y| {
        let (radius, angle) = (out.hypot(y + 120.0), out.atan2(y + 120.0));
        (140.0..380.0).contains(&radius) && angle < 0.5
    });
    let rendering = wear(Category::Skirt, skirt);
    let hem = |x: u32| {
        (200..SIZE.1)
            .rev()
            .find(|&y| reddish(*rendering.image.get_pixel(x, y)))
            .unwrap_or(0)
    };
    let (side, middle) = (hem(140), hem(200));
    assert!(side.abs_diff(middle) < 14, "{side} {middle}");
}

#[test]
fn a_pullover_whose_sleeves_lie_along_it_down_to_the_hem_gets_sleeves_and_a_padded_vest_none() {
    let flat = flat(300, 320, |out, y| {
        (40.0..300.0).contains(&y)
            && out < 70.0 + 0.5 * (y - 40.0).min(130.0)
            && (out / 34.0).powi(2) + ((y - 40.0) / 22.0).powi(2) > 1.0
    });
    assert_eq!(arms(&wear(Category::Sweater, flat.clone())), [true; 2]);
    assert_eq!(arms(&wear(Category::Outerwear, flat)), [false; 2]);
}
