//! A job with everything around it in memory, and eyes that can be told what happens while they look.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use drape_common::{
    batch::JobError,
    store::{
        Create, Get, StoreError,
        blob::{DeleteObject, keys},
        change,
        memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
        queue::CleanItem,
        tables::{Embedding, item_key},
    },
};
use drape_domain::{
    Background, Category, Color, Item, Pattern, ReturnFormat, Rgb, Timestamp,
    item::{CleanWish, ImageKeys, ImageType, Inferred},
};
use drape_vision::{Flat, GarmentPhoto, ModelError, Options, PhotoError, Runner, VisionError};
use futures::FutureExt;
use serde_json::Value;

use crate::{Analyse, Clean};

// All as long as the item announces.
pub(super) const PHOTO: &[u8] = b"photo";
pub(super) const OTHER: &[u8] = b"other";
pub(super) const MASK: &[u8] = b"mask";
pub(super) const BROKEN: &[u8] = b"broke";
pub(super) const PANIC: &[u8] = b"panic";
pub(super) const FAULT: &[u8] = b"fault";

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Sees a navy shirt in everything that is not broken.
#[derive(Clone, Default)]
pub(super) struct Eyes {
    meanwhile: Arc<Mutex<VecDeque<Meanwhile>>>,
    looks: Arc<AtomicUsize>,
}

fn fault() -> ModelError {
    Runner::load("rubbish", b"rubbish", &[]).unwrap_err()
}

impl Analyse for Eyes {
    fn analyse(
        &self,
        bytes: &[u8],
        _: ImageType,
        options: &Options,
    ) -> Result<GarmentPhoto, VisionError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let next = self.meanwhile.lock().unwrap().pop_front();
        if let Some(happens) = next {
            happens();
        }
        match bytes {
            BROKEN => return Err(PhotoError::Corrupt.into()),
            PANIC => panic!("at the decoder"),
            FAULT => return Err(fault().into()),
            _ => {}
        }
        let photo = String::from_utf8_lossy(bytes);
        let on = options
            .bg_color
            .map_or_else(|| "none".to_owned(), |color| color.to_string());
        let cut = options.background == Background::Clean;
        let drawn = match &options.edit.mask {
            Some(mask) => format!(" by {}", String::from_utf8_lossy(mask)),
            None => String::new(),
        };
        let drawn = format!("{drawn}{}", " -".repeat(options.edit.remove.len()));
        Ok(GarmentPhoto {
            original_jpeg: format!("original of {photo}").into_bytes(),
            clean_png: cut.then(|| format!("cutout of {photo}{drawn}").into_bytes()),
            flat: options.return_format.map(|format| Flat {
                format,
                bytes: format!("flat of {photo} on {on}").into_bytes(),
            }),
            thumb_jpeg: format!("thumb of {photo} on {on}").into_bytes(),
            inferred: Inferred {
                category: Category::Shirt,
                confidence: 0.5,
                candidates: Vec::new(),
                cutout_confidence: None,
                colors: vec![Color {
                    name: "navy".into(),
                    hex: Rgb([28, 36, 72]),
                    share: 1.0,
                }],
                pattern: Pattern::Solid,
            },
            // Different photos look different.
            embedding: if bytes.ends_with(OTHER) {
                vec![0.8, 0.6]
            } else {
                vec![0.6, 0.8]
            },
        })
    }
}

pub(super) type App = Clean<
    MemoryTable<Item>,
    MemoryTable<Embedding>,
    MemoryBucket,
    MemoryBucket,
    MemoryQueue<CleanItem>,
    Eyes,
>;

/// Rows of items and of vectors, and every image.
pub(super) type State = (Vec<Value>, Vec<Value>, Vec<(String, Vec<u8>)>);

pub(super) struct World {
    pub(super) app: Arc<App>,
    pub(super) fuse: Fuse,
    pub(super) message: CleanItem,
}

impl World {
    pub(super) async fn given(item: Item) -> Self {
        let fuse = Fuse::default();
        let app = Clean {
            items: MemoryTable::new(&fuse),
            embeddings: MemoryTable::new(&fuse),
            uploads: MemoryBucket::new(&fuse),
            media: MemoryBucket::new(&fuse),
            queue: MemoryQueue::new(&fuse),
            vision: Eyes::default(),
            clock: || Timestamp::UNIX_EPOCH,
        };
        app.items.create(&item).await.unwrap();
        let message = CleanItem {
            owner_id: item.owner_id,
            item_id: item.item_id,
        };
        Self {
            app: Arc::new(app),
            fuse,
            message,
        }
    }

    /// The next look at a photo takes as long as this.
    pub(super) fn while_looking(&self, happens: impl FnOnce(&App, CleanItem) + Send + 'static) {
        let (app, message) = (self.app.clone(), self.message);
        let happens = Box::new(move || happens(&app, message));
        self.app.vision.meanwhile.lock().unwrap().push_back(happens);
    }

    pub(super) fn upload(&self, bytes: &[u8]) {
        upload(&self.app, self.message, bytes);
    }

    pub(super) async fn expire_upload(&self) {
        let CleanItem { owner_id, item_id } = self.message;
        self.app
            .uploads
            .delete_object(&keys::item_upload(owner_id, item_id))
            .await
            .unwrap();
    }

    pub(super) async fn ask(&self, color: Option<Rgb>, format: Option<ReturnFormat>) {
        edit(&self.app, self.message, |item| {
            let wish = CleanWish {
                return_format: format,
                ..on(color)
            };
            item.request_clean(wish, Timestamp::UNIX_EPOCH)
        });
    }

    /// The owner asks for a cutout by a mask, and gets a place to send it to.
    pub(super) fn ask_with_mask(&self) -> String {
        let mut upload = None;
        edit(&self.app, self.message, |item| {
            item.await_mask(CleanWish::default(), 4, Timestamp::UNIX_EPOCH);
            upload = item.awaited_mask.as_ref().map(|awaited| awaited.upload);
            true
        });
        keys::item_mask(self.message.owner_id, self.message.item_id, upload.unwrap())
    }

    pub(super) fn send_mask(&self, place: &str, bytes: &[u8]) {
        self.app.uploads.upload(place, "image/png", bytes);
    }

    pub(super) async fn run(&self) -> Result<(), JobError> {
        self.app
            .clean_item(self.message.owner_id, self.message.item_id)
            .await
    }

    pub(super) async fn item(&self) -> Option<Item> {
        let key = item_key(self.message.owner_id, self.message.item_id);
        self.app.items.get(&key).await.unwrap()
    }

    /// The image that the item points to.
    pub(super) async fn image(&self, of: fn(&ImageKeys) -> &Option<String>) -> Option<String> {
        let item = self.item().await?;
        let key = of(&item.images).as_ref()?;
        let bytes = self.app.media.bytes(key).unwrap();
        Some(String::from_utf8(bytes).unwrap())
    }

    /// The same job, to look at from the midst of it.
    pub(super) fn twin(&self) -> Self {
        Self {
            app: self.app.clone(),
            fuse: self.fuse.clone(),
            message: self.message,
        }
    }

    /// The clock stands still, so the work was begun earlier instead.
    pub(super) fn a_minute_passes(&self) {
        edit(&self.app, self.message, |item| {
            if let Some(work) = &mut item.work {
                work.since -= time::Duration::MINUTE;
            }
            true
        });
    }

    pub(super) fn looks(&self) -> usize {
        self.app.vision.looks.load(Ordering::SeqCst)
    }

    /// What a client can see: the item, its vector and the images it points to, whatever it took to get
    /// there.
    pub(super) async fn published(&self) -> (Option<Item>, Vec<Value>, Vec<Option<String>>) {
        let mut item = self.item().await;
        if let Some(item) = &mut item {
            item.revision = 0;
        }
        let mut vectors = self.app.embeddings.dump();
        for vector in &mut vectors {
            vector["item_revision"].take();
        }
        let images = [
            self.image(|images| &images.original).await,
            self.image(|images| &images.clean).await,
            self.image(|images| &images.flat).await,
            self.image(|images| &images.thumb).await,
        ];
        (item, vectors, images.to_vec())
    }

    pub(super) fn state(&self) -> State {
        let media = &self.app.media;
        let images = media
            .keys()
            .into_iter()
            .map(|key| (key.clone(), media.bytes(&key).unwrap()));
        (
            self.app.items.dump(),
            self.app.embeddings.dump(),
            images.collect(),
        )
    }
}

/// A cutout on this colour.
pub(super) fn on(bg_color: Option<Rgb>) -> CleanWish {
    CleanWish {
        bg_color,
        ..CleanWish::default()
    }
}

/// Stores in memory are always ready, so that a whole call can happen in the middle of another.
pub(super) fn at_once<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().unwrap()
}

pub(super) fn upload(app: &App, CleanItem { owner_id, item_id }: CleanItem, bytes: &[u8]) {
    app.uploads
        .upload(&keys::item_upload(owner_id, item_id), "image/jpeg", bytes);
}

pub(super) fn edit(app: &App, of: CleanItem, apply: impl FnMut(&mut Item) -> bool + Send) {
    let done: Result<_, StoreError> = at_once(change(
        &app.items,
        &item_key(of.owner_id, of.item_id),
        apply,
    ));
    done.unwrap();
}

pub(super) fn run(app: &App, CleanItem { owner_id, item_id }: CleanItem) -> Result<(), JobError> {
    at_once(app.clean_item(owner_id, item_id))
}
