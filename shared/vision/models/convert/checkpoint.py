"""Reads the tensors of a PyTorch checkpoint in its old, non-zip format, without PyTorch.

Such a file is a row of pickles (magic number, format version, platform, the state dict, the storage keys)
followed by each storage: its length as a little-endian int64, then its raw values. Only names on a short
list are ever resolved, so the pickles cannot run code.
"""

import collections
import pickle
import struct

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

View = collections.namedtuple("View", "storage offset shape stride")


class _Reader(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.types = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: View(storage, offset, shape, stride)
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")

    def persistent_load(self, reference):
        _, dtype, key, *_ = reference
        self.types[key] = dtype
        return key


def read_checkpoint(path):
    """Answers {name: array}."""
    with path.open("rb") as file:
        if _Reader(file).load() != MAGIC:
            raise ValueError(f"{path} is not an old-format checkpoint")
        _Reader(file).load()
        _Reader(file).load()
        reader = _Reader(file)
        views = reader.load()
        storages = {}
        for key in _Reader(file).load():
            (length,) = struct.unpack("<q", file.read(8))
            dtype = reader.types[key]
            storages[key] = np.frombuffer(file.read(length * dtype.itemsize), dtype)

    def tensor(view):
        values = storages[view.storage][view.offset :]
        strides = [step * values.itemsize for step in view.stride]
        return np.lib.stride_tricks.as_strided(values, view.shape, strides).copy()

    return {name: tensor(view) for name, view in views.items()}
