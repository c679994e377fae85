"""The address at which students join, and its QR code, read back module by module."""

import io

import numpy as np
import pytest
from PIL import Image

from ae_core.workers import addresses
from ae_core.workers.addresses import own_address
from pages.ui.widgets.link import in_the_network, is_local, qr_code, with_query

# Data codewords of each block for versions 1 to 5 (ISO/IEC 18004, table 9), by error level.
BLOCKS = {
    0b01: ([19], [34], [55], [80], [108]),
    0b00: ([16], [28], [44], [32] * 2, [43] * 2),
    0b11: ([13], [22], [17] * 2, [24] * 2, [15, 15, 16, 16]),
    0b10: ([9], [16], [13] * 2, [9] * 4, [11, 11, 12, 12]),
}
MASKS = (
    lambda i, j: (i + j) % 2,
    lambda i, j: i % 2,
    lambda i, j: j % 3,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
)


def modules_of(png, pixels, border=4):
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    dark = picture[pixels // 2 :: pixels, pixels // 2 :: pixels] < 128
    assert not dark[:border].any()  # the quiet zone, without which no camera finds it
    assert not dark[:, -border:].any()
    return dark[border:-border, border:-border].astype(int)


def read(modules):
    """What a QR code of version 1 to 5 in byte mode says; its errors are not corrected."""
    size = len(modules)
    version = (size - 17) // 4
    places = [*((8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)), *((i, 8) for i in (7, 5, 4, 3, 2, 1, 0))]
    about = int("".join(str(modules[place]) for place in places), 2) ^ 0x5412
    level, mask = about >> 13, about >> 10 & 7
    free = np.ones((size, size), bool)
    free[:9, :9] = free[:9, -8:] = free[-8:, :9] = False
    free[6] = free[:, 6] = False
    if version > 1:
        free[-9:-4, -9:-4] = False
    bits, up = [], True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for i in range(size - 1, -1, -1) if up else range(size):
            for j in (right, right - 1):
                if free[i, j]:
                    bits.append(modules[i, j] ^ (MASKS[mask](i, j) == 0))
        up = not up
    words = [int("".join(map(str, bits[k : k + 8])), 2) for k in range(0, len(bits) - 7, 8)]
    lengths = BLOCKS[level][version - 1]
    blocks, taken = [[] for _ in lengths], iter(words)
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(taken))
    stream = "".join(f"{word:08b}" for block in blocks for word in block)
    assert stream[:4] == "0100"  # bytes
    count = int(stream[4:12], 2)
    return bytes(int(stream[12 + 8 * k : 20 + 8 * k], 2) for k in range(count)).decode()


@pytest.mark.parametrize(
    "address",
    [
        "http://a.b/c",
        "http://192.168.1.20:8501/classroom?class=ABCDE",
        "https://autoencoder-lab.school.example.org/classroom?class=K7XQ2",
    ],
)
@pytest.mark.parametrize("pixels", [3, 8])
def test_a_qr_code_says_its_address(address, pixels):
    assert read(modules_of(qr_code(address, pixels), pixels)) == address


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:8501/classroom", True),
        ("http://lab.localhost/", True),
        ("http://127.0.0.1:8501", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:8501/x", True),
        ("http://0.0.0.0:8501", True),
        ("http://192.168.1.20:8501/classroom", False),
        ("https://lab.school.org/classroom", False),
        ("http://localhost.school.org", False),
    ],
)
def test_what_other_devices_cannot_reach_is_known(address, local):
    assert is_local(address) is local


def test_the_host_alone_is_replaced():
    here = "https://localhost:8501/lab/classroom?class=ABCDE"
    assert in_the_network(here, "10.0.0.7") == "https://10.0.0.7:8501/lab/classroom?class=ABCDE"
    assert in_the_network("http://localhost/x", "fe80::1") == "http://[fe80::1]/x"
    assert (
        with_query(here, **{"class": "K7XQ2"}) == "https://localhost:8501/lab/classroom?class=K7XQ2"
    )
    assert with_query(here) == "https://localhost:8501/lab/classroom"


def test_this_computer_s_own_address_is_one_that_others_may_reach_or_none():
    own = own_address()
    assert own == "" or not is_local(f"http://{own}:8501")


@pytest.mark.parametrize(("name", "own"), [("lab.school.org", "lab.school.org"), ("localhost", "")])
def test_in_a_container_the_address_is_the_one_that_is_set(tmp_path, monkeypatch, name, own):
    monkeypatch.setattr(addresses, "CONTAINERS", (tmp_path,))
    monkeypatch.setenv(addresses.NAME_SETTING, name)
    assert own_address() == own
    monkeypatch.delenv(addresses.NAME_SETTING)
    assert own_address() == ""


def test_outside_of_a_container_the_name_that_is_set_is_not_asked(monkeypatch):
    monkeypatch.setattr(addresses, "CONTAINERS", ())
    monkeypatch.setenv(addresses.NAME_SETTING, "lab.school.org")
    assert own_address() != "lab.school.org"
