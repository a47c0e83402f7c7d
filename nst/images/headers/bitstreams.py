"""The number and size of the pictures in HEVC and AV1 bitstreams, whatever the container says about them."""

from collections.abc import Iterator

from nst.images.headers.stripped import Excessive

# HEVC NAL unit types. Those of slices are below those of parameter sets.
_FIRST_PARAMETER_SET = 32
_SPS = 33
_FIRST_SLICE_FLAG = 0x80
# AV1 OBU types
_SEQUENCE_HEADER = 1
_FRAME_HEADER = 3
_FRAME = 6

_MAX_UNITS = 1000  # of a picture or tile; encoders write some dozens
_MAX_UNIT_BYTES = 1000  # that are read of a unit; headers are shorter
_MAX_LAYERS = 4  # of an AV1 picture that is coded in several qualities

Size = tuple[int, int]
Data = bytes | memoryview


class Bits:
    """Reads bits, most significant first.

    Raises:
        ValueError: when there are no more.
    """

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("a header breaks off")
        return self._number >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """Read an unsigned integer in Exponential-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def hevc_sizes(config: bytes, data: Data) -> list[Size]:
    """The coded sizes in all sequence parameter sets of the configuration (`hvcC`) and the data (ISO 23008-2).

    Raises:
        Excessive: when the data contains more than one picture.
    """
    units = [*_configured(config), *_units(data, (config[21] & 3) + 1 if len(config) > 21 else 4)]
    # The first slice of each picture has a flag.
    if sum(unit[0] >> 1 & 63 < _FIRST_PARAMETER_SET and unit[2] & _FIRST_SLICE_FLAG > 0 for unit in units if len(unit) > 2) > 1:
        raise Excessive("several pictures in one")
    return [_sps_size(unit) for unit in units if len(unit) > 2 and unit[0] >> 1 & 63 == _SPS]


def _configured(config: bytes) -> Iterator[bytes]:
    place = 23
    for _ in range(config[22] if len(config) > 22 else 0):
        count, place = int.from_bytes(config[place + 1 : place + 3]), place + 3
        for _ in range(count):
            length, place = int.from_bytes(config[place : place + 2]), place + 2
            if place > len(config):
                return
            yield config[place : (place := place + length)]


def _units(data: Data, size: int) -> Iterator[bytes]:
    """The first bytes of each NAL unit, which contain all that is needed."""
    place = 0
    for _ in range(_MAX_UNITS):
        length, place = int.from_bytes(data[place : place + size]), place + size
        if place >= len(data):
            return
        yield bytes(data[place : place + min(length, _MAX_UNIT_BYTES)])
        place += length
    raise Excessive("too many units")


def _sps_size(unit: bytes) -> Size:
    """The size as coded, before cropping."""
    bits = Bits(unit[2:].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    sub_layers = bits.take(3)
    bits.take(1 + 96)  # the general profile and level
    present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
    bits.take(2 * (8 - sub_layers) if sub_layers else 0)
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.golomb()
    if bits.golomb() == 3:  # the kind of subsampling
        bits.take(1)
    return bits.golomb(), bits.golomb()


def av1_sizes(config: bytes, data: Data) -> list[Size]:
    """The frame sizes in all sequence headers of the configuration (`av1C`) and the data (AV1 specification, section 5.5).

    Raises:
        Excessive: when the data contains more than one picture.
    """
    units = [*_obus(config[4:]), *_obus(data)]
    if sum(kind in (_FRAME_HEADER, _FRAME) for kind, _ in units) > _MAX_LAYERS:
        raise Excessive("several pictures in one")
    return [_sequence_size(body) for kind, body in units if kind == _SEQUENCE_HEADER]


def _obus(data: Data) -> Iterator[tuple[int, bytes]]:
    """Type and first bytes of each OBU."""
    place = 0
    for _ in range(_MAX_UNITS):
        if place >= len(data):
            return
        head = data[place]
        place += 2 if head & 4 else 1
        length, place = _leb128(data, place) if head & 2 else (len(data) - place, place)
        yield head >> 3 & 15, bytes(data[place : place + min(length, _MAX_UNIT_BYTES)])
        place += length
    raise Excessive("too many units")


def _leb128(data: Data, place: int) -> tuple[int, int]:
    """An integer in LEB128 code, and the place after it."""
    value = 0
    for index, byte in enumerate(data[place : place + 8]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, place + index + 1
    raise ValueError("a length breaks off")


def _sequence_size(body: bytes) -> Size:
    """The maximum frame size."""
    bits = Bits(body)
    bits.take(4)
    if bits.take(1):  # reduced, for a still picture
        bits.take(5)
    else:
        _skip_operating_points(bits)
    widths, heights = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(widths) + 1, bits.take(heights) + 1


def _skip_operating_points(bits: Bits) -> None:
    delay_bits = 0
    has_model = False
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.golomb()
        if has_model := bool(bits.take(1)):
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if has_model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_delay and bits.take(1):
            bits.take(4)
