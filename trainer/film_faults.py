"""What is wrong with the bytes of a film, in the graph, before any of it is decoded."""

import tensorflow as tf

from trainer.film_size import MAX_PIXELS

# A truncated film makes the decode op fail, and with it every other film of the batch. What can be seen without
# decoding is therefore looked for first. Nothing that records are made of may be refused here, and film collections do
# hold JPEGs with bytes after their end marker: so the marker is searched, not expected at the end.
JPEG, PNG, GIF, BMP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM"
# A scan's header has a length below 256, or libjpeg refuses it: the zero tells it from other bytes.
_JPEG_SCAN, _JPEG_END, _PNG_END = b"\xff\xda\x00", b"\xff\xd9", b"IEND\xaeB`\x82"
_GIF_IMAGE, _GIF_EXTENSION = 0x2C, 0x21

#: A progressive JPEG is decoded once per scan: hundreds of empty ones make kilobytes last for minutes. libjpeg's own
#: progression of a colour film has 10, and each thumbnail in the header counts with its own.
MAX_SCANS = 100
#: What follows a film's signature in a GIF comes in blocks of at most 255 bytes; so many hold the largest film.
MAX_GIF_BLOCKS = 600_000


UNKNOWN_FORMAT = "not a JPEG, PNG, GIF or BMP file"
TRUNCATED_JPEG = "JPEG without its end: the file is cut off"
TRUNCATED_PNG = "PNG without its end: the file is cut off"
TOO_LARGE = f"more than {MAX_PIXELS} pixels"
TOO_MANY_SCANS = f"JPEG of more than {MAX_SCANS} scans"


def fault(image_bytes: tf.Tensor) -> tf.Tensor:
    """What is visibly wrong with one film before it is decoded.

    It finds other formats, empty files, files that are cut off, JPEGs of absurdly many scans and, by what their heads
    say, films too large to be decoded. It lets pass, and the decoder then raises: PNG with damaged content
    between an intact head and end, a JPEG cut off in its header after a complete thumbnail, and damaged GIF and BMP. A
    JPEG with damaged content between head and end passes, and mostly decodes: libjpeg fills in what it cannot read. A
    JPEG whose header is broken raises here.

    Args:
        image_bytes: string scalar.

    Returns:
        string scalar, empty where nothing is wrong.
    """

    def jpeg() -> tf.Tensor:
        scans = _split(image_bytes, _JPEG_SCAN, MAX_SCANS + 1)
        is_whole = tf.cond(  # nearly every film ends with its marker, and need not be searched for it
            tf.equal(tf.strings.substr(image_bytes, -2, 2), _JPEG_END),
            lambda: tf.constant(True),
            lambda: _holds(scans[-1], _JPEG_END),
        )
        size = tf.cond(
            is_whole,
            lambda: _large(tf.io.extract_jpeg_shape(image_bytes)[:2]),
            lambda: tf.constant(TRUNCATED_JPEG),
        )
        return tf.where(tf.equal(size, "") & (tf.size(scans) - 1 > MAX_SCANS), TOO_MANY_SCANS, size)

    def png() -> tf.Tensor:
        head = _head(image_bytes)
        sides = [_number(head[at : at + 4][::-1]) for at in (16, 20)]
        return tf.cond(_holds(image_bytes, _PNG_END), lambda: _large(sides), lambda: tf.constant(TRUNCATED_PNG))

    def bmp() -> tf.Tensor:
        head = _head(image_bytes)
        return _large([_signed(head[at : at + 4]) for at in (18, 22)])

    return tf.case(
        [
            (starts_with(image_bytes, JPEG), jpeg),
            (starts_with(image_bytes, PNG), png),
            (starts_with(image_bytes, GIF), lambda: _large_gif(tf.io.decode_raw(image_bytes, tf.uint8))),
            (starts_with(image_bytes, BMP), bmp),
        ],
        default=lambda: tf.constant(UNKNOWN_FORMAT),
    )


def starts_with(image_bytes: tf.Tensor, signature: bytes) -> tf.Tensor:
    """Whether a string scalar begins with a format's signature, bool scalar."""
    return tf.equal(tf.strings.substr(image_bytes, 0, len(signature)), signature)


def _head(image_bytes: tf.Tensor) -> tf.Tensor:
    """The first 26 bytes, uint8, or as many as there are: no format's size stands behind them."""
    return tf.io.decode_raw(tf.strings.substr(image_bytes, 0, 26), tf.uint8)


def _holds(content: tf.Tensor, marker: bytes) -> tf.Tensor:
    return tf.size(_split(content, marker, 1)) > 1


def _split(content: tf.Tensor, marker: bytes, most: int) -> tf.Tensor:
    """The pieces of a string scalar between markers, string [n]; at most so many markers are looked for.

    The op itself, for what ``tf.strings.split`` puts around it costs more than the search, which goes at the speed of
    memory. TensorFlow's regular expressions are no choice: they read UTF-8, which a film is not.
    """
    return tf.raw_ops.StringSplitV2(input=[content], sep=marker, maxsplit=most).values


def _large(sides: list[tf.Tensor] | tf.Tensor) -> tf.Tensor:
    """What is wrong with a film of these two sides, empty where nothing is."""
    height, width = tf.unstack(tf.abs(tf.cast(sides, tf.int64)))
    return tf.where(height > MAX_PIXELS // tf.maximum(width, 1), TOO_LARGE, "")  # a product could overflow


def _large_gif(content: tf.Tensor) -> tf.Tensor:
    """As :func:`_large`: the decoder's canvas is as wide as the widest frame and as high as the highest.

    A screen larger than that counts too, for other readers of the film go by it.
    """
    size = tf.size(content)
    content = tf.pad(content, [[0, 1100]])  # a header, a colour table and a block, so that no place lies outside

    def at(place: tf.Tensor) -> tf.Tensor:
        return tf.cast(content[place], tf.int32)

    def table(flags: tf.Tensor) -> tf.Tensor:
        return tf.where(flags >= 0x80, tf.bitwise.left_shift(6, flags % 8), 0)

    def sides(place: tf.Tensor | int) -> tf.Tensor:
        return tf.stack([_number(content[place : place + 2]), _number(content[place + 2 : place + 4])])

    def goes_on(place: tf.Tensor, left: tf.Tensor, canvas: tf.Tensor) -> tf.Tensor:
        return (place < size) & (left > 0) & (tf.equal(at(place), _GIF_IMAGE) | tf.equal(at(place), _GIF_EXTENSION))

    def after(place: tf.Tensor, left: tf.Tensor, canvas: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        image = tf.equal(at(place), _GIF_IMAGE)
        canvas = tf.where(image, tf.maximum(canvas, sides(place + 5)), canvas)
        data = place + tf.where(image, 11 + table(at(place + 9)), 2)
        place, left = tf.while_loop(
            lambda place, left: (at(place) > 0) & (left > 0),
            lambda place, left: (place + 1 + at(place), left - 1),
            (data, left - 1),
        )
        return place + 1, left, canvas

    _, left, canvas = tf.while_loop(goes_on, after, (13 + table(at(10)), MAX_GIF_BLOCKS, sides(6)))
    return tf.where(left > 0, _large(canvas), TOO_LARGE)


def _number(content: tf.Tensor) -> tf.Tensor:
    """int64, unsigned, of bytes uint8 [n] from the lowest to the highest."""
    places = tf.constant(256, tf.int64) ** tf.range(tf.size(content, tf.int64))
    return tf.reduce_sum(tf.cast(content, tf.int64) * places)


def _signed(content: tf.Tensor) -> tf.Tensor:
    """As :func:`_number`, of four bytes: a BMP whose rows go from top to bottom has a negative height."""
    number = _number(content)
    return tf.where(number < 2**31, number, number - 2**32)
