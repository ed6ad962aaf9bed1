#!/usr/bin/env python3
"""Other libraries' side of `evals index`: one thread, one query at a time, one JSON object a line.

    peers.py BASE.npy QUERIES.npy K REPEATS flat|graphs

Times are processor time, for each query the least of REPEATS. A library that is not installed is skipped.
"""

import json
import sys
import time

import numpy as np


def measure(engine, search, queries, repeats, build_s=None, size=0):
    times, found = [], []
    for query in queries:
        query = query[None]
        best = float("inf")
        for _ in range(repeats):
            before = time.thread_time_ns()
            rows = search(query)
            best = min(best, time.thread_time_ns() - before)
        times.append(best / 1e6)
        found.append([int(row) for row in np.asarray(rows).ravel()])
    print(json.dumps({"engine": engine, "times_ms": times, "found": found, "build_s": build_s, "bytes": int(size)}), flush=True)


def timed(work):
    before = time.thread_time()
    result = work()
    return result, time.thread_time() - before


def with_faiss(base, queries, k, repeats, graphs):
    import faiss

    faiss.omp_set_num_threads(1)
    count, dim = base.shape

    def build(index):
        if not index.is_trained:
            index.train(base[:: max(1, count // 65536)])
        index.add(base)
        return index

    def run(name, make, size, **settings):
        index, seconds = timed(lambda: build(make()))
        for key, value in settings.items():
            setattr(index, key, value)
        measure(f"faiss {faiss.__version__} {name}", lambda query: index.search(query, k)[1], queries, repeats, seconds, size)

    inner = faiss.METRIC_INNER_PRODUCT
    run("IndexFlatIP", lambda: faiss.IndexFlatIP(dim), base.nbytes)
    run("scalar quantizer, 8 bits", lambda: faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, inner), count * dim)
    if count > 50_000:
        lists = 1024
        run("IVF 1024, 8 bits, 32 probes", lambda: faiss.index_factory(dim, f"IVF{lists},SQ8", inner), count * dim, nprobe=32)
    if graphs:
        def hnsw():
            index = faiss.IndexHNSWFlat(dim, 16, inner)
            index.hnsw.efConstruction = 100
            index.hnsw.efSearch = 128
            return index

        run("HNSW 16, ef 128", hnsw, base.nbytes + count * 16 * 2 * 4)


def with_usearch(base, queries, k, repeats, graphs):
    import usearch
    from usearch.index import Index, search

    name = f"usearch {usearch.__version__}"
    for dtype, values in (("f32", base), ("i8", None)):
        if values is None:
            values, wanted = np.round(base * 127).astype(np.int8), np.round(queries * 127).astype(np.int8)
        else:
            wanted = queries
        measure(f"{name} exact, {dtype}", lambda query: search(values, query[0], k, metric="cos", exact=True, threads=1).keys, wanted, repeats, 0.0, values.nbytes)
    if graphs:
        def build():
            index = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=100, expansion_search=128)
            index.add(np.arange(len(base), dtype=np.uint64), base, threads=1)
            return index

        index, seconds = timed(build)
        measure(f"{name} HNSW 16, ef 128", lambda query: index.search(query[0], k, threads=1).keys, queries, repeats, seconds, index.memory_usage)


def with_hnswlib(base, queries, k, repeats, graphs):
    if not graphs:
        return
    import hnswlib

    def build():
        index = hnswlib.Index(space="ip", dim=base.shape[1])
        index.init_index(max_elements=len(base), M=16, ef_construction=100)
        index.set_num_threads(1)
        index.add_items(base, num_threads=1)
        index.set_ef(128)
        return index

    index, seconds = timed(build)
    size = base.nbytes + len(base) * 16 * 2 * 4
    measure("hnswlib HNSW 16, ef 128", lambda query: index.knn_query(query, k=k, num_threads=1)[0], queries, repeats, seconds, size)


def main():
    base, queries = np.load(sys.argv[1]), np.load(sys.argv[2])
    k, repeats, graphs = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "graphs"
    for name, run in {"faiss": with_faiss, "usearch": with_usearch, "hnswlib": with_hnswlib}.items():
        try:
            run(base, queries, k, repeats, graphs)
        except ImportError as error:
            print(json.dumps({"engine": name, "skipped": f"not installed ({error.name})"}), flush=True)
    if not graphs:
        print(json.dumps({"engine": "graphs (HNSW)", "skipped": "not built for so many vectors"}), flush=True)


if __name__ == "__main__":
    main()
