//! Where the pictures of a try-on are stored.

use drape_common::store::blob::keys;
use drape_domain::{
    TryOnId, UserId,
    tryon::{GarmentLayer, Layers, MAX_TRYON_ITEMS, MAX_TRYON_TURNS, Rendered},
};

use crate::renderer::Picture;

/// What the record will say, and the files that it speaks of by key. They have the same keys in every run, so
/// that the work of one that died is written over, and whoever deletes the try-on knows them all.
pub(crate) fn lay_out(
    user: UserId,
    tryon: TryOnId,
    picture: Picture,
) -> (Rendered, Vec<(String, Vec<u8>)>) {
    let mut files = Vec::new();
    let mut place = |file: &str, png: Vec<u8>| {
        let key = keys::tryon_file(user, tryon, file);
        files.push((key.clone(), png));
        key
    };
    let layers = picture.layers;
    let person = place(keys::PERSON_LAYER, layers.person);
    let shadow = place(keys::SHADOW_LAYER, layers.shadow);
    let garments = layers.garments.into_iter().take(MAX_TRYON_ITEMS);
    let garments = garments
        .enumerate()
        .map(|(number, (item_id, png))| GarmentLayer {
            item_id,
            key: place(&keys::garment_layer(number), png),
        })
        .collect();
    let turns = picture.turns.into_iter().take(MAX_TRYON_TURNS).enumerate();
    let turn_keys = turns
        .map(|(number, png)| place(&keys::turn(number), png))
        .collect();
    let render_key = keys::render(user, tryon);
    files.push((render_key.clone(), picture.png));
    let rendered = Rendered {
        render_key,
        layers: Some(Layers {
            person,
            garments,
            shadow,
            lighting: layers.lighting,
        }),
        turn_keys,
        // Thousandths: more digits would claim more than is known.
        confidence: (picture.confidence.clamp(0.0, 1.0) * 1000.0).round() / 1000.0,
        renderer: picture.renderer,
    };
    (rendered, files)
}
