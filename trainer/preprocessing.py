"""From the bytes of a film to the network's image: one function for records and for the served graph.

Never write this twice: TensorFlow and Pillow differ by half a grey level on JPEG and by 127 on 16-bit PNG, and
resizing with and without antialiasing by 2.7.
"""

from collections.abc import Callable

import tensorflow as tf

from trainer.film_faults import JPEG, PNG, fault, starts_with
from trainer.resize import resize_rows

#: ITU-R BT.601 luma; the three make exactly one, so that a gray film keeps its grey levels.
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114

#: Where a PNG says of what kind its pixels are, and the kinds without colour: gray, and gray with alpha.
_PNG_COLOUR, _PNG_GRAY = 25, [b"\x00", b"\x04"]

#: By what libjpeg can divide the sides of a JPEG, rounding up, while it decodes: it then makes every block of 8 x 8
#: smaller from its low frequencies alone, which saves most of the work.
JPEG_RATIOS = (1, 2, 4, 8)
#: What must be left of the shorter side, in image sides, for the antialiased resize to average over. On 93 public films
#: of 0.8 to 15 megapixels the image is .64 grey levels from that of the full decode, with 1 it is 1.05 (n = 122). Of
#: these .64, .47 are a fault of the full decode: TensorFlow's fast integers make it too dark, a scaled one is exact.
LEFT_TO_AVERAGE = 2


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
    with tf.device("/CPU:0"):  # where decoders and resizing are: a GPU would only have the film sent there and back
        film = resize_rows(decode_film(image_bytes, image_size), image_size)
        gray = tf.cond(tf.equal(tf.shape(film)[2], 1), lambda: film, lambda: _luma(film))
        gray = resize_rows(tf.transpose(gray, [1, 0, 2]), image_size)
        image = tf.saturate_cast(tf.round(tf.transpose(gray, [1, 0, 2])), tf.uint8)
        return tf.ensure_shape(image, [image_size, image_size, 1])


def decode_film(image_bytes: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes one film: in full, or a JPEG much larger than the image as small as it may be.

    Colours are made only where no grey is stored: a JPEG holds its luma as such.

    Args:
        image_bytes: string scalar, as for :func:`film_to_image`.
        image_size: side of the image that it is for, in pixels.

    Returns:
        uint8 [height, width, 1], or 3 of a PNG in colour, a JPEG in CMYK and every GIF and BMP. A JPEG's sides are
        divided by 2, 4 or 8 and rounded up where the shorter side is then still twice ``image_size``.

    Raises:
        tf.errors.InvalidArgumentError: The bytes cannot be decoded.
    """

    def other() -> tf.Tensor:
        return tf.io.decode_image(image_bytes, channels=3, expand_animations=False)

    def png() -> tf.Tensor:
        is_gray = tf.reduce_any(tf.equal(tf.strings.substr(image_bytes, _PNG_COLOUR, 1), _PNG_GRAY))
        return tf.cond(is_gray, lambda: tf.io.decode_png(image_bytes, channels=1), other)

    is_png = starts_with(image_bytes, PNG)
    film = tf.cond(
        starts_with(image_bytes, JPEG),
        lambda: _decode_jpeg(image_bytes, image_size),
        lambda: tf.cond(is_png, png, other),
    )
    return tf.ensure_shape(film, [None, None, None])


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
    def divided_by(ratio: int, channels: int) -> Callable[[], tf.Tensor]:
        # TensorFlow's default makes whole films half a grey level too dark and scaled ones not, so that brightness
        # would tell large films from small ones.
        return lambda: tf.io.decode_jpeg(image_bytes, channels=channels, ratio=ratio, dct_method="INTEGER_ACCURATE")

    shape = tf.io.extract_jpeg_shape(image_bytes)
    large_enough = tf.reduce_min(shape[:2]) >= [LEFT_TO_AVERAGE * image_size * ratio for ratio in JPEG_RATIOS[1:]]
    ratio = tf.math.count_nonzero(large_enough, dtype=tf.int32)
    # Ratio and channels are attributes of the op and not inputs: one op for each. From CMYK libjpeg makes no luma.
    ops = [divided_by(ratio, channels) for channels in (1, 3) for ratio in JPEG_RATIOS]
    return tf.switch_case(ratio + len(JPEG_RATIOS) * tf.cast(shape[2] == 4, tf.int32), ops)


def _luma(film: tf.Tensor) -> tf.Tensor:
    """Of a film float32 [height, width, 3] its grey levels, float32 [height, width, 1]."""
    return _RED * film[..., 0:1] + _GREEN * film[..., 1:2] + _BLUE * film[..., 2:3]
