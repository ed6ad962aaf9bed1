//! Contact sheets: many small pictures with captions in one large one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use font8x8::UnicodeFonts;
use image::{Rgb, RgbImage, RgbaImage, imageops};

/// Height of a line of text, in pixels.
pub(crate) const LINE: u32 = 12;
/// The most tiles on one sheet; more go on further sheets.
const MOST: usize = 300;
const INK: Rgb<u8> = Rgb([20; 3]);

/// Collects tiles of one size into sheets.
pub(crate) struct Sheets {
    folder: PathBuf,
    columns: u32,
    tiles: Vec<RgbImage>,
    written: u32,
}

impl Sheets {
    /// Sheets `sheet.png`, `sheet-2.png` … in a folder, so many tiles wide.
    pub(crate) fn new(folder: &Path, columns: u32) -> Self {
        Self {
            folder: folder.to_owned(),
            columns: columns.max(1),
            tiles: Vec::new(),
            written: 0,
        }
    }

    /// Adds a tile, which is to have the others' size.
    ///
    /// # Errors
    /// When a full sheet cannot be written.
    pub(crate) fn add(&mut self, tile: RgbImage) -> Result<()> {
        self.tiles.push(tile);
        if self.tiles.len() >= MOST {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the sheet cannot be written.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.write()
    }

    fn write(&mut self) -> Result<()> {
        let Some((width, height)) = self.tiles.first().map(RgbImage::dimensions) else {
            return Ok(());
        };
        let count = self.tiles.len() as u32;
        let columns = self.columns.min(count);
        let rows = count.div_ceil(columns);
        let mut sheet = RgbImage::from_pixel(columns * width, rows * height, Rgb([255; 3]));
        for (at, tile) in (0..).zip(self.tiles.drain(..)) {
            let (x, y) = (at % columns * width, at / columns * height);
            imageops::replace(&mut sheet, &tile, i64::from(x), i64::from(y));
        }
        self.written += 1;
        let name = match self.written {
            1 => "sheet.png".to_owned(),
            later => format!("sheet-{later}.png"),
        };
        let path = self.folder.join(name);
        sheet
            .save(&path)
            .with_context(|| format!("writing {}", path.display()))
    }
}

/// A picture scaled into the middle of a square of a tile.
pub(crate) fn place(tile: &mut RgbImage, picture: &RgbImage, left: u32, top: u32, side: u32) {
    let longer = picture.width().max(picture.height()).max(1);
    let scaled = |length: u32| (length * side / longer).max(1);
    let small = imageops::thumbnail(picture, scaled(picture.width()), scaled(picture.height()));
    let x = left + (side - small.width().min(side)) / 2;
    let y = top + (side - small.height().min(side)) / 2;
    imageops::replace(tile, &small, i64::from(x), i64::from(y));
}

/// A transparent picture over a checkerboard of so many pixels a field.
pub(crate) fn on_checkerboard(picture: &RgbaImage, field: u32) -> RgbImage {
    let field = field.max(1);
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let shade = if (x / field + y / field).is_multiple_of(2) {
            [235_u8, 120, 220]
        } else {
            [120, 200, 130]
        };
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over = |front: u8, behind: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(front) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8
        };
        Rgb([
            over(red, shade[0]),
            over(green, shade[1]),
            over(blue, shade[2]),
        ])
    })
}

/// Writes a line of text; what does not fit is left out.
pub(crate) fn write(tile: &mut RgbImage, text: &str, left: u32, top: u32) {
    for (at, letter) in (0..).zip(text.chars()) {
        let Some(rows) = font8x8::BASIC_FONTS
            .get(letter)
            .or_else(|| font8x8::LATIN_FONTS.get(letter))
        else {
            continue;
        };
        for (y, row) in (0..).zip(rows) {
            for x in (0..8).filter(|x| row >> x & 1 == 1) {
                let (x, y) = (left + at * 8 + x, top + y);
                if x < tile.width() && y < tile.height() {
                    tile.put_pixel(x, y, INK);
                }
            }
        }
    }
}

/// A rectangle of one colour, cut off at the tile's edges.
pub(crate) fn fill(tile: &mut RgbImage, color: Rgb<u8>, left: u32, top: u32, size: (u32, u32)) {
    for y in top..(top + size.1).min(tile.height()) {
        for x in left..(left + size.0).min(tile.width()) {
            tile.put_pixel(x, y, color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_holds_its_tiles_row_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let mut sheets = Sheets::new(folder.path(), 2);
        for shade in [10, 20, 30] {
            sheets
                .add(RgbImage::from_pixel(4, 5, Rgb([shade; 3])))
                .unwrap();
        }
        sheets.finish().unwrap();
        let sheet = image::open(folder.path().join("sheet.png"))
            .unwrap()
            .into_rgb8();
        assert_eq!(sheet.dimensions(), (8, 10));
        assert_eq!(sheet.get_pixel(5, 0).0, [20; 3]);
        assert_eq!(sheet.get_pixel(0, 6).0, [30; 3]);
        assert_eq!(sheet.get_pixel(5, 6).0, [255; 3]);
    }

    #[test]
    fn what_is_transparent_shows_the_checkerboard() {
        let mut picture = RgbaImage::new(4, 1);
        picture.put_pixel(3, 0, image::Rgba([1, 2, 3, 255]));
        let shown = on_checkerboard(&picture, 2);
        assert_ne!(shown.get_pixel(0, 0), shown.get_pixel(2, 0));
        assert_eq!(shown.get_pixel(3, 0).0, [1, 2, 3]);
    }

    #[test]
    fn text_leaves_ink_within_the_tile_only() {
        let mut tile = RgbImage::from_pixel(20, 10, Rgb([255; 3]));
        write(&mut tile, "navy, é", 1, 1);
        assert!(tile.pixels().any(|pixel| *pixel == INK));
    }
}
