"""From the bytes of a film to the network's image: one function for records and for the served graph.

Never write this twice: TensorFlow and Pillow differ by half a grey level on JPEG and by 127 on 16-bit PNG, and
resizing with and without antialiasing by 2.7.
"""

from collections.abc import Callable

import tensorflow as tf

from trainer.film_size import MAX_PIXELS

#: ITU-R BT.601 luma; the three make exactly one, so that a gray film keeps its grey levels.
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114

# A truncated film makes the decode op fail, and with it every other film of the batch. What can be seen without
# decoding is therefore looked for first. Nothing that records are made of may be refused here, and film collections do
# hold JPEGs with bytes after their end marker: so the marker is searched, not expected at the end.
_JPEG, _PNG, _GIF, _BMP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM"
_JPEG_SCAN, _JPEG_END, _PNG_END = b"\xff\xda", b"\xff\xd9", b"IEND\xaeB`\x82"
_GIF_IMAGE, _GIF_EXTENSION = 0x2C, 0x21

#: A progressive JPEG is decoded once per scan: hundreds of empty ones make kilobytes last for minutes. libjpeg's own
#: progression of a colour film has 10, and each thumbnail in the header counts with its own.
MAX_SCANS = 100
#: What follows a film's signature in a GIF comes in blocks of at most 255 bytes; so many hold the largest film.
MAX_GIF_BLOCKS = 600_000

#: By what libjpeg can divide the sides of a JPEG, rounding up, while it decodes: it then makes every block of 8 x 8
#: smaller from its low frequencies alone, which saves most of the work.
JPEG_RATIOS = (1, 2, 4, 8)
#: What must be left of the shorter side, in image sides, for the antialiased resize to average over. On 93 public films
#: of 0.8 to 15 megapixels the image is .64 grey levels from that of the full decode, with 1 it is 1.05 (n = 122). Of
#: these .64, .47 are a fault of the full decode: TensorFlow's fast integers make it too dark, a scaled one is exact.
LEFT_TO_AVERAGE = 2

UNKNOWN_FORMAT = "not a JPEG, PNG, GIF or BMP file"
TRUNCATED_JPEG = "JPEG without its end: the file is cut off"
TRUNCATED_PNG = "PNG without its end: the file is cut off"
TOO_LARGE = f"more than {MAX_PIXELS} pixels"
TOO_MANY_SCANS = f"JPEG of more than {MAX_SCANS} scans"


def film_to_image(image_bytes: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes one film, makes it gray and stretches it to a square.

    Args:
        image_bytes: string scalar, the file's content: JPEG, PNG, GIF (first frame) or BMP; 8 or 16 bits, gray,
            RGB, RGBA (alpha is dropped) or CMYK.
        image_size: side of the square in pixels.

    Returns:
        uint8 [image_size, image_size, 1], 0 black to 255 white.

    Raises:
        tf.errors.InvalidArgumentError: The bytes cannot be decoded.
    """
    film = tf.cast(decode_film(image_bytes, image_size), tf.float32)
    gray = _RED * film[..., 0:1] + _GREEN * film[..., 1:2] + _BLUE * film[..., 2:3]
    gray = tf.image.resize(gray, [image_size, image_size], antialias=True)
    return tf.saturate_cast(tf.round(gray), tf.uint8)


def decode_film(image_bytes: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes one film: in full, or a JPEG much larger than the image as small as it may be.

    Args:
        image_bytes: string scalar, as for :func:`film_to_image`.
        image_size: side of the image that it is for, in pixels.

    Returns:
        uint8 [height, width, 3]. A JPEG's sides are divided by 2, 4 or 8 and rounded up where the shorter side is then
        still twice ``image_size``.

    Raises:
        tf.errors.InvalidArgumentError: The bytes cannot be decoded.
    """

    def decode() -> tf.Tensor:
        film = tf.io.decode_image(image_bytes, channels=3, expand_animations=False)
        return tf.ensure_shape(film, [None, None, 3])

    return tf.cond(_starts(image_bytes, _JPEG), lambda: _decode_jpeg(image_bytes, image_size), decode)


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
    # Compared as numbers: TensorFlow's regular expressions read UTF-8, which a film is not.
    content = tf.io.decode_raw(image_bytes, tf.uint8)

    def jpeg() -> tf.Tensor:
        ends = _last(content, _JPEG_END) > _last(content, _JPEG_SCAN)
        # A scan's header has a length below 256, or libjpeg refuses it: the zero tells it from other bytes.
        scans = tf.math.count_nonzero(_begins(content, _JPEG_SCAN + b"\x00"))
        size = tf.cond(ends, lambda: _large(tf.io.extract_jpeg_shape(image_bytes)[:2]), lambda: TRUNCATED_JPEG)
        return tf.where(tf.equal(size, "") & (scans > MAX_SCANS), TOO_MANY_SCANS, size)

    def png() -> tf.Tensor:
        sides = [_number(content[at : at + 4][::-1]) for at in (16, 20)]
        return tf.cond(_last(content, _PNG_END) >= 0, lambda: _large(sides), lambda: TRUNCATED_PNG)

    return tf.case(
        [
            (_starts(image_bytes, _JPEG), jpeg),
            (_starts(image_bytes, _PNG), png),
            (_starts(image_bytes, _GIF), lambda: _large_gif(content)),
            (_starts(image_bytes, _BMP), lambda: _large([_signed(content[at : at + 4]) for at in (18, 22)])),
        ],
        default=lambda: tf.constant(UNKNOWN_FORMAT),
    )


def films_to_images(image_bytes: tf.Tensor, image_size: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Decodes a batch in which a bad film fails alone, as far as :func:`fault` can see that it is bad.

    Args:
        image_bytes: string [N], N may be 0.
        image_size: side of the images in pixels.

    Returns:
        images uint8 [N, image_size, image_size, 1], zeros for a bad film; valid bool [N]; error string [N], empty for
        a good film.
    """

    def decode(film: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        error = fault(film)
        valid = tf.equal(error, "")
        image = tf.cond(
            valid,
            lambda: film_to_image(film, image_size),
            lambda: tf.zeros([image_size, image_size, 1], tf.uint8),
        )
        return image, valid, error

    signature = (
        tf.TensorSpec([image_size, image_size, 1], tf.uint8),
        tf.TensorSpec([], tf.bool),
        tf.TensorSpec([], tf.string),
    )
    return tf.map_fn(decode, image_bytes, fn_output_signature=signature, parallel_iterations=8)


def _decode_jpeg(image_bytes: tf.Tensor, image_size: int) -> tf.Tensor:
    def divided_by(ratio: int) -> Callable[[], tf.Tensor]:
        # TensorFlow's default makes whole films half a grey level too dark and scaled ones not, so that brightness
        # would tell large films from small ones.
        return lambda: tf.io.decode_jpeg(image_bytes, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE")

    # The ratio is an attribute of the op and not an input: one op for each.
    shorter = tf.reduce_min(tf.io.extract_jpeg_shape(image_bytes)[:2])
    large_enough = shorter >= [LEFT_TO_AVERAGE * image_size * ratio for ratio in JPEG_RATIOS[1:]]
    return tf.switch_case(
        tf.math.count_nonzero(large_enough, dtype=tf.int32), [divided_by(ratio) for ratio in JPEG_RATIOS]
    )


def _starts(image_bytes: tf.Tensor, signature: bytes) -> tf.Tensor:
    return tf.equal(tf.strings.substr(image_bytes, 0, len(signature)), signature)


def _last(content: tf.Tensor, marker: bytes) -> tf.Tensor:
    """Index of the last place in ``content`` (uint8 [n]) where ``marker`` begins, -1 where there is none."""
    return tf.cast(tf.reduce_max(tf.concat([[-1], tf.where(_begins(content, marker))[:, 0]], 0)), tf.int64)


def _begins(content: tf.Tensor, marker: bytes) -> tf.Tensor:
    """Of each place in ``content`` (uint8 [n]) that has room for ``marker``, whether it begins there."""
    starts = tf.maximum(tf.size(content) - len(marker) + 1, 0)
    found = tf.ones([starts], tf.bool)
    for offset, byte in enumerate(marker):
        found &= tf.equal(content[offset : offset + starts], byte)
    return found


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
