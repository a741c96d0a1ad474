"""Reads a QR code from its modules, as ISO/IEC 18004 lays them out: level L, versions 1 to 20, bytes.

Independent of the library that draws the codes. Without error correction: a generated code has no errors.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from lxml import etree

Modules = list[list[bool]]  # rows of modules, True is dark, without the quiet zone

LEVEL_L = 0b01
QUIET = 4

# Table E.1: centres of the alignment patterns, by version
_ALIGNMENT = (
    (), (6, 18), (6, 22), (6, 26), (6, 30), (6, 34), (6, 22, 38), (6, 24, 42), (6, 26, 46), (6, 28, 50), (6, 30, 54),
    (6, 32, 58), (6, 34, 62), (6, 26, 46, 66), (6, 26, 48, 70), (6, 26, 50, 74), (6, 30, 54, 78), (6, 30, 56, 82),
    (6, 30, 58, 86), (6, 34, 62, 90),
)  # fmt: skip

# Table 9, level L: (blocks, data codewords in each), by version
_BLOCKS = (
    ((1, 19),), ((1, 34),), ((1, 55),), ((1, 80),), ((1, 108),), ((2, 68),), ((2, 78),), ((2, 97),), ((2, 116),),
    ((2, 68), (2, 69)), ((4, 81),), ((2, 92), (2, 93)), ((4, 107),), ((3, 115), (1, 116)), ((5, 87), (1, 88)),
    ((5, 98), (1, 99)), ((1, 107), (5, 108)), ((5, 120), (1, 121)), ((3, 113), (4, 114)), ((3, 107), (5, 108)),
)  # fmt: skip

# Table 10: which modules the data mask turns, by its number; i is the row, j the column
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)


def text_of(modules: Modules) -> str:
    """Return the payload, decoded as UTF-8."""
    size = len(modules)
    version, rest = divmod(size - 17, 4)
    assert rest == 0
    assert 1 <= version <= len(_BLOCKS)
    mask = _MASKS[_mask_number(modules)]
    bits = [modules[i][j] ^ mask(i, j) for i, j in _way(size, _function_modules(size, version))]
    codewords = [int("".join(map(str, map(int, bits[at : at + 8]))), 2) for at in range(0, len(bits) - 7, 8)]
    data = "".join(f"{codeword:08b}" for codeword in _in_order(codewords, _BLOCKS[version - 1]))
    return _bytes(data, 8 if version < 10 else 16).decode()


def _mask_number(modules: Modules) -> int:
    """Read the format information at the top left finder pattern: level, mask, check bits."""
    places = [(8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)] + [(i, 8) for i in (7, 5, 4, 3, 2, 1, 0)]
    word = int("".join(str(int(modules[i][j])) for i, j in places), 2) ^ 0b101010000010010
    assert word >> 13 == LEVEL_L
    return word >> 10 & 0b111


def _function_modules(size: int, version: int) -> set[tuple[int, int]]:
    """Return the modules that carry no data."""
    taken = {(6, k) for k in range(size)} | {(k, 6) for k in range(size)}  # timing
    taken |= {(i, j) for i in range(9) for j in range(9)}  # finder patterns, separators, format
    taken |= {(i, size - 1 - j) for i in range(9) for j in range(8)}
    taken |= {(size - 1 - i, j) for i in range(8) for j in range(9)}
    centres = _ALIGNMENT[version - 1]
    for row in centres:
        for column in centres:
            if (row, column) not in ((6, 6), (6, size - 7), (size - 7, 6)):
                taken |= {(row + i, column + j) for i in range(-2, 3) for j in range(-2, 3)}
    if version >= 7:
        taken |= {(i, size - 11 + j) for i in range(6) for j in range(3)}
        taken |= {(size - 11 + j, i) for i in range(6) for j in range(3)}
    return taken


def _way(size: int, taken: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the data modules: pairs of columns from the right, up and down in turn, past the timing column."""
    upward = True
    rights = [right - (right <= 6) for right in range(size - 1, 0, -2)]
    for right in rights:
        for i in range(size - 1, -1, -1) if upward else range(size):
            yield from ((i, j) for j in (right, right - 1) if (i, j) not in taken)
        upward = not upward


def _in_order(codewords: list[int], groups: tuple[tuple[int, int], ...]) -> list[int]:
    """Undo the interleaving of the blocks; what follows the data are error correction codewords."""
    lengths = [length for count, length in groups for _ in range(count)]
    blocks: list[list[int]] = [[] for _ in lengths]
    source = iter(codewords)
    for position in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if position < length:
                block.append(next(source))
    return [codeword for block in blocks for codeword in block]


def _bytes(bits: str, count_bits: int) -> bytes:
    """Read the segments: an extended channel interpretation is passed over, and bytes are taken."""
    at, found = 0, b""
    while at + 4 <= len(bits) and (mode := int(bits[at : at + 4], 2)):
        at += 4
        if mode == 0b0111:
            assert int(bits[at : at + 8], 2) == 26  # UTF-8
            at += 8
            continue
        assert mode == 0b0100
        count = int(bits[at : at + count_bits], 2)
        at += count_bits
        found += bytes(int(bits[at + 8 * k : at + 8 * k + 8], 2) for k in range(count))
        at += 8 * count
    return found


def modules_of_png(content: bytes, scale: int) -> Modules:
    """Return the modules of a PNG with one bit a pixel, its quiet zone taken away."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {b"IDAT": b""}
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        chunks[kind] = chunks.get(kind, b"") + content[at + 8 : at + 8 + length]
        at += 12 + length
    assert set(chunks) <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}  # no text, no time
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert width == height
    assert (depth, colour) in ((1, 0), (1, 3))
    lines = list(_unfiltered(zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8))
    size = width // scale - 2 * QUIET
    pixels = []
    for i in range(size):
        line = "".join(f"{octet:08b}" for octet in lines[(QUIET + i) * scale + scale // 2])
        pixels.append([line[(QUIET + j) * scale + scale // 2] for j in range(size)])
    dark = pixels[0][0]  # a corner of a finder pattern
    return [[pixel == dark for pixel in line] for line in pixels]


def _unfiltered(data: bytes, width: int) -> Iterator[bytes]:
    """Yield the rows of `width` octets; filter types 0 (none) and 2 (the row above is added) of the PNG specification."""
    above = bytes(width)
    for at in range(0, len(data), width + 1):
        kind, row = data[at], data[at + 1 : at + 1 + width]
        assert kind in (0, 2)
        above = row if kind == 0 else bytes((a + b) & 0xFF for a, b in zip(above, row, strict=True))
        yield above


def modules_of_svg(content: bytes) -> Modules:
    """Return the modules of an SVG whose dark modules are horizontal strokes of one path."""
    root = etree.fromstring(content)
    (path,) = (node for node in root.iter("{*}path") if node.get("stroke"))
    steps = re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path.get("d") or "")
    x = y = 0.0
    dark = set()
    for command, first, second in steps:
        if command == "M":
            x, y = float(first), float(second)
        elif command == "m":
            x, y = x + float(first), y + float(second)
        else:
            dark |= {(int(y) - QUIET, int(x) - QUIET + k) for k in range(int(first))}
            x += float(first)
    size = max(i for i, _ in dark) + 1
    return [[(i, j) in dark for j in range(size)] for i in range(size)]
