#[test]
fn debug_overlay() {
    use super::*;
    let mut out = image::RgbImage::new(7 * 190, 6 * 190);
    let names = std::env::var("SHOW").unwrap();
    for (k, n) in names.split(' ').enumerate() {
        let cut = image::open(format!("/tmp/tryon/cut/{n}.png")).unwrap().into_rgba8();
        let cat: Category = n.rsplit_once('_').unwrap().0.replace('-', "_").replace("outwear", "outerwear").parse().unwrap();
        let c = Cloth::prepare(&cut, 180, 1, true).unwrap();
        let (ox, oy) = ((k % 7 * 190) as i32, (k / 7 * 190) as i32);
        let mut put = |q: geom::P, col: [u8; 3], r: i32| for dy in -r..=r { for dx in -r..=r {
            let (x, y) = (ox + q.x as i32 + dx, oy + q.y as i32 + dy);
            if x >= 0 && y >= 0 && (x as u32) < out.width() && (y as u32) < out.height() { out.put_pixel(x as u32, y as u32, image::Rgb(col)); } } };
        for y in 0..c.height() { for x in 0..c.width() { let v = c.picture.data[y * c.width() + x];
            put(geom::p(x as f32, y as f32), [0, 1, 2].map(|i| (v[i] * 200.0 + (1.0 - v[3]) * 90.0) as u8), 0); } }
        if matches!(cat.slot(), Slot::Bottom) {
            let s = shape::Bottom::read(&c, cat != Category::Skirt);
            for y in (s.waist as usize)..(s.hem as usize) { for side in 0..2 { put(s.outer[side].at(y as f32), [255, 0, 0], 0); put(s.inner[side].at(y as f32), [0, 255, 0], 0); } }
            put(s.crotch, [0, 255, 255], 2);
        } else {
            let s = shape::Top::read(&c, cat);
            for side in 0..2 {
                put(s.neck[side], [255, 255, 0], 2); put(s.shoulder[side], [255, 0, 0], 2); put(s.armpit[side], [0, 255, 0], 2);
                for y in (s.armpit[side].y as usize)..(s.hem as usize) { put(s.edge[side].at(y as f32), [255, 0, 255], 0); }
                if let Some(z) = s.sleeve[side] { put(z.middle.outer, [0, 200, 255], 2); put(z.middle.inner, [0, 200, 255], 2); put(z.cuff.outer, [255, 128, 0], 2); put(z.cuff.inner, [255, 128, 0], 2); }
            }
        }
    }
    out.save("/tmp/tryon/dbg.png").unwrap();
}
