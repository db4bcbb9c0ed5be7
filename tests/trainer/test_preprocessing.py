import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.preprocessing import decode_film, film_to_image, films_to_images

SIZE = 32


def _images(films: list[bytes]) -> np.ndarray:
    return films_to_images(tf.constant(films, tf.string, shape=[len(films)]), SIZE)[0].numpy()


def _luma(film: np.ndarray) -> np.ndarray:
    return film[..., 0].astype(float) if film.shape[2] == 1 else film @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_an_image_of_the_right_size_keeps_its_grey_levels_in_every_png_mode(encode, mode):
    grey = np.arange(SIZE * SIZE, dtype=np.uint16).reshape(SIZE, SIZE) % 256
    film = Image.fromarray(grey * 256 + 7) if mode == "I;16" else Image.fromarray(grey.astype(np.uint8)).convert(mode)
    image = film_to_image(tf.constant(encode(film, "PNG")), SIZE).numpy()
    assert image.shape == (SIZE, SIZE, 1)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image[..., 0], grey)


def test_colours_weigh_as_the_eye_weighs_them(encode):
    film = np.zeros((SIZE, SIZE, 3), np.uint8)
    film[...] = (200, 100, 50)
    assert (film_to_image(tf.constant(encode(film, "PNG")), SIZE).numpy() == round(59.8 + 58.7 + 5.7)).all()


def test_fine_stripes_average_out_instead_of_aliasing(encode):
    stripes = np.tile(np.array([0, 255], np.uint8), (300, 161))
    image = film_to_image(tf.constant(encode(stripes, "PNG")), SIZE).numpy()
    assert np.abs(image.astype(int) - 127.5).max() < 20


def test_a_film_that_is_not_square_is_stretched_not_cropped(encode):
    film = np.zeros((40, 200), np.uint8)
    film[:, 100:] = 255
    image = film_to_image(tf.constant(encode(film, "PNG")), SIZE).numpy()[..., 0]
    assert image[:, : SIZE // 2 - 1].max() == 0
    assert image[:, SIZE // 2 + 1 :].min() == 255


def test_a_film_gives_the_same_image_alone_in_a_data_set_and_in_a_batch(draw_film, encode):
    films = [encode(draw_film(seed, 0, 90 + seed, 70), kind) for seed, kind in enumerate(["PNG", "JPEG", "GIF"])]
    films += [encode(draw_film(side, 0, side + 33, side), "JPEG") for side in (131, 260, 515)]
    alone = np.stack([film_to_image(tf.constant(film), SIZE).numpy() for film in films])
    data_set = tf.data.Dataset.from_tensor_slices(films).map(lambda film: film_to_image(film, SIZE))
    in_graph = tf.function(films_to_images)(tf.constant(films), SIZE)[0].numpy()
    np.testing.assert_array_equal(np.stack(list(data_set.as_numpy_iterator())), alone)
    np.testing.assert_array_equal(_images(films), alone)
    np.testing.assert_array_equal(in_graph, alone)


def test_no_films_give_no_images():
    assert _images([]).shape == (0, SIZE, SIZE, 1)


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 30}, {"subsampling": 2}])
def test_jpegs_as_they_come_are_close_to_what_was_drawn(draw_film, encode, options):
    film = draw_film(4, 1, 200, 160)
    drawn, compressed = _images([encode(film, "PNG"), encode(Image.fromarray(film).convert("RGB"), "JPEG", **options)])
    assert np.abs(drawn.astype(int) - compressed).mean() < 2


def test_a_cmyk_jpeg_is_read(draw_film):
    stream = io.BytesIO()
    Image.fromarray(draw_film(5, 0, 64, 64)).convert("CMYK").save(stream, "JPEG")
    assert _images([stream.getvalue()]).std() > 10


@pytest.mark.parametrize(
    "height, width, decoded",
    [
        (127, 900, (127, 900)),
        (128, 129, (64, 65)),
        (131, 255, (66, 128)),
        (259, 257, (65, 65)),
        (511, 1100, (128, 275)),
        (601, 513, (76, 65)),
        (2100, 2000, (263, 250)),
    ],
)
def test_a_large_jpeg_is_decoded_smaller_but_not_below_twice_the_image(encode, height, width, decoded):
    film = encode(np.zeros((height, width), np.uint8), "JPEG")
    assert decode_film(tf.constant(film), SIZE).shape == (*decoded, 1)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_other_formats_are_decoded_in_full(encode, kind):
    film = decode_film(tf.constant(encode(np.zeros((600, 520), np.uint8), kind)), SIZE)
    assert film.shape == (600, 520, 1 if kind == "PNG" else 3)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_small_jpeg_is_decoded_in_full_and_with_accurate_integers(draw_film, encode, mode, subsampling):
    film = encode(Image.fromarray(draw_film(6, 1, 127, 111)).convert(mode), "JPEG", subsampling=subsampling)
    decoded = decode_film(tf.constant(film), SIZE).numpy()
    colours = tf.io.decode_image(film, channels=3).numpy()
    assert np.abs(_luma(decoded) - _luma(colours)).max() <= 8
    if mode == "L":  # Pillow's libjpeg is accurate too
        np.testing.assert_array_equal(decoded[..., 0], np.asarray(Image.open(io.BytesIO(film))))


@pytest.mark.parametrize("keep_rgb", [False, True])
def test_of_a_jpeg_in_colour_the_luma_is_taken_as_it_stands(draw_film, encode, keep_rgb):
    grey = draw_film(6, 1, 127, 111)
    film = encode(np.stack([grey, grey // 2, 255 - grey], -1), "JPEG", quality=95, subsampling=0, keep_rgb=keep_rgb)
    colours = np.asarray(Image.open(io.BytesIO(film)))
    decoded = decode_film(tf.constant(film), SIZE).numpy()
    assert decoded.shape[2] == 1
    assert np.abs(_luma(decoded) - _luma(colours)).mean() < 1


def test_brightness_does_not_tell_large_films_from_small_ones(encode):
    films = [encode(np.full((side, side), 101, np.uint8), "JPEG", quality=90) for side in (100, 300, 600, 1200)]
    assert len({float(image.mean()) for image in _images(films)}) == 1


@pytest.mark.parametrize("mode, progressive", [("L", False), ("RGB", False), ("RGB", True), ("CMYK", False)])
def test_large_jpegs_give_nearly_the_images_of_their_full_decode(draw_film, encode, mode, progressive):
    films = [Image.fromarray(draw_film(7, 0, side + 2, side)).convert(mode) for side in (129, 261, 523, 1025)]
    films = [encode(film, "JPEG", quality=90, progressive=progressive) for film in films]
    full = [encode(tf.io.decode_image(film, channels=3).numpy(), "PNG") for film in films]
    assert np.abs(_images(films).astype(int) - _images(full)).mean() < 1


def test_a_jpeg_with_a_broken_header_raises_as_it_does_without_scaling():
    film = b"\xff\xd8\xff\xda" + bytes(400) + b"\xff\xd9"
    with pytest.raises(tf.errors.InvalidArgumentError):
        film_to_image(tf.constant(film), SIZE)
