"""Ways in which a file gets damaged, drawn from a seed."""

import random

import pytest

BLOCK = 64


def truncate(data, rng):
    return data[: rng.randrange(len(data))]


def flip_bit(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


def lie_in_the_length(data, rng):
    true = int.from_bytes(data[:8], "little")
    length = rng.choice([0, 1, 2, 2**16, 2**24, 2**31, 2**32, 2**63, 2**64 - 1, true + rng.randint(-9, 9)])
    return (length % 2**64).to_bytes(8, "little") + data[8:]


def lie_in_the_header(data, rng):
    """Another digit in place of one: shapes, offsets, digests, versions."""
    end = 8 + int.from_bytes(data[:8], "little")
    places = [place for place in range(8, min(end, len(data))) if chr(data[place]).isdigit()]
    place = rng.choice(places or [0])
    return data[:place] + rng.choice("0123456789-.e").encode() + data[place + 1 :]


def append(data, rng):
    return data + rng.choice([b"\0", b" ", data[-7:], data])


def zero_run(data, rng):
    begin = rng.randrange(len(data))
    length = rng.randint(1, len(data) // 4)
    return (data[:begin] + bytes(length) + data[begin + length :])[: len(data)]


def swap_blocks(data, rng):
    one, two = (rng.randrange(0, len(data) - BLOCK, BLOCK) for _ in range(2))
    changed = bytearray(data)
    changed[one : one + BLOCK], changed[two : two + BLOCK] = data[two : two + BLOCK], data[one : one + BLOCK]
    return bytes(changed)


def cut_out(data, rng):
    begin = rng.randrange(len(data))
    return data[:begin] + data[begin + rng.randint(1, 32) :]


def random_bytes(data, rng):
    begin = rng.randrange(len(data))
    return data[:begin] + rng.randbytes(rng.randint(1, 16)) + data[begin + 16 :]


MUTATIONS = (
    truncate,
    flip_bit,
    lie_in_the_length,
    lie_in_the_header,
    append,
    zero_run,
    swap_blocks,
    cut_out,
    random_bytes,
)


def _mutated(data, seed):
    rng = random.Random(seed)
    changed = data
    while changed == data:
        for _ in range(rng.choice([1, 1, 1, 2])):
            if len(changed) > BLOCK:
                changed = MUTATIONS[rng.randrange(len(MUTATIONS))](changed, rng)
    return changed


@pytest.fixture(scope="session")
def mutated():
    """`mutated(data, seed)`: the bytes after one or two accidents, never equal to what they were."""
    return _mutated
