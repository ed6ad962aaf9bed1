#!/usr/bin/env python3
"""Packs an ONNX model into the form that drape-nn runs.

    .local/venv/bin/python shared/vision/models/pack.py IN.onnx OUT.nn --outputs features --weights int8

Needs numpy and onnx. What cannot be packed is named and nothing is written.
"""

import argparse
import sys
from pathlib import Path

from packing.program import Unsupported


def pack(source, target, outputs, weights):
    """Writes `target`; answers the program."""
    # Late, since `fetch.py` installs onnx first.
    import onnx

    from packing.lower import lower
    from packing.write import write

    program = lower(onnx.load(source), outputs)
    write(program, target, weights)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, metavar="IN.onnx")
    parser.add_argument("target", type=Path, metavar="OUT.nn")
    parser.add_argument("--outputs", required=True, help="their names in the model, separated by commas")
    parser.add_argument("--weights", choices=["f32", "f16", "int8"], default="f32", help="how they are stored")
    arguments = parser.parse_args()
    try:
        program = pack(arguments.source, arguments.target, arguments.outputs.split(","), arguments.weights)
    except Unsupported as reason:
        sys.exit(f"pack: {arguments.source}: {reason}")
    except OSError as error:
        sys.exit(f"pack: {error}")
    size = arguments.target.stat().st_size
    print(f"pack: {len(program.operations)} operations, {size:,} bytes in {arguments.target}")


if __name__ == "__main__":
    main()
