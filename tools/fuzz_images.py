"""Feed damaged image files to the reader: each must give an answer or an ImageError, in time.

python tools/fuzz_images.py N [SEED]   N files, made from data/samples and from a few of these in
                                       other formats; exits 1 if one fails, and keeps that file
"""

import csv
import faulthandler
import io
import os
import random
import re
import struct
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path

from PIL import Image

from digitlib import reading
from digitlib.errors import ImageError, NoInkError

ROOT = Path(__file__).resolve().parents[1]
MOST_SECONDS, MOST_MEMORY = 2, 2**30
SIDES = (120, 90, 128, 160)  # of the pictures in other formats, and of tests/data
CLAIMS = (0, 1, 7, 255, 5000, 7000, 12_000, 65_535)  # sides to be claimed in their place
ENCODINGS = [  # format, modes, options
    ("PNG", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), {}),
    ("JPEG", ("L", "RGB", "CMYK"), {"progressive": True}),
    ("WEBP", ("RGB", "RGBA"), {"lossless": True}),
    ("TIFF", ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "F"), {}),
    *(("TIFF", ("RGB",), {"compression": c}) for c in ("tiff_lzw", "jpeg", "packbits")),
    *((name, ("L", "RGB"), {}) for name in ("BMP", "PPM", "TGA", "AVIF")),
    *((name, ("RGB",), {"save_all": True}) for name in ("GIF", "WEBP", "TIFF", "MPO")),
]


def originals() -> list[bytes]:
    """The samples as they are, one of them in other formats, and the files of tests/data."""
    samples = ROOT / "data" / "samples"
    with (samples / "labels.csv").open() as file:
        paths = [samples / row["file"] for row in csv.DictReader(file)]
    with Image.open(paths[0]) as image:
        small = image.convert("RGB").resize(SIDES[:2])
    exif = Image.Exif()
    exif[0x0112] = 6
    contents = [path.read_bytes() for path in (*paths, *(ROOT / "tests/data").glob("*.heic"))]
    for name, modes, options in ENCODINGS:
        frames = {"append_images": [small.rotate(90)]} if "save_all" in options else {"exif": exif}
        for mode in modes:
            file = io.BytesIO()
            picture = small.convert("L") if mode == "I;16" else small
            picture.convert(mode).save(file, name, **options, **frames)
            contents.append(file.getvalue())
    return contents


def damage(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return content, which is not empty, damaged in one of the ways files are, or are forged."""
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    near = min(b, a + rng.randrange(1, 400))
    head = rng.randrange(min(len(content), 200))
    extreme = rng.choice((b"\0\0", b"\0\1", b"\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
    code = rng.choice(("<H", ">H", "<I", ">I"))
    resized = content
    for side in SIDES:  # another size, wherever the true one stands
        claim = rng.choice((side, *CLAIMS))
        resized = resized.replace(struct.pack(code, side), struct.pack(code, claim), 2)
    flipped = bytearray(content)
    for _ in range(rng.randrange(1, 20)):
        flipped[rng.choice((rng.randrange(len(content)), head))] ^= 1 << rng.randrange(8)
    ways = (
        bytes(flipped),
        resized,
        content[:head] + extreme + content[head + len(extreme) :],
        content[:a] + bytes(near - a) + content[near:],  # a run of zeros
        content[:a],  # cut short
        content[:near] + content[a:],  # a part twice
        content[:a] + content[near:b] + content[a:near] + content[b:],  # two parts swapped
        content[:a] + other[rng.randrange(len(other)) :],  # the start of one, the end of another
        content + rng.randbytes(500),
    )
    return rng.choice(ways) or b"\0"


def with_right_checksums(content: bytes) -> bytes:
    """Return a PNG with the checksum of each chunk put right, so that more than it is tested."""
    at, parts = 8, [content[:8]]
    while at + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        chunk = content[at + 4 : at + 8 + size]
        parts.append(content[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk)))
        at += 12 + size
    return b"".join(parts)


def peak_memory() -> int:
    """The most memory that this process has taken, in bytes; 0 where the system does not say.

    Linux carries resource.getrusage's figure over from the parent process, but not this one.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text() if status.exists() else "")
    return int(found[1]) * 1024 if found else 0


def outcome(source: Path | bytes) -> str:
    try:
        reading.preprocess(source)
        return "answers"
    except NoInkError:
        return "no ink"
    except ImageError:
        return "unreadable"
    except Exception:
        traceback.print_exc()
        return "tracebacks"


def main(n: int, seed: int = 0) -> int:
    rng, contents = random.Random(seed), originals()
    outcome(contents[0])  # what is loaded at first use counts for the baseline
    baseline = peak = peak_memory()
    found, failed, slowest, folder = Counter(), 0, 0.0, Path(tempfile.mkdtemp(prefix="fuzz-"))
    for i in range(n):
        content = rng.choice(contents)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            content = damage(content, rng.choice(contents), rng)
        if content.startswith(b"\x89PNG") and rng.random() < 0.7:
            content = with_right_checksums(content)
        path = folder / f"{seed}-{i}"
        path.write_bytes(content)  # before it is read, in case a decoder crashes or hangs
        faulthandler.dump_traceback_later(60, exit=True)
        wall, processor = time.perf_counter(), time.process_time()
        kind = outcome(path if i % 2 else content)
        # The smaller of the two: other programs slow the first, several threads swell the second.
        seconds = min(time.perf_counter() - wall, time.process_time() - processor)
        before, peak = peak, peak_memory()
        above = peak - baseline
        found[kind] += 1
        slowest = max(slowest, seconds)
        large = peak > before and above > MOST_MEMORY
        if kind == "tracebacks" or seconds > MOST_SECONDS or large:
            failed += 1
            print(f"{os.path.relpath(path)}: {kind}, {seconds:.1f} s, {above / 2**20:.0f} MiB")
        else:
            path.unlink()
    faulthandler.cancel_dump_traceback_later()
    print(f"{n} files: {', '.join(f'{count} {kind}' for kind, count in sorted(found.items()))};")
    print(f"slowest {slowest:.2f} s, peak {above / 2**20:.0f} MiB above the baseline")
    if not failed:
        folder.rmdir()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
