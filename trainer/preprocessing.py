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

    It finds other formats, empty files, files that are cut off and, by what their heads say, films too large to be
    decoded. It lets pass, and the decoder then raises: JPEG and PNG with damaged content between an intact head and
    end, a JPEG cut off in its header after a complete thumbnail, and damaged GIF and BMP. A JPEG whose header is broken
    raises here.

    Args:
        image_bytes: string scalar.

    Returns:
        string scalar, empty where nothing is wrong.
    """
    # Compared as numbers: TensorFlow's regular expressions read UTF-8, which a film is not.
    content = tf.io.decode_raw(image_bytes, tf.uint8)

    def jpeg() -> tf.Tensor:
        ends = _last(content, _JPEG_END) > _last(content, _JPEG_SCAN)
        return tf.cond(ends, lambda: _large(tf.io.extract_jpeg_shape(image_bytes)[:2]), lambda: TRUNCATED_JPEG)

    def png() -> tf.Tensor:
        sides = [_number(content[at : at + 4][::-1]) for at in (16, 20)]
        return tf.cond(_last(content, _PNG_END) >= 0, lambda: _large(sides), lambda: TRUNCATED_PNG)

    return tf.case(
        [
            (_starts(image_bytes, _JPEG), jpeg),
            (_starts(image_bytes, _PNG), png),
            (_starts(image_bytes, _GIF), lambda: _large([_number(content[at : at + 2]) for at in (6, 8)])),
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
    starts = tf.maximum(tf.size(content) - len(marker) + 1, 0)
    found = tf.ones([starts], tf.bool)
    for offset, byte in enumerate(marker):
        found &= tf.equal(content[offset : offset + starts], byte)
    return tf.cast(tf.reduce_max(tf.concat([[-1], tf.where(found)[:, 0]], 0)), tf.int64)


def _large(sides: list[tf.Tensor] | tf.Tensor) -> tf.Tensor:
    """What is wrong with a film of these two sides, empty where nothing is."""
    height, width = tf.unstack(tf.abs(tf.cast(sides, tf.int64)))
    return tf.where(height > MAX_PIXELS // tf.maximum(width, 1), TOO_LARGE, "")  # a product could overflow


def _number(content: tf.Tensor) -> tf.Tensor:
    """int64, unsigned, of bytes uint8 [n] from the lowest to the highest."""
    places = tf.constant(256, tf.int64) ** tf.range(tf.size(content, tf.int64))
    return tf.reduce_sum(tf.cast(content, tf.int64) * places)


def _signed(content: tf.Tensor) -> tf.Tensor:
    """As :func:`_number`, of four bytes: a BMP whose rows go from top to bottom has a negative height."""
    number = _number(content)
    return tf.where(number < 2**31, number, number - 2**32)
